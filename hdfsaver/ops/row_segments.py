"""Rows of a tensor that indices choose, taken together by the number of their segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, INDICES, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import (
    NARROW,
    ROUNDED_ONCE,
    Grads,
    at_least,
    integer,
    invalid,
    static_integer,
    with_rank,
)
from hdfsaver.ops.segment_reductions import (
    check_order,
    means,
    taken_together,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _root_of_count(data: Array, ids: Array, number: int) -> Array:
    wide = data.astype(np.float32) if data.dtype.name in NARROW else data
    total = taken_together(np.add, wide, ids, number, 0)
    counts = np.maximum(np.bincount(ids, minlength=number), 1).reshape(-1, *[1] * (data.ndim - 1))
    return (total / np.sqrt(counts).astype(wide.dtype)).astype(data.dtype)


def _sums(data: Array, ids: Array, number: int) -> Array:
    return taken_together(np.add, data, ids, number, 0)


class _OfRows(OpDef):
    """Rows of a tensor, chosen by their indices, taken together by sorted segments."""

    signature = "data: T, indices: Tidx, segment_ids: Tsegmentids -> output: T"
    types = {"T": FLOATS, "Tidx": INDICES, "Tsegmentids": INDICES}
    default_types = {"Tidx": "int32", "Tsegmentids": "int32"}
    attrs = {"sparse_gradient": False}
    differs = ROUNDED_ONCE
    compute: ClassVar[staticmethod[[Array, Array, int], Array]]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown,) + data.shape[1:]."""
        return [self._rows(node, None)]

    def _rows(self, node: Node, number: int | None) -> Shape:
        data = at_least(node.input_shapes[0], 1)
        indices, ids = (with_rank(shape, 1) for shape in node.input_shapes[1:3])
        shapes.merge(indices, ids)
        return None if data is None else (number, *data[1:])

    def kernel(self, node: Node) -> Kernel:
        compute = type(self).compute

        def together(data: Array, indices: Array, ids: Array, number: Array | None = None) -> Array:
            check_order(ids, len(indices))
            _check_rows(indices, len(data))
            count = (int(ids[-1]) + 1 if len(ids) else 0) if number is None else integer(number)
            if len(ids) and ids[-1] >= count:
                raise invalid(f"segment ids must be < num_segments: {ids[-1]} is not below {count}.")
            return compute(data[indices], ids, count)

        return together

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        data, indices, ids = op.inputs[:3]
        rows = apply("StridedSlice", apply("Shape", data), [0], [1], [1], shrink_axis_mask=1)
        name = op.type.removesuffix("WithNumSegments")
        back = apply(f"{name}Grad", grads[0], indices, ids, rows)
        return [back, *[None] * (len(op.inputs) - 1)]


def _check_rows(indices: Array, rows: int) -> None:
    wrong = (indices < 0) | (indices >= rows)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise invalid(f"indices[{place}] = {int(indices[place])} out of range [0, {rows}).")


