"""dtypes and HDF5 datatypes: the stored form of the elements of each dtype.

Where several dtypes share one HDF5 type, it means the plain one (``uint8``), and a dataset of another one (``quint8``,
``float8_e4m3fn``) has its dtype in the attribute `LABEL`. So has one of a dtype that NumPy alone does not have
(``bfloat16``, ``int4``), since programs that do not know its HDF5 type show codes. String tensors are not covered here:
their stored form depends on their lengths.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import h5py
import numpy as np
from h5py import h5t

from hdfsaver import dtypes
from hdfsaver.dtypes import Boolean, Complex, Float, Hdf5, Integer, Text

LABEL = "dtype"
"""The attribute, a fixed-length string, with the dtype of a dataset whose HDF5 type does not say it to all programs."""

SHAPE = "shape"
SCALAR = "[]"
"""The attribute `SHAPE` of a scalar whose HDF5 type is a compound, which is stored as one row.

PyTables and rhdf5 cannot read a compound with a scalar dataspace.
"""

ROW = (1,)
"""The stored shape of such a scalar."""


@cache
def type_of(name: str) -> h5t.TypeID:
    """The HDF5 datatype of a dtype's elements; little-endian, and locked against change.

    Parameters
    ----------
    name : str
        A dtype's name, ``"float32"``.

    Raises
    ------
    TypeError
        The dtype is unknown, cannot be stored (``resource``, ``variant``), or is ``string``, which has no single type.
    """
    row = dtypes.ROW_BY_NAME.get(name)
    if row is None:
        raise TypeError(f"Unknown dtype {name!r}; the dtypes are {', '.join(dtypes.ROW_BY_NAME)}.")
    if row.hdf5 is None:
        if row.numpy is np.object_:
            raise TypeError(f"A value of dtype {name!r} is a handle of one process; it cannot be stored.")
        raise TypeError(f"The file format does not have the dtype {name!r}; cast it to another one")
    made = _make(row.hdf5)
    made.lock()
    return made


def needs_label(name: str) -> bool:
    """Whether a dataset of the dtype has the attribute `LABEL`: HDF5 or programs alone cannot tell the dtype."""
    row = dtypes.ROW_BY_NAME[name]
    return _owners().get(row.hdf5) != name or np.dtype(row.numpy).isbuiltin != 1


@cache
def is_compound(name: str) -> bool:
    """Whether the elements of a dtype are compounds; those of string tensors may be."""
    return isinstance(dtypes.ROW_BY_NAME[name].hdf5, Complex)


@cache
def labels_of(name: str, is_scalar: bool) -> Mapping[str, str]:
    """The attributes of a dataset of numbers.

    Parameters
    ----------
    name : str
        The dtype.
    is_scalar : bool
        Whether the value has no dimensions.

    Returns
    -------
    mapping of str to str
    """
    if is_scalar and is_compound(name):
        return MappingProxyType({LABEL: name, SHAPE: SCALAR})
    return MappingProxyType({LABEL: name} if needs_label(name) else {})


def shape_of(stored_shape: tuple[int, ...], datatype: h5t.TypeID, attributes: Mapping[str, str]) -> tuple[int, ...]:
    """The shape of a value.

    Parameters
    ----------
    stored_shape : tuple of int
        The shape of its dataset.
    datatype : h5py.h5t.TypeID
        The datatype of the dataset.
    attributes : mapping of str to str
        Its attributes, of which `SHAPE` counts.

    Returns
    -------
    tuple of int
    """
    is_row = stored_shape == ROW and datatype.get_class() == h5t.COMPOUND
    return () if is_row and attributes.get(SHAPE) == SCALAR else stored_shape


def dtype_name(type_id: h5t.TypeID, label: str | None = None) -> str | None:
    """The dtype whose elements have an HDF5 datatype, in either byte order.

    Parameters
    ----------
    type_id : h5py.h5t.TypeID
        The datatype of a dataset.
    label : str, optional
        The dataset's attribute `LABEL`, if it has one.

    Returns
    -------
    str or None
        The dtype's name; None for an unsupported type, and for a label that does not match the type.
    """
    if label is None:
        return next((name for name in _owners().values() if _same(type_id, type_of(name))), None)
    row = dtypes.ROW_BY_NAME.get(label)
    if row is None or row.hdf5 is None or isinstance(row.hdf5, Text):
        return None
    return label if _same(type_id, type_of(label)) else None


def is_big_endian(type_id: h5t.TypeID) -> bool:
    """Whether the elements are big-endian, which this project never writes."""
    return type_id.get_class() in (h5t.INTEGER, h5t.FLOAT) and type_id.get_order() == h5t.ORDER_BE


_OF_OTHER_PROGRAMS = (Integer(1, True, 2), Integer(1, False, 2))
"""HDF5 types that mean a dtype only with a label: hdf5r has logical values and factors in integers of 2 bits."""


@cache
def _owners() -> dict[Hdf5 | None, str]:
    # The last entry wins: the table is reversed, with the quantized dtypes before all others.
    stored = (row for row in dtypes.TABLE if row.hdf5 is not None and not isinstance(row.hdf5, Text))
    rows = [row for row in stored if row.hdf5 not in _OF_OTHER_PROGRAMS]
    rows.sort(key=lambda row: dtypes.as_dtype(row.name).is_quantized)
    rows.reverse()
    return {row.hdf5: row.name for row in rows}


def _same(found: h5t.TypeID, own: h5t.TypeID) -> bool:
    if found.get_class() != own.get_class() or found.get_size() != own.get_size():
        return False
    if is_big_endian(found):
        found = found.copy()
        found.set_order(h5t.ORDER_LE)
    return bool(found.equal(own))


def _make(description: Hdf5) -> h5t.TypeID:
    match description:
        case Integer():
            return _integer(description)
        case Float():
            return _float(description)
        case Complex(part):
            return _complex(part)
        case Boolean():
            return _boolean()
        case Text():
            raise TypeError("A string tensor has no single HDF5 type: it depends on the lengths of the strings.")


def _integer(description: Integer) -> h5t.TypeID:
    bits = 8 * description.size
    made = h5py.h5t.py_create(np.dtype(f"<{'i' if description.signed else 'u'}{description.size}")).copy()
    if description.precision != bits:
        made.set_precision(description.precision)
    return made


def _float(description: Float) -> h5t.TypeID:
    made = (h5t.IEEE_F64LE if description.size == np.float64().itemsize else h5t.IEEE_F32LE).copy()
    mantissa, exponent = description.mantissa_bits, description.exponent_bits
    made.set_fields(8 * description.size - 1, mantissa, exponent, 0, mantissa)
    made.set_ebias(description.bias)
    # The precision first: HDF5 refuses a size that is too small for the bits.
    made.set_precision(8 * description.size)
    made.set_size(description.size)
    return made


def _complex(part: Float) -> h5t.TypeID:
    made = h5t.create(h5t.COMPOUND, 2 * part.size)
    made.insert(b"r", 0, _float(part))
    made.insert(b"i", part.size, _float(part))
    return made


def _boolean() -> h5t.TypeID:
    made = h5t.enum_create(h5t.STD_I8LE)
    made.enum_insert(b"FALSE", 0)
    made.enum_insert(b"TRUE", 1)
    return made
