"""Dtypes and shapes as TensorFlow's messages say them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.messages import descriptor_pool
from hdfsaver.tensor_info import STRING

MAX_RANK = 64
"""Dimensions that a NumPy array can have; TensorFlow's tensors may have 254."""

_LIMIT = 2**59
"""Elements of the largest array, dimensions of size 0 left out, whose bytes NumPy counts in 63 bits."""

_NAMES = {row.enum: row.name for row in dtypes.TABLE}

HANDLES = frozenset({"resource", "variant"})
"""Dtypes whose values are objects of a running TensorFlow."""


def dtype_name(number: int, name: str) -> str:
    """The dtype's name for a number of ``types.proto``.

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


def shape_of(message: Any, name: str) -> tuple[int, ...]:
    """The shape that a ``TensorShapeProto`` says.

    Raises
    ------
    DataLossError
        It is no shape that a value can have.
    InvalidArgumentError
        It has more dimensions than NumPy allows.
    """
    shape = tuple([dim.size for dim in message.dim])
    if len(shape) > MAX_RANK:
        raise InvalidArgumentError(
            None, None, f"tensor {name!r} has {len(shape)} dimensions, but NumPy's arrays have at most {MAX_RANK}."
        )
    if message.unknown_rank or (shape and min(shape) < 0) or math.prod(size or 1 for size in shape) > _LIMIT:
        raise DataLossError(None, None, f"the shape of tensor {name!r} is that of no value: {shape}.")
    return shape


def nbytes_of(dtype: str, shape: tuple[int, ...]) -> int | None:
    """Bytes of a value; None where its dtype and shape do not say it."""
    return None if dtype == STRING or dtype in HANDLES else math.prod(shape) * dtypes.numpy_dtype(dtype).itemsize


class Kind(NamedTuple):
    """What tensors have in common: dtype, shape, and the bytes of a value where these say it."""

    dtype: str
    shape: tuple[int, ...]
    nbytes: int | None


class Kinds:
    """Dtypes and shapes of many entries, most of which are alike: each kind is looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes], Kind] = {}

    def of(self, entry: Any, name: str) -> Kind:
        """The kind of tensor that a ``BundleEntryProto`` is about; errors are those of `dtype_name` and `shape_of`."""
        key = entry.dtype, entry.shape
        return self._known.get(key) or self._look(key, name)

    def _look(self, key: tuple[int, bytes], name: str) -> Kind:
        dtype = dtype_name(key[0], name)
        shape = shape_of(
            descriptor_pool.parse(descriptor_pool.TensorShape, key[1], f"the shape of tensor {name!r}"), name
        )
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
