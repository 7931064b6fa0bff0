"""Take values by their indices, and add values at indices.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.definition import ALL, INDICES, NUMBERS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import (
    Gradient,
    Grads,
    at_least,
    boxed,
    check_updates,
    fold_by_kernel,
    integer,
    invalid,
    normal_axis,
    shape_of,
    static_integer,
    vector_places,
    with_rank,
)
from hdfsaver.ops.indexed_slices import given, slices_back, whole
from hdfsaver.ops.variable_values import of_handle
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_GATHER_INDICES = INDICES | {"int16"}


def _check_indices(indices: Array, length: int) -> None:
    wrong = (np.asarray(indices) < 0) | (np.asarray(indices) >= length)
    if wrong.any():
        place = tuple(int(number) for number in np.argwhere(wrong)[0])
        raise invalid(f"indices{list(place) or ''} = {np.asarray(indices)[place]} is not in [0, {length}).")


@register
class GatherV2(OpDef):
    """Slices of a tensor along an axis, taken by their indices."""

    type = "GatherV2"
    signature = "params: Tparams, indices: Tindices, axis: Taxis -> output: Tparams"
    types = {"Tindices": _GATHER_INDICES, "Taxis": INDICES}
    attrs = {"batch_dims": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]."""
        params, indices = at_least(node.input_shapes[0], 1), node.input_shapes[1]
        axis = static_integer(node, 2)
        if params is None or indices is None:
            return [None]
        batch = _batch_rank(node.attrs["batch_dims"], len(indices))
        if axis is None:
            return [(None,) * (len(params) + len(indices) - 1 - batch)]
        along = normal_axis(axis, len(params))
        together = shapes.merge(params[:batch], indices[:batch])
        assert together is not None
        return [(*together, *params[batch:along], *indices[batch:], *params[along + 1 :])]

    def kernel(self, node: Node) -> Kernel:
        batch_dims = node.attrs.get("batch_dims", 0)

        def gather(params: Array, indices: Array, axis: Array) -> Array:
            along = normal_axis(integer(axis), np.ndim(params))
            _check_indices(indices, np.shape(params)[along])
            batch = _batch_rank(batch_dims, np.ndim(indices))
            if batch:
                return _gather_in_batches(params, np.asarray(indices), along, batch)
            return boxed(np.take(params, indices, axis=along))

        return gather

    def fold(self, node: Node) -> Array | None:
        value = fold_by_kernel(self, node)
        return _element_of_sizes(node) if value is None else value

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        """Slices along axis 0; along other axes the sum of what was taken from each place."""
        params, indices = op.inputs[:2]
        with op.graph.colocate_with(params.op):
            sizes = shape_of(params, "Shape")
        axis, batch = static_integer(Node.of(op.graph.data, op.name), 2), op.get_attr("batch_dims")
        if axis == 0 and not batch:
            return [slices_back(grads[0], sizes, indices), None, None]
        if batch < 0:
            if indices.shape.rank is None:
                raise LookupError(
                    f"The gradient of {op.name!r} (type GatherV2) with batch_dims={batch} needs a known rank of the "
                    "indices; give it with set_shape, or a batch_dims that is not negative."
                )
            batch += indices.shape.rank
        return [_scatter_back(whole(grads[0]), sizes, indices, _axis_from_front(op, axis), batch), None, None]


def _axis_from_front(op: Operation, axis: int | None) -> int | Tensor:
    """The axis, counted from the front: a number where it is known."""
    params = op.inputs[0]
    rank = params.shape.rank
    if axis is not None and (axis >= 0 or rank is not None):
        return axis if axis >= 0 else normal_axis(axis, rank or 0)
    return apply("FloorMod", apply("Cast", op.inputs[2], DstT="int32"), apply("Rank", params))


def _batch_rank(batch_dims: int, indices_rank: int) -> int:
    return batch_dims + indices_rank if batch_dims < 0 else batch_dims


def _element_of_sizes(node: Node) -> Array | None:
    """One known size out of a shape that is only known in part."""
    sizes, place, axis = node.sizes(0), node.constant(1), static_integer(node, 2)
    if sizes is None or place is None or axis != 0 or place.ndim or not 0 <= place < len(sizes):
        return None
    size = sizes[int(place)]
    return None if size is None else np.array(size, dtypes.numpy_dtype(node.attrs["Tparams"]))


def _gather_in_batches(params: Array, indices: Array, axis: int, batch: int) -> Array:
    """Gather with batch dimensions: element i of ``params`` with element i of ``indices``."""
    moved = np.moveaxis(params, axis, batch)
    places = [
        np.arange(indices.shape[number]).reshape((-1,) + (1,) * (indices.ndim - number - 1)) for number in range(batch)
    ]
    index: tuple[Any, ...] = (*places, indices, ...)
    taken = moved[index]
    between = range(indices.ndim, indices.ndim + axis - batch)
    return np.moveaxis(taken, tuple(between), tuple(range(batch, axis)))


