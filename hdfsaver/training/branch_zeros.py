"""Zeros as the derivative by an output that nothing uses: for a Switch only where its other side is taken."""

from __future__ import annotations

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.contexts import CondContext, context_of
from hdfsaver.graph.definition import Node
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.filling import zeros, zeros_like
from hdfsaver.ops.variable_values import HANDLE, variable_behind
from hdfsaver.shapes import Shape


def zeros_for(output: Tensor) -> Tensor:
    """Zeros of the shape of an output. Of a branch they have to be made on the other branch, where it is dead."""
    operation = output.graph.get_operation_by_name(output.op.name)
    context = context_of(operation)
    if operation.type not in ("Switch", "RefSwitch") or not isinstance(context, CondContext):
        return apply("ZerosLike", output, name="zeros_like")
    graph = operation.graph
    data = apply_list("Switch", operation.inputs[0], context.pred)[1 - context.branch]
    alive = apply("Identity", data)
    kind, _ = kind_and_shape(output)
    if output.dtype.base_dtype.name == "resource":
        with graph.control_dependencies([alive]):
            return zeros(apply("VariableShape", data), dtype=kind)
    sizes = apply("Shape", data)
    with graph.control_dependencies([alive]):  # so that nothing of it runs where the tensor is dead
        return zeros(sizes, dtype=kind)


def kind_and_shape(tensor: Tensor) -> tuple[str, Shape]:
    """The dtype and the static shape of a tensor; of a handle those of its variable."""
    if tensor.dtype.base_dtype.name != "resource":
        return tensor.dtype.base_dtype.name, tensor.shape.plain
    node = Node.of(tensor.graph.data, tensor.op.name)
    variable = node if tensor.op.type == HANDLE else variable_behind(node)
    return ("float32", None) if variable is None else (variable.attrs["dtype"], variable.attrs["shape"])


def shape_operation(tensor: Tensor) -> str:
    """The type of the operation that gives the shape of a tensor, or of the variable of a handle."""
    return "VariableShape" if tensor.dtype.base_dtype.name == "resource" else "Shape"


def zeros_as(tensor: Tensor) -> Tensor:
    """Zeros as the derivative by a tensor, or by the variable of a handle."""
    if tensor.dtype.base_dtype.name != "resource":
        return zeros_like(tensor)
    kind, shape = kind_and_shape(tensor)
    return zeros(apply("VariableShape", tensor) if shape is None or None in shape else shape, dtype=kind)
