"""Sparse tensors added, multiplied and reduced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import ALL, INDICES, NUMBERS, QUANTIZED, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import NO_DERIVATIVE, Flat, Grads, conjugate, invalid, normal_axes, with_rank
from hdfsaver.ops.sparse_places import check_places, groups_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _column(indices: Tensor, number: int) -> Tensor:
    begin_mask = end_mask = 1
    return apply(
        "StridedSlice",
        indices,
        [0, number],
        [0, number + 1],
        [1, 1],
        begin_mask=begin_mask,
        end_mask=end_mask,
        shrink_axis_mask=2,
    )


@register
class SparseTensorDenseMatMul(OpDef):
    """The product of a sparse and a dense matrix."""

    type = "SparseTensorDenseMatMul"
    signature = "a_indices: Tindices, a_values: T, a_shape: int64, b: T -> product: T"
    types = {"T": NUMBERS, "Tindices": INDICES}
    further_types = {"T": ALL - NUMBERS}
    default_types = {"Tindices": "int64"}
    attrs = {"adjoint_a": False, "adjoint_b": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(rows of a, columns of b)."""
        indices, values, shape, b = node.input_shapes
        with_rank(indices, 2)
        with_rank(values, 1)
        with_rank(shape, 1)
        with_rank(b, 2)
        sizes = with_rank(node.sizes(2), 2) if node.sizes(2) is not None else None
        rows, inner = (None, None) if sizes is None else (sizes[::-1] if node.attrs["adjoint_a"] else sizes)
        other, columns = (None, None) if b is None else (b[::-1] if node.attrs["adjoint_b"] else b)
        shapes.merge((inner,), (other,))
        return [(rows, columns)]

    def kernel(self, node: Node) -> Kernel:
        flips_a, flips_b = node.attrs["adjoint_a"], node.attrs["adjoint_b"]

        def multiply(indices: Array, values: Array, shape: Array, b: Array) -> Array:
            check_places(indices, values, np.asarray(shape).tolist())
            rows, inner = (indices[:, ::-1] if flips_a else indices).T
            height, depth = (shape[::-1] if flips_a else shape).tolist()
            values = np.conj(values) if flips_a else values
            right = np.conj(b.T) if flips_b else b
            if depth != len(right):
                raise invalid(
                    f"Cannot multiply A and B because inner dimension does not match: {depth} vs. {len(right)}. "
                    "Did you forget a transpose?"
                )
            product = np.zeros((height, right.shape[1]), b.dtype)
            np.add.at(product, rows, values[:, None] * right[inner])
            return product

        return multiply

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        indices, values, shape, b = op.inputs
        flips_a, flips_b = op.get_attr("adjoint_a"), op.get_attr("adjoint_b")
        parts = (indices, values, shape)
        by_b = apply("SparseTensorDenseMatMul", *parts, grads[0], adjoint_a=not flips_a)
        if flips_b:
            by_b = apply("ConjugateTranspose" if b.dtype.is_complex else "Transpose", by_b, [1, 0])
        rows, columns = _column(indices, 0), _column(indices, 1)
        of_grad = apply("GatherV2", grads[0], columns if flips_a else rows, 0)
        whole = apply("Transpose", b, [1, 0]) if flips_b else conjugate(b)
        of_b = apply("GatherV2", whole, rows if flips_a else columns, 0)
        by_values = apply("Sum", apply("Mul", of_grad, of_b), [1])
        return [None, conjugate(by_values) if flips_a else by_values, None, by_b]