def _scatter_back(grad: Tensor | None, sizes: Tensor, indices: Tensor, axis: int | Tensor, batch: int) -> Tensor:
    """The derivative by ``params``: each slice gets the sum over the positions that it was taken to.

    The axis is moved to the front, behind the batch dimensions; those become a part of the number of a slice.
    """
    rank, length, batches = apply("Size", sizes), sizes[axis], apply("Prod", sizes[:batch], [0])
    in_batch = apply("Reshape", apply("Prod", apply("Shape", indices)[batch:], [0]), [1])  # slices that each one takes
    at_axis = apply("Reshape", axis, [1])
    outer, inner = apply("Slice", sizes, [0], at_axis), apply("Slice", sizes, apply("AddV2", at_axis, [1]), [-1])
    flat = apply("Reshape", grad, apply("ConcatV2", [outer, in_batch, inner], 0))
    axes = [apply("Range", 0, batch, 1), at_axis, apply("Range", batch, axis, 1)]
    order = apply("ConcatV2", [*axes, apply("Range", axis + 1, rank, 1)], 0)
    moved, moved_sizes = apply("Transpose", flat, order), apply("GatherV2", sizes, order, 0)
    offsets = apply("Reshape", apply("Mul", apply("Range", 0, batches, 1), length), [-1, 1])
    by_batch = apply("Reshape", indices, apply("ConcatV2", [apply("Reshape", batches, [1]), in_batch], 0))
    places = apply("AddV2", by_batch, apply("Cast", offsets, DstT=indices.dtype.base_dtype.name))
    rows = apply("ConcatV2", [apply("Reshape", apply("Size", indices), [1]), moved_sizes[batch + 1 :]], 0)
    summed = apply(
        "UnsortedSegmentSum",
        apply("Reshape", moved, rows),
        apply("Reshape", places, [-1]),
        apply("Mul", batches, length),
    )
    back = apply("Transpose", apply("Reshape", summed, moved_sizes), apply("InvertPermutation", order))
    return apply("Reshape", back, sizes)


