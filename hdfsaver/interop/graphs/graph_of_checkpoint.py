"""The file with the graph of a TensorFlow checkpoint, also while the checkpoint is replaced.

Values and graph are in different files, which no file system renames at once. So while an index is replaced, the graphs
of the old and of the new one are files of their own, *kept* under names with the digest of the index that they belong
to. Before and after that the graph is ``PREFIX.meta``.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import xxhash

from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.files.atomic_write import stem_of
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import bytes_at, end_reading, is_file, open_any
from hdfsaver.files.remote.names import RemoteName

_PIECE = 1 << 20


def meta_path(prefix: str) -> str:
    """The path of the graph of a checkpoint."""
    return prefix + ".meta"


def graph_path(prefix: str) -> str | None:
    """The path of the file with the graph of a checkpoint; None without a graph.

    Raises
    ------
    OpError
        The operating system does not tell.
    """
    path = meta_path(prefix)
    if is_file(path):
        return path
    if isinstance(path, RemoteName):
        return None
    with suppress(InvalidArgumentError):  # a pipe or a device has the name of the index
        kept = kept_path(prefix, index_digest(prefix))
        if is_file(kept):
            return str(kept)
    return path if is_file(path) else None  # it may have got its name meanwhile


def index_digest(prefix: str) -> str:
    """The digest of the index of a checkpoint; without an index, that of no bytes.

    Raises
    ------
    OpError
        The index cannot be read.
    """
    path = f"{prefix}.index"
    digest = xxhash.xxh3_128()
    try:
        opened = open_any(path)
    except NotFoundError:
        return digest.hexdigest()
    try:
        with about(path):
            for start in range(0, opened.size, _PIECE):
                digest.update(bytes_at(opened, start, min(_PIECE, opened.size - start)))
    finally:
        end_reading(opened.fd)
    return digest.hexdigest()


def kept_path(prefix: str, digest: str) -> Path:
    """The path of the graph that belongs to the index with a digest, while the checkpoint is replaced."""
    folder, name = os.path.split(meta_path(prefix))
    return Path(folder, f".{stem_of(name)}.{digest}.kept")


def kept_names(prefix: str) -> re.Pattern[str]:
    """The pattern of the names of all kept graphs of a checkpoint."""
    return re.compile(rf"\.{re.escape(stem_of(os.path.basename(meta_path(prefix))))}\.[0-9a-f]{{32}}\.kept")
