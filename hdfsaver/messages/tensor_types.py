"""Dtypes and shapes in TensorFlow's messages."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from hdfsaver import dtypes, limits, shapes
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import STRING

_LIMIT = 2**59
"""Elements of the largest array, dimensions of size 0 left out, whose bytes NumPy counts in 63 bits."""

_NAMES = {row.enum: row.name for row in dtypes.TABLE if row.enum is not None}
NAME_BY_NUMBER = _NAMES | {number + dtypes.REF_OFFSET: name + dtypes.REF_SUFFIX for number, name in _NAMES.items()}
"""The names of dtypes and references by their numbers in ``types.proto``."""

_NUMBER_BY_NAME = {name: number for number, name in NAME_BY_NUMBER.items()}

HANDLES = frozenset({"resource", "variant"})
"""Dtypes whose values are objects of a running TensorFlow."""


class InexpressibleError(ValueError):
    """The message has no plain value."""


def type_name(number: int) -> str:
    """The name of the dtype or reference with a number of ``types.proto``; `InexpressibleError` for an unknown one."""
    name = NAME_BY_NUMBER.get(number)
    if name is None:
        raise InexpressibleError(f"there is no dtype of number {number}")
    return name


def type_number(name: str) -> int:
    """The number in ``types.proto`` of the dtype, or reference, of a name; `TypeError` for an unknown one."""
    number = _NUMBER_BY_NAME.get(name)
    if number is None:
        raise TypeError(f"{name!r} is not the name of a dtype of TensorFlow.")
    return number


def dtype_name(number: int, name: str) -> str:
    """The name of a tensor's dtype for a number of ``types.proto``.

    Raises
    ------
    InvalidArgumentError
        No dtype has it.
    """
    found = _NAMES.get(number)
    if found is None:
        raise InvalidArgumentError(
            None, None, f"tensor {name!r} is of dtype number {number}, which is not known; 1 to {max(_NAMES)} are."
        )
    return found


def shape_of(message: message_classes.TensorShapeProto, name: str) -> tuple[int, ...]:
    """The shape of a value, as a ``TensorShapeProto`` says it.

    Raises
    ------
    DataLossError
        A value cannot have it.
    InvalidArgumentError
        It has more dimensions than NumPy allows.
    """
    limits.check_rank(f"tensor {name!r}", len(message.dim))
    shape = tuple([dim.size for dim in message.dim])
    if message.unknown_rank or (shape and min(shape) < 0) or math.prod(size or 1 for size in shape) > _LIMIT:
        raise DataLossError(None, None, f"the shape of tensor {name!r} is that of no value: {shape}.")
    return shape


def write_shape(message: message_classes.TensorShapeProto, shape: Shape) -> None:
    """Write a static shape into a ``TensorShapeProto``."""
    message.SetInParent()
    if shape is None:
        message.unknown_rank = True
        return
    for size in shape:
        message.dim.add().size = -1 if size is None else size


def shape_proto(shape: Shape) -> message_classes.TensorShapeProto:
    """The ``TensorShapeProto`` for a static shape."""
    message = message_classes.TensorShapeProto()
    write_shape(message, shape)
    return message


shapes.make_proto.append(shape_proto)


def nbytes_of(dtype: str, shape: tuple[int, ...]) -> int | None:
    """Bytes of a value; None where dtype and shape do not determine it."""
    return None if dtype == STRING or dtype in HANDLES else math.prod(shape) * dtypes.numpy_dtype(dtype).itemsize


class Kind(NamedTuple):
    """A kind of tensors: dtype, shape, and the bytes of a value; None where these do not determine it."""

    dtype: str
    shape: tuple[int, ...]
    nbytes: int | None


class Kinds:
    """Dtypes and shapes of many entries, most of which are equal: each kind is read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes], Kind] = {}

    def of(self, entry: Any, name: str) -> Kind:
        """The kind of tensor that a ``BundleEntryProto`` is about; errors are those of `dtype_name` and `shape_of`."""
        key = entry.dtype, entry.shape
        return self._known.get(key) or self._look(key, name)

    def _look(self, key: tuple[int, bytes], name: str) -> Kind:
        dtype = dtype_name(key[0], name)
        shape = shape_of(parse(message_classes.TensorShapeProto, key[1], f"the shape of tensor {name!r}"), name)
        found = self._known[key] = Kind(dtype, shape, nbytes_of(dtype, shape))
        return found


def text_of(name: bytes) -> str:
    """A tensor's name as text.

    Raises
    ------
    DataLossError
        It is not UTF-8.
    """
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise DataLossError(None, None, f"the name {name!r} of a tensor is not UTF-8.") from None
