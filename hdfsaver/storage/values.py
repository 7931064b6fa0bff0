"""Values of variables: arrays, and their stored bytes."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
from h5py import h5t

from hdfsaver import dtypes
from hdfsaver.files.lazy_arrays import JoinedBytes, Pending
from hdfsaver.files.live_bytes import LiveBytes, steady_bytes
from hdfsaver.storage import layout
from hdfsaver.storage.hdf5 import datatypes, narrow_numbers, strings
from hdfsaver.storage.stored_values import StoredValue
from hdfsaver.tensor_info import LARGE, STRING, Array


class Value(NamedTuple):
    """A value in its stored form.

    Attributes
    ----------
    dtype : str
        The dtype's name.
    shape : tuple of int
        The tensor's shape.
    data : ndarray or Pending
        Little-endian; for a string tensor, the result of `strings.encode`. If it is large, it is contiguous, and owns
        its memory only if nothing else can change it; see `steady_bytes`.
    attributes : mapping
        The attributes of its dataset.
    """

    dtype: str
    shape: tuple[int, ...]
    data: Array | Pending
    attributes: Mapping[str, str]

    def datatype(self) -> h5t.TypeID:
        """The HDF5 datatype of its dataset."""
        if isinstance(self.data, StoredValue):
            return self.data.form.datatype
        if self.dtype == STRING and not isinstance(self.data, Pending):
            return strings.datatype_of(self.data)
        return datatypes.type_of(self.dtype)

    def stored_shape(self) -> tuple[int, ...]:
        """The shape of its dataset."""
        if self.dtype == STRING:
            return self.data.shape
        # Not that of the data: a live array's may be set meanwhile.
        return datatypes.ROW if datatypes.SHAPE in self.attributes else self.shape

    def view(self) -> memoryview | LiveBytes | JoinedBytes:
        """Its bytes."""
        return view_of(self.data)


def view_of(data: Array | Pending) -> memoryview | LiveBytes | JoinedBytes:
    """The bytes of a stored array."""
    return JoinedBytes(data) if isinstance(data, Pending) else steady_bytes(data)


_PLAIN = {
    np.dtype(row.numpy).newbyteorder("<"): (row.name, datatypes.labels_of(row.name, False))
    for row in reversed(dtypes.TABLE)
    if row.hdf5 is not None
    and row.name != STRING
    and not dtypes.as_dtype(row.name).is_quantized
    and row.name not in narrow_numbers.BITS
}
"""The names of NumPy's little-endian dtypes whose arrays are stored unchanged, and the labels of their datasets."""

_OTHER: tuple[str, Mapping[str, str]] = ("", {})
"""The entry for any other dtype."""


def prepare(name: str, value: Any, dtype: str | None = None, *, is_live: bool = True) -> Value:
    """Prepare a variable's value for writing.

    Parameters
    ----------
    name : str
        The variable, for errors.
    value : array_like or Pending
        Of any byte order and memory layout; not copied if it is contiguous and little-endian. A `StoredValue` keeps its
        stored form.
    dtype : str, optional
        The dtype's name if NumPy's dtype does not determine it (``"qint8"``); a reference dtype is accepted too.
    is_live : bool
        Whether the rest of the program may change its memory, dtype and shape meanwhile.

    Returns
    -------
    Value

    Raises
    ------
    TypeError
        The dtype cannot be stored, or does not match ``dtype``.
    ValueError
        It has more dimensions than HDF5 allows, or a str that UTF-8 cannot encode.
    """
    if isinstance(value, StoredValue):
        return Value(value.entry.dtype, value.entry.shape, value, value.form.attributes)
    if isinstance(value, Pending):
        ordered = value.dtype.newbyteorder("<")
        if ordered == value.dtype and value.dtype != object and len(value.shape) <= layout.MAX_RANK:
            found = _named(name, value.dtype, dtype)
            if found not in narrow_numbers.BITS:
                return Value(found, value.shape, value, datatypes.labels_of(found, not value.shape))
        value = value.array()
    array = np.asarray(value)
    if is_live:
        # A view keeps its dtype and shape when the program sets those of its array, and does not own the memory.
        array = array.view()
    plain = _PLAIN.get(array.dtype)
    if (
        plain is not None
        and (dtype is None or dtype == plain[0])
        and array.flags.c_contiguous
        and array.ndim <= layout.MAX_RANK
    ):
        return Value(plain[0], array.shape, array, datatypes.labels_of(plain[0], not array.shape))
    if array.ndim > layout.MAX_RANK:
        raise ValueError(
            f"Variable {name!r} has {array.ndim} dimensions, but HDF5 holds at most {layout.MAX_RANK}. Reshape it."
        )
    return _prepare(name, array, _named(name, array.dtype, dtype))


