"""Open TensorFlow checkpoints of either format."""

from __future__ import annotations

import os
from contextlib import ExitStack

from hdfsaver.errors import NotFoundError
from hdfsaver.files.error_context import about
from hdfsaver.files.kind_detection import refusal
from hdfsaver.files.opening import Opened, end_reading, is_file, open_any
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.interop.bundle.bundle_index import read_index
from hdfsaver.interop.bundle.bundle_reading import BundleSource
from hdfsaver.interop.bundle.shards import index_path
from hdfsaver.interop.bundle.tensorflow_prefix import find
from hdfsaver.interop.bundle.v1_checkpoints import V1Source
from hdfsaver.interop.table.table import Table


def open_bundle(prefix: str | os.PathLike[str]) -> TensorFile:
    """Open a TensorFlow checkpoint of the second format; its data files are opened when they are read.

    Parameters
    ----------
    prefix : path-like
        The path without ``.index``. If it ends in a slash, the file names are only suffixes (``.index``).

    Raises
    ------
    NotFoundError
        The index does not exist.
    DataLossError
        The index is damaged, truncated, or not a table.
    InvalidArgumentError
        It has a newer version, or an unknown dtype.
    OpError
        The operating system refuses.
    """
    path = os.fspath(prefix)
    return TensorFile(path, open_source(path))


def open_source(path: str) -> BundleSource:
    """The tensors and slices of a bundle as it stores them; errors as in `open_bundle`."""
    with ExitStack() as stack:
        with about(index_path(path)):
            source = BundleSource(path, _opened(index_path(path), stack))
        stack.pop_all()
    return source


def bundle_digests(prefix: str) -> dict[str, tuple[str, int]]:
    """The checksum of each tensor of a bundle, with its dtype and shape, from the index alone; errors as there.

    That of a tensor in slices is one of the checksums of its slices.
    """
    index = index_path(prefix)
    with about(index), ExitStack() as stack:
        opened = _opened(index, stack)
        found = read_index(Table(opened.fd, opened.size))
    whole = {name: place.crc for name, place in found.places.items()}
    whole |= {name: hash(tuple((repr(key), place.crc) for key, place in cut)) for name, cut in found.parts.items()}
    return {name: (f"{entry.dtype} {entry.shape}", whole[name]) for name, entry in found.entries.items()}


def open_v1(path: str | os.PathLike[str]) -> TensorFile:
    """Open a TensorFlow checkpoint of the first format.

    Parameters
    ----------
    path : path-like
        Its file; for a checkpoint in several files, the beginning of their names, ``NAME`` of ``NAME-00000-of-00004``.

    Raises
    ------
    NotFoundError
        The checkpoint does not exist.
    DataLossError, InvalidArgumentError, OpError
        See `open_bundle`.
    """
    name = os.fspath(path)
    found = None if is_file(name) else find(name)
    files = (name,) if found is None or found.kind != "v1" else found.files
    _check_complete(name, files)
    with ExitStack() as stack:
        source = V1Source(name, {file: _opened(file, stack) for file in files})
        stack.pop_all()
    return TensorFile(name, source)


def _check_complete(name: str, files: tuple[str, ...]) -> None:
    """Check that all files of a checkpoint in several files exist."""
    if files == (name,):
        return
    count = int(files[0][-5:])
    expected = [f"{name}-{number:05d}-of-{count:05d}" for number in range(min(count, len(files) + 1))]
    missing = sorted({*expected} - {*files}) or [f"{name}-{len(files):05d}-of-{count:05d}"]
    if len(files) != count or list(files) != expected:
        raise NotFoundError(
            None,
            None,
            f"{missing[0]} is missing: the checkpoint {name} has {count} files, but only {len(files)} exist.",
        )


def open_tensorflow(prefix: str | os.PathLike[str]) -> TensorFile:
    """Open a TensorFlow checkpoint of either format.

    Raises
    ------
    NotFoundError
        There is no such checkpoint.
    DataLossError, InvalidArgumentError, OpError
        See `open_bundle`.
    """
    found = find(prefix)
    if found is not None:
        return open_bundle(found.prefix) if found.kind == "bundle" else open_v1(found.prefix)
    if is_file(index_path(os.fspath(prefix))):
        return open_bundle(prefix)  # raises an error that describes the fault
    if is_file(prefix):
        with ExitStack() as stack:
            raise refusal(_opened(os.fspath(prefix), stack), prefix, "a TensorFlow checkpoint")
    raise NotFoundError(None, None, f"{os.fspath(prefix)} is not a TensorFlow checkpoint: it has no index.")


def _opened(path: str, stack: ExitStack) -> Opened:
    opened = open_any(path)
    stack.callback(end_reading, opened.fd)
    return opened
