"""Zeros as the derivative by an output that nothing uses: for a Switch only where its other side is taken."""

from __future__ import annotations

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.contexts import CondContext, context_of
from hdfsaver.graph.definition import Node
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.variable_values import variable_behind


def zeros_for(output: Tensor) -> Tensor:
    """Zeros of the shape of an output. Of a branch they have to be made on the other branch, where it is dead."""
    operation = output.graph.get_operation_by_name(output.op.name)
    context = context_of(operation)
    if operation.type not in ("Switch", "RefSwitch") or not isinstance(context, CondContext):
        return apply("ZerosLike", output, name="zeros_like")
    graph = operation.graph
    data = apply_list("Switch", operation.inputs[0], context.pred)[1 - context.branch]
    alive = apply("Identity", data)
    if output.dtype.base_dtype.name == "resource":
        variable = variable_behind(Node.of(graph.digraph, operation.name))
        dtype = "float32" if variable is None else variable.attrs["dtype"]
        with graph.control_dependencies([alive]):
            return zeros(apply("VariableShape", data), dtype=dtype)
    sizes = apply("Shape", data)
    with graph.control_dependencies([alive]):  # so that nothing of it runs where the tensor is dead
        return zeros(sizes, dtype=output.dtype.base_dtype)
