"""Arrays of tensors that a run writes and reads one by one, as loops do.

The value of a handle is the array itself (`tensor_array_values`). A *flow* is a number without meaning that an
operation gives and another one takes, so that the other one runs later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import shapes
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Grads, blank, integer, invalid
from hdfsaver.ops.tensor_array_values import ArrayValues, stacked
from hdfsaver.ops.variable_values import source_of_handle
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_HANDLE = (2,)
"""The static shape of a handle, as in TensorFlow."""

_FLOW = np.float32(0)

_MAKERS = frozenset({"TensorArrayV3", "TensorArrayGradV3"})


def _element_shape(node: Node, otherwise: Shape = None) -> Shape:
    """The shape of the values that the handle of an operation tells, or else another one."""
    found = source_of_handle(node, _MAKERS)
    while found is not None and "source" in found.attrs:
        found = source_of_handle(found, _MAKERS)
    if found is None:
        return otherwise
    shape: Shape = found.attrs["element_shape"]
    return shape if found.attrs["identical_element_shapes"] or shapes.is_fully_defined(shape) else otherwise


class _OfArray(OpDef):
    """An operation on the array behind a handle."""

    ranks: Sequence[int | None] = ()
    """Those of the inputs; None for any."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(), for inputs of the right ranks."""
        self.check_ranks(node)
        return [()]

    def check_ranks(self, node: Node) -> None:
        """Refuse inputs of other ranks with a `ValueError`."""
        for shape, rank in zip(node.input_shapes, self.ranks, strict=True):
            if rank is not None:
                shapes.merge(shape, (None,) * rank)


@register
class TensorArrayV3(Flat):
    """A new array, for this run."""

    type = "TensorArrayV3"
    signature = "size: int32 -> handle: resource, flow: float32"
    needed = {"dtype": "type"}
    attrs = {
        "element_shape": None,
        "dynamic_size": False,
        "clear_after_read": True,
        "identical_element_shapes": False,
        "tensor_array_name": b"",
    }

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(2) for the handle, () for the flow."""
        shapes.merge(node.input_shapes[0], ())
        return [_HANDLE, ()]

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        name = attrs["tensor_array_name"].decode("utf-8", "replace") or node.name

        def make(size: Array) -> tuple[ArrayValues, Any]:
            if np.ndim(size):
                raise invalid(f"TensorArray size must be scalar, but had shape: {shapes.text(np.shape(size))}")
            if size < 0:
                raise invalid("Size should be >= 0.")
            made = ArrayValues(
                name,
                attrs["dtype"],
                int(size),
                attrs["element_shape"],
                dynamic_size=attrs["dynamic_size"],
                clear_after_read=attrs["clear_after_read"],
                identical=attrs["identical_element_shapes"],
            )
            return made, _FLOW

        return make


@register
class TensorArrayGradV3(Flat):
    """The array of the derivatives by the values of another one: a single one for each source."""

    type = "TensorArrayGradV3"
    signature = "handle: resource, flow_in: float32 -> grad_handle: resource, flow_out: float32"
    needed = {"source": "string"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(2) for the handle, () for the flow."""
        shapes.merge(node.input_shapes[0], _HANDLE)
        return [_HANDLE, ()]

    def kernel(self, node: Node) -> Kernel:
        source = node.attrs["source"].decode("utf-8", "replace")
        return lambda array, flow: (array.derivative(source), flow)


@register
class TensorArrayWriteV3(_OfArray):
    """Write a value."""

    type = "TensorArrayWriteV3"
    signature = "handle: resource, index: int32, value: T, flow_in: float32 -> flow_out: float32"
    ranks = (1, 0, None, 0)

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(); the shape of value must be one that the array takes."""
        shapes.merge(_element_shape(node), node.input_shapes[2])
        return super().shapes(node)

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]

        def write(array: ArrayValues, index: Array, value: Array, flow: Array) -> Array:
            array.check_dtype(dtype, "is trying to write")
            array.write(_index(index), value)
            return flow

        return write

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad_handle, flow, barrier = _derivatives_behind(op, grads[0])
        grad = apply("TensorArrayReadV3", grad_handle, op.inputs[1], flow, dtype=op.data["attrs"]["T"])
        return [None, None, grad, barrier]


@register
class TensorArrayReadV3(_OfArray):
    """Read a value."""

    type = "TensorArrayReadV3"
    signature = "handle: resource, index: int32, flow_in: float32 -> value: dtype"
    ranks = (1, 0, 0)

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the values, where the array has one."""
        self.check_ranks(node)
        return [_element_shape(node)]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["dtype"]

        def read(array: ArrayValues, index: Array, flow: Array) -> Array:
            array.check_dtype(dtype, "requested")
            return array.read(_index(index))

        return read

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        handle, index, flow = op.inputs
        grad_handle, grad_flow = _derivatives(handle, flow, grads[0])
        with op.graph.name_scope("TensorArrayWrite"):
            written = apply("TensorArrayWriteV3", grad_handle, index, grads[0], grad_flow)
        return [None, None, written]