def _named(name: str, given: np.dtype[Any], dtype: str | None) -> str:
    try:
        found = dtypes.name_of_numpy(given)
    except TypeError as error:
        raise TypeError(f"Variable {name!r} cannot be stored: {error}") from None
    wanted = found if dtype is None else dtypes.base_name(dtype)
    if wanted not in dtypes.ROW_BY_NAME or dtypes.ROW_BY_NAME[wanted].hdf5 is None:
        raise TypeError(f"Variable {name!r} has dtype {wanted!r}, which cannot be stored. Cast it to another one.")
    if dtypes.name_of_numpy(dtypes.numpy_dtype(wanted)) != found:
        raise TypeError(f"Variable {name!r} should have dtype {wanted}, but its value has the NumPy dtype {given}.")
    return wanted


def _prepare(name: str, array: Array, dtype: str) -> Value:
    if dtype == STRING:
        try:
            data, attributes = strings.encode(array)
        except (TypeError, ValueError) as error:
            raise type(error)(*_renamed(name, error)) from None
        return Value(dtype, array.shape, data, attributes)
    labels = datatypes.labels_of(dtype, not array.shape)
    if dtype in narrow_numbers.BITS:
        return Value(dtype, array.shape, narrow_numbers.to_bytes(array, dtype), labels)
    ordered = dtypes.numpy_dtype(dtype).newbyteorder("<")
    return Value(dtype, array.shape, np.asarray(array, dtype=ordered, order="C"), labels)


def _renamed(name: str, error: Exception) -> tuple[Any, ...]:
    # A UnicodeEncodeError takes five arguments, the last of which is the reason.
    message = f"variable {name!r} cannot be stored: {error.args[-1]}"
    return (*error.args[:-1], message) if isinstance(error, UnicodeError) else (message,)


class Values(NamedTuple):
    """Values in their stored form, column by column.

    Columns avoid ten thousand objects, which would trigger the garbage collector in every save.
    """

    names: list[str]
    dtypes: list[str]
    shapes: list[tuple[int, ...]]
    data: list[Array | Pending]
    attributes: list[Mapping[str, str]]

    def row(self, place: int) -> Value:
        """One of the values."""
        return Value(self.dtypes[place], self.shapes[place], self.data[place], self.attributes[place])

    def put(self, place: int, value: Value) -> None:
        """Replace one of the values."""
        self.dtypes[place], self.shapes[place], self.data[place], self.attributes[place] = value


def prepare_all(variables: Mapping[str, Any], dtypes: Mapping[str, str], live: Collection[str] | None = None) -> Values:
    """Prepare values for writing; small values that need no conversion do not go through `prepare`.

    Parameters
    ----------
    variables : mapping of str to array_like or Pending
    dtypes : mapping of str to str
        See `prepare`; not every variable needs an entry.
    live : collection of str, optional
        The names of values whose memory, dtype and shape the rest of the program may change meanwhile; by default all.

    Returns
    -------
    Values
    """
    names, data = list(variables), list(variables.values())
    plain = [_PLAIN.get(value.dtype, _OTHER) if type(value) is np.ndarray else _OTHER for value in data]
    shapes = [value.shape if found is not _OTHER else () for value, found in zip(data, plain, strict=True)]
    values = Values(names, [dtype for dtype, _ in plain], shapes, data, [labels for _, labels in plain])
    for place, (name, dtype, value) in enumerate(zip(names, values.dtypes, data, strict=True)):
        # The bytes of a small array are copied later, all at once, from any memory layout.
        if (
            not dtype
            or value.nbytes >= LARGE
            or value.ndim > layout.MAX_RANK
            or (not value.ndim and datatypes.is_compound(dtype))
            or (dtypes and dtypes.get(name, dtype) != dtype)
        ):
            values.put(place, prepare(name, value, dtypes.get(name), is_live=live is None or name in live))
    return values


def _has_nul(data: Array | Pending) -> bool:
    return not isinstance(data, Pending) and strings.has_nul(data)


def layout_key(values: Values) -> Hashable:
    """The properties of values that determine the structure of their file."""
    places = (place for place, dtype in enumerate(values.dtypes) if dtype == STRING)
    of_strings = ((values.data[place], values.attributes[place]) for place in places)
    stored = ((data.dtype, data.shape, _has_nul(data), *attributes.items()) for data, attributes in of_strings)
    return tuple(values.names), tuple(values.dtypes), tuple(values.shapes), *stored
