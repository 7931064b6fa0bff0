"""Sparse tensors in another order or shape, joined, cut, and completed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import NUMBERS, QUANTIZED, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Grads, integer, invalid, normal_axis, with_rank
from hdfsaver.ops.sparse_places import check_places, order_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _rank_of(shape: Shape, indices: Shape) -> int | None:
    """The number of dimensions of a sparse tensor, by the shapes of its parts."""
    with_rank(indices, 2)
    with_rank(shape, 1)
    if shape is not None and shape[0] is not None:
        return shape[0]
    return None if indices is None else indices[1]


@register
class SparseReorder(OpDef):
    """The places of a sparse tensor in the order of rows."""

    type = "SparseReorder"
    signature = "input_indices: int64, input_values: T, input_shape: int64 -> output_indices: int64, output_values: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of indices and values."""
        return [with_rank(node.input_shapes[0], 2), with_rank(node.input_shapes[1], 1)]

    def kernel(self, node: Node) -> Kernel:
        def reorder(indices: Array, values: Array, shape: Array) -> tuple[Array, Array]:
            check_places(indices, values, np.asarray(shape).tolist())
            order = order_of(indices)
            return indices[order], values[order]

        return reorder

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        indices, values, shape = op.inputs
        count = apply("Squeeze", apply("Shape", values))
        places = apply_list("SparseReorder", indices, apply("Range", 0, count, 1), shape)[1]
        return [None, apply("GatherV2", grads[1], apply("InvertPermutation", places), 0), None]


