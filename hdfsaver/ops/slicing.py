"""Parts of a tensor by ranges of indices, and reversal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Flat, Grads, KernelState, blank, boxed, invalid, normal_axes, scope, with_rank
from hdfsaver.ops.memory import own
from hdfsaver.ops.variable_values import current
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
_NO_MASKS = dict.fromkeys(MASKS, 0)


class Unknown:
    """A bound or step that is known in the run only."""


UNKNOWN = Unknown()


def _has(attrs: Mapping[str, Any], mask: str, position: int) -> bool:
    return bool(attrs.get(mask, 0) >> position & 1)


def _items(begin: Sequence[Any], end: Sequence[Any], strides: Sequence[Any], attrs: Mapping[str, Any]) -> list[Any]:
    """The index that begin, end, strides and masks stand for, as Python writes it."""
    if not len(begin) == len(end) == len(strides):
        raise ValueError(
            f"begin, end and strides must have the same length, not {len(begin)}, {len(end)} and {len(strides)}."
        )
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
        raise ValueError("Multiple ellipses in an index, which can have one.")
    return items


def _run_index(bounds: Sequence[Any], attrs: Mapping[str, Any]) -> tuple[Any, ...]:
    """The index that the values of begin, end, strides and masks stand for."""
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
    if rank == 0 and missing < 0:
        raise ValueError("Attempting to slice scalar input.")
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


def _check_place(size: int | None, place: int | Unknown) -> None:
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
        """That of input[begin:end:strides], as the masks say."""
        for bounds in node.input_shapes[1:]:
            with_rank(bounds, 1)
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
        """The part of a vector of sizes, None standing for unknown ones."""
        sizes = node.sizes(0)
        if sizes is None:
            return None
        return np.asarray(np.array(sizes, dtype=object)[_run_index(bounds, node.attrs)], dtype=object)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        values, begin, end, strides = op.inputs
        sizes = apply("Shape", values, out_type=begin.dtype.base_dtype.name)
        attrs = {mask: op.get_attr(mask) for mask in MASKS}
        return [apply("StridedSliceGrad", sizes, begin, end, strides, grads[0], **attrs), None, None, None]


@register
class StridedSliceGrad(OpDef):
    """Zeros of a shape, with dy at the place of an index."""

    type = "StridedSliceGrad"
    signature = "shape: Index, begin: Index, end: Index, strides: Index, dy: T -> output: T"
    types = {"Index": INDICES}
    attrs = _NO_MASKS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape."""
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        attrs, dtype = node.attrs, node.attrs["T"]

        def spread(shape: Array, begin: Array, end: Array, strides: Array, dy: Array) -> Array:
            whole = blank(shape.tolist(), dtype)
            whole[_run_index((begin, end, strides), attrs)] = dy
            return whole

        return spread

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        attrs = {mask: op.get_attr(mask) for mask in MASKS}
        return [None, None, None, None, apply("StridedSlice", grads[0], *op.inputs[1:4], **attrs)]


def strided_slice(
    input_: TensorLike,
    begin: TensorLike,
    end: TensorLike,
    strides: TensorLike | None = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: object = None,
    name: str | None = None,
) -> Tensor:
    """``input_[begin:end:strides]`` in each dimension; masks change the meaning of single dimensions.

    Bit i of a mask is about element i of the bounds. Python's ``tensor[...]`` makes the same operation.

    Parameters
    ----------
    input_ : TensorLike
        Of any dtype and shape.
    begin, end : TensorLike
        Vectors of one length and dtype (int16, int32 or int64). Negative bounds count from the end; bounds beyond the
        tensor are cut off, as in Python.
    strides : TensorLike, optional
        A vector of that length, 1 by default; negative ones go backwards, and none is 0.
    begin_mask, end_mask : int
        Ignore a bound.
    ellipsis_mask : int
        Stand for ``...``; at most one bit.
    new_axis_mask : int
        Stand for ``tf.newaxis``, a new dimension of length 1.
    shrink_axis_mask : int
        Take the element ``begin`` alone, without the dimension.
    var : object, optional
        Accepted for programs that give it; it changes nothing.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype.

    Raises
    ------
    ValueError
        The vectors differ in length or are too long, a stride is 0, there are two ellipses, or a single index is out of
        bounds.
    TypeError
        The bounds are not integers.
    InvalidArgumentError
        In the run: a single index is out of bounds, or a stride is 0.
    """
    with scope(name, "StridedSlice", input_) as full:
        begin = convert_to_tensor(begin, name="begin")
        if strides is None:
            strides = apply("OnesLike", begin)
        masks = dict(zip(MASKS, (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask), strict=True))
        return apply("StridedSlice", input_, begin, end, strides, name=full, **masks)