@register
class SparseAdd(OpDef):
    """The sum of two sparse tensors, without values whose magnitude is below a threshold."""

    type = "SparseAdd"
    signature = (
        "a_indices: int64, a_values: T, a_shape: int64, b_indices: int64, b_values: T, b_shape: int64, thresh: Treal "
        "-> sum_indices: int64, sum_values: T, sum_shape: int64"
    )
    types = {"T": NUMBERS, "Treal": REALS}
    further_types = {"T": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown, rank), (unknown,) and (rank,)."""
        rank = shapes.merge(with_rank(node.input_shapes[2], 1), with_rank(node.input_shapes[5], 1))
        return [(None, None if rank is None else rank[0]), (None,), rank]

    def kernel(self, node: Node) -> Kernel:
        def add(a: Array, x: Array, sizes: Array, b: Array, y: Array, others: Array, least: Any) -> tuple[Array, ...]:
            if np.asarray(sizes).tolist() != np.asarray(others).tolist():
                raise invalid(f"Operands' shapes do not match: {sizes.tolist()} and {others.tolist()}.")
            check_places(a, x, sizes.tolist())
            check_places(b, y, sizes.tolist())
            places, numbers = groups_of(np.concatenate([a, b]))
            total = np.zeros(len(places), x.dtype)
            np.add.at(total, numbers, np.concatenate([x, y]))
            stays = np.abs(total) >= least
            return places[stays], total[stays], np.array(sizes, np.int64)

        return add

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        from_a, from_b = op.inputs[0], op.inputs[3]
        by_a, by_b = apply_list("SparseAddGrad", grads[1], from_a, from_b, op.outputs[0])
        return [None, by_a, None, None, by_b, None, None]


@register
class SparseAddGrad(Flat):
    """The derivatives of a sum of sparse tensors by the values of both."""

    type = "SparseAddGrad"
    signature = (
        "backprop_val_grad: T, a_indices: int64, b_indices: int64, sum_indices: int64 -> a_val_grad: T, b_val_grad: T"
    )
    types = {"T": NUMBERS}
    further_types = {"T": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(values of a,) and (values of b,)."""
        return [None if shape is None else shape[:1] for shape in node.input_shapes[1:3]]

    def kernel(self, node: Node) -> Kernel:
        def back(grad: Array, a: Array, b: Array, places: Array) -> tuple[Array, Array]:
            found = {tuple(place): value for place, value in zip(places.tolist(), grad, strict=True)}
            zero = grad.dtype.type(0)
            made = [np.array([found.get(tuple(place), zero) for place in rows.tolist()], grad.dtype) for rows in (a, b)]
            return made[0], made[1]

        return back


@register
class SparseTensorDenseAdd(OpDef):
    """The sum of a sparse and a dense tensor."""

    type = "SparseTensorDenseAdd"
    signature = "a_indices: Tindices, a_values: T, a_shape: Tindices, b: T -> output: T"
    types = {"T": NUMBERS, "Tindices": INDICES}
    further_types = {"T": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the dense tensor."""
        return node.input_shapes[3:]

    def kernel(self, node: Node) -> Kernel:
        def add(indices: Array, values: Array, shape: Array, b: Array) -> Array:
            if tuple(np.asarray(shape).tolist()) != np.shape(b):
                raise invalid(
                    f"Dimensions do not match: the sparse tensor has {shape.tolist()}, the other {np.shape(b)}."
                )
            check_places(indices, values, np.shape(b))
            total = np.array(b)
            np.add.at(total, tuple(indices.T), values)
            return total

        return add

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None, apply("GatherNd", grads[0], op.inputs[0]), None, grads[0]]


class _CwiseOfDense(OpDef):
    signature = "sp_indices: int64, sp_values: T, sp_shape: int64, dense: T -> output: T"
    types = {"T": NUMBERS}
    further_types = {"T": QUANTIZED}
    ufunc: ClassVar[np.ufunc]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the values."""
        return [with_rank(node.input_shapes[1], 1)]

    def kernel(self, node: Node) -> Kernel:
        ufunc = type(self).ufunc

        def compute(indices: Array, values: Array, shape: Array, dense: Array) -> Array:
            check_places(indices, values, np.asarray(shape).tolist())
            try:
                whole = np.broadcast_to(dense, tuple(np.asarray(shape).tolist()))
            except ValueError:
                raise invalid(
                    "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
                    f"{np.asarray(shape).tolist()} vs. {list(np.shape(dense))}."
                ) from None
            found: Array = ufunc(values, whole[tuple(indices.T)])
            return found.astype(values.dtype)

        return compute


def _taken(op: Operation) -> Tensor:
    """The elements of the dense tensor at the places of the values."""
    indices, _, shape, dense = op.inputs
    return apply("GatherNd", apply("BroadcastTo", dense, shape), indices)


@register
class SparseDenseCwiseMul(_CwiseOfDense):
    """The values of a sparse tensor, each multiplied by the element of a dense one at its place."""

    type = "SparseDenseCwiseMul"
    ufunc = np.multiply

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None, apply("Mul", grads[0], conjugate(_taken(op))), None, _by_dense(op, grads[0], op.inputs[1])]


