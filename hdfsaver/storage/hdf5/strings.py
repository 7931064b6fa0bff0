"""String tensors: byte strings of any content and length, and their stored form.

HDF5's strings of variable length are never used: their heap is the only part of a file without a checksum. Instead
there are two forms, and the smaller one is used:

*counted*
    An element is a compound ``{length: unsigned 32-bit, text: fixed-width text}``, and the dataset has the tensor's
    shape; the width leaves one NUL after the longest element, too. All bytes that ``length`` counts belong to the
    element. If one of these bytes is a NUL, the text is declared as padded with NULs, so that HDF5 tools show all of
    it; otherwise it ends at the first NUL, so that they show no padding. The attribute ``dtype`` is ``string``; a
    scalar is one row, with the attribute ``shape`` = ``[]``.
*joined*
    One row of bytes: ``n + 1`` unsigned 64-bit offsets, little-endian, the first one 0, followed by the ``n`` elements
    without gaps; element ``i`` is between offset ``i`` and offset ``i + 1``, counted from the end of the offsets. It
    has three attributes: ``dtype`` = ``string``, ``encoding`` = ``joined``, and ``shape``, a JSON array.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from h5py import h5t

from hdfsaver.errors import DataLossError, shown
from hdfsaver.storage.hdf5 import datatypes
from hdfsaver.storage.hdf5.objects import text_type
from hdfsaver.tensor_info import STRING, Array

COUNTED, JOINED = "counted", "joined"
MAX_WIDTH = 65536
"""Bytes of the widest element of the counted form: a larger one exceeds the buffers of common tools."""

SMALL = 4096
"""Up to this many bytes, the counted form is always used."""

_LENGTH = np.dtype("<u4")
_OFFSET = np.dtype("<u8")
_SIZE = "(?:0|[1-9][0-9]{0,17})"
_SHAPE = re.compile(rf"\[(?:{_SIZE}(?:, {_SIZE})*)?\]")


def counted_dtype(width: int) -> np.dtype[Any]:
    """NumPy's dtype of an element of the counted form with at most ``width`` bytes and a final NUL."""
    return np.dtype([("length", _LENGTH), ("text", f"S{width + 1}")])


def datatype_of(stored: Array) -> h5t.TypeID:
    """The HDF5 datatype of an array from `encode`."""
    if stored.dtype.names is None:
        return h5t.STD_U8LE
    width = stored.dtype["text"].itemsize - 1
    made = h5t.create(h5t.COMPOUND, stored.dtype.itemsize)
    made.insert(b"length", 0, h5t.STD_U32LE)
    made.insert(b"text", _LENGTH.itemsize, text_type(width, h5t.CSET_ASCII, has_nul=has_nul(stored)))
    return made


def has_nul(stored: Array) -> bool:
    """Whether an element of an array from `encode` has a NUL, which its datatype shows; False for the joined form."""
    if stored.dtype.names is None or not stored.size:
        return False
    cells = stored.reshape(-1).view(np.uint8).reshape(stored.size, stored.dtype.itemsize)
    return int(np.count_nonzero(cells[:, _LENGTH.itemsize :])) < int(stored["length"].sum(dtype=np.int64))


def stored_dtype(datatype: h5t.TypeID, attributes: Mapping[str, str]) -> np.dtype[Any] | None:
    """NumPy's dtype for the elements of a stored string tensor; None for any other dataset.

    Parameters
    ----------
    datatype : h5py.h5t.TypeID
        The dataset's datatype.
    attributes : mapping of str to str
        Its attributes ``dtype`` and ``encoding``, if it has them.
    """
    if attributes.get("dtype") == "string" and attributes.get("encoding") == JOINED:
        return np.dtype(np.uint8) if datatype.equal(h5t.STD_U8LE) else None
    width = datatype.get_size() - _LENGTH.itemsize - 1
    if datatype.get_class() != h5t.COMPOUND or width < 0 or not _is_counted(datatype):
        return None
    return counted_dtype(width)


def _is_counted(datatype: h5t.TypeCompoundID) -> bool:
    if datatype.get_nmembers() != 2 or datatype.get_member_name(0) != b"length":
        return False
    text = datatype.get_member_type(1)
    return (
        datatype.get_member_type(0).equal(h5t.STD_U32LE)
        and isinstance(text, h5t.TypeStringID)
        and not text.is_variable_str()
        and datatype.get_member_offset(1) == _LENGTH.itemsize
        and text.get_size() == datatype.get_size() - _LENGTH.itemsize
    )


def encode(array: Array) -> tuple[Array, dict[str, str]]:
    """Encode a string tensor as the array to store.

    Parameters
    ----------
    array : ndarray
        Of any shape; dtype object, of bytes (or str, which becomes UTF-8), or one of NumPy's string dtypes.

    Returns
    -------
    stored : ndarray
        A contiguous array; see `datatype_of` for its HDF5 datatype.
    attributes : dict of str to str
        The attributes of the dataset.

    Raises
    ------
    TypeError
        An element is neither bytes nor str.
    ValueError
        A str contains a lone surrogate, which UTF-8 cannot encode.
    """
    items = [_as_bytes(item) for item in array.ravel().tolist()]
    lengths = np.fromiter(map(len, items), np.int64, len(items))
    width = int(lengths.max(initial=0))
    counted = len(items) * counted_dtype(width).itemsize
    joined = (len(items) + 1) * _OFFSET.itemsize + int(lengths.sum())
    if width <= MAX_WIDTH and counted <= max(SMALL, 2 * joined):
        return _in_shape(_counted(items, lengths, width), array.shape)
    shape = json.dumps(list(array.shape))
    return _joined(items, lengths), {"dtype": "string", "encoding": JOINED, "shape": shape}


