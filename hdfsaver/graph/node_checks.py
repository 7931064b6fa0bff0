"""The check of nodes that come from outside against the definitions of their types."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence, Sized
from typing import Any

from hdfsaver import dtypes, limits
from hdfsaver.errors import InvalidNodeError, ResourceExhaustedError
from hdfsaver.graph.attr_defs import check_common
from hdfsaver.graph.definition import OpDef, find
from hdfsaver.shapes import Shape

Outputs = tuple[tuple[str, Shape], ...]

_ONCE_LEFT_OUT = {"shape": None, "mode": b"REFLECT", "message": b""}
"""Attributes without a default, and the values that older files leave out."""

_BYTES_PER_NODE = 64
"""About the bytes of a node in a file, which bound the outputs of all nodes together."""


def budget_of(nodes: Sized) -> limits.Budget:
    """The budget for the outputs of all nodes of a graph."""
    return limits.Budget(_BYTES_PER_NODE * len(nodes))


def take_outputs(budget: limits.Budget, name: str, definition: OpDef, attrs: Mapping[str, Any]) -> None:
    """Count the outputs of an operation.

    Parameters
    ----------
    budget : Budget
        That of the graph; see `budget_of`.
    name : str
        The name of the operation, for the message.
    definition : OpDef
        That of its type.
    attrs : mapping
        Its attributes, which were checked.

    Raises
    ------
    ResourceExhaustedError
        There are more outputs than the budget allows.
    """
    if not _has_lists(definition):
        return
    try:
        budget.take("its outputs", elements=sum(argument.count(attrs) for argument in definition.parsed.outputs))
    except ResourceExhaustedError as error:
        raise ResourceExhaustedError(None, None, f"Node {name!r}: {error.message}") from None


@functools.cache
def _has_lists(definition: OpDef) -> bool:
    """Whether an output stands for several tensors."""
    return any(argument.is_list for argument in definition.parsed.outputs)


def with_defaults(op_type: str, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of an operation, those included that were left out because they have their default values."""
    definition = find(op_type)
    return dict(attrs) if definition is None else {**definition.defaults, **attrs}


