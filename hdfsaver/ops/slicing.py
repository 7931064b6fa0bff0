"""Parts of a tensor by ranges of indices, their counterpart padding, and reversal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.conversion import convert_to_tensor
from hdfsaver.graph.definition import INDICES, NUMBERS, Array, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Grads, blank, boxed, invalid, normal_axes, scope
from hdfsaver.shapes import Shape

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
_NO_MASKS = dict.fromkeys(_MASKS, 0)


class Unknown:
    """A bound or step that only the run knows."""


UNKNOWN = Unknown()


def _has(attrs: Mapping[str, Any], mask: str, position: int) -> bool:
    return bool(attrs.get(mask, 0) >> position & 1)


def _items(begin: Sequence[Any], end: Sequence[Any], strides: Sequence[Any], attrs: Mapping[str, Any]) -> list[Any]:
    """The index that begin, end, strides and masks stand for, as Python would have it."""
    items: list[Any] = []
    for position, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        if _has(attrs, "ellipsis_mask", position):
            items.append(Ellipsis)
        elif _has(attrs, "new_axis_mask", position):
            items.append(None)
        elif _has(attrs, "shrink_axis_mask", position):
            items.append(first)
        else:
            if step == 0:
                raise ValueError(f"The stride at position {position} must not be 0.")
            start = None if _has(attrs, "begin_mask", position) else first
            stop = None if _has(attrs, "end_mask", position) else last
            items.append(slice(start, stop, step))
    if items.count(Ellipsis) > 1:
        raise ValueError("An index can have one ellipsis at most.")
    return items


def _run_index(bounds: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Any, ...]:
    begin, end, strides = bounds
    return tuple(_items(begin.tolist(), end.tolist(), strides.tolist(), attrs))


def _static_index(node: Node, first: int) -> list[Any] | None:
    """The index as far as it is known before anything runs; None where not even its length is."""
    bounds = [_known_bounds(node, position) for position in range(first, first + 3)]
    known = [values for values in bounds if values is not None]
    if not known:
        return None
    rank = len(known[0])
    begin, end, strides = ([UNKNOWN] * rank if values is None else values for values in bounds)
    return _items(begin, end, strides, node.attrs)


def _known_bounds(node: Node, position: int) -> list[Any] | None:
    value = node.constant(position)
    if value is not None:
        numbers: list[Any] = value.tolist()
        return numbers
    sizes = node.sizes(position)
    return None if sizes is None else [UNKNOWN if size is None else size for size in sizes]


def _sliced(shape: Shape, index: list[Any] | None) -> Shape:
    """The static shape of what an index takes out of a tensor."""
    if shape is None or index is None:
        return None
    return tuple(_lengths(shape, _expanded(index, len(shape))))


def _expanded(index: list[Any], rank: int) -> list[Any]:
    """The index with the ellipsis, written or at the end, made into slices."""
    if Ellipsis not in index:
        index = [*index, Ellipsis]
    missing = rank - sum(item is not None and item is not Ellipsis for item in index)
    if missing < 0:
        raise ValueError(f"An index into {rank - missing} dimensions is too long for a tensor of rank {rank}.")
    place = index.index(Ellipsis)
    return [*index[:place], *[slice(None)] * missing, *index[place + 1 :]]


def _lengths(shape: Sequence[int | None], index: list[Any]) -> Iterator[int | None]:
    sizes = iter(shape)
    for item in index:
        if item is None:
            yield 1
        elif isinstance(item, slice):
            yield _length(next(sizes), item)
        else:
            _check_place(next(sizes), item)


def _length(size: int | None, item: slice) -> int | None:
    if size is None or any(isinstance(bound, Unknown) for bound in (item.start, item.stop, item.step)):
        return None
    return len(range(*item.indices(size)))


def _check_place(size: int | None, place: Any) -> None:
    if size is not None and not isinstance(place, Unknown) and not -size <= place < size:
        raise ValueError(f"Slice index {place} of a dimension of length {size} is out of bounds.")


@register
class StridedSlice(OpDef):
    """``input[index]``, the index written as begin, end and stride of each dimension and masks."""

    type = "StridedSlice"
    signature = "input: T, begin: Index, end: Index, strides: Index -> output: T"
    types = {"Index": INDICES | {"int16"}}
    attrs = _NO_MASKS

    def shapes(self, node: Node) -> Sequence[Shape]:
        return [_sliced(node.input_shapes[0], _static_index(node, 1))]

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        return lambda values, begin, end, strides: boxed(values[_run_index((begin, end, strides), attrs)])

    def fold(self, node: Node) -> Array | None:
        bounds = [node.constant(position) for position in (1, 2, 3)]
        if any(bound is None for bound in bounds):
            return None
        values = node.constant(0)
        if values is not None:
            return np.asarray(values[_run_index(bounds, node.attrs)])
        known = self._sizes(node, bounds)
        if known is None or None in np.atleast_1d(known):
            return None
        return np.array(known.tolist(), dtypes.numpy_dtype(node.attrs["T"]))

    def sizes(self, node: Node) -> Shape:
        bounds = [node.constant(position) for position in (1, 2, 3)]
        known = None if any(bound is None for bound in bounds) else self._sizes(node, bounds)
        return super().sizes(node) if known is None or known.ndim != 1 else tuple(known.tolist())

    @staticmethod
    def _sizes(node: Node, bounds: Sequence[Any]) -> Array | None:
        """The part of a vector of sizes, None standing for what is not known."""
        sizes = node.sizes(0)
        if sizes is None:
            return None
        return np.asarray(np.array(sizes, dtype=object)[_run_index(bounds, node.attrs)], dtype=object)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        values, begin, end, strides = op.inputs
        sizes = apply("Shape", values, out_type=begin.dtype.base_dtype.name)
        attrs = {mask: op.get_attr(mask) for mask in _MASKS}
        return [apply("StridedSliceGrad", sizes, begin, end, strides, grads[0], **attrs), None, None, None]


@register
class StridedSliceGrad(OpDef):
    """Zeros of a shape, with dy in the place that an index names."""

    type = "StridedSliceGrad"
    signature = "shape: Index, begin: Index, end: Index, strides: Index, dy: T -> output: T"
    types = {"Index": INDICES}
    attrs = _NO_MASKS

    def shapes(self, node: Node) -> Sequence[Shape]:
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        attrs, dtype = node.attrs, node.attrs["T"]

        def spread(shape: Array, begin: Array, end: Array, strides: Array, dy: Array) -> Array:
            whole = blank(shape.tolist(), dtype)
            whole[_run_index((begin, end, strides), attrs)] = dy
            return whole

        return spread

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        attrs = {mask: op.get_attr(mask) for mask in _MASKS}
        return [None, None, None, None, apply("StridedSlice", grads[0], *op.inputs[1:4], **attrs)]


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Any:
    """``input_[begin:end:strides]`` in each dimension; bit i of a mask changes what the i-th index means.

    A bit of ``begin_mask`` or ``end_mask`` ignores that bound, of ``ellipsis_mask`` stands for ``...``, of
    ``new_axis_mask`` for ``tf.newaxis``, of ``shrink_axis_mask`` for a single index. ``tensor[...]`` is the same.
    """
    with scope(name, "strided_slice", input_) as full:
        begin = convert_to_tensor(begin, name="begin")
        if strides is None:
            strides = apply("OnesLike", begin)
        masks = dict(zip(_MASKS, (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask), strict=True))
        return apply("StridedSlice", input_, begin, end, strides, name=full, **masks)


@register
class Slice(OpDef):
    """The part of a tensor that begins somewhere and has a given size; -1 is all that is left."""

    type = "Slice"
    signature = "input: T, begin: Index, size: Index -> output: T"
    types = {"Index": INDICES}

    def shapes(self, node: Node) -> Sequence[Shape]:
        shape, begin, size = node.input_shapes[0], node.constant(1), node.constant(2)
        if begin is None or size is None:
            return [self._partly(node)]
        if shape is None:
            return [tuple(None if length < 0 else int(length) for length in size)]
        if not len(shape) == len(begin) == len(size):
            raise ValueError(f"begin and size need {len(shape)} numbers each, not {len(begin)} and {len(size)}.")
        return [tuple(_part(*item) for item in zip(shape, begin.tolist(), size.tolist(), strict=True))]

    @staticmethod
    def _partly(node: Node) -> Shape:
        shape, sizes = node.input_shapes[0], node.sizes(2)
        if sizes is not None:
            return sizes
        return None if shape is None else (None,) * len(shape)

    def kernel(self, node: Node) -> Kernel:
        return _slice

    def fold(self, node: Node) -> Array | None:
        values, begin, size = (node.constant(position) for position in range(3))
        return None if values is None or begin is None or size is None else _slice(values, begin, size)

    def sizes(self, node: Node) -> Shape:
        whole, begin, size = node.sizes(0), node.constant(1), node.constant(2)
        if whole is None or begin is None or size is None:
            return super().sizes(node)
        first, length = int(begin[0]), int(size[0])
        return whole[first:] if length < 0 else whole[first : first + length]

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        values, begin, _ = op.inputs
        index = begin.dtype.base_dtype.name
        taken = apply("AddV2", begin, apply("Shape", op.outputs[0], out_type=index))
        behind = apply("Sub", apply("Shape", values, out_type=index), taken)
        return [apply("Pad", grads[0], apply("Pack", [begin, behind], axis=1)), None, None]


def _part(length: int | None, first: int, size: int) -> int | None:
    if length is None:
        return None if size < 0 else size
    wanted = length - first if size == -1 else size
    if not (0 <= first <= length and 0 <= wanted <= length - first):
        raise ValueError(f"A dimension of length {length} has no part of size {size} that begins at {first}.")
    return wanted


def _slice(values: Array, begin: Array, size: Array) -> Array:
    shape = np.shape(values)
    if not len(shape) == len(begin) == len(size):
        raise invalid(f"begin and size need {len(shape)} numbers each, not {len(begin)} and {len(size)}.")
    begins = begin.tolist()
    lengths = [_part(*item) or 0 for item in zip(shape, begins, size.tolist(), strict=True)]
    index: list[Any] = [slice(first, first + length) for first, length in zip(begins, lengths, strict=True)]
    return values[(*index, ...)]


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """The part of a tensor that begins at ``begin`` and has a size, -1 being all that is left (``tf.slice``)."""
    return apply("Slice", input_, begin, size, name=name)


@register
class ReverseV2(OpDef):
    """A tensor the other way round along some axes."""

    type = "ReverseV2"
    signature = "tensor: T, axis: Tidx -> output: T"
    types = {"T": NUMBERS | {"bool", "string"}, "Tidx": INDICES}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        shape, axes = node.input_shapes[0], node.constant(1)
        if shape is not None and axes is not None:
            normal_axes(axes, len(shape))
        return [shape]

    def kernel(self, node: Node) -> Kernel:
        return lambda values, axes: np.flip(values, normal_axes(axes, np.ndim(values)))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("ReverseV2", grads[0], op.inputs[1]), None]


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """A tensor the other way round along the axes of a list."""
    return apply("ReverseV2", tensor, axis, name=name)