def _in_shape(stored: Array, shape: tuple[int, ...]) -> tuple[Array, dict[str, str]]:
    """A string tensor in the counted form, a scalar as one row."""
    labels = {datatypes.LABEL: STRING}
    return (stored.reshape(shape), labels) if shape else (stored, {**labels, datatypes.SHAPE: datatypes.SCALAR})


def _as_bytes(item: Any) -> bytes:
    if type(item) is bytes:
        return item
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bytes):
        return bytes(item)
    raise TypeError(f"An element of a string tensor must be bytes or str, not {type(item).__name__}: {shown(item)}.")


def _counted(items: Sequence[bytes], lengths: Array, width: int) -> Array:
    stored = np.zeros(len(items), dtype=counted_dtype(width))
    stored["length"] = lengths
    stored["text"] = items
    return stored


def _joined(items: Sequence[bytes], lengths: Array) -> Array:
    offsets = np.zeros(len(items) + 1, dtype=_OFFSET)
    np.cumsum(lengths, out=offsets[1:], dtype=_OFFSET)
    return np.frombuffer(offsets.tobytes() + b"".join(items), dtype=np.uint8)


def decode(stored: Array, attributes: Mapping[str, str]) -> Array:
    """Decode the stored array of a string tensor.

    Parameters
    ----------
    stored : ndarray
        An array of the dtype of `stored_dtype`.
    attributes : mapping of str to str
        The dataset's attributes, ``shape`` among them in the joined form.

    Returns
    -------
    ndarray
        Dtype object, of bytes; writable.

    Raises
    ------
    DataLossError
        The lengths or offsets are inconsistent with the array.
    """
    if stored.dtype.names is not None:
        return _filled(_from_counted(stored), shape_of(stored.shape, attributes))
    shape = _read_shape(attributes.get("shape", ""))
    return _filled(_from_joined(stored.tobytes(), math.prod(shape)), shape)


def decode_bytes(stored: bytes | Array, encoding: str, shape: tuple[int, ...]) -> Array:
    """Decode a string tensor from its bytes alone, of which the index knows form and shape.

    Parameters
    ----------
    stored : bytes or ndarray of uint8
        All bytes of the dataset.
    encoding : str
        `COUNTED` or `JOINED`.
    shape : tuple of int
        The shape of the tensor.

    Returns
    -------
    ndarray
        See `decode`.

    Raises
    ------
    DataLossError
        The bytes cannot be such a tensor.
    """
    count = math.prod(shape)
    if encoding == JOINED:
        return _filled(_from_joined(bytes(stored), count), shape)
    width = len(stored) // count - counted_dtype(0).itemsize if count else 0
    if width < 0 or len(stored) != count * counted_dtype(width).itemsize:
        raise _damaged(f"{len(stored)} bytes cannot be {count} elements of one width")
    return _filled(_from_counted(np.ndarray(count, counted_dtype(width), stored)), shape)


def shape_of(stored_shape: tuple[int, ...], attributes: Mapping[str, str]) -> tuple[int, ...]:
    """The shape of a string tensor, from the dataset's shape and attributes.

    Raises
    ------
    DataLossError
        The attribute ``shape`` is not a JSON array of sizes.
    """
    if attributes.get("encoding") == JOINED:
        return _read_shape(attributes.get("shape", ""))
    is_scalar = stored_shape == datatypes.ROW and attributes.get(datatypes.SHAPE) == datatypes.SCALAR
    return () if is_scalar else stored_shape


def _read_shape(text: str) -> tuple[int, ...]:
    shape = tuple(json.loads(text)) if _SHAPE.fullmatch(text) else None
    # NumPy has at most 64 dimensions, and counts elements in 63 bits even if one of them is 0.
    if shape is None or len(shape) > 64 or math.prod(size or 1 for size in shape) >= 2**59:
        raise _damaged(f"the attribute 'shape' must be a JSON array of valid sizes, not {text[:80]!r}")
    return shape


def _from_counted(stored: Array) -> list[bytes]:
    lengths = stored["length"].ravel().astype(np.int64)
    width = stored.dtype["text"].itemsize - 1
    if lengths.size and lengths.max() > width:
        raise _damaged(f"element {int(lengths.argmax())} declares {lengths.max()} bytes, but has {width}")
    starts = np.arange(lengths.size, dtype=np.int64) * stored.dtype.itemsize + _LENGTH.itemsize
    return _slices(stored.tobytes(), starts, starts + lengths)


def _from_joined(stored: bytes, count: int) -> list[bytes]:
    begin = (count + 1) * _OFFSET.itemsize
    if begin > len(stored):
        raise _damaged(f"{count} elements need {begin} bytes of offsets, but there are only {len(stored)} bytes")
    offsets = np.frombuffer(stored, dtype=_OFFSET, count=count + 1)
    rising = bool((offsets[1:] >= offsets[:-1]).all())
    if offsets[0] != 0 or int(offsets[-1]) != len(stored) - begin or not rising:
        raise _damaged(f"the offsets must rise from 0 to {len(stored) - begin}, the number of bytes after them")
    ends = offsets.astype(np.int64) + begin
    return _slices(stored, ends[:-1], ends[1:])


def _slices(stored: bytes, starts: Array, ends: Array) -> list[bytes]:
    return [stored[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def _filled(items: list[bytes], shape: tuple[int, ...]) -> Array:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def _damaged(what: str) -> DataLossError:
    return DataLossError(None, None, f"A string tensor is damaged: {what}.")
