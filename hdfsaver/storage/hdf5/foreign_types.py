"""HDF5's datatypes of any program: their size and members in the file, and their description for errors.

In memory the HDF5 library has other sizes for values of variable length: a string is a pointer there, and 16 bytes in
the file. So the sizes and offsets that it returns are not those of the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from h5py import h5t

from hdfsaver.storage.hdf5.global_heap import RECORD, is_heap_string

COMPLEX: int = getattr(h5t, "COMPLEX", 11)
"""The class of complex numbers, since HDF5 2.0."""

_MEMBERS_SHOWN = 4
_REFERENCES = {8: "object reference", 12: "region reference"}


class _UnknownSizeError(Exception):
    """A datatype has another size in the file than in memory, which depends on the values."""


class Member(NamedTuple):
    """A member of a compound datatype: its name, its offset in an element of the file, and its datatype."""

    name: str
    offset: int
    datatype: h5t.TypeID


def stored_size(datatype: h5t.TypeID) -> int | None:
    """Bytes of an element in the file; None if they are not known, as of the references of HDF5 1.12."""
    try:
        growth = _growth(datatype)
    except _UnknownSizeError:
        return None
    size: int = datatype.get_size()
    return size + growth


def members_of(datatype: h5t.TypeCompoundID) -> list[Member]:
    """The members of a compound datatype, in its order."""
    count = datatype.get_nmembers()
    found = [(datatype.get_member_offset(index), index, datatype.get_member_type(index)) for index in range(count)]
    offsets: dict[int, int] = {}
    growth = 0
    for offset, index, member in sorted(found, key=lambda each: each[:2]):
        offsets[index] = offset + growth
        growth += _growth(member)
    return [
        Member(datatype.get_member_name(index).decode("utf-8", "backslashreplace"), offsets[index], member)
        for _offset, index, member in found
    ]


def _growth(datatype: h5t.TypeID) -> int:
    """Bytes by which an element is longer in the file than in memory."""
    kind: int = datatype.get_class()
    if kind == h5t.COMPOUND:
        return sum(_growth(datatype.get_member_type(index)) for index in range(datatype.get_nmembers()))
    if kind == h5t.ARRAY:
        count: int = math.prod(datatype.get_array_dims())
        return count * _growth(datatype.get_super())
    if kind == h5t.VLEN or is_heap_string(datatype):
        return RECORD.itemsize - int(datatype.get_size())
    if kind == h5t.REFERENCE and datatype.get_size() not in _REFERENCES:
        raise _UnknownSizeError
    return 0


def described(datatype: h5t.TypeID) -> str:
    """The description of a datatype for errors: ``"variable-length sequence of int32"``."""
    kind, size = datatype.get_class(), datatype.get_size()
    if kind in _WORDS:
        return _WORDS[kind](datatype, size)
    names = {h5t.BITFIELD: "bitfield", h5t.TIME: "time"}
    return f"{names.get(kind, f'datatype of class {kind}')} of {_bytes(size)}"


def _integer(datatype: h5t.TypeIntegerID, size: int) -> str:
    name = f"{'int' if datatype.get_sign() == h5t.SGN_2 else 'uint'}{8 * size}"
    precision = datatype.get_precision()
    return name if precision == 8 * size else f"{name} with {precision} significant bits"


def _float(datatype: h5t.TypeFloatID, size: int) -> str:
    precision = datatype.get_precision()
    return f"float{precision}" if precision == 8 * size else f"float of {precision} bits in {_bytes(size)}"


def _text(datatype: h5t.TypeStringID, size: int) -> str:
    return "string of variable length" if datatype.is_variable_str() else f"string of {_bytes(size)}"


def _opaque(datatype: h5t.TypeOpaqueID, size: int) -> str:
    tag = datatype.get_tag().decode("utf-8", "backslashreplace")
    return f"opaque value of {_bytes(size)} {f'with the tag {tag!r}' if tag else 'without a tag'}"


def _compound(datatype: h5t.TypeCompoundID, _size: int) -> str:
    count = datatype.get_nmembers()
    shown = ", ".join(
        f"{datatype.get_member_name(index).decode('utf-8', 'backslashreplace')}: "
        f"{described(datatype.get_member_type(index))}"
        for index in range(min(count, _MEMBERS_SHOWN))
    )
    more = f" and {count - _MEMBERS_SHOWN} more" if count > _MEMBERS_SHOWN else ""
    return f"compound with the members {shown}{more}"


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count} bytes"


_WORDS: dict[int, Callable[[Any, int], str]] = {
    h5t.INTEGER: _integer,
    h5t.FLOAT: _float,
    h5t.STRING: _text,
    h5t.OPAQUE: _opaque,
    h5t.COMPOUND: _compound,
    h5t.REFERENCE: lambda _datatype, size: _REFERENCES.get(size, "reference"),
    h5t.VLEN: lambda datatype, _size: f"variable-length sequence of {described(datatype.get_super())}",
    h5t.ARRAY: lambda datatype, _size: f"array {datatype.get_array_dims()} of {described(datatype.get_super())}",
    h5t.ENUM: lambda datatype, _size: f"enumeration of {described(datatype.get_super())}",
    COMPLEX: lambda datatype, _size: f"complex number of two {described(datatype.get_super())}",
}
