"""Initial values that are computed of other variables, which may not be initialized yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hdfsaver.graph.contexts import context_of
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor

InitializedValue: TypeAlias = Callable[[Operation], Tensor | None]
"""Gives the value that a variable's operation has, or is going to have; None where it is not known."""

_VARIABLES = frozenset({"Variable", "VariableV2"})
# Whether a variable has a value is a question that has an answer before it has one.
_KEPT = frozenset({"IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If"})
_LAST = _KEPT | _VARIABLES


def check_outside(value: Tensor, name: str) -> None:
    """Refuse an initial value that is made inside of a branch or a loop, which runs without the variable's initializer.

    Raises
    ------
    ValueError
        It is. A function that makes the value is called outside of them.
    """
    if context_of(value.op) is not None:
        raise ValueError(
            f"The initial_value of variable {name!r} is from inside a control-flow construct, such as a loop or "
            "conditional. Give a function that makes the value, such as a lambda, instead."
        )


def guarded(value: Tensor, name: str, initialized_value: InitializedValue) -> Tensor:
    """The same value, computed of the initial values of those variables that have none yet.

    Parameters
    ----------
    value : Tensor
        The initial value of a variable.
    name : str
        The name of that variable, which is added to the names of operations that are made again.
    initialized_value : callable
        See `InitializedValue`.

    Returns
    -------
    Tensor
        The value itself where it does not depend on variables, or where there is a cycle in the graph before it.
    """
    if not value.op.data["inputs"] and value.op.type not in _VARIABLES:
        return value
    order = _before(value.op)
    if order is None or not any(operation.type in _VARIABLES for operation in order):
        return value
    made: dict[str, list[Tensor]] = {}
    for operation in order:
        made[operation.name] = _again(operation, made, name, initialized_value)
    return made[value.op.name][value.value_index]


def _before(last: Operation) -> list[Operation] | None:
    """The operations that an operation needs, itself included, each after its inputs; None where there is a cycle.

    Nothing before an operation that is kept unchanged is looked at.
    """
    order: list[Operation] = []
    state: dict[str, bool] = {}  # False while the inputs are being looked at, True afterwards
    waiting = [(last, False)]
    while waiting:
        operation, is_done = waiting.pop()
        if is_done:
            state[operation.name] = True
            order.append(operation)
        elif operation.name not in state:
            state[operation.name] = False
            waiting.append((operation, True))
            if operation.type not in _LAST:
                waiting.extend((tensor.op, False) for tensor in operation.inputs)
        elif not state[operation.name]:
            return None
    return order


def _again(
    operation: Operation, made: dict[str, list[Tensor]], name: str, initialized_value: InitializedValue
) -> list[Tensor]:
    """The outputs of an operation, or of a copy of it where one of its inputs is another tensor now."""
    if operation.type in _VARIABLES:
        found = initialized_value(operation)
        return list(operation.outputs) if found is None else [found]
    if operation.type in _KEPT:
        return list(operation.outputs)
    inputs = [made[tensor.op.name][tensor.value_index] for tensor in operation.inputs]
    if all(new is old for new, old in zip(inputs, operation.inputs, strict=True)):
        return list(operation.outputs)
    # A reference is a value now, which cannot be switched by reference.
    kind = "Switch" if operation.type == "RefSwitch" else operation.type
    graph = operation.graph
    attrs = dict(graph.data.nodes[operation.name]["attrs"])
    with graph.name_scope(None):
        return list(graph.create(kind, inputs, attrs, f"{operation.name}_{name}").outputs)
