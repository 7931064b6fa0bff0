"""TensorFlow's checkpoints, opened: the face that storage's own files have, on both of its formats."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import MappingProxyType, TracebackType
from typing import Protocol, Self

from hdfsaver.errors import FailedPreconditionError, NotFoundError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened, open_any
from hdfsaver.files.partial_reads import normalized
from hdfsaver.files.progress import Callback
from hdfsaver.interop.bundle.bundle_reading import BundleSource
from hdfsaver.interop.bundle.shards import index_path
from hdfsaver.interop.bundle.tensorflow_prefix import Found, find
from hdfsaver.interop.bundle.v1_checkpoints import V1Source
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import Array, Key, TensorInfo

__all__ = ["TensorFlowFile", "TensorInfo", "open_bundle", "open_found", "open_tensorflow", "open_v1"]


class _Source(Protocol):
    """Where tensors come from."""

    entries: dict[str, TensorInfo]

    def read(self, names: list[str], callback: Callback | None = None) -> dict[str, Array]: ...

    def map(self, names: list[str], mode: str) -> dict[str, Array]: ...

    def read_slice(self, name: str, key: Key) -> Array: ...

    def verify(self, callback: Callback | None = None) -> None: ...

    def close(self) -> None: ...


class TensorFlowFile:
    """An open checkpoint of TensorFlow's; a context manager. `open_bundle` and `open_v1` make it.

    Attributes
    ----------
    path : str
        The checkpoint's prefix.
    variables : mapping of str to TensorInfo
        Its tensors by name, those stored in slices under their plain names; ``nbytes`` is what they take in the file,
        and 0 for the string tensors of a V1 checkpoint, which says nothing of it.
    group : str
        The empty name: a checkpoint of TensorFlow's holds one model.
    """

    group = ""

    def __init__(self, path: str, source: _Source, closing: ExitStack) -> None:
        self.path = path
        self.variables: Mapping[str, TensorInfo] = MappingProxyType(source.entries)
        self._source: _Source | None = source
        self._closing = closing

    def read(self, name: str) -> Array:
        """The value of a tensor.

        Returns
        -------
        ndarray
            Fresh and writable, of the tensor's shape, in this machine's byte order; string tensors are of dtype
            object, and hold bytes.

        Raises
        ------
        NotFoundError
            The checkpoint has no such tensor, or lacks the data file that it is in.
        DataLossError
            Its bytes are not what was saved, or it was saved in part.
        UnimplementedError
            It is of dtype ``resource`` or ``variant``, which have no values.
        """
        return self.read_many([name])[name]

    def read_many(
        self, names: Iterable[str], *, mmap_mode: str | None = None, progress: Callback | None = None
    ) -> dict[str, Array]:
        """The values of several tensors, read in parallel, every one checked; see `read`.

        Parameters
        ----------
        names : iterable of str
        mmap_mode : str, optional
            ``"r"`` or ``"c"``: large values of a bundle are not read but mapped into memory, read-only or copied when
            they are written on. No checksum is checked then (`verify` does), and the files must not be changed in
            place while an array lives. As nothing is padded in a bundle, an array may begin at any byte
            (``flags.aligned``). Small values, texts, slices and all values of V1 checkpoints are read.
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.

        Raises
        ------
        ValueError
            ``mmap_mode`` is another.
        """
        wanted = list(dict.fromkeys(names))
        source = self._open()
        for name in wanted:
            self._entry(name)
        with about(self.path):
            mapped = {} if mmap_mode is None else source.map(wanted, mmap_mode)
            found = {**mapped, **source.read([name for name in wanted if name not in mapped], progress)}
        return {name: found[name] for name in wanted}

    def read_slice(self, name: str, key: tuple[slice, ...]) -> Array:
        """A part of a tensor's value, read without the rest as far as the format allows it.

        Parameters
        ----------
        name : str
        key : tuple of slice
            One for each dimension, with step 1; bounds are those of Python's slicing.

        Returns
        -------
        ndarray
            Fresh and writable.

        Raises
        ------
        NotFoundError, DataLossError
            See `read`. Of a tensor that was saved in part, what was saved can be had.
        ValueError
            ``key`` is not as said.

        Notes
        -----
        A checksum covers a tensor, or a slice of one that is stored in slices, as a whole: the bytes of a part of it
        are not checked; `verify` checks all.
        """
        source = self._open()
        bounds = normalized(key, self._entry(name).shape, name)
        with about(self.path):
            return source.read_slice(name, bounds)

    def structure(self) -> Structure | None:
        """None: the graph is not in these files but in one of its own, ``PREFIX.meta``."""
        self._open()
        return None

    def groups(self) -> list[str]:
        """The groups of the checkpoint that have a model: the empty name alone."""
        self._open()
        return [self.group]

    def verify(self, *, progress: Callback | None = None) -> None:
        """Check every byte of the checkpoint that a checksum covers.

        Parameters
        ----------
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.

        Raises
        ------
        DataLossError
            Something is not what was saved; all tensors that differ are named.
        NotFoundError
            A data file is missing.
        """
        with about(self.path):
            self._open().verify(progress)

    def _entry(self, name: str) -> TensorInfo:
        entry = self.variables.get(name)
        if entry is None:
            raise NotFoundError(None, None, f"Tensor {name!r} is not in {self.path}.")
        return entry

    def _open(self) -> _Source:
        if self._source is None:
            raise FailedPreconditionError(None, None, f"{self.path} is closed. Open it again to read it.")
        return self._source

    def close(self) -> None:
        """Close the files; a second time does nothing."""
        self._source = None
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_closing"):
            self.close()


def open_bundle(prefix: str | os.PathLike[str]) -> TensorFlowFile:
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
        stack.callback(source.close)
        return TensorFlowFile(path, source, stack.pop_all())


def open_v1(path: str | os.PathLike[str]) -> TensorFlowFile:
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
        source = V1Source({file: _opened(file, stack) for file in files})
        return TensorFlowFile(name, source, stack.pop_all())


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


def open_found(found: Found) -> TensorFlowFile:
    """Open what `locating.find` found; errors are those of `open_bundle` and `open_v1`."""
    return open_bundle(found.prefix) if found.kind == "bundle" else open_v1(found.prefix)


def open_tensorflow(prefix: str | os.PathLike[str]) -> TensorFlowFile:
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
        return open_found(found)
    if os.path.isfile(index_path(os.fspath(prefix))):
        return open_bundle(prefix)  # which says what is wrong with it
    raise NotFoundError(None, None, f"{os.fspath(prefix)} is no checkpoint of TensorFlow: there is no index of it.")


def _opened(path: str, stack: ExitStack) -> Opened:
    opened = open_any(path)
    stack.callback(os.close, opened.fd)
    return opened
