"""Arrays of NumPy in its own format: a header, and the values. A structured array is read as one array per field.

Source: ``numpy/lib/_format_impl.py``, "Format Version 1.0" and later.
"""

from __future__ import annotations

import ast
import io
import math
import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError, ResourceExhaustedError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import bytes_at, end_reading, open_any
from hdfsaver.files.partial_reads import part_of, read_part
from hdfsaver.files.positional_io import read_at
from hdfsaver.files.readable import Readable
from hdfsaver.files.remote.names import title_of
from hdfsaver.formats.archives import unpacking
from hdfsaver.formats.pickles import Bounded, read_pickle
from hdfsaver.formats.source import OneByOneSource, entry_of, strings_of
from hdfsaver.tensor_info import STRING, STRING_BYTES, Array, Key, TensorInfo, is_possible

MAGIC = b"\x93NUMPY"
SUFFIX = ".npy"

_LENGTH_SIZES = {1: 2, 2: 4, 3: 4}
"""Bytes of the length of the header, by the major version of the format."""
_LARGEST_HEADER = 65536
_SHORTEST = len(MAGIC) + 2 + 4
HEAD = len(MAGIC) + 2 + 4 + _LARGEST_HEADER
"""At most this many bytes come before the values."""

_KEYS = {"descr", "fortran_order", "shape"}
_LONG = re.compile(r"(?<=\d)L\b")
"""The mark of an integer that Python 2 wrote."""


def begin_of(head: bytes) -> int:
    """The offset of the values, by the first bytes of the header; 0 for what is not a header."""
    if len(head) < _SHORTEST or not head.startswith(MAGIC):
        return 0
    size = _LENGTH_SIZES.get(head[len(MAGIC)], 4)
    start = len(MAGIC) + 2
    return start + size + int.from_bytes(head[start : start + size], "little")


