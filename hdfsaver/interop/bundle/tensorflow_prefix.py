"""Finding the TensorFlow checkpoint of a prefix by the content of its files, without the libraries of the extra."""

from __future__ import annotations

import os
import re
from typing import Literal, NamedTuple

from hdfsaver.errors import NotFoundError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.file_kinds import FIRST_FORMAT, LEVELDB, SHARD, TABLE
from hdfsaver.files.kind_detection import kind_of_file
from hdfsaver.files.opening import Opened, bytes_at, end_reading, is_file, open_any
from hdfsaver.files.remote.names import RemoteName

_INDEX = ".index"

_META = ".meta"

_V1_SHARD = re.compile(r"(.*)-[0-9]{5}-of-[0-9]{5}", re.DOTALL)


class Found(NamedTuple):
    """A TensorFlow checkpoint.

    Attributes
    ----------
    kind : str
        ``"bundle"`` for the second format (an index and data files), ``"v1"`` for the first.
    prefix : str
        The prefix of the checkpoint, as in TensorFlow.
    files : tuple of str
        The index of a bundle; all files of a V1 checkpoint.
    """

    kind: Literal["bundle", "v1"]
    prefix: str
    files: tuple[str, ...]


Listings = dict[str, dict[str, list[str]]]
"""For each folder, its files of V1 checkpoints that have several files, by their name without the number."""


def find(prefix: str | os.PathLike[str], listings: Listings | None = None) -> Found | None:
    """Look for a TensorFlow checkpoint.

    Parameters
    ----------
    prefix : path-like
        The result of TensorFlow's ``Saver.save``, or the path of one of the files: index, data file, graph. If it ends
        in a slash, the file names are only suffixes.
    listings : dict, optional
        The results of listing folders, for a search of many checkpoints: they are used again and added to.

    Returns
    -------
    Found or None
        None without a TensorFlow checkpoint.

    Raises
    ------
    OpError
        A file exists but cannot be read.
    """
    path = os.fspath(prefix)
    listings = {} if listings is None else listings
    if isinstance(path, RemoteName) and not path.may_be_prefix:
        is_v1 = is_table(path) and kind_of_file(path) == FIRST_FORMAT
        return Found("v1", path, (path,)) if is_v1 else None
    found = _of_prefix(path, listings)
    shard = SHARD.fullmatch(path)
    if found is None and shard is not None:
        found = _of_prefix(path.removesuffix(path[len(shard["prefix"]) :]), listings)
    if found is None and path.endswith(_META):
        found = _of_prefix(path.removesuffix(_META), listings)
    return found


def _of_prefix(path: str, listings: Listings) -> Found | None:
    if is_table(path + _INDEX):
        return Found("bundle", path, (path + _INDEX,))
    if path.endswith(_INDEX) and is_table(path) and not _is_v1(path):
        return Found("bundle", path.removesuffix(_INDEX), (path,))
    if is_table(path) and kind_of_file(path) != LEVELDB:
        return _of_v1_file(path, listings)
    shards = _v1_shards(path, listings)
    return Found("v1", path, shards) if shards else None


def _of_v1_file(path: str, listings: Listings) -> Found:
    """The checkpoint of a file of the first format; one of several files names all of them."""
    match = _V1_SHARD.fullmatch(path)
    if match is None or isinstance(path, RemoteName):
        return Found("v1", path, (path,))
    return Found("v1", match[1], _v1_shards(match[1], listings))


def v1_files(prefix: str) -> tuple[str, ...]:
    """The files of a checkpoint of the first format, also where one of the second has the same prefix; or none.

    Raises
    ------
    OpError
        A file exists but cannot be read.
    """
    files = (prefix, *_v1_shards(prefix, {}))
    return tuple(path for path in files if is_table(path) and kind_of_file(path) != LEVELDB and _is_v1(path))


def is_table(path: str) -> bool:
    """Whether a file exists and ends like a table.

    Raises
    ------
    OpError
        It exists but cannot be read.
    """
    try:
        opened = open_any(path)
    except OpError as error:
        if isinstance(error, NotFoundError) or not is_file(path):
            return False
        raise
    try:
        with about(path):
            return _piece(opened, max(0, opened.size - len(TABLE)), len(TABLE)) == TABLE
    finally:
        end_reading(opened.fd)


def _piece(opened: Opened, start: int, length: int) -> bytes:
    return bytes_at(opened, start, min(length, opened.size - start))


def _is_v1(path: str) -> bool:
    """Whether a table's first value is a message (a V1 header), not a number (that of a bundle)."""
    opened = open_any(path)
    try:
        with about(path):
            head = _piece(opened, 0, 16)
        # The lengths of the shared and the own part of the key are 0; then the length of the value, of up to five
        # bytes.
        match = re.match(rb"\0\0[\x80-\xff]{0,4}[\0-\x7f](.)", head, re.DOTALL)
        return match is not None and match[1] == b"\x0a"
    finally:
        end_reading(opened.fd)


def _v1_shards(path: str, listings: Listings) -> tuple[str, ...]:
    """The existing files ``NAME-00000-of-00004`` and so on, if one is a table; a remote folder is not listed."""
    if isinstance(path, RemoteName):
        return ()
    folder, name = os.path.split(path)
    if folder not in listings:
        listings[folder] = _listed(folder)
    files = tuple(os.path.join(folder, it) for it in listings[folder].get(name, ()))
    return files if any(map(is_table, files)) else ()


def _listed(folder: str) -> dict[str, list[str]]:
    try:
        names = os.listdir(folder or ".")
    except (OSError, ValueError):  # a ValueError for a NUL in the path
        return {}
    found: dict[str, list[str]] = {}
    for name in names:
        match = _V1_SHARD.fullmatch(name)
        if match is not None:
            found.setdefault(match[1], []).append(name)
    return {name: sorted(files) for name, files in found.items()}
