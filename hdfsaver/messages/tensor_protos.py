"""Values in a ``TensorProto``: fields of numbers, one for each kind, or the plain bytes.

Source: ``tensorflow/core/framework/tensor.proto`` and ``tensor.cc``.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, OpError, UnimplementedError
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_types import (
    NAME_BY_NUMBER,
    InexpressibleError,
    shape_of,
    type_name,
    type_number,
    write_shape,
)
from hdfsaver.tensor_info import STRING, Array

_LARGEST = 2**31
"""Bytes that an array may take: protobuf's own limit of a message, which a repeated element could be far beyond."""

_SMALL_INTEGERS = ("int2", "uint2", "int4", "uint4")
_SMALL_FLOATS = ("float4", "float8")
"""How the names of floats of less than 16 bits begin."""

_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "string": "string_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    **dict.fromkeys(
        ("int32", "int16", "int8", "uint16", "uint8", "qint8", "quint8", "qint16", "quint16", "qint32"), "int_val"
    ),
    **dict.fromkeys(_SMALL_INTEGERS, "int_val"),
    **{row.name: "float8_val" for row in dtypes.TABLE if row.name.startswith(_SMALL_FLOATS)},
}
"""Which field holds the values of a dtype."""

_STORED: dict[str, Any] = {
    "half_val": np.uint16,
    "scomplex_val": np.float32,
    "dcomplex_val": np.float64,
    "float8_val": np.uint8,
}
"""The dtypes of the elements of fields that hold the bits or parts of values instead of the values."""


_LITTLE = "|<=" if sys.byteorder == "little" else "|<"
"""How NumPy marks dtypes whose elements have the order of bytes that messages have."""

_NUMBERS = ("uint8", "int8", "int16", "uint32", "int32", "uint64", "int64", "bfloat16", "float16", "float32", "float64")
_AS_CONTENT = frozenset((*_NUMBERS, *(name for name in _FIELDS if name.startswith((*_SMALL_FLOATS, "qint", "quint")))))
"""Dtypes whose elements TensorFlow writes as bytes if there are several (``framework/tensor_util.py``)."""

_CONTENT_DTYPES = {
    number: dtypes.numpy_dtype(name)
    for number, name in NAME_BY_NUMBER.items()
    if name in _AS_CONTENT and sys.byteorder == "little"
}
"""NumPy's dtypes of those, by their numbers, whose bytes in a message are the array's."""


def array_of(
    message: message_classes.TensorProto, dtype: str, shape: tuple[int, ...], name: str, may_repeat: bool = False
) -> Array:
    """The value that a ``TensorProto`` holds: as many elements as the shape says.

    Parameters
    ----------
    message : TensorProto
    dtype, shape, name
        The tensor's.
    may_repeat : bool
        The last element may stand for all that follow it, and zeros for none at all, as in the definitions of graphs.
        Such an array of one element takes no more memory than it, and cannot be written on.

    Returns
    -------
    numpy.ndarray
        The elements, of the shape.

    Raises
    ------
    DataLossError
        It has fewer or more, or numbers that the dtype does not have.
    UnimplementedError
        No field holds values of the dtype.
    """
    field = _FIELDS.get(dtype)
    if field is None:
        raise UnimplementedError(None, None, f"tensor {name!r} is of dtype {dtype}, whose values cannot be read.")
    count = math.prod(shape)
    try:
        if message.tensor_content and dtype != STRING:
            flat = np.frombuffer(message.tensor_content, dtypes.numpy_dtype(dtype)).copy()
        else:
            flat = _flat(getattr(message, field), field, dtype)
    except (OverflowError, ValueError) as error:
        raise DataLossError(None, None, f"the values of tensor {name!r} are not those of {dtype}: {error}.") from None
    if may_repeat and flat.size < count and not message.tensor_content:
        return _repeated(flat, dtype, shape)
    if flat.size != count:
        raise DataLossError(
            None, None, f"tensor {name!r} of shape {shape} has {count} elements; {flat.size} are stored."
        )
    return flat.reshape(shape)