@register
class TensorArrayGatherV3(_OfArray):
    """Read several values, and stack them."""

    type = "TensorArrayGatherV3"
    signature = "handle: resource, indices: int32, flow_in: float32 -> value: dtype"
    attrs = {"element_shape": None}
    ranks = (1, 1, 0)

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The number of indices, then the shape of the values."""
        self.check_ranks(node)
        element = _element_shape(node, node.attrs["element_shape"])
        if element is None:
            return [None]
        indices = node.input_shapes[1]
        return [(None if indices is None else indices[0], *element)]

    def kernel(self, node: Node) -> Kernel:
        dtype, element_shape = node.attrs["dtype"], node.attrs["element_shape"]

        def gather(array: ArrayValues, indices: Array, flow: Array) -> Array:
            array.check_dtype(dtype, "requested")
            array.restrict(element_shape)
            _check_vector(indices, "indices")
            if len(indices):
                return stacked(array.read_many(map(int, indices)), dtype)
            return blank((0, *_known(element_shape, "element shape", "packing")), dtype)

        return gather

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        handle, indices, flow = op.inputs
        grad_handle, grad_flow = _derivatives(handle, flow, grads[0])
        with op.graph.name_scope("TensorArrayScatter"):
            written = apply("TensorArrayScatterV3", grad_handle, indices, grads[0], grad_flow)
        return [None, None, written]


@register
class TensorArrayScatterV3(_OfArray):
    """Write the slices of a tensor."""

    type = "TensorArrayScatterV3"
    signature = "handle: resource, indices: int32, value: T, flow_in: float32 -> flow_out: float32"
    ranks = (1, 1, None, 0)

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(); value has a slice for each index, of a shape that the array takes."""
        value, indices = node.input_shapes[2], node.input_shapes[1]
        if value is not None:
            shapes.merge(value[:1], indices)
            shapes.merge(_element_shape(node), value[1:])
        return super().shapes(node)

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]

        def scatter(array: ArrayValues, indices: Array, value: Array, flow: Array) -> Array:
            array.check_dtype(dtype, "is trying to write")
            _check_vector(indices, "indices")
            if not np.ndim(value):
                raise invalid("Input value for unpack must be at least a vector but received shape: []")
            if len(indices) != len(value):
                raise invalid(f"Expected len(indices) == values.shape[0], but saw: {len(indices)} vs. {len(value)}")
            last, size = max(map(int, indices), default=-1), array.size()
            if last >= size and not array.dynamic_size:
                raise invalid(f"Max scatter index must be < array size ({last} vs. {size})")
            array.mark(max(last + 1, size))
            for index, item in zip(indices, value, strict=True):
                array.write(int(index), item)
            return flow

        return scatter

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad_handle, flow, barrier = _derivatives_behind(op, grads[0])
        grad = apply("TensorArrayGatherV3", grad_handle, op.inputs[1], flow, dtype=op.data["attrs"]["T"])
        return [None, None, grad, barrier]


