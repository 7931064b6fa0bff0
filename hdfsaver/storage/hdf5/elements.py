"""The elements of datasets of any program: their dtype here, and their values from the bytes in the file.

Each is decoded with NumPy, so that a damaged datatype is checked here and never passed to a conversion of the HDF5
library. A number of a datatype that no dtype has becomes the smallest dtype that holds all its values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from h5py import h5t

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError
from hdfsaver.storage.hdf5 import datatypes, narrow_numbers, strings
from hdfsaver.storage.hdf5.foreign_types import COMPLEX, stored_size
from hdfsaver.storage.hdf5.global_heap import RECORD, is_heap_string
from hdfsaver.tensor_info import STRING, Array, numpy_dtype

_Decoder = Callable[[Array], Array]

_PARTS = ((b"r", b"i"), (b"re", b"im"), (b"real", b"imag"), (b"real", b"imaginary"))
"""The names that programs give to the parts of a complex number: h5py and PyTables, others, Octave and MATLAB, R."""

_COMPLEX = {"float16": "complex64", "float32": "complex64", "float64": "complex128"}
_TRUTH = {b"FALSE": 0, b"TRUE": 1}
_FLOATS = {"float16": (5, 10), "float32": (8, 23), "float64": (11, 52)}
"""The bits of exponent and mantissa of NumPy's floats."""


class Element(NamedTuple):
    """How an element becomes a value.

    Attributes
    ----------
    dtype : str
    shape : tuple of int
        The shape of the array within an element; mostly empty.
    size : int
        Bytes of an element in the file.
    decode : callable
        From a row of bytes for each element to an array of the values; `DataLossError` for a boolean that is neither
        0 nor 1.
    in_heap : bool
        Whether the values are strings of variable length: then `decode` gives the places of the strings in the heap.
    """

    dtype: str
    shape: tuple[int, ...]
    size: int
    decode: _Decoder
    in_heap: bool = False


def element_of(datatype: h5t.TypeID, *, bits_are_truth: bool = False) -> Element | None:
    """How the elements of a datatype are decoded, or None for a datatype that is not read.

    Parameters
    ----------
    datatype : h5py.h5t.TypeID
    bits_are_truth : bool
        Whether bitfields of 8 bits are booleans, as PyTables writes them; otherwise they are unsigned integers.
    """
    # A file has many datasets of few datatypes.
    return _element(datatype.encode(), bits_are_truth)


@lru_cache(maxsize=256)
def _element(encoded: bytes, bits_are_truth: bool) -> Element | None:
    return _made(h5t.decode(encoded), bits_are_truth)


def labelled(size: int, label: str) -> Element | None:
    """The element of an opaque datatype with the name of a dtype that NumPy alone does not have, such as bfloat16."""
    row = dtypes.ROW_BY_NAME.get(label)
    if row is None or np.dtype(row.numpy).isbuiltin == 1 or np.dtype(row.numpy).itemsize != size:
        return None
    return Element(label, (), size, _viewed(numpy_dtype(label)))


BYTE_OF_TRUTH = Element("bool", (), 1, lambda rows: _truth(rows[:, 0]))
"""A boolean in a byte of which only an attribute says that it is one."""


def _made(datatype: h5t.TypeID, bits_are_truth: bool) -> Element | None:
    size: int = datatype.get_size()
    own = datatypes.dtype_name(datatype)
    if own is not None:
        return Element(own, (), size, _own(own, datatypes.is_big_endian(datatype)))
    kind = datatype.get_class()
    if kind == h5t.INTEGER:
        return _integer(datatype)
    if kind == h5t.FLOAT:
        return _float(datatype)
    if kind == h5t.BITFIELD:
        return _bits(datatype, bits_are_truth)
    if kind == h5t.ENUM:
        return _enumeration(datatype)
    if kind in (h5t.COMPOUND, COMPLEX):
        return _counted(datatype) or _complex(datatype)
    if kind == h5t.STRING:
        if is_heap_string(datatype):
            return Element(STRING, (), RECORD.itemsize, _viewed(RECORD), in_heap=True)
        return Element(STRING, (), size, _text(datatype.get_strpad()))
    if kind == h5t.OPAQUE:
        return labelled(size, datatype.get_tag().decode("ascii", "replace"))
    return _array(datatype, bits_are_truth) if kind == h5t.ARRAY else None