def _flat(values: Sequence[Any] | bytes, field: str, dtype: str) -> Array:
    wanted = dtypes.numpy_dtype(dtype)
    if dtype == STRING:
        texts = np.empty(len(values), dtype=object)
        texts[:] = list(values)
        return texts
    if isinstance(values, bytes):
        return np.frombuffer(values, wanted).copy()
    if field in _STORED:
        return np.fromiter(values, _STORED[field], len(values)).view(wanted)
    if dtype in _SMALL_INTEGERS:
        return np.fromiter(values, np.int32, len(values)).astype(np.int8).astype(wanted)
    return np.fromiter(values, wanted, len(values))


def _repeated(flat: Array, dtype: str, shape: tuple[int, ...]) -> Array:
    if flat.size == 0:
        flat = np.array([b""], object) if dtype == STRING else np.zeros(1, dtypes.numpy_dtype(dtype))
    if flat.size == 1:
        return np.broadcast_to(flat.reshape(()), shape)
    array = np.empty(math.prod(shape), flat.dtype)
    array[: flat.size] = flat
    array[flat.size :] = flat[-1]
    return array.reshape(shape)


def content_array(message: message_classes.TensorProto) -> Array | None:
    """The array of a constant whose bytes are there in full, which cannot be written on; None for any other."""
    dtype = _CONTENT_DTYPES.get(message.dtype)
    if dtype is None or not (content := message.tensor_content):
        return None
    shape, count = _shape_and_count(message.tensor_shape.SerializeToString())
    return np.ndarray(shape, dtype, content) if len(content) == count * dtype.itemsize else None


@functools.lru_cache(maxsize=4096)
def _shape_and_count(data: bytes) -> tuple[tuple[int, ...], int]:
    """The shape that the bytes of a ``TensorShapeProto`` say, and its number of elements: -1 if it cannot be."""
    try:
        shape = shape_of(message_classes.TensorShapeProto.FromString(data), "")
    except OpError:
        return (), -1
    return shape, math.prod(shape)


def plain_tensor(message: message_classes.TensorProto) -> Array:
    """The array of a constant, which cannot be written on; errors are those of `array_of` and `type_name`."""
    name = type_name(message.dtype)
    shape = shape_of(message.tensor_shape, "")
    if name in dtypes.ROW_BY_NAME and math.prod(shape) * dtypes.numpy_dtype(name).itemsize > _LARGEST:
        raise InexpressibleError(f"{shape} is more than fits into a message")
    array = array_of(message, name, shape, "", may_repeat=True)
    array.flags.writeable = False
    return array


def make_ndarray(tensor: message_classes.TensorProto) -> Array:
    """The array that a ``TensorProto`` holds, as a copy; byte strings are objects.

    Raises
    ------
    TypeError
        It is not a ``TensorProto``, or of a dtype without values.
    ValueError
        Its elements do not fit its dtype or its shape.
    """
    if not isinstance(tensor, message_classes.TensorProto):
        raise TypeError(f"make_ndarray takes a TensorProto, not {tensor!r}.")
    try:
        return np.array(plain_tensor(tensor))
    except UnimplementedError as error:
        raise TypeError(f"Cannot make an array of a TensorProto: {error.message}") from None
    except (InexpressibleError, OpError, OverflowError) as error:
        raise ValueError(f"Cannot make an array of a TensorProto: {getattr(error, 'message', error)}") from None


def is_repeated(message: message_classes.TensorProto) -> bool:
    """Whether elements are stored in a field of their kind, and fewer of them than the shape asks for."""
    if len(message.tensor_shape.dim) > limits.ARRAY_RANK:
        return True
    count = math.prod(dim.size for dim in message.tensor_shape.dim)
    return not message.tensor_content and _stored_count(message, type_name(message.dtype)) != count


def added_bytes(message: message_classes.TensorProto) -> int:
    """How many bytes of memory a tensor takes for elements that are not stored.

    It is 0 where a single element stands for all: such an array is a view.
    """
    name = NAME_BY_NUMBER.get(message.dtype, "")
    stored = _stored_count(message, name)
    if stored < 2 or len(message.tensor_shape.dim) > limits.ARRAY_RANK:
        return 0
    count = math.prod(dim.size for dim in message.tensor_shape.dim)
    nbytes = (count - stored) * (8 if name == STRING else dtypes.numpy_dtype(name).itemsize)
    return nbytes if 0 < nbytes <= _LARGEST else 0