def _by_dense(op: Operation, grad: Tensor | None, factor: Tensor) -> Tensor:
    """The derivative by the dense tensor, which may have been broadcast."""
    indices, _, shape, dense = op.inputs
    spread = apply("ScatterNd", indices, apply("Mul", grad, conjugate(factor)), shape)
    sizes = apply("Shape", dense, out_type="int64")
    axes = apply_list("BroadcastGradientArgs", shape, sizes)[1]
    return apply("Reshape", apply("Sum", spread, axes), sizes)


@register
class SparseDenseCwiseDiv(_CwiseOfDense):
    """The values of a sparse tensor, each divided by the element of a dense one at its place."""

    type = "SparseDenseCwiseDiv"
    ufunc = np.divide

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        by = _taken(op)
        factor = apply("Neg", apply("RealDiv", op.inputs[1], apply("Square", by)))
        return [None, apply("RealDiv", grads[0], conjugate(by)), None, _by_dense(op, grads[0], factor)]


# -- reductions --------------------------------------------------------------------------------------------------------


class _Reduction(OpDef):
    signature = "input_indices: int64, input_values: T, input_shape: int64, reduction_axes: int32 -> output: T"
    types = {"T": NUMBERS}
    further_types = {"T": QUANTIZED}
    attrs = {"keep_dims": False}
    ufunc: ClassVar[np.ufunc]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape without the axes, or with 1 there."""
        sizes, axes = node.sizes(2), node.constant(3)
        if sizes is None or axes is None:
            return [None]
        gone = normal_axes(axes, len(sizes)) if np.size(axes) else tuple(range(len(sizes)))
        if node.attrs["keep_dims"]:
            return [tuple(1 if axis in gone else size for axis, size in enumerate(sizes))]
        return [tuple(size for axis, size in enumerate(sizes) if axis not in gone)]

    def kernel(self, node: Node) -> Kernel:
        keeps, ufunc = node.attrs["keep_dims"], type(self).ufunc

        def reduce(indices: Array, values: Array, shape: Array, axes: Array) -> Array:
            sizes = np.asarray(shape).tolist()
            check_places(indices, values, sizes)
            gone = normal_axes(axes, len(sizes)) if np.size(axes) else tuple(range(len(sizes)))
            rest = [axis for axis in range(len(sizes)) if axis not in gone]
            total = np.zeros([sizes[axis] for axis in rest], values.dtype)
            places, numbers = groups_of(indices[:, rest])
            if len(indices):
                order = np.argsort(numbers, kind="stable")
                starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
                found = ufunc.reduceat(values[order], starts, dtype=values.dtype)
                total[tuple(places.T)] = found if rest else found[0]
            return total.reshape([1 if a in gone else size for a, size in enumerate(sizes)]) if keeps else total

        return reduce


@register
class SparseReduceSum(_Reduction):
    """The sums of a sparse tensor along axes, as a dense one; along all where none is given."""

    type = "SparseReduceSum"
    ufunc = np.add

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        indices, _, shape, axes = op.inputs
        rank = apply("Size", shape)
        listed = apply("FloorMod", apply("AddV2", apply("Reshape", axes, [-1]), rank), rank)
        counts = apply("UnsortedSegmentSum", apply("OnesLike", listed), listed, rank)
        is_gone = apply("LogicalOr", apply("Greater", counts, 0), apply("Equal", apply("Size", axes), 0))
        kept = apply("SelectV2", is_gone, apply("OnesLike", shape), shape)
        whole = apply("BroadcastTo", apply("Reshape", grads[0], kept), shape)
        return [None, apply("GatherNd", whole, indices), None, None]


@register
class SparseReduceMax(Flat, _Reduction):
    """The greatest values of a sparse tensor along axes, as a dense one; 0 where there is no value."""

    type = "SparseReduceMax"
    types = {"T": REALS}
    further_types = {}
    ufunc = np.maximum


@register
class SparseSoftmax(OpDef):
    """The softmax of the values of each row of the last dimension; places without a value have no part in it."""

    type = "SparseSoftmax"
    signature = "sp_indices: int64, sp_values: T, sp_shape: int64 -> output: T"
    types = {"T": frozenset({"float16", "float32", "float64"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the values."""
        return [with_rank(node.input_shapes[1], 1)]

    def kernel(self, node: Node) -> Kernel:
        def softmax(indices: Array, values: Array, shape: Array) -> Array:
            if len(shape) < 2:
                raise invalid(f"Input should have rank >= 2, but got {np.asarray(shape).tolist()}.")
            check_places(indices, values, np.asarray(shape).tolist())
            groups, numbers = groups_of(indices[:, :-1])
            wide = values.astype(np.float64)
            top = np.full(len(groups), -np.inf)
            np.maximum.at(top, numbers, wide)
            parts = np.exp(wide - top[numbers])
            found: Array = (parts / np.bincount(numbers, parts, len(groups))[numbers]).astype(values.dtype)
            return found

        return softmax

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        indices, _, shape = op.inputs
        product = apply("Mul", op.outputs[0], grads[0])
        total = apply("SparseReduceSum", indices, product, shape, [-1], keep_dims=True)
        taken = apply("GatherNd", apply("BroadcastTo", total, shape), indices)
        return [None, apply("Mul", apply("Sub", grads[0], taken), op.outputs[0]), None]