@register
class TensorArrayConcatV3(_OfArray):
    """Read all values, and join them along their first axis."""

    type = "TensorArrayConcatV3"
    signature = "handle: resource, flow_in: float32 -> value: dtype, lengths: int64"
    attrs = {"element_shape_except0": None}
    ranks = (1, 0)

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown; the lengths are a vector."""
        self.check_ranks(node)
        return [None, (None,)]

    def kernel(self, node: Node) -> Kernel:
        dtype, rest = node.attrs["dtype"], node.attrs["element_shape_except0"]

        def concat(array: ArrayValues, flow: Array) -> tuple[Array, Array]:
            array.check_dtype(dtype, "requested")
            values = array.read_many(range(array.joined_size()))
            if not values:
                known = _known(rest, "element_shape_except0", "concatenating")
                return blank((0, *known), dtype), np.zeros(0, np.int64)
            _check_joined(values, rest)
            return np.concatenate(values), np.array([len(value) for value in values], np.int64)

        return concat

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        handle, flow = op.inputs
        grad_handle, grad_flow = _derivatives(handle, flow, grads[0])
        with op.graph.name_scope("TensorArraySplit"):
            written = apply("TensorArraySplitV3", grad_handle, grads[0], op.outputs[1], grad_flow)
        return [None, written]


@register
class TensorArraySplitV3(_OfArray):
    """Write the parts of a tensor, of some lengths along its first axis."""

    type = "TensorArraySplitV3"
    signature = "handle: resource, value: T, lengths: int64, flow_in: float32 -> flow_out: float32"
    ranks = (1, None, 1, 0)

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]

        def split(array: ArrayValues, value: Array, lengths: Array, flow: Array) -> Array:
            _check_vector(lengths, "lengths")
            shape = shapes.text(np.shape(value))
            if not np.ndim(value):
                raise invalid(f"Expected value to be at least a vector, but received shape: {shape}")
            total = int(np.sum(lengths))
            if total != len(value) or np.any(lengths < 0):
                raise invalid(
                    "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                    f"{total} and value's shape is: {shape}"
                )
            size = array.size()
            if array.dynamic_size:
                size = max(size, len(lengths))
            if size != len(lengths):
                raise invalid(
                    f"TensorArray's size is not equal to the size of lengths ({size} vs. {len(lengths)}), and the "
                    "TensorArray is not marked as dynamically resizeable"
                )
            array.check_dtype(dtype, "is trying to write")
            array.mark(size)
            for index, part in enumerate(np.split(value, np.cumsum(lengths)[:-1]) if len(lengths) else []):
                array.write(index, part)
            return flow

        return split

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad_handle, flow, barrier = _derivatives_behind(op, grads[0])
        grad = apply_list("TensorArrayConcatV3", grad_handle, flow, dtype=op.data["attrs"]["T"])[0]
        return [None, grad, None, barrier]


@register
class TensorArraySizeV3(Flat, _OfArray):
    """The number of values."""

    type = "TensorArraySizeV3"
    signature = "handle: resource, flow_in: float32 -> size: int32"
    ranks = (1, 0)

    def kernel(self, node: Node) -> Kernel:
        return lambda array, flow: np.int32(array.size())


@register
class TensorArrayCloseV3(Flat):
    """Forget all values: the array cannot be used any more in this run."""

    type = "TensorArrayCloseV3"
    signature = "handle: resource ->"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        shapes.merge(node.input_shapes[0], _HANDLE)
        return []

    def kernel(self, node: Node) -> Kernel:
        def close(array: ArrayValues) -> tuple[()]:
            array.close()
            return ()

        return close


def _index(index: Array) -> int:
    if np.ndim(index):
        raise invalid(f"TensorArray index must be scalar, but had shape: {shapes.text(np.shape(index))}")
    return integer(index)


def _check_vector(value: Array, what: str) -> None:
    if np.ndim(value) != 1:
        raise invalid(f"Expected {what} to be a vector, but received shape: {shapes.text(np.shape(value))}")


def _known(shape: Shape, what: str, doing: str) -> tuple[int, ...]:
    if shape is None or None in shape:
        raise UnimplementedError(
            None,
            None,
            f"TensorArray has size zero, but {what} {shapes.text(shape)} is not fully defined. Currently only static "
            f"shapes are supported when {doing} zero-size TensorArrays.",
        )
    return tuple(size for size in shape if size is not None)


def _check_joined(values: Sequence[Array], rest: Shape) -> None:
    for index, value in enumerate(values):
        if not value.ndim:
            raise invalid(
                f"Concat saw a scalar shape at index {index} but requires at least vectors.  Did you mean to call pack?"
            )
        if not shapes.compatible(rest, value.shape[1:]) or value.shape[1:] != values[0].shape[1:]:
            raise invalid(
                "TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: "
                f"{shapes.text(values[0].shape[1:])} but index {index} has (excepting dimension 0) shape: "
                f"{shapes.text(value.shape[1:])}; the expected one is {shapes.text(rest)}."
            )


# -- derivatives -------------------------------------------------------------------------------------------------------


def array_of_derivatives(handle: Tensor, flow: Tensor, source: str, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The handle and the flow of the array of derivatives by another one.

    Parameters
    ----------
    handle, flow : Tensor
        Those of the other array.
    source : str
        The name of the call of `gradients`: each has arrays of its own.
    name : str, optional
        The name of the operation and of the scope.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    ValueError
        They belong to different graphs.
    """
    graph = handle.graph
    with graph.name_scope(name or "TensorArrayGrad"), graph.colocate_with(handle.op):
        found = apply_list("TensorArrayGradV3", handle, flow, source=source.encode(), name=name)[0]
        with graph.control_dependencies([found]):
            return found, apply("Identity", flow, name="gradient_flow")


def _derivatives(handle: Tensor, flow: Tensor, grad: Tensor | None) -> tuple[Tensor, Tensor]:
    assert grad is not None
    return array_of_derivatives(handle, flow, _source(grad))


def _derivatives_behind(op: Operation, grad: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """The array of derivatives once an operation has written to the array, and the flow that waits for that."""
    assert grad is not None
    source = _source(grad)
    written = apply("Identity", op.outputs[0], name="flow_out")
    with op.graph.control_dependencies([written]):
        barrier = apply("Identity", grad, name="write_barrier")
    return (*array_of_derivatives(op.inputs[0], barrier, source), barrier)


def _source(grad: Tensor) -> str:
    """The scope of the call of `gradients` that a derivative was made by."""
    parts = grad.name.split("/")
    places = [place for place, part in enumerate(parts) if part.startswith("gradients")]
    if not places:
        raise ValueError(
            f"Expected op/tensor name to start with gradients (excluding scope), got: {grad.name}. The derivatives by "
            "a TensorArray are kept by the name that tf.gradients was given: let it begin with 'gradients'."
        )
    return "/".join(parts[: places[-1] + 1])