class Header(NamedTuple):
    """The description of an array in a file.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    fortran : bool
        Whether the first dimension changes fastest.
    begin : int
        The offset of the values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    begin: int

    @property
    def nbytes(self) -> int:
        """Bytes of the values; 0 for Python objects, which are a pickle."""
        return 0 if self.dtype == object else math.prod(self.shape) * self.dtype.itemsize

    def array(self, data: Array) -> Array:
        """The array whose file has these bytes, as a view of them."""
        if not self.nbytes:
            return np.zeros(self.shape, self.dtype)
        return np.ndarray(self.shape, self.dtype, data.data, self.begin, order="F" if self.fortran else "C")


class Column(NamedTuple):
    """An array, or a field of a structured one.

    Attributes
    ----------
    source : object
        The file or member with the array.
    header : Header
    fields : tuple of str
        The path of the field; empty for a whole array.
    """

    source: Any
    header: Header
    fields: tuple[str, ...] = ()


def parse_header(head: bytes, size: int) -> Header:
    """Parse the header of an array.

    Parameters
    ----------
    head : bytes
        The first `HEAD` bytes of the file, or all.
    size : int
        The length of the file in bytes.

    Returns
    -------
    Header

    Raises
    ------
    DataLossError
        It is damaged, or declares more values than the file has.
    InvalidArgumentError
        Its version is unknown, or it is too long.
    """
    with unpacking("its header"):
        if not head.startswith(MAGIC):
            raise ValueError("it is not an array of NumPy")
        major = head[len(MAGIC)]
        if major not in _LENGTH_SIZES:
            raise InvalidArgumentError(None, None, f"has version {major} of NumPy's format, which is not read.")
        start = len(MAGIC) + 2 + _LENGTH_SIZES[major]
        length = int.from_bytes(head[len(MAGIC) + 2 : start], "little")
        if length > _LARGEST_HEADER:
            raise InvalidArgumentError(None, None, f"has a header of {length} bytes; {_LARGEST_HEADER} are read.")
        if len(head) < start + length:
            raise ValueError("it is cut off")
        text = head[start : start + length].decode("utf-8" if major == 3 else "latin-1")
        header = _header(_literal(text), start + length)
    if header.nbytes > size - header.begin:
        raise DataLossError(None, None, f"declares {header.nbytes} bytes of values, but has {size - header.begin}.")
    return header


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except SyntaxError:
        return ast.literal_eval(_LONG.sub("", text))
    except MemoryError:  # brackets or signs that are nested too deeply for Python's parser
        raise ValueError("it is nested too deeply") from None


def _header(found: Any, begin: int) -> Header:
    if not isinstance(found, dict) or set(found) != _KEYS:
        raise ValueError("it does not have the three keys")
    shape, fortran = found["shape"], found["fortran_order"]
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 2**48 for size in shape):
        raise ValueError("its shape is impossible")
    limits.check_rank("", len(shape))
    dtype = np.lib.format.descr_to_dtype(found["descr"])
    if not is_possible(shape, dtype.itemsize) or not isinstance(fortran, bool):
        raise ValueError("its shape is impossible")
    return Header(shape, dtype, fortran, begin)


def _objects(header: Header, data: Array) -> list[str | bytes]:
    """The elements of an array of Python objects, which is a pickle; nothing in it is executed.

    Raises
    ------
    DataLossError
        The pickle is damaged.
    InvalidArgumentError
        It holds something else than strings.
    """
    rest = data[header.begin :].tobytes()
    state = getattr(read_pickle(Bounded(io.BytesIO(rest), len(rest))), "state", None)
    items = state[4] if isinstance(state, tuple) and len(state) == 5 else None
    if not isinstance(items, list) or not all(isinstance(item, str | bytes) for item in items):
        raise InvalidArgumentError(None, None, "holds Python objects, which only code could create; save numbers.")
    if len(items) != math.prod(header.shape):
        raise DataLossError(None, None, f"declares {math.prod(header.shape)} objects, but has {len(items)}.")
    return items


def strings_of_objects(header: Header, data: Array) -> Array:
    """The strings in an array of Python objects, as bytes; errors are those of `_objects`."""
    items = _objects(header, data)
    found = np.empty(len(items), object)
    found[:] = [item.encode("utf-8", "surrogatepass") if isinstance(item, str) else item for item in items]
    return found.reshape(header.shape, order="F" if header.fortran else "C")


def columns_of(
    name: str, source: Any, header: Header, read: Callable[[Any], Array], budget: limits.Budget
) -> tuple[dict[str, Column], dict[str, OpError]]:
    """The arrays of a file by name, and the fields that are not read; one array, or one per field.

    Parameters
    ----------
    name : str
        The name of the array.
    source : object
        The file or member with the array.
    header : Header
    read : callable
        Reads all bytes of ``source``; called only for an array of Python objects, to see whether they are strings.
    budget : Budget
        Of the whole file. It bounds the memory for strings, and the number of fields.

    Returns
    -------
    tuple of dict

    Raises
    ------
    OSError
        The operating system refuses to read ``source``.
    """
    columns: dict[str, Column] = {}
    unreadable: dict[str, OpError] = {}
    if header.dtype == object:
        try:
            data = read(source)
            budget.take(repr(name), elements=max(0, len(data) - header.begin))
            items = _objects(header, data)
            # A pickle stores a repeated string once.
            budget.take(repr(name), nbytes=sum(map(len, items)) + STRING_BYTES * len(items))
            columns[name] = Column(source, header)
        except ResourceExhaustedError as error:
            unreadable[name] = error
        except OpError as error:
            unreadable[name] = type(error)(None, None, f"{name!r} {error.message}", error.error_code)
        return columns, unreadable
    for fields, dtype in _fields(header.dtype):
        full = "/".join((name, *fields))
        if full in columns or full in unreadable:
            why = f"{name!r} has two fields whose names give {full!r}; rename one of them."
            unreadable[full] = InvalidArgumentError(None, None, why)
            columns.pop(full, None)
            continue
        try:
            _check_column(full, header.shape, dtype, budget)
            columns[full] = Column(source, header, fields)
        except OpError as error:
            unreadable[full] = error
    return columns, unreadable


def _check_column(name: str, above: tuple[int, ...], dtype: np.dtype[Any], budget: limits.Budget) -> None:
    """Check that an array, or a field of elements with the shape ``above``, can be read."""
    base, below = _base(dtype)
    limits.check_rank(repr(name), len(above) + len(below))
    if not is_possible((*above, *below), base.itemsize):
        raise DataLossError(None, None, f"{name!r} has an impossible shape.")
    try:
        dtypes.name_of_numpy(base)
    except TypeError:
        raise _unsupported(name, dtype) from None
    if dtype.hasobject:
        raise _unsupported(name, dtype)
    if base.kind in "SU":
        count = math.prod((*above, *below))
        # A string without characters has no bytes; one that has some takes a multiple of them in memory.
        budget.take(repr(name), nbytes=count * STRING_BYTES, elements=0 if base.itemsize else count)


def _fields(dtype: np.dtype[Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], np.dtype[Any]]]:
    """The fields of a structured dtype, those of inner ones by their paths; the dtype itself if it has no fields."""
    if not dtype.names or not dtype.fields:
        return [(above, dtype)]
    return [found for name in dtype.names for found in _fields(dtype.fields[name][0], (*above, name))]


def _base(dtype: np.dtype[Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The dtype and shape of an element of a field, which may be an array."""
    return dtype.subdtype or (dtype, ())