@register
class Gather(OpDef):
    """Slices of a tensor along its first axis, taken by their indices; found in older graphs."""

    type = "Gather"
    signature = "params: Tparams, indices: Tindices -> output: Tparams"
    types = {"Tindices": INDICES}
    attrs = {"validate_indices": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """indices.shape + params.shape[1:]."""
        params, indices = at_least(node.input_shapes[0], 1), node.input_shapes[1]
        return [None if params is None or indices is None else indices + params[1:]]

    def kernel(self, node: Node) -> Kernel:
        def gather(params: Array, indices: Array) -> Array:
            _check_indices(indices, len(params))
            return boxed(np.take(params, indices, axis=0))

        return gather

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        """Slices of the tensor."""
        with op.graph.colocate_with(op.inputs[0].op):
            sizes = shape_of(op.inputs[0], "Shape")
        return [slices_back(grads[0], sizes, op.inputs[1]), None]


def gather(
    params: TensorLike,
    indices: TensorLike,
    validate_indices: bool | None = None,
    name: str | None = None,
    axis: TensorLike | None = None,
    batch_dims: int = 0,
) -> Tensor:
    """Take slices of a tensor along an axis, by their indices.

    Parameters
    ----------
    params : Tensor or array_like
        Of rank 1 or more and any dtype.
    indices : Tensor or array_like
        Of any shape; int16, int32 or int64, each in [0, ``params.shape[axis]``).
    validate_indices : bool, optional
        Without effect: indices are always checked.
    name : str, optional
        Name of the operation, ``GatherV2`` by default.
    axis : int or Tensor, optional
        The axis, ``batch_dims`` by default; it may be negative.
    batch_dims : int
        How many of the first dimensions of ``params`` and ``indices`` are the same, and are gone through together.

    Returns
    -------
    Tensor
        Of the dtype of ``params`` and shape
        ``params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]``.
        The derivative by ``params`` is `IndexedSlices` if the axis is known to be 0, otherwise a tensor.

    Raises
    ------
    TypeError
        The indices are of another dtype.
    ValueError
        The axis is out of range, ``params`` has no dimension, or the batch dimensions do not match.
    InvalidArgumentError
        When run: an index is out of range.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.gather([[1, 2], [3, 4], [5, 6]], [2, 0]))
    array([[5, 6],
           [1, 2]], dtype=int32)
    """
    axis = batch_dims if axis is None else axis
    if isinstance(axis, int) and not axis and not batch_dims and (variable := of_handle(params)) is not None:
        return variable.sparse_read(indices, name)
    return apply("GatherV2", params, indices, axis, name=name, batch_dims=batch_dims)


@register
class GatherNd(OpDef):
    """Slices of a tensor, taken by vectors of indices for its first dimensions."""

    type = "GatherNd"
    signature = "params: Tparams, indices: Tindices -> output: Tparams"
    types = {"Tindices": _GATHER_INDICES}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """indices.shape[:-1] + params.shape[indices.shape[-1]:]."""
        params, indices = node.input_shapes[0], at_least(node.input_shapes[1], 1)
        if params is None or indices is None or indices[-1] is None:
            return [None]
        if indices[-1] > len(params):
            raise ValueError(f"Indices of length {indices[-1]} are too long for a tensor of rank {len(params)}.")
        return [indices[:-1] + params[indices[-1] :]]

    def kernel(self, node: Node) -> Kernel:
        return _gather_nd

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        """Slices where each index is one number, otherwise a tensor."""
        params, indices = op.inputs
        sizes = _shape_like(params, indices)
        known = indices.shape.plain
        if known is not None and len(known) == 2 and known[1] == 1:
            return [IndexedSlices(given(grads[0]), apply("Squeeze", indices, squeeze_dims=[-1]), sizes), None]
        return [apply("ScatterNd", indices, grads[0], sizes), None]


def _shape_like(tensor: Tensor, indices: Tensor) -> Tensor:
    """The shape of a tensor in the dtype of indices."""
    dtype = indices.dtype.base_dtype.name
    if dtype in INDICES:
        return shape_of(tensor, "Shape", dtype)
    return apply("Cast", shape_of(tensor, "Shape"), DstT=dtype)


def _gather_nd(params: Array, indices: Array) -> Array:
    places: tuple[Any, ...] = vector_places(indices, np.shape(params))
    if places:
        return params[(*places, ...)]
    return np.broadcast_to(params, np.shape(indices)[:-1] + np.shape(params))  # no index names the whole tensor


@register
class ScatterNd(OpDef):
    """Slices added into zeros, at the positions that vectors of indices give."""

    type = "ScatterNd"
    signature = "indices: Tindices, updates: T, shape: Tindices -> output: T"
    types = {"T": NUMBERS | {"bool", "string"}, "Tindices": _GATHER_INDICES}
    further_types = {"T": ALL}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape."""
        indices, updates, sizes = node.input_shapes
        with_rank(sizes, 1)
        whole = node.sizes(2)
        check_updates(at_least(indices, 1), at_least(updates, 1), whole)
        if whole is not None and 0 in whole and not all(shape is None or 0 in shape for shape in (indices, updates)):
            raise ValueError(f"Indices and updates are specified for an empty result, of shape {shapes.text(whole)}.")
        return [whole]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])

        empty: Any = b"" if dtype == np.dtype(object) else 0

        def scatter(indices: Array, updates: Array, shape: Array) -> Array:
            whole = (
                np.full(shape.tolist(), b"", object) if dtype == np.dtype(object) else np.zeros(shape.tolist(), dtype)
            )
            places: tuple[Any, ...] = vector_places(indices, whole.shape)
            expected = np.shape(indices)[:-1] + whole.shape[len(places) :]
            if np.shape(updates) != expected or not np.ndim(updates):
                wanted = expected or "(n, ...)"
                raise invalid(f"Updates must have shape {wanted}, not {np.shape(updates)}.")
            if not places and empty == b"":
                raise invalid("Vectors of indices without a number name no slice of a tensor of strings.")
            if not places:
                return np.asarray(np.sum(updates, axis=tuple(range(np.ndim(indices) - 1)), dtype=dtype))
            np.add.at(whole, (*places, ...), updates)
            return whole

        return scatter

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None, apply("GatherNd", grads[0], op.inputs[0]), None]


def scatter_nd(indices: TensorLike, updates: TensorLike, shape: TensorLike, name: str | None = None) -> Tensor:
    """Add slices into a tensor of zeros, at the positions that vectors of indices give.

    Parameters
    ----------
    indices : Tensor or array_like
        Of rank 1 or more; int16, int32 or int64. The last dimension holds the vectors.
    updates : Tensor or array_like
        Of shape ``indices.shape[:-1] + shape[indices.shape[-1]:]``, at least of rank 1; any
        dtype of numbers, bool or string.
    shape : Tensor or array_like
        The shape of the result, a vector of the dtype of ``indices``.
    name : str, optional
        Name of the operation, ``ScatterNd`` by default.

    Returns
    -------
    Tensor
        Of the given shape and the dtype of ``updates``. Where an index occurs several times the updates are added, each
        sum rounded to the dtype; text is joined, and of bool values one that is True stays.

    Raises
    ------
    TypeError
        The dtypes are not those above, or ``indices`` and ``shape`` differ in theirs.
    ValueError
        The static shapes do not fit each other.
    InvalidArgumentError
        When run: an index is out of range, or the updates have another shape.
    """
    return apply("ScatterNd", indices, updates, shape, name=name)