@register
class SparseReshape(Flat):
    """The places of a sparse tensor in another shape."""

    type = "SparseReshape"
    signature = (
        "input_indices: int64, input_shape: int64, new_shape: int64 -> output_indices: int64, output_shape: int64"
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(n, rank of the new shape), and (rank of the new shape,)."""
        indices, new = with_rank(node.input_shapes[0], 2), with_rank(node.input_shapes[2], 1)
        rank = None if new is None else new[0]
        return [(None if indices is None else indices[0], rank), (rank,)]

    def kernel(self, node: Node) -> Kernel:
        def reshape(indices: Array, shape: Array, new_shape: Array) -> tuple[Array, Array]:
            old, new = [int(size) for size in shape], [int(size) for size in new_shape]
            if new.count(-1) > 1:
                raise invalid(f"only one output dimension may be -1, not {new}.")
            total = _product(old)
            if -1 in new:
                rest = _product([size for size in new if size != -1])
                if not rest or total % rest:
                    raise invalid(
                        f"Input to reshape is a SparseTensor with {total} dense values, but the requested shape "
                        f"requires a multiple of {rest}."
                    )
                new[new.index(-1)] = total // rest
            if _product(new) != total:
                raise invalid(
                    f"Input to reshape is a tensor with {total} dense values, but the requested shape has "
                    f"{_product(new)}."
                )
            check_places(indices, indices[:, :0].sum(axis=1), old)
            flat = np.zeros(len(indices), np.int64)
            for axis, size in enumerate(old):
                flat = flat * size + indices[:, axis]
            columns = []
            for size in reversed(new):
                columns.append(flat % max(size, 1))
                flat = flat // max(size, 1)
            places = np.stack(columns[::-1], axis=1) if new else np.zeros((len(indices), 0), np.int64)
            return places.astype(np.int64), np.array(new, np.int64)

        return reshape


def _product(sizes: Sequence[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


@register
class SparseConcat(Flat):
    """Sparse tensors joined along an axis."""

    type = "SparseConcat"
    signature = (
        "indices: N * int64, values: N * T, shapes: N * int64 -> output_indices: int64, output_values: T, "
        "output_shape: int64"
    )
    needed = {"concat_dim": "int"}
    minimums = {"N": 2}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown, rank), (unknown,) and (rank,)."""
        count = len(node.inputs) // 3
        ranks = [_rank_of(node.input_shapes[2 * count + i], node.input_shapes[i]) for i in range(count)]
        rank = next((rank for rank in ranks if rank is not None), None)
        return [(None, rank), (None,), (rank,)]

    def kernel(self, node: Node) -> Kernel:
        axis = node.attrs["concat_dim"]

        def concat(*parts: Array) -> tuple[Array, Array, Array]:
            count = len(parts) // 3
            indices, values, shapes = parts[:count], parts[count : 2 * count], parts[2 * count :]
            along = normal_axis(axis, len(shapes[0]))
            total, moved = np.array(shapes[0], np.int64), []
            for number, (places, shape) in enumerate(zip(indices, shapes, strict=True)):
                others = [np.delete(np.asarray(sizes), along).tolist() for sizes in (shape, shapes[0])]
                if others[0] != others[1]:
                    raise invalid(
                        f"Input shapes must match: expected {shapes[0].tolist()} but got {shape.tolist()} at position "
                        f"{number}, dimension {along} aside."
                    )
                check_places(places, values[number], np.asarray(shape).tolist())
                step = np.zeros(len(shape), np.int64)
                if number:
                    step[along] = total[along]
                    total[along] += shape[along]
                moved.append(places + step)
            places = np.concatenate(moved)
            order = order_of(places)
            return places[order], np.concatenate(values)[order], total

        return concat


def _cut(indices: Array, values: Array, start: Sequence[int], end: Sequence[int]) -> tuple[Array, Array]:
    inside = ((indices >= np.array(start, np.int64)) & (indices < np.array(end, np.int64))).all(axis=1)
    return indices[inside] - np.array(start, np.int64), values[inside]


@register
class SparseSplit(Flat):
    """A sparse tensor cut into parts along an axis, the first ones longer by one where they differ."""

    type = "SparseSplit"
    signature = (
        "split_dim: int64, indices: int64, values: T, shape: int64 -> output_indices: num_split * int64, "
        "output_values: num_split * T, output_shape: num_split * int64"
    )
    minimums = {"num_split": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown, rank), (unknown,) and (rank,), of each part."""
        rank, count = _rank_of(node.input_shapes[3], node.input_shapes[1]), node.attrs["num_split"]
        return [*[(None, rank)] * count, *[(None,)] * count, *[(rank,)] * count]

    def kernel(self, node: Node) -> Kernel:
        count = node.attrs["num_split"]

        def split(axis: Array, indices: Array, values: Array, shape: Array) -> tuple[Array, ...]:
            along = normal_axis(integer(axis), len(shape))
            length = int(shape[along])
            if not 1 <= count <= length:
                raise invalid(f"num_split should be in the interval [1, {length}] but got {count}.")
            least, longer = divmod(length, count)
            parts, place = [], 0
            for number in range(count):
                size = least + (number < longer)
                start, end = [0] * len(shape), shape.tolist()
                start[along], end[along] = place, place + size
                place += size
                sizes = np.array(shape, np.int64)
                sizes[along] = size
                parts.append((*_cut(indices, values, start, end), sizes))
            return tuple(part[kind] for kind in range(3) for part in parts)

        return split


@register
class SparseSlice(OpDef):
    """A part of a sparse tensor, by start and size."""

    type = "SparseSlice"
    signature = (
        "indices: int64, values: T, shape: int64, start: int64, size: int64 -> output_indices: int64, "
        "output_values: T, output_shape: int64"
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown, rank), (unknown,) and (rank,)."""
        rank = _rank_of(node.input_shapes[2], node.input_shapes[0])
        return [(None, rank), (None,), (rank,)]

    def kernel(self, node: Node) -> Kernel:
        def cut(indices: Array, values: Array, shape: Array, start: Array, size: Array) -> tuple[Array, ...]:
            if not len(start) == len(size) == len(shape):
                raise invalid(f"start and size must have {len(shape)} numbers, not {len(start)} and {len(size)}.")
            end = np.minimum(np.add(start, size), shape)
            sizes = np.maximum(end - np.asarray(start), 0)
            return (*_cut(indices, values, start.tolist(), end.tolist()), sizes.astype(np.int64))

        return cut

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        indices, _, _, start, _ = op.inputs
        return [None, apply("SparseSliceGrad", grads[1], indices, start, op.outputs[0]), None, None, None]


@register
class SparseSliceGrad(Flat):
    """The derivative of a part of a sparse tensor by its values."""

    type = "SparseSliceGrad"
    signature = "backprop_val_grad: T, input_indices: int64, input_start: int64, output_indices: int64 -> val_grad: T"
    types = {"T": NUMBERS}
    further_types = {"T": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(number of values,)."""
        indices = with_rank(node.input_shapes[1], 2)
        return [(None if indices is None else indices[0],)]

    def kernel(self, node: Node) -> Kernel:
        def back(grad: Array, indices: Array, start: Array, outputs: Array) -> Array:
            return _spread(grad, outputs + np.asarray(start, np.int64), indices)

        return back


def _spread(grad: Array, places: Array, indices: Array) -> Array:
    """For each row of indices the value at the same place, or 0."""
    found = {tuple(place): number for number, place in enumerate(places.tolist())}
    numbers = np.array([found.get(tuple(place), -1) for place in indices.tolist()], np.int64)
    result = np.zeros(len(indices), grad.dtype)
    result[numbers >= 0] = grad[numbers[numbers >= 0]]
    return result


@register
class SparseFillEmptyRows(OpDef):
    """A sparse matrix with a value in each row that has none."""

    type = "SparseFillEmptyRows"
    signature = (
        "indices: int64, values: T, dense_shape: int64, default_value: T -> output_indices: int64, output_values: T, "
        "empty_row_indicator: bool, reverse_index_map: int64"
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown, rank), (unknown,), (rows,) and (number of values,)."""
        rank = _rank_of(node.input_shapes[2], node.input_shapes[0])
        values, sizes = with_rank(node.input_shapes[1], 1), node.sizes(2)
        return [
            (None, rank),
            (None,),
            (sizes[0] if sizes else None,),
            (None if values is None else values[0],),
        ]

    def kernel(self, node: Node) -> Kernel:
        def fill(indices: Array, values: Array, shape: Array, default: Any) -> tuple[Array, Array, Array, Array]:
            check_places(indices, values, np.asarray(shape).tolist())
            rows = int(shape[0])
            is_empty = np.ones(rows, bool)
            is_empty[indices[:, 0]] = False
            added = np.zeros((int(is_empty.sum()), len(shape)), np.int64)
            added[:, 0] = np.flatnonzero(is_empty)
            filler = np.empty(len(added), values.dtype)
            filler[...] = default
            places = np.concatenate([indices, added])
            order = np.argsort(places[:, 0], kind="stable")
            back = np.empty(len(places), np.int64)
            back[order] = np.arange(len(places))
            return places[order], np.concatenate([values, filler])[order], is_empty, back[: len(indices)]

        return fill

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        by_values, by_default = apply_list("SparseFillEmptyRowsGrad", op.outputs[3], grads[1])
        return [None, by_values, None, by_default]


@register
class SparseFillEmptyRowsGrad(Flat):
    """The derivatives of a matrix without empty rows by the values, and by the one that filled them."""

    type = "SparseFillEmptyRowsGrad"
    signature = "reverse_index_map: int64, grad_values: T -> d_values: T, d_default_value: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the map, and ()."""
        return [with_rank(node.input_shapes[0], 1), ()]

    def kernel(self, node: Node) -> Kernel:
        def back(places: Array, grad: Array) -> tuple[Array, Array]:
            if ((places < 0) | (places >= len(grad))).any():
                raise invalid(f"Elements in reverse index must be in [0, {len(grad)}).")
            rest = np.delete(grad, places)
            return grad[places], np.asarray(rest.sum(dtype=grad.dtype))

        return back
