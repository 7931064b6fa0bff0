"""Lists of tensors, in which TensorFlow 2 keeps what the steps of a loop read and write.

The value of a list (dtype ``variant``) is a `ListValue`, which never changes: an operation gives another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Gradient, Grads, integer, invalid
from hdfsaver.ops.tensor_list_values import ListValue, list_of, shape_of_value, value_of_shape
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_TYPE = {"element_dtype": "type"}


class _MakesList(OpDef):
    """An operation that gives a list."""

    types = {"shape_type": INDICES}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A list has no dimensions."""
        return [()]


_MAKERS = {
    "EmptyTensorList": 0,
    "TensorListReserve": 0,
    "TensorListFromTensor": 1,
    "TensorListScatter": 2,
    "TensorListScatterV2": 2,
}
"""The operations that make a list of what is not one, and which of their inputs tells the shape of its tensors."""

_PASSING = frozenset({"Identity", "TensorListPopBack", "TensorListPushBack", "TensorListResize", "TensorListSetItem"})
"""The operations whose list has the shape of that which they take."""


def _told_shape(node: Node, position: int) -> Shape:
    """The shape of the tensors of a list, as far as an input tells it before a run."""
    value = node.constant(position)
    if value is None:
        return node.sizes(position)
    return shape_of_value(value)


def _element_shape(node: Node, position: int) -> Shape:
    """The shape of the tensors of a list that an operation takes: by another input, and by the maker of the list."""
    told = _told_shape(node, position)
    while node.inputs:
        op = node.source_type(0)
        if op in _MAKERS:
            return shapes.merge(told, _told_shape(node.source(0), _MAKERS[op]))
        if op not in _PASSING:
            break
        node = node.source(0)
    return told


@register
class EmptyTensorList(Flat, _MakesList):
    """A list without tensors."""

    type = "EmptyTensorList"
    signature = "element_shape: shape_type, max_num_elements: int32 -> handle: variant"
    needed = _TYPE

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]
        return lambda shape, limit: ListValue(dtype, shape_of_value(shape), 0, limit=integer(limit))


@register
class TensorListReserve(Flat, _MakesList):
    """A list of empty places."""

    type = "TensorListReserve"
    signature = "element_shape: shape_type, num_elements: int32 -> handle: variant"
    needed = _TYPE

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def reserve(shape: Array, size: Array) -> ListValue:
            count = integer(size)
            if count < 0:
                raise invalid(f"The num_elements to reserve must be a non negative number, but got {count}")
            return ListValue(dtype, shape_of_value(shape), count)

        return reserve


@register
class TensorListFromTensor(_MakesList):
    """The slices of a tensor along its first axis."""

    type = "TensorListFromTensor"
    signature = "tensor: element_dtype, element_shape: shape_type -> output_handle: variant"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def take(tensor: Array, shape: Array) -> ListValue:
            _check_vector(tensor)
            wanted = shape_of_value(shape)
            if not shapes.compatible(wanted, tensor.shape[1:]):
                raise invalid(
                    f"Specified a list with shape {shapes.text(wanted)} from a tensor with shape "
                    f"{shapes.text(tensor.shape[1:])}"
                )
            return list_of(dtype, wanted, tensor)

        return take

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        tensor = op.inputs[0]
        given = grads[0]
        if given is None:
            given = apply("EmptyTensorList", _shape_of_list(op.outputs[0]), -1, element_dtype=tensor.dtype.name)
        known = tensor.shape.plain
        count = known[0] if known and known[0] is not None else -1
        shape = _shape_of_rows(tensor)
        return [apply("TensorListStack", given, shape, element_dtype=tensor.dtype.name, num_elements=count), None]