class _OfRowsNumbered(_OfRows):
    signature = "data: T, indices: Tidx, segment_ids: Tsegmentids, num_segments: Tnumsegments -> output: T"
    types = {"T": FLOATS, "Tidx": INDICES, "Tsegmentids": INDICES, "Tnumsegments": INDICES}
    default_types = {"Tidx": "int32", "Tsegmentids": "int32", "Tnumsegments": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(num_segments,) + data.shape[1:]."""
        return [self._rows(node, static_integer(node, 3))]


@register
class SparseSegmentSum(_OfRows):
    """The sum of the rows of each segment, which are chosen by indices."""

    type = "SparseSegmentSum"
    types = {"T": REALS, "Tidx": INDICES, "Tsegmentids": INDICES}
    compute = staticmethod(_sums)


@register
class SparseSegmentSumWithNumSegments(_OfRowsNumbered):
    """The sum of the rows of each segment, which are chosen by indices."""

    type = "SparseSegmentSumWithNumSegments"
    types = {"T": REALS, "Tidx": INDICES, "Tsegmentids": INDICES, "Tnumsegments": INDICES}
    compute = staticmethod(_sums)


@register
class SparseSegmentMean(_OfRows):
    """The mean of the rows of each segment, which are chosen by indices."""

    type = "SparseSegmentMean"
    compute = staticmethod(means)


@register
class SparseSegmentMeanWithNumSegments(_OfRowsNumbered):
    """The mean of the rows of each segment, which are chosen by indices."""

    type = "SparseSegmentMeanWithNumSegments"
    compute = staticmethod(means)


@register
class SparseSegmentSqrtN(_OfRows):
    """The sum of the rows of each segment, which are chosen by indices, divided by the root of their number."""

    type = "SparseSegmentSqrtN"
    compute = staticmethod(_root_of_count)


@register
class SparseSegmentSqrtNWithNumSegments(_OfRowsNumbered):
    """The sum of the rows of each segment, which are chosen by indices, divided by the root of their number."""

    type = "SparseSegmentSqrtNWithNumSegments"
    compute = staticmethod(_root_of_count)


class _ByRows(OpDef):
    """The derivative of segments by the rows that they were made of."""

    signature = "grad: T, indices: Tidx, segment_ids: Tsegmentids, output_dim0: int32 -> output: T"
    types = {"T": FLOATS, "Tidx": INDICES, "Tsegmentids": INDICES}
    default_types = {"Tidx": "int32", "Tsegmentids": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(output_dim0,) + grad.shape[1:]."""
        grad = at_least(node.input_shapes[0], 1)
        return [None if grad is None else (static_integer(node, 3), *grad[1:])]

    def kernel(self, node: Node) -> Kernel:
        def back(grad: Array, indices: Array, ids: Array, rows: Array) -> Array:
            check_order(ids, len(indices))
            _check_rows(indices, integer(rows))
            if len(ids) and ids[-1] >= len(grad):
                raise invalid(f"Segment id {ids[-1]} out of range [0, {len(grad)}).")
            wide = grad.astype(np.float32) if grad.dtype.name in NARROW else grad
            counts = self.divisor(np.maximum(np.bincount(ids, minlength=len(grad)), 1)).astype(wide.dtype)
            parts = wide / counts.reshape(-1, *[1] * (grad.ndim - 1))
            return taken_together(np.add, parts[ids], indices, integer(rows), 0).astype(grad.dtype)

        return back

    def divisor(self, counts: Array) -> Array:
        """By what the derivative of a segment with that many rows is divided."""
        raise NotImplementedError

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        forward = op.type.removesuffix("Grad") + "WithNumSegments"
        segments = apply("StridedSlice", apply("Shape", op.inputs[0]), [0], [1], [1], shrink_axis_mask=1)
        return [apply(forward, grads[0], op.inputs[1], op.inputs[2], segments), None, None, None]


@register
class SparseSegmentSumGrad(_ByRows):
    """The derivative of `SparseSegmentSum` by the tensor."""

    type = "SparseSegmentSumGrad"

    def divisor(self, counts: Array) -> Array:
        """1."""
        return np.ones_like(counts)


@register
class SparseSegmentMeanGrad(_ByRows):
    """The derivative of `SparseSegmentMean` by the tensor."""

    type = "SparseSegmentMeanGrad"

    def divisor(self, counts: Array) -> Array:
        """The number of rows."""
        return counts


@register
class SparseSegmentSqrtNGrad(_ByRows):
    """The derivative of `SparseSegmentSqrtN` by the tensor."""

    type = "SparseSegmentSqrtNGrad"

    def divisor(self, counts: Array) -> Array:
        """The root of the number of rows."""
        return np.sqrt(counts)


def sparse_segment_sum(
    data: TensorLike,
    indices: TensorLike,
    segment_ids: TensorLike,
    name: str | None = None,
    num_segments: TensorLike | None = None,
    sparse_gradient: bool = False,
) -> Tensor:
    """The sum of rows that indices choose, by the number of their segment, which does not fall.

    Parameters
    ----------
    data : TensorLike
        Rows along the first axis.
    indices : TensorLike
        A vector: the rows that are taken.
    segment_ids : TensorLike
        A vector of the same length, from 0 on.
    name : str, optional
        The name of the operation.
    num_segments : TensorLike, optional
        How many segments there are, up to the last id by default.
    sparse_gradient : bool
        Accepted: the derivative is a whole tensor.

    Returns
    -------
    Tensor
        A row for each segment, 0 without rows.

    Raises
    ------
    InvalidArgumentError
        In the run: an index or an id is out of range, or the ids fall.
    """
    return _of_rows("SparseSegmentSum", data, indices, segment_ids, num_segments, sparse_gradient, name)


def sparse_segment_mean(
    data: TensorLike,
    indices: TensorLike,
    segment_ids: TensorLike,
    name: str | None = None,
    num_segments: TensorLike | None = None,
    sparse_gradient: bool = False,
) -> Tensor:
    """The mean of rows that indices choose, by the number of their segment, which does not fall.

    Parameters
    ----------
    data : TensorLike
        Rows along the first axis.
    indices : TensorLike
        A vector: the rows that are taken.
    segment_ids : TensorLike
        A vector of the same length, from 0 on.
    name : str, optional
        The name of the operation.
    num_segments : TensorLike, optional
        How many segments there are, up to the last id by default.
    sparse_gradient : bool
        Accepted: the derivative is a whole tensor.

    Returns
    -------
    Tensor
        A row for each segment, 0 without rows.

    Raises
    ------
    InvalidArgumentError
        In the run: an index or an id is out of range, or the ids fall.
    """
    return _of_rows("SparseSegmentMean", data, indices, segment_ids, num_segments, sparse_gradient, name)


def sparse_segment_sqrt_n(
    data: TensorLike,
    indices: TensorLike,
    segment_ids: TensorLike,
    name: str | None = None,
    num_segments: TensorLike | None = None,
    sparse_gradient: bool = False,
) -> Tensor:
    """Sums of rows that indices choose, divided by the root of their number, by sorted segments.

    Parameters
    ----------
    data : TensorLike
        Rows along the first axis.
    indices : TensorLike
        A vector: the rows that are taken.
    segment_ids : TensorLike
        A vector of the same length, from 0 on.
    name : str, optional
        The name of the operation.
    num_segments : TensorLike, optional
        How many segments there are, up to the last id by default.
    sparse_gradient : bool
        Accepted: the derivative is a whole tensor.

    Returns
    -------
    Tensor
        A row for each segment, 0 without rows.

    Raises
    ------
    InvalidArgumentError
        In the run: an index or an id is out of range, or the ids fall.
    """
    return _of_rows("SparseSegmentSqrtN", data, indices, segment_ids, num_segments, sparse_gradient, name)


def _of_rows(
    op_type: str,
    data: TensorLike,
    indices: TensorLike,
    segment_ids: TensorLike,
    num_segments: TensorLike | None,
    sparse_gradient: bool,
    name: str | None,
) -> Tensor:
    parts = [data, indices, segment_ids]
    if num_segments is not None:
        op_type, parts = f"{op_type}WithNumSegments", [*parts, num_segments]
    return apply(op_type, *parts, sparse_gradient=sparse_gradient, name=name)