# --- numbers --------------------------------------------------------------------------------------------------------


def _own(name: str, swapped: bool) -> _Decoder:
    if name == "bool":
        return lambda rows: _truth(rows[:, 0])
    if name in narrow_numbers.BITS:
        return lambda rows: narrow_numbers.from_bytes(np.ascontiguousarray(rows[:, 0]), name)
    viewed = _viewed(numpy_dtype(name))
    # Swapped explicitly: NumPy has no byte order for bfloat16.
    return (lambda rows: viewed(rows[:, ::-1])) if swapped else viewed


def _viewed(dtype: np.dtype[Any]) -> _Decoder:
    return lambda rows: np.ascontiguousarray(rows).view(dtype).reshape(len(rows))


def _truth(values: Array) -> Array:
    if values.size and (values.min() < 0 or values.max() > 1):
        raise DataLossError(None, None, "a boolean is neither 0 nor 1.")
    return values.astype(np.bool_)


def _container(size: int) -> int | None:
    """The size of the smallest NumPy integer of at least that many bytes; None beyond 8."""
    return next((each for each in (1, 2, 4, 8) if each >= size), None)


def _codes(rows: Array, big_endian: bool) -> Array:
    """The bytes of each row as one unsigned integer."""
    rows = rows[:, ::-1] if big_endian else rows
    width = _container(rows.shape[1]) or 0
    padded = np.zeros((len(rows), width), np.uint8)
    padded[:, : rows.shape[1]] = rows
    codes: Array = padded.view(f"<u{width}")[:, 0]
    return codes


def _integer(datatype: h5t.TypeIntegerID) -> Element | None:
    size, order, precision, offset = (
        datatype.get_size(),
        datatype.get_order(),
        datatype.get_precision(),
        datatype.get_offset(),
    )
    width = _container(size)
    if width is None or order not in (h5t.ORDER_LE, h5t.ORDER_BE) or not 0 < precision <= 8 * size - offset:
        return None
    signed = datatype.get_sign() == h5t.SGN_2
    unused = 8 * width - precision

    def decode(rows: Array) -> Array:
        # The highest significant bit moves to the top, then back with the sign.
        raised = _codes(rows, order == h5t.ORDER_BE) << np.array(unused - offset, f"<u{width}")
        values: Array = raised.view(f"<{'i' if signed else 'u'}{width}") >> unused
        return values

    return Element(f"{'int' if signed else 'uint'}{8 * width}", (), size, decode)


def _bits(datatype: h5t.TypeBitfieldID, bits_are_truth: bool) -> Element | None:
    size, order = datatype.get_size(), datatype.get_order()
    if bits_are_truth and size == 1:
        return BYTE_OF_TRUTH
    if size not in (1, 2, 4, 8) or order not in (h5t.ORDER_LE, h5t.ORDER_BE):
        return None
    return Element(f"uint{8 * size}", (), size, lambda rows: _codes(rows, order == h5t.ORDER_BE))


def _enumeration(datatype: h5t.TypeEnumID) -> Element | None:
    base = _made(datatype.get_super(), bits_are_truth=False)
    count = datatype.get_nmembers()
    if base is None or count != len(_TRUTH):
        return base
    names = {datatype.get_member_name(index): datatype.get_member_value(index) for index in range(count)}
    if names != _TRUTH:
        return base
    return base._replace(dtype="bool", decode=lambda rows: _truth(base.decode(rows)))