class _Extreme(OpDef):
    signature = (
        "a_indices: int64, a_values: T, a_shape: int64, b_indices: int64, b_values: T, b_shape: int64 "
        "-> output_indices: int64, output_values: T"
    )
    types = {"T": REALS}
    differs = NO_DERIVATIVE
    ufunc: ClassVar[np.ufunc]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown, rank) and (unknown,)."""
        rank = with_rank(node.input_shapes[2], 1)
        return [(None, None if rank is None else rank[0]), (None,)]

    def kernel(self, node: Node) -> Kernel:
        ufunc = type(self).ufunc

        def compute(a: Array, x: Array, sizes: Array, b: Array, y: Array, others: Array) -> tuple[Array, Array]:
            if np.asarray(sizes).tolist() != np.asarray(others).tolist():
                raise invalid(f"Operands' shapes do not match: {sizes.tolist()} and {others.tolist()}.")
            places, numbers = groups_of(np.concatenate([a, b]))
            left, right = np.zeros(len(places), x.dtype), np.zeros(len(places), x.dtype)
            left[numbers[: len(x)]], right[numbers[len(x) :]] = x, y
            return places, ufunc(left, right)

        return compute


@register
class SparseSparseMaximum(_Extreme):
    """The greater of two sparse tensors at each place where one has a value."""

    type = "SparseSparseMaximum"
    ufunc = np.maximum


@register
class SparseSparseMinimum(_Extreme):
    """The lesser of two sparse tensors at each place where one has a value."""

    type = "SparseSparseMinimum"
    types = {"T": REALS}
    further_types = {"T": QUANTIZED | frozenset({"complex64", "complex128"})}
    ufunc = np.minimum