@register
class TensorListStack(OpDef):
    """The tensors of a list as one."""

    type = "TensorListStack"
    signature = "input_handle: variant, element_shape: int32 -> tensor: element_dtype"
    attrs = {"num_elements": -1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The number of tensors, and their shape."""
        count, element = node.attrs["num_elements"], _element_shape(node, 1)
        return [None if element is None else (None if count < 0 else count, *element)]

    def kernel(self, node: Node) -> Kernel:
        dtype, count = node.attrs["element_dtype"], node.attrs["num_elements"]

        def stack(value: ListValue, shape: Array) -> Array:
            _list(value).check_dtype(dtype)
            if count not in (-1, value.size):
                raise invalid(
                    f"Operation expected a list with {count} elements but got a list with {value.size} elements."
                )
            return value.stack(shape_of_value(shape))

        return stack

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        assert grads[0] is not None
        return [apply("TensorListFromTensor", grads[0], _shape_of_rows(grads[0])), None]


@register
class TensorListGetItem(OpDef):
    """The tensor in a place; zeros where it is empty and the shape is known."""

    type = "TensorListGetItem"
    signature = "input_handle: variant, index: int32, element_shape: Tshape -> item: element_dtype"
    types = {"Tshape": INDICES}
    default_types = {"Tshape": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that an input tells."""
        return [_element_shape(node, 2)]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def get(value: ListValue, index: Array, shape: Array) -> Array:
            _list(value).check_dtype(dtype)
            place = integer(index)
            if not 0 <= place < value.size:
                raise invalid(f"Trying to access element {place} in a list with {value.size} elements.")
            return value.at(place, shape_of_value(shape))

        return get

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        made = _empty_like(op.inputs[0], grads[0])
        return [apply("TensorListSetItem", made, op.inputs[1], grads[0]), None, None]


@register
class TensorListSetItem(_MakesList):
    """The list with another tensor in a place."""

    type = "TensorListSetItem"
    signature = "input_handle: variant, index: int32, item: element_dtype -> output_handle: variant"
    attrs = {"resize_if_index_out_of_bounds": False}

    def kernel(self, node: Node) -> Kernel:
        dtype, may_grow = node.attrs["element_dtype"], node.attrs["resize_if_index_out_of_bounds"]

        def put(value: ListValue, index: Array, item: Array) -> ListValue:
            _list(value).check_dtype(dtype)
            place = integer(index)
            if place < 0 or (place >= value.size and not may_grow):
                raise invalid(f"Trying to modify element {place} in a list with {value.size} elements.")
            _check_item(value, item, "set a tensor with incompatible shape at a list index")
            return value.with_value(place, item)

        return put

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        _, index, item = op.inputs
        by_list = apply("TensorListSetItem", grads[0], index, apply("ZerosLike", item))
        if op.data["attrs"]["resize_if_index_out_of_bounds"]:
            by_list = apply("TensorListResize", by_list, apply("TensorListLength", op.inputs[0]))
        dtype = item.dtype.base_dtype.name
        by_item = apply("TensorListGetItem", grads[0], index, apply("Shape", item), element_dtype=dtype)
        return [by_list, None, by_item]


@register
class TensorListPushBack(_MakesList):
    """The list with one more tensor."""

    type = "TensorListPushBack"
    signature = "input_handle: variant, tensor: element_dtype -> output_handle: variant"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def push(value: ListValue, item: Array) -> ListValue:
            _list(value).check_dtype(dtype)
            _check_item(value, item, "append a tensor with incompatible shape to a list")
            if 0 <= value.limit <= value.size:
                raise invalid(f"Tried to push item into a full list. List size: {value.size} List max: {value.limit}")
            return value.appended(item)

        return push

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        tensor = op.inputs[1]
        dtype = tensor.dtype.base_dtype.name
        return apply_list("TensorListPopBack", grads[0], apply("Shape", tensor), element_dtype=dtype)


@register
class TensorListPopBack(OpDef):
    """The list without its last tensor, and that tensor."""

    type = "TensorListPopBack"
    signature = "input_handle: variant, element_shape: int32 -> output_handle: variant, tensor: element_dtype"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(), and the shape that an input tells."""
        return [(), _element_shape(node, 1)]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def pop(value: ListValue, shape: Array) -> tuple[ListValue, Array]:
            _list(value).check_dtype(dtype)
            if not value.size:
                raise invalid("Trying to pop from an empty list.")
            return value.shortened(), value.at(value.size - 1, shape_of_value(shape))

        return pop

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        given, item = grads
        if given is None:
            given = apply("ZerosLike", op.outputs[0])
        if item is None:
            item = apply("ZerosLike", op.outputs[1])
        return [apply("TensorListPushBack", given, item), None]


@register
class TensorListLength(Flat):
    """The number of tensors."""

    type = "TensorListLength"
    signature = "input_handle: variant -> length: int32"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda value: np.int32(_list(value).size)


@register
class TensorListElementShape(Flat):
    """The shape of the tensors: -1 for each unknown size, or a single -1."""

    type = "TensorListElementShape"
    signature = "input_handle: variant -> element_shape: shape_type"
    types = {"shape_type": INDICES}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown: a number or a vector."""
        return [None]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["shape_type"]
        return lambda value: value_of_shape(_list(value).shape, dtype)


@register
class TensorListResize(_MakesList):
    """The first tensors of a list, with empty places behind them where it is shorter."""

    type = "TensorListResize"
    signature = "input_handle: variant, size: int32 -> output_handle: variant"

    def kernel(self, node: Node) -> Kernel:
        def resize(value: ListValue, size: Array) -> ListValue:
            count = integer(size)
            if count < 0:
                raise invalid(f"TensorListSlice expects size to be non-negative. Got: {count}")
            return _list(value).resized(count)

        return resize

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("TensorListResize", grads[0], apply("TensorListLength", op.inputs[0])), None]