def _unsupported(name: str, dtype: np.dtype[Any]) -> InvalidArgumentError:
    if dtype.kind in "mM":
        why = f"has dtype {dtype}, which is not read; save array.astype('int64') and note the unit"
    else:
        why = f"has dtype {dtype}, which is not read; save it as another dtype"
    return InvalidArgumentError(None, None, f"{name!r} {why}.")


def entry_of_column(name: str, column: Column) -> TensorInfo:
    """Describe an array, or a field of one."""
    dtype = column.header.dtype
    for field in column.fields:
        dtype = dtype[field]
    if dtype.kind == "O":
        return entry_of(name, STRING, column.header.shape)
    base, shape = _base(dtype)
    return entry_of(name, dtypes.name_of_numpy(base), (*column.header.shape, *shape))


def value_of(column: Column, whole: Array) -> Array:
    """The values of an array, or of a field of ``whole``."""
    for field in column.fields:
        whole = whole[field]
    if whole.dtype.kind in "SU":
        return strings_of(whole)
    return whole.copy() if column.fields else whole


class Whole:
    """Reads arrays as a whole, and keeps a structured one for its next field.

    Parameters
    ----------
    read : callable
        Reads all bytes of a `Column.source`.
    """

    def __init__(self, read: Callable[[Any], Array]) -> None:
        self._read = read
        self._last: tuple[Header, Array] | None = None

    def value(self, column: Column) -> Array:
        """Read the values of an array or field."""
        if column.header.dtype == object:
            return strings_of_objects(column.header, self._read(column.source))
        last = self._last  # another thread may replace it at any moment
        if last is None or last[0] is not column.header:
            last = (column.header, column.header.array(self._read(column.source)))
        self._last = last if column.fields else None
        return value_of(column, last[1])


class NpySource(OneByOneSource):
    """The array in a ``.npy`` file, by the name of the file without its ending."""

    kind = "NumPy array"

    def __init__(self, path: str) -> None:
        opened = open_any(path)
        self._fd: Readable = opened.fd
        self._size = opened.size
        try:
            with about(path):
                header = parse_header(bytes_at(opened, 0, min(HEAD, opened.size)), opened.size)
        except BaseException:
            self.close()
            raise
        name = os.path.splitext(title_of(path))[0]
        self._columns, self.unreadable = columns_of(name, None, header, self._bytes, limits.Budget(self._size))
        self.entries = {each: entry_of_column(each, column) for each, column in self._columns.items()}
        self._whole = Whole(self._bytes)

    def _bytes(self, _: Any) -> Array:
        data = np.empty(self._size, np.uint8)
        read_at(self._fd, data.data, 0)
        return data

    def read_one(self, name: str) -> Array:
        """Read the value of an array."""
        return self._whole.value(self._columns[name])

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of an array; only its bytes, if it is in row-major order and does not have fields."""
        header = self._columns[name].header
        if self._columns[name].fields or header.fortran or self.entries[name].dtype == STRING:
            return part_of(self.read_one(name), key)
        return read_part(self._fd, header.begin, header.shape, header.dtype, key)

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, -1
        if fd != -1:
            end_reading(fd)