def _float(datatype: h5t.TypeFloatID) -> Element | None:
    """A float of another layout, by the rules of HDF5's specification, as the smallest float that has all its values.

    The codes of the highest exponent are infinities and NaNs, as in IEEE 754.
    """
    size, order = datatype.get_size(), datatype.get_order()
    sign, exponent, exponent_bits, mantissa, mantissa_bits = datatype.get_fields()
    bias = (1 << (exponent_bits - 1)) - 1
    if (
        size > 8
        or order not in (h5t.ORDER_LE, h5t.ORDER_BE)
        or datatype.get_norm() != h5t.NORM_IMPLIED
        or datatype.get_ebias() != bias
        or exponent_bits > _FLOATS["float64"][0]
        or mantissa_bits > _FLOATS["float64"][1]
        or max(sign + 1, exponent + exponent_bits, mantissa + mantissa_bits) > 8 * size
    ):
        return None
    name = next(name for name, bits in _FLOATS.items() if exponent_bits <= bits[0] and mantissa_bits <= bits[1])

    def decode(rows: Array) -> Array:
        codes = _codes(rows, order == h5t.ORDER_BE).astype(np.uint64)
        power = _field(codes, exponent, exponent_bits).astype(np.int64)
        part = _field(codes, mantissa, mantissa_bits)
        implied = np.where(power > 0, np.ldexp(1.0, mantissa_bits), 0.0)
        special = power == (1 << exponent_bits) - 1
        power = np.where(special, bias, np.maximum(power, 1)) - bias - mantissa_bits
        values = np.ldexp(implied + part.astype(np.float64), power.astype(np.int32))
        values[special] = np.where(part[special] == 0, np.inf, np.nan)
        signed: Array = np.copysign(values, 0.5 - _field(codes, sign, 1).astype(np.float64))
        return signed.astype(numpy_dtype(name))

    return Element(name, (), size, decode)


def _field(codes: Array, start: int, width: int) -> Array:
    found: Array = codes >> np.uint64(start) & np.uint64((1 << width) - 1)
    return found


def _complex(datatype: h5t.TypeID) -> Element | None:
    """A complex number: a compound of two floats with names for the parts, in any order, or HDF5's own class."""
    size: int = datatype.get_size()
    if datatype.get_class() == COMPLEX:
        both = datatype.get_super()
        parts = [(0, both), (both.get_size(), both)]
    else:
        count = datatype.get_nmembers()
        found = {datatype.get_member_name(index).lower(): index for index in range(count)}
        names = next((pair for pair in _PARTS if set(pair) == found.keys()), None)
        if names is None or count != len(names):
            return None
        places = [found[name] for name in names]
        parts = [(datatype.get_member_offset(index), datatype.get_member_type(index)) for index in places]
    if any(part.get_class() != h5t.FLOAT for _offset, part in parts):
        return None
    elements = [_made(part, bits_are_truth=False) for _offset, part in parts]
    (real, imag), starts = elements, [offset for offset, _part in parts]
    if real is None or imag is None or real.dtype != imag.dtype or (name := _COMPLEX.get(real.dtype)) is None:
        return None
    if any(start + each.size > size for start, each in zip(starts, (real, imag), strict=True)):
        return None

    def decode(rows: Array) -> Array:
        values = np.empty(len(rows), numpy_dtype(name))
        values.real = real.decode(rows[:, starts[0] : starts[0] + real.size])
        values.imag = imag.decode(rows[:, starts[1] : starts[1] + imag.size])
        return values

    return Element(name, (), size, decode)


# --- text and arrays ------------------------------------------------------------------------------------------------


def _text(padding: int) -> _Decoder:
    def decode(rows: Array) -> Array:
        width, data = rows.shape[1], rows.tobytes()
        items = np.empty(len(rows), dtype=object)
        items[:] = [_unpadded(data[start : start + width], padding) for start in range(0, len(data), width)]
        return items

    return decode


def _unpadded(item: bytes, padding: int) -> bytes:
    if padding == h5t.STR_SPACEPAD:
        # Programs also pad such text with NULs, alone or after spaces.
        return item.rstrip(b" \0")
    return item.rstrip(b"\0") if padding == h5t.STR_NULLPAD else item.partition(b"\0")[0]


def _counted(datatype: h5t.TypeID) -> Element | None:
    """A string of this project, with its length."""
    stored = strings.stored_dtype(datatype, {})
    if stored is None:
        return None

    def decode(rows: Array) -> Array:
        return strings.decode(np.ascontiguousarray(rows).view(stored).reshape(len(rows)), {})

    return Element(STRING, (), stored.itemsize, decode)


def _array(datatype: h5t.TypeArrayID, bits_are_truth: bool) -> Element | None:
    base, shape = _made(datatype.get_super(), bits_are_truth), tuple(datatype.get_array_dims())
    count = math.prod(shape)
    if base is None or count * base.size != stored_size(datatype):
        return None

    def decode(rows: Array) -> Array:
        pieces = np.ascontiguousarray(rows).reshape(len(rows) * count, base.size)
        return base.decode(pieces).reshape(len(rows), *shape, *base.shape)

    return Element(base.dtype, shape + base.shape, count * base.size, decode, base.in_heap)