@register
class StridedSliceAssign(Flat):
    """Replace the part of a variable that an index names; the value is broadcast."""

    type = "StridedSliceAssign"
    signature = "ref: Ref(T), begin: Index, end: Index, strides: Index, value: T -> output_ref: Ref(T)"
    types = {"Index": INDICES}
    attrs = _NO_MASKS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of ref."""
        _sliced(node.input_shapes[0], _static_index(node, 1))
        return [node.input_shapes[0]]

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs

        def assign(state: KernelState, ref: str, begin: Array, end: Array, strides: Array, value: Array) -> str:
            index = _run_index((begin, end, strides), attrs)
            changed = current(state, ref, node).copy()
            part, found = np.shape(changed[index]), np.shape(value)
            # One element may stand for a part of a lower rank: leading dimensions of 1 are dropped.
            spare = max(len(found) - len(part), 0)
            if any(size != 1 for size in found[:spare]) or not _fills(found[spare:], part):
                raise invalid(
                    f"A value of shape {shape_text(found)} cannot be broadcast to the part of variable {ref!r} that is "
                    f"assigned to, {shape_text(part)}."
                )
            changed[index] = np.reshape(value, found[spare:])
            state.variables[ref] = own(changed)
            return ref

        return assign


def _fills(found: Sequence[int], part: Sequence[int]) -> bool:
    """Whether a shape can be broadcast to another."""
    return all(size in (1, wanted) for size, wanted in zip(reversed(found), reversed(part), strict=False))


@register
class Slice(OpDef):
    """The part of a tensor with a given beginning and size; a size of -1 is all that is left."""

    type = "Slice"
    signature = "input: T, begin: Index, size: Index -> output: T"
    types = {"Index": INDICES}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of size, with all that is left where it is -1."""
        shape, begin, size = node.input_shapes[0], node.constant(1), node.constant(2)
        for bounds in node.input_shapes[1:]:
            with_rank(bounds, 1)
        if begin is None or size is None:
            return [self._partly(node)]
        if shape is None:
            return [tuple(None if length < 0 else int(length) for length in size)]
        if not begin.shape == size.shape == (len(shape),):
            raise ValueError(f"begin and size must have shape ({len(shape)},), not {begin.shape} and {size.shape}.")
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
        after = apply("Sub", apply("Shape", values, out_type=index), taken)
        return [apply("Pad", grads[0], apply("Pack", [begin, after], axis=1)), None, None]


def _part(length: int | None, first: int, size: int) -> int | None:
    if length is None:
        return None if size < 0 else size
    wanted = length - first if size == -1 else size
    if not (0 <= first <= length and 0 <= wanted <= length - first):
        raise ValueError(f"A part of size {size} that begins at {first} is not within a dimension of length {length}.")
    return wanted


def _slice(values: Array, begin: Array, size: Array) -> Array:
    shape = np.shape(values)
    if not np.shape(begin) == np.shape(size) == (len(shape),):
        raise invalid(f"begin and size must have shape ({len(shape)},), not {np.shape(begin)} and {np.shape(size)}.")
    begins = begin.tolist()
    lengths = [_part(*item) or 0 for item in zip(shape, begins, size.tolist(), strict=True)]
    index: list[Any] = [slice(first, first + length) for first, length in zip(begins, lengths, strict=True)]
    return values[(*index, ...)]


def slice_(input_: TensorLike, begin: TensorLike, size: TensorLike, name: str | None = None) -> Tensor:
    """The part of a tensor with a given beginning and size (``tf.slice``).

    Parameters
    ----------
    input_ : TensorLike
        Of any dtype and shape.
    begin : TensorLike
        A vector of int32 or int64: the first index in each dimension, not negative.
    size : TensorLike
        A vector of the same dtype: the length in each dimension; -1 for all that is left.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype and rank.

    Raises
    ------
    ValueError
        The part is not within the tensor, or there is not a number for each dimension.
    TypeError
        ``begin`` or ``size`` does not hold integers.
    InvalidArgumentError
        In the run: the part is not within the tensor.
    """
    return apply("Slice", input_, begin, size, name=name)


@register
class ReverseV2(OpDef):
    """A tensor with the order of its elements reversed along some axes."""

    type = "ReverseV2"
    signature = "tensor: T, axis: Tidx -> output: T"
    types = {"T": NUMBERS | {"bool", "string"}, "Tidx": INDICES}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of tensor."""
        shape, axes = node.input_shapes[0], node.constant(1)
        if shape is not None and axes is not None:
            normal_axes(axes, len(shape))
        return [shape]

    def kernel(self, node: Node) -> Kernel:
        return lambda values, axes: np.flip(values, normal_axes(axes, np.ndim(values)))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("ReverseV2", grads[0], op.inputs[1]), None]


def reverse(tensor: TensorLike, axis: TensorLike, name: str | None = None) -> Tensor:
    """Reverse the order of elements along axes.

    Parameters
    ----------
    tensor : TensorLike
        Numbers of any dtype, bool or strings.
    axis : TensorLike
        A vector of int32 or int64; negative ones count from the last.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype and shape.

    Raises
    ------
    ValueError
        An axis is out of range or given twice.
    TypeError
        The axes are not integers.
    InvalidArgumentError
        In the run: an axis that was unknown before is out of range.
    """
    return apply("ReverseV2", tensor, axis, name=name)
