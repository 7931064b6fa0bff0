"""Values at places of a tensor that has one value everywhere else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, blank, filled, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class SparseToDense(OpDef):
    """A tensor of a shape with values at places, and another value everywhere else."""

    type = "SparseToDense"
    signature = "sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T -> dense: T"
    types = {"Tindices": INDICES}
    attrs = {"validate_indices": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of output_shape."""
        return [node.sizes(1)]

    def kernel(self, node: Node) -> Kernel:
        validate, dtype = node.attrs["validate_indices"], node.attrs["T"]

        def dense(indices: Array, shape: Array, values: Array, default: Array) -> Array:
            if np.ndim(shape) != 1:
                raise invalid("output_shape must be rank 1.")
            places = np.reshape(indices, (-1, 1)) if np.ndim(indices) < 2 else indices
            if np.ndim(places) != 2 or places.shape[1] != len(shape):
                raise invalid(f"output_shape has {len(shape)} sizes, and an index {np.shape(places)[-1]}.")
            if (np.ndim(values) == 1 and len(values) != len(places)) or np.ndim(values) > 1:
                raise invalid(f"sparse_values has shape {np.shape(values)}, not one value for each of {len(places)}.")
            _check(places, shape, validate)
            found = blank(shape.tolist(), dtype)
            found[...] = default
            found[tuple(places.T)] = values
            return found

        return dense

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        at_places = apply("GatherNd", grads[0], op.inputs[0])
        both = [apply("Sum", grad, apply("Range", 0, apply("Rank", grad), 1)) for grad in (grads[0], at_places)]
        return [None, None, at_places, apply("Sub", *both)]


def _check(places: Array, shape: Array, validate: bool) -> None:
    """Refuse places outside of the tensor, and where asked for those that are not in order."""
    outside = np.any((places < 0) | (places >= shape), axis=1)
    for number in np.flatnonzero(outside):
        index = ",".join(map(str, places[number].tolist()))
        raise invalid(f"indices[{number}] = [{index}] is out of bounds: need 0 <= index < {shape.tolist()}")
    if validate and len(places) > 1:
        flat = (
            np.ravel_multi_index(tuple(places.T), tuple(shape.tolist())) if math.prod(shape.tolist()) else places[:, 0]
        )
        for number in np.flatnonzero(np.diff(flat) <= 0) + 1:
            index = ",".join(map(str, places[number].tolist()))
            what = "is repeated" if flat[number] == flat[number - 1] else "is out of order"
            raise invalid(f"indices[{number}] = [{index}] {what}")


def sparse_to_dense(
    sparse_indices: TensorLike,
    output_shape: TensorLike,
    sparse_values: TensorLike,
    default_value: TensorLike = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A tensor of a shape with values at places.

    Parameters
    ----------
    sparse_indices : TensorLike
        int32 or int64: an index in each row; a vector or a number for a tensor of one dimension.
    output_shape : TensorLike
        Of the dtype of the indices.
    sparse_values : TensorLike
        A value for each place, or one for all.
    default_value : TensorLike
        The value everywhere else.
    validate_indices : bool
        Whether the indices must be in order, without repetition.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        When run: an index is out of bounds or, where they are validated, repeated or out of order.
    """
    given = sparse_indices, output_shape, sparse_values, default_value
    return apply("SparseToDense", *given, validate_indices=validate_indices, name=name)


def sparse_tensor_to_dense(
    sp_input: SparseTensor,
    default_value: TensorLike | None = None,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A `SparseTensor` as one tensor.

    Parameters
    ----------
    sp_input : SparseTensor
        Values and their places.
    default_value : TensorLike, optional
        The value elsewhere, zero by default.
    validate_indices : bool
        Whether the places must be in order and different.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the shape of the sparse tensor.

    Raises
    ------
    InvalidArgumentError
        In the run: a place is outside, or places are not in order.
    """
    default = filled(0, [], sp_input.dtype, "zeros") if default_value is None else default_value
    parts = (sp_input.indices, sp_input.dense_shape, sp_input.values, default)
    return sparse_to_dense(*parts, validate_indices=validate_indices, name=name)
