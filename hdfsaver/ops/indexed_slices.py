"""From slices of a tensor to the whole tensor."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import constant_node, register_composite
from hdfsaver.ops.base import Gradient

_LARGE = 100_000_000
"""The elements of a whole tensor from which on a warning says how large it is, as in TensorFlow."""


def whole(grad: Gradient) -> Tensor | None:
    """The whole tensor of a derivative that may be slices, without a warning; any other one is unchanged."""
    if not isinstance(grad, IndexedSlices):
        return grad
    return _summed(grad, None)


def on_values(grad: Gradient, function: Callable[[Tensor], Tensor]) -> Gradient:
    """Change each element of a derivative, which stays slices where it is."""
    if isinstance(grad, IndexedSlices):
        return IndexedSlices(function(grad.values), grad.indices, grad.dense_shape)
    return None if grad is None else function(grad)


def _whole(slices: IndexedSlices, wanted: dtypes.DType | None, name: str | None) -> Tensor:
    if wanted is not None and not wanted.is_compatible_with(slices.dtype):
        raise ValueError(
            f"Incompatible tensor conversion requested to `dtype` {wanted.name} for IndexedSlices ({slices}) with "
            f"dtype {slices.dtype.name}."
        )
    if slices.dense_shape is None:
        raise ValueError(
            f"Tensor conversion requested for IndexedSlices without dense_shape: {slices}. Give them one, or use their "
            "values and indices."
        )
    size = slices.shape.num_elements() if slices.shape.is_fully_defined() else None
    if size is not None and size >= _LARGE:
        warnings.warn(
            f"Converting sparse IndexedSlices to a dense Tensor with {size} elements. This may consume a large amount "
            "of memory.",
            stacklevel=2,
        )
    return _summed(slices, name)


def _summed(slices: IndexedSlices, name: str | None) -> Tensor:
    assert slices.dense_shape is not None
    with slices.graph.as_default():
        return apply("UnsortedSegmentSum", slices.values, slices.indices, slices.dense_shape[0], name=name)


register_composite(IndexedSlices, _whole)


def slices_back(grad: Gradient, sizes: Tensor, indices: Tensor) -> IndexedSlices:
    """The derivative by a tensor whose slices along axis 0 were taken.

    Parameters
    ----------
    grad : Tensor or IndexedSlices
        That by the slices.
    sizes, indices : Tensor
        The shape of the tensor, and the numbers of the slices.

    Returns
    -------
    IndexedSlices
    """
    count = apply("ExpandDims", size_of(indices), 0)
    row = sizes[1:]
    values = apply("Reshape", given(grad), apply("ConcatV2", [count, row], 0, name="concat"))
    return IndexedSlices(values, apply("Reshape", indices, count), sizes)


def given(grad: Gradient) -> Tensor:
    """The whole tensor of a derivative that is there."""
    tensor = whole(grad)
    assert tensor is not None
    return tensor


def size_of(tensor: Tensor) -> Tensor:
    """The number of elements; a constant where it is known."""
    known = tensor.shape.num_elements() if tensor.shape.is_fully_defined() else None
    if known is None or known > np.iinfo(np.int32).max:
        return apply("Size", tensor)
    return constant_node(np.array(known, np.int32), "int32", "Size")
