"""Files of ``torch.save``, TorchScript archives and pickles of arrays: arrays by name, without running code.

PyTorch itself is needed only to write them.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.progress import Callback
from hdfsaver.files.remote.names import title_of
from hdfsaver.files.whole_files import whole_file
from hdfsaver.formats.flattening import flatten
from hdfsaver.formats.source import OneByOneSource, entry_of, strings_of
from hdfsaver.formats.torch_records import open_records
from hdfsaver.formats.torch_values import Plain, Stored, Strided, array_of
from hdfsaver.library_arrays import as_torch
from hdfsaver.tensor_info import STRING, STRING_BYTES, Array, TensorInfo

_SHOWN = 80
"""Characters of a name from the file that a message shows."""


def _torch() -> Any:
    try:
        import torch  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ImportError("Writing files of torch.save needs PyTorch: pip install torch", name="torch") from error
    return torch


class TorchSource(OneByOneSource):
    """The arrays in a file of ``torch.save``: of a ``state_dict``, or of nested dicts, lists and objects.

    The keys and positions of the levels are joined with slashes. A value alone has the name of the file without its
    ending. Numbers, strings and NumPy's arrays are read too, as is a list of numbers or strings of one type, as one
    array; other values are `left_out`.
    """

    kind = "PyTorch file"

    def __init__(self, path: str) -> None:
        with about(path):
            self._records = open_records(path)
        try:
            with about(path):
                self._open(path)
        except BaseException:
            self._records.close()
            raise

    def _open(self, path: str) -> None:
        self.kind = self._records.kind
        self.checksums = self._records.checksums
        alone = os.path.splitext(title_of(path))[0]
        flat = flatten(self._records.root, alone, self._records.pickle_size)
        self.unreadable, self.left_out = flat.unreadable, flat.left_out
        self._optimizer = frozenset(flat.optimizer) or None
        self._values: dict[str, Array | Strided | Stored] = {}
        self._last: tuple[str, Array] | None = None
        self.entries = {}
        size, declared = self._records.file_size, 0
        for name, value in flat.values.items():
            try:
                limits.check_declared(name, declared + _memory(value), size)
                self._values[name] = self._checked(name, value)
            except OpError as error:
                flat.unreadable[name] = error
            else:
                declared += _memory(value)
                self.entries[name] = _entry(name, self._values[name])
        tensors = (value for value in self._values.values() if isinstance(value, Strided))
        self._users = Counter(value.storage.key for value in tensors)

    def optimizer_names(self) -> frozenset[str] | None:
        """The values within the state of an optimizer; None without one."""
        return self._optimizer

    def _checked(self, name: str, value: Strided | Stored | Plain | list[Any]) -> Array | Strided | Stored:
        """The value itself if the file has its storage; an array of a number or string."""
        if isinstance(value, Stored):
            return value
        if not isinstance(value, Strided):
            return _plain(value)
        storage = value.storage
        found = self._records.size(storage.key)
        needed = (storage.start + storage.length) * _itemsize(storage.dtype)
        if found is None or found < needed:
            there = "is not there" if found is None else f"has {found} bytes"
            raise DataLossError(
                None, None, f"{name!r} is damaged: its storage {storage.key[:_SHOWN]!r} of {needed} bytes {there}."
            )
        return value

    def read_one(self, name: str) -> Array:
        """Read the value of an array."""
        value = self._values[name]
        if isinstance(value, Strided):
            return self._tensor(value)
        if isinstance(value, np.ndarray):
            return value.copy()
        try:
            found = array_of(value)
        except (ValueError, TypeError, AttributeError) as error:
            raise DataLossError(None, None, f"{name!r} is damaged: {error}.") from None
        return strings_of(found) if found.dtype.kind in "SU" else found.copy()

    def _tensor(self, value: Strided) -> Array:
        dtype = dtypes.numpy_dtype(value.dtype)
        if self._records.big_endian:
            dtype = dtype.newbyteorder(">")
        data = self._storage(value.storage.key)
        start = value.storage.start * _itemsize(value.storage.dtype) + value.offset * dtype.itemsize
        strides = tuple(stride * dtype.itemsize for stride in value.strides)
        if not math.prod(value.shape):
            return np.empty(value.shape, dtype)
        found: Array = np.ndarray(value.shape, dtype, data.data, start, strides)
        if value.conjugate:
            found = np.conjugate(found)
        if value.negative:
            found = np.negative(found)
        is_whole = self._users[value.storage.key] == 1 and found.nbytes == data.nbytes
        return found if is_whole and found.flags.c_contiguous else found.copy(order="C")

    def _storage(self, key: str) -> Array:
        """The bytes of a storage; the last one that several tensors share is kept."""
        last = self._last  # another thread may replace it at any moment
        if last is not None and last[0] == key:
            return last[1]
        data = self._records.read(key)
        self._last = (key, data) if self._users[key] > 1 else None
        return data

    def verify(self, callback: Callback | None = None) -> None:
        """Compare every member of the archive with its checksum, and check that every value can be read."""
        self._records.verify(callback)
        super().verify()

    def close(self) -> None:
        """Close the file."""
        self._records.close()


def _memory(value: Strided | Stored | Plain | list[Any]) -> int:
    """About the bytes that the value takes in memory."""
    if isinstance(value, Strided):
        return math.prod(value.shape) * _itemsize(value.dtype)
    if isinstance(value, Stored):
        return math.prod(value.shape) * max(value.dtype.itemsize, STRING_BYTES if value.dtype.kind in "SU" else 0)
    several = value if isinstance(value, list) else [value]
    return sum(len(item) + STRING_BYTES if isinstance(item, str | bytes) else 16 for item in several)


def _itemsize(dtype: str) -> int:
    return dtypes.numpy_dtype(dtype).itemsize


def _plain(value: Plain | list[Any]) -> Array:
    """An array of a number or string, or of a list of these."""
    several = value if isinstance(value, list) else [value]
    if not isinstance(several[0], str | bytes):
        return np.asarray(value)
    # Not by NumPy's strings, which drop NULs at their ends, and take as much memory for each as for the longest.
    found = np.empty(len(several), object)
    found[:] = [_bytes(item) for item in several]
    return found if isinstance(value, list) else found.reshape(())


def _bytes(text: Any) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)


def _entry(name: str, value: Array | Strided | Stored) -> TensorInfo:
    dtype = value.dtype if isinstance(value, Strided) else dtypes.name_of_numpy(value.dtype)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return TensorInfo(name, STRING, value.shape, sum(map(len, value.reshape(-1))))
    return entry_of(name, dtype, tuple(value.shape))


def _row(entry: TensorInfo) -> dtypes.Row:
    return dtypes.ROW_BY_NAME[entry.dtype]


def write_torch(path: str, names: Mapping[str, TensorInfo], source: Mapping[str, Array], *, durable: bool) -> None:
    """Write a file of ``torch.save``; all arrays are in memory at once.

    Parameters
    ----------
    path : str
        The file.
    names : mapping of str to TensorInfo
        The arrays to write.
    source : mapping of str to ndarray
        The arrays; each is requested once.
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    TypeError
        PyTorch does not support the dtype of an array.
    ImportError
        PyTorch is not installed.
    """
    torch = _torch()
    refused = [f"{name!r} ({entry.dtype})" for name, entry in names.items() if _row(entry).torch is None]
    if refused:
        raise TypeError(f"PyTorch does not support the dtype of {', '.join(refused)}; leave them out (exclude).")
    tensors = {name: as_torch(source[name], name) for name in names}
    with whole_file(path, sum(entry.nbytes for entry in names.values()), durable=durable) as file, _without_sequel():
        torch.save(tensors, file)


@contextmanager
def _without_sequel() -> Iterator[None]:
    """Raise the error of a file, or a Ctrl-C, that PyTorch has replaced by one of its own when it ended the archive."""
    try:
        yield
    except RuntimeError as error:
        first: BaseException | None = error
        while first is not None and not isinstance(first, OSError | KeyboardInterrupt):
            first = first.__context__
        if first is None:
            raise
        raise first from None