@register
class TensorListGather(OpDef):
    """The tensors in some places as one."""

    type = "TensorListGather"
    signature = "input_handle: variant, indices: int32, element_shape: int32 -> values: element_dtype"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The number of indices, and the shape that an input tells."""
        element, indices = _element_shape(node, 2), node.input_shapes[1]
        return [None if element is None else (None if indices is None else indices[0], *element)]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def gather(value: ListValue, indices: Array, shape: Array) -> Array:
            _list(value).check_dtype(dtype)
            return value.gather([int(index) for index in indices], shape_of_value(shape))

        return gather

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        made = _empty_like(op.inputs[0], grads[0])
        return [apply("TensorListScatterIntoExistingList", made, grads[0], op.inputs[1]), None, None]


class _Scatters(_MakesList):
    """Puts the slices of a tensor in places of a list."""

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [_gathered(op.inputs[0], op.inputs[1], grads[0]), *[None] * (len(op.inputs) - 1)]


@register
class TensorListScatter(_Scatters):
    """The slices of a tensor in some places; others are empty."""

    type = "TensorListScatter"
    signature = "tensor: element_dtype, indices: int32, element_shape: shape_type -> output_handle: variant"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]
        return lambda tensor, indices, shape: _scattered(
            ListValue(dtype, shape_of_value(shape), 0), tensor, indices, may_grow=True
        )


@register
class TensorListScatterV2(_Scatters):
    """The slices of a tensor in some places of a list of that length; others are empty."""

    type = "TensorListScatterV2"
    signature = (
        "tensor: element_dtype, indices: int32, element_shape: shape_type, num_elements: int32 -> "
        "output_handle: variant"
    )

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def scatter(tensor: Array, indices: Array, shape: Array, size: Array) -> ListValue:
            count = integer(size)
            if count < -1:
                raise invalid(f"TensorListScatter expects num_elements >= -1, found: {count}")
            made = ListValue(dtype, shape_of_value(shape), max(count, 0))
            return _scattered(made, tensor, indices, may_grow=count < 0)

        return scatter


@register
class TensorListScatterIntoExistingList(_MakesList):
    """A list with the slices of a tensor in some places."""

    type = "TensorListScatterIntoExistingList"
    signature = "input_handle: variant, tensor: element_dtype, indices: int32 -> output_handle: variant"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def scatter(value: ListValue, tensor: Array, indices: Array) -> ListValue:
            _list(value).check_dtype(dtype)
            return _scattered(value, tensor, indices, may_grow=True)

        return scatter

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        _, tensor, indices = op.inputs
        by_list = apply("TensorListScatterIntoExistingList", grads[0], apply("ZerosLike", tensor), indices)
        return [by_list, _gathered(tensor, indices, grads[0]), None]


@register
class TensorListSplit(_MakesList):
    """The parts of a tensor, of some lengths along its first axis."""

    type = "TensorListSplit"
    signature = "tensor: element_dtype, element_shape: shape_type, lengths: int64 -> output_handle: variant"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def split(tensor: Array, shape: Array, lengths: Array) -> ListValue:
            _check_vector(tensor)
            wanted = shape_of_value(shape)
            rest = None if not wanted else wanted[1:]
            if not shapes.compatible(rest, tensor.shape[1:]):
                raise invalid(
                    f"tensor shape {shapes.text(tensor.shape)} is not compatible with element_shape "
                    f"{shapes.text(wanted)}"
                )
            for length in lengths:
                if length < 0:
                    raise invalid(f"Invalid value in lengths: {length}")
            total = int(np.sum(lengths))
            if total > len(tensor):
                raise invalid(f"Attempting to slice [0, {total}] from tensor with length {len(tensor)}")
            if total < len(tensor):
                raise invalid(f"Unused values in tensor. Length of tensor: {len(tensor)} Values used: {total}")
            ends = np.cumsum(lengths)
            parts = [tensor[end - length : end] for end, length in zip(ends, lengths, strict=True)]
            return list_of(dtype, None if rest is None else (None, *rest), parts)

        return split

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        tensor, _, lengths = op.inputs
        shape = apply("ConcatV2", [np.array([-1], np.int32), _shape_of_rows(tensor)], 0)
        dtype = tensor.dtype.base_dtype.name
        joined = apply_list("TensorListConcatV2", grads[0], shape, lengths, element_dtype=dtype)[0]
        return [joined, None, None]


class _Concat(OpDef):
    """Joins the tensors of a list along their first axis."""

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        by_list = apply("TensorListSplit", grads[0], _shape_of_list(op.inputs[0]), op.outputs[1])
        return [by_list, *[None] * (len(op.inputs) - 1)]


@register
class TensorListConcat(_Concat):
    """The tensors of a list joined along their first axis, and their lengths."""

    type = "TensorListConcat"
    signature = "input_handle: variant -> tensor: element_dtype, lengths: int64"
    attrs = {"element_shape": None}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """All but the first size from the attribute; the lengths are a vector."""
        element = node.attrs["element_shape"]
        return [None if not element else (None, *element[1:]), (None,)]

    def kernel(self, node: Node) -> Kernel:
        dtype, shape = node.attrs["element_dtype"], node.attrs["element_shape"]

        def concat(value: ListValue) -> tuple[Array, Array]:
            _list(value).check_dtype(dtype)
            return value.concat(shape, ())

        return concat


@register
class TensorListConcatV2(_Concat):
    """The tensors of a list joined along their first axis, and their lengths; empty places are zeros of some length."""

    type = "TensorListConcatV2"
    signature = (
        "input_handle: variant, element_shape: shape_type, leading_dims: int64 -> tensor: element_dtype, lengths: int64"
    )
    types = {"shape_type": INDICES}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """All but the first size from an input; the lengths are a vector."""
        element = _element_shape(node, 1)
        return [None if not element else (None, *element[1:]), (None,)]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["element_dtype"]

        def concat(value: ListValue, shape: Array, lengths: Array) -> tuple[Array, Array]:
            _list(value).check_dtype(dtype)
            return value.concat(shape_of_value(shape), [int(length) for length in lengths])

        return concat


def _list(value: Any) -> ListValue:
    if not isinstance(value, ListValue):
        raise invalid(f"Input handle is not a list. Saw: {type(value).__name__!r}")
    return value


def _check_vector(tensor: Array) -> None:
    if not np.ndim(tensor):
        raise invalid("Tensor must be at least a vector, but saw shape: []")


def _check_item(value: ListValue, item: Array, doing: str) -> None:
    shape = np.shape(item)
    if value.shape != shape and not shapes.compatible(value.shape, shape):
        raise invalid(
            f"Tried to {doing}. Item element shape: {shapes.text(shape)} list shape: {shapes.text(value.shape)}"
        )


def _scattered(value: ListValue, tensor: Array, indices: Array, *, may_grow: bool) -> ListValue:
    _check_vector(tensor)
    if len(tensor) != len(indices):
        raise invalid(f"Invalid number of rows in input tensor. Expected: {len(indices)} Actual: {len(tensor)}")
    values, size = dict(value.values), value.size
    for index, item in zip(indices, tensor, strict=True):
        place = int(index)
        if place < 0:
            raise invalid(f"Indices in TensorListScatter must all be non-negative, not {place}.")
        if place >= size and not may_grow:
            raise invalid(f"TensorListScatter: Trying to scatter at index {place} in list with size {size}")
        _check_item(value, item, "scatter tensor with incompatible shape into a list")
        values[place] = item
        size = max(size, place + 1)
    return ListValue(value.dtype, value.shape, size, values, value.limit)


# -- derivatives -------------------------------------------------------------------------------------------------------


def _shape_of_list(value: Tensor) -> Tensor:
    return apply("TensorListElementShape", value, shape_type="int32")


def _shape_of_rows(tensor: Tensor) -> Tensor:
    return apply("Slice", apply("Shape", tensor), [1], [-1])


def _empty_like(value: Tensor, grad: Gradient) -> Tensor:
    """A list of as many empty places as another one has places, for the derivatives by its tensors."""
    assert isinstance(grad, Tensor)
    size = apply("TensorListLength", value)
    return apply("TensorListReserve", _shape_of_list(value), size, element_dtype=grad.dtype.base_dtype.name)


def _gathered(tensor: Tensor, indices: Tensor, grad: Gradient) -> Tensor:
    dtype = tensor.dtype.base_dtype.name
    return apply("TensorListGather", grad, indices, _shape_of_rows(tensor), element_dtype=dtype)