def checked_attrs(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a node with those that were left out, after a check against the definition of its type.

    Parameters
    ----------
    name : str
    data : mapping
        The node's data. Outputs are in them if they come from a file of this format, or were inferred before.

    Returns
    -------
    dict

    Raises
    ------
    InvalidNodeError
        An attribute is missing, or of another kind, or has another value than the definition allows.
    """
    op, attrs = data["op"], data["attrs"]
    check_common(name, op, attrs)
    definition = find(op)
    if definition is None:
        return dict(attrs)
    complete = {**definition.defaults, **attrs}
    if "outputs" in data and len(complete) < len(definition.attr_defs.by_name):
        complete = {**_once_left_out(definition, data["outputs"]), **complete}
    definition.attr_defs.check(name, complete)
    return complete


def implied_attrs(definition: OpDef, name: str, inputs: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """All attributes of a new operation: those given, those that the inputs imply, and the defaults of the others.

    Parameters
    ----------
    definition : OpDef
        That of its type.
    name : str
        Its name, for messages.
    inputs : sequence of str
        The dtypes of its inputs, in order.
    given : mapping
        Attributes by name.

    Returns
    -------
    dict

    Raises
    ------
    InvalidNodeError
        An attribute is missing or wrong, or the number of inputs is.
    TypeError
        An input is of another dtype, or is not a variable where one is needed.
    """
    arguments = definition.parsed.inputs
    attrs = dict(given)
    waiting = list(inputs)
    for place, argument in enumerate(arguments):
        behind = sum(not later.is_list for later in arguments[place + 1 :])
        count = 1
        if argument.is_list:
            count = attrs.get(argument.number_attr or "", max(len(waiting) - behind, 0))
        mine, waiting = waiting[:count], waiting[count:]
        if argument.is_ref and not all(dtype.endswith(dtypes.REF_SUFFIX) for dtype in mine):
            raise TypeError(f"Input {argument.name!r} of {name!r} ({definition.type}) must be a variable.")
        plain = [dtypes.base_name(dtype) for dtype in mine]
        if argument.number_attr:
            attrs.setdefault(argument.number_attr, len(mine))
        if argument.dtypes_attr:
            attrs.setdefault(argument.dtypes_attr, plain)
        elif argument.dtype_attr and plain:
            attrs.setdefault(argument.dtype_attr, plain[0])
    complete = checked_attrs(name, {"op": definition.type, "attrs": attrs})
    expected = definition.attr_defs.input_dtypes(name, complete, len(inputs))
    for found, wanted in zip(map(dtypes.base_name, inputs), map(dtypes.base_name, expected), strict=True):
        if found != wanted:
            raise TypeError(
                f"{name!r} ({definition.type}) takes inputs {', '.join(expected)}, not {', '.join(inputs)}."
            )
    return complete


def check_nodes(nodes: Mapping[str, dict[str, Any]], *, are_guessed: bool = False) -> None:
    """Check the nodes that have outputs against the definitions of their types, and complete their attributes.

    Parameters
    ----------
    nodes : mapping of str to dict
        The data of the nodes by name, which are changed.
    are_guessed : bool
        Whether the outputs were guessed: then they become those of the definitions.

    Raises
    ------
    InvalidNodeError
        See `checked_attrs`; or the number of inputs is not that of the definition, or outputs are not; or an input is
        an output that its source does not have.
    ResourceExhaustedError
        There are more outputs than the limits allow.
    """
    budget = budget_of(nodes)
    for name, data in nodes.items():
        if "outputs" in data:
            data["attrs"] = checked_attrs(name, data)
            if are_guessed:
                _define_outputs(name, data, budget)
            check_given(name, data)
    if are_guessed:
        _check_wires(nodes)


def _define_outputs(name: str, data: dict[str, Any], budget: limits.Budget) -> None:
    """Give a node of a known type the outputs of the definition, with the shapes of those that were guessed."""
    definition = find(data["op"])
    if definition is not None:
        take_outputs(budget, name, definition, data["attrs"])
        shapes = [shape for _, shape in data["outputs"]]
        known = definition.attr_defs.expected(data["attrs"]).outputs
        data["outputs"] = tuple(zip(known, [*shapes, *[None] * len(known)], strict=False))


def check_given(name: str, data: Mapping[str, Any]) -> None:
    """Check the number of inputs and the outputs of a node whose attributes are right; `InvalidNodeError` if wrong."""
    op = data["op"]
    definition = find(op)
    if definition is None:
        return
    attrs, outputs = data["attrs"], data["outputs"]
    definition.attr_defs.input_dtypes(name, attrs, len(data["inputs"]))
    expected = definition.attr_defs.expected(attrs).outputs
    if [dtype for dtype, _ in outputs] != expected:
        found = ", ".join(dtype for dtype, _ in outputs)
        text = f"Node {name!r} ({op}): outputs '{found}' are not those of the definition, '{', '.join(expected)}'."
        raise InvalidNodeError(None, None, text)


def no_such_output(name: str, source: str, output: int, count: int) -> str:
    """The message for a node that takes an output which its source does not have.

    Parameters
    ----------
    name, source : str
        The node and its source, by their names in the definition or the file.
    output, count : int
        The output that it takes, and how many there are.

    Returns
    -------
    str
        A sentence.
    """
    return f"Node {name!r}: Connecting to invalid output {output} of source node {source} which has {count} outputs."


def _once_left_out(definition: OpDef, outputs: Outputs) -> dict[str, Any]:
    """The values of attributes that have no default and that older files leave out, where defaults were stripped."""
    found: dict[str, Any] = {key: value for key, value in _ONCE_LEFT_OUT.items() if key in definition.needed}
    if outputs and "dtype" in definition.attr_defs.by_name:
        found["dtype"] = dtypes.base_name(outputs[0][0])
    return found


def _check_wires(nodes: Mapping[str, Mapping[str, Any]]) -> None:
    """Check that every input is an output that its source has, as far as the nodes have outputs yet."""
    for name, data in nodes.items():
        for source, output in data["inputs"]:
            outputs = nodes[source].get("outputs") if source in nodes else None
            if outputs is not None and output >= len(outputs):
                raise InvalidNodeError(None, None, no_such_output(name, source, output, len(outputs)))
