"""States of zeros, and the shapes that a batch and the sizes of a cell make together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsInt

import numpy as np

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.structures import mapped
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.constants import constant
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.joining import concat
from hdfsaver.shapes import TensorShape

Size = Any
"""A number, a shape, or a tensor with one of these."""


def joined_sizes(first: Size, second: Size) -> Tensor:
    """The sizes of two parts of a shape as one vector.

    Raises
    ------
    ValueError
        One of them is not known, or is a tensor of rank 2 or more.
    """
    parts = [_vector(first), _vector(second)]
    if parts[0] is None or parts[1] is None:
        raise ValueError(f"Prefix or suffix can't be None. Received prefix = {first} and suffix = {second}")
    return concat([part for part in parts if part is not None], 0)


def joined_shape(first: Size, second: Size) -> TensorShape:
    """The static shape of two parts of a shape, as far as it is known.

    TensorFlow makes the vectors of `joined_sizes` here too, so that they are counted in the names of later operations.
    """
    _vector(first)
    _vector(second)
    return _static(first).concatenate(_static(second))


def zeros_of(state_size: Any, batch_size: Size, dtype: DTypeLike) -> Any:
    """Zeros for each size in a structure of them.

    Parameters
    ----------
    state_size : object
        Numbers and shapes, or nested tuples of these.
    batch_size : int or Tensor
    dtype : DType

    Returns
    -------
    object
        Of the structure of ``state_size``.
    """

    def made(size: Size) -> Tensor:
        state = zeros(joined_sizes(batch_size, size), dtype)
        state.set_shape(joined_shape(batch_size, size))
        return state

    return mapped(made, state_size)


def _vector(size: Size) -> Tensor | None:
    if is_tensor(size):
        if size.shape.ndims not in (0, 1):
            raise ValueError(f"A size is a scalar or a vector, not a tensor of shape {size.shape}.")
        return apply("ExpandDims", size, 0) if size.shape.ndims == 0 else convert_to_tensor(size)
    shape = _shape(size)
    return constant(np.array(shape.as_list(), np.int32)) if shape.is_fully_defined() else None


def _static(size: Size) -> TensorShape:
    if not is_tensor(size):
        return _shape(size)
    value = get_static_value(size)
    if value is not None:
        return TensorShape([int(value)] if size.shape.ndims == 0 else value.tolist())
    return TensorShape([None] if size.shape.ndims == 0 else None)


def _shape(size: Size | Sequence[Size]) -> TensorShape:
    return TensorShape([int(size)] if isinstance(size, SupportsInt) else size)
