"""Open TensorFlow checkpoints of either format."""

from __future__ import annotations

import os
from contextlib import ExitStack

from hdfsaver.errors import NotFoundError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened, open_any
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.interop.bundle.bundle_reading import BundleSource
from hdfsaver.interop.bundle.shards import index_path
from hdfsaver.interop.bundle.tensorflow_prefix import find
from hdfsaver.interop.bundle.v1_checkpoints import V1Source


def open_bundle(prefix: str | os.PathLike[str]) -> TensorFile:
    """Open a checkpoint of TensorFlow's second format; its data files are opened when they are read.

    Parameters
    ----------
    prefix : path-like
        Without ``.index``. With a slash at its end it is a checkpoint whose files have suffixes for names.

    Raises
    ------
    NotFoundError
        There is no index.
    DataLossError
        The index is damaged, cut short, or none at all.
    InvalidArgumentError
        It is of a newer version, or has a dtype that is not known.
    OpError
        What the operating system reports.
    """
    path = os.fspath(prefix)
    with ExitStack() as stack:
        with about(index_path(path)):
            source = BundleSource(path, _opened(index_path(path), stack))
        stack.pop_all()
    return TensorFile(path, source)


def open_v1(path: str | os.PathLike[str]) -> TensorFile:
    """Open a checkpoint of TensorFlow's first format.

    Parameters
    ----------
    path : path-like
        Its file; or, where it is in several, what their names ``NAME-00000-of-00004`` begin with.

    Raises
    ------
    NotFoundError
        There is no such checkpoint.
    DataLossError, InvalidArgumentError, OpError
        See `open_bundle`.
    """
    name = os.fspath(path)
    found = None if os.path.isfile(name) else find(name)
    files = (name,) if found is None or found.kind != "v1" else found.files
    _check_complete(name, files)
    with ExitStack() as stack:
        source = V1Source(name, {file: _opened(file, stack) for file in files})
        stack.pop_all()
    return TensorFile(name, source)


def _check_complete(name: str, files: tuple[str, ...]) -> None:
    """Check that of several files all are there, and of one checkpoint."""
    if files == (name,):
        return
    count = int(files[0][-5:])
    expected = [f"{name}-{number:05d}-of-{count:05d}" for number in range(min(count, len(files) + 1))]
    missing = sorted({*expected} - {*files}) or [f"{name}-{len(files):05d}-of-{count:05d}"]
    if len(files) != count or list(files) != expected:
        raise NotFoundError(
            None, None, f"{missing[0]} is missing: the checkpoint {name} has {count} files, and {len(files)} are there."
        )


def open_tensorflow(prefix: str | os.PathLike[str]) -> TensorFile:
    """Open a checkpoint of either of TensorFlow's formats.

    Raises
    ------
    NotFoundError
        There is none.
    DataLossError, InvalidArgumentError, OpError
        See `open_bundle`.
    """
    found = find(prefix)
    if found is not None:
        return open_bundle(found.prefix) if found.kind == "bundle" else open_v1(found.prefix)
    if os.path.isfile(index_path(os.fspath(prefix))):
        return open_bundle(prefix)  # which says what is wrong with it
    raise NotFoundError(None, None, f"{os.fspath(prefix)} is no checkpoint of TensorFlow: there is no index of it.")


def _opened(path: str, stack: ExitStack) -> Opened:
    opened = open_any(path)
    stack.callback(os.close, opened.fd)
    return opened