def _stored_count(message: message_classes.TensorProto, dtype: str) -> int:
    """How many elements are in the field of the dtype; 0 for a dtype without a field."""
    field = _FIELDS.get(dtype)
    return 0 if field is None else len(getattr(message, field)) // (2 if dtype.startswith("complex") else 1)


def tensor_proto(value: Array, dtype: str, shape: tuple[int, ...]) -> message_classes.TensorProto:
    """The ``TensorProto`` for an array.

    Parameters
    ----------
    value : numpy.ndarray
        It may have fewer elements than the shape: the last one is repeated.
    dtype : str
        The name of the dtype.
    shape : tuple of int
        The shape of the tensor.

    Returns
    -------
    TensorProto
        A new message.
    """
    message = message_classes.TensorProto(dtype=type_number(dtype))
    write_shape(message.tensor_shape, shape)
    _write_elements(message, value, dtype, may_be_content=value.size == math.prod(shape))
    return message


def write_tensor(message: message_classes.TensorProto, value: Array, dtype: str | None = None) -> None:
    """Write an array into a ``TensorProto``, in the form that TensorFlow chooses for constants.

    Parameters
    ----------
    message : TensorProto
        An empty one.
    value : numpy.ndarray
    dtype : str, optional
        The dtype's name, where NumPy's does not tell it.

    Raises
    ------
    UnimplementedError
        No field holds values of the dtype.
    """
    name = dtype or dtypes.name_of_numpy(value.dtype)
    message.dtype = type_number(name)
    write_shape(message.tensor_shape, value.shape)
    if value.size > 1 and not (value.flags.c_contiguous or any(value.strides)):
        value = value[(slice(0, 1),) * value.ndim]  # a view of one element, as constants in files often are
    _write_elements(message, value, name)


def write_content(message: message_classes.TensorProto, value: Array, dtype: str) -> None:
    """Write an array into a ``TensorProto`` as plain bytes, also a single element; strings have their own field.

    Parameters
    ----------
    message : TensorProto
        An empty one.
    value : numpy.ndarray
    dtype : str
        The dtype's name.
    """
    message.dtype = type_number(dtype)
    write_shape(message.tensor_shape, value.shape)
    if dtype in _AS_CONTENT:
        message.tensor_content = value.astype(value.dtype.newbyteorder("<")).tobytes()
    else:
        _write_elements(message, value, dtype)


def write_elements(message: message_classes.TensorProto, value: Array, dtype: str) -> None:
    """Write an array into a ``TensorProto`` element by element, without its shape.

    Parameters
    ----------
    message : TensorProto
        An empty one.
    value : numpy.ndarray
    dtype : str
        The dtype's name.

    Raises
    ------
    UnimplementedError
        No field holds values of the dtype.
    """
    message.dtype = type_number(dtype)
    _write_elements(message, value, dtype, may_be_content=False)


def _write_elements(
    message: message_classes.TensorProto, value: Array, dtype: str, may_be_content: bool = True
) -> None:
    field = _FIELDS.get(dtype)
    if field is None:
        raise UnimplementedError(None, None, f"a tensor of dtype {dtype} has values that cannot be written.")
    if dtype in _AS_CONTENT and value.size > 1 and may_be_content:
        little = value if value.dtype.byteorder in _LITTLE else value.astype(value.dtype.newbyteorder("<"))
        message.tensor_content = little.tobytes()
        return
    flat = np.ascontiguousarray(value, value.dtype.newbyteorder("=")).reshape(-1)
    if field == "float8_val":
        message.float8_val = flat.tobytes()
        return
    if field in _STORED:
        flat = flat.view(_STORED[field])
    elif field == "int_val":
        flat = flat.astype(np.int64)
    getattr(message, field).extend(flat.tolist())
