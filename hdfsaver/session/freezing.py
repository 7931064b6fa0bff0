"""Freeze variables: a graph with their values as constants."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import FailedPreconditionError
from hdfsaver.graph.definition import Node
from hdfsaver.messages import message_classes
from hdfsaver.messages.sub_graphs import extract_sub_graph
from hdfsaver.messages.tensor_protos import write_tensor
from hdfsaver.messages.tensor_types import type_name, type_number
from hdfsaver.ops.base import variable_key
from hdfsaver.session.freezing_functions import FrozenFunctions
from hdfsaver.session.session import Session

_REFERENCES = frozenset({"Variable", "VariableV2"})
_VARIABLES = _REFERENCES | {"VarHandleOp"}


def convert_variables_to_constants(
    sess: Session,
    input_graph_def: message_classes.GraphDef,
    output_node_names: Iterable[str],
    variable_names_whitelist: Container[str] | None = None,
    variable_names_blacklist: Container[str] | None = None,
) -> message_classes.GraphDef:
    """The part of a graph that leads to some operations, with constants in place of variables.

    Parameters
    ----------
    sess : Session
        The session that has the variables' values.
    input_graph_def : GraphDef
        It is not changed.
    output_node_names : iterable of str
        Names of operations.
    variable_names_whitelist : container of str, optional
        The variables to convert; all that are needed where none are given.
    variable_names_blacklist : container of str, optional
        Variables not to convert.

    Returns
    -------
    GraphDef
        A new definition; it does not share memory with the given one.

    Raises
    ------
    AssertionError
        There is no operation of one of the names.
    FailedPreconditionError
        A variable has no value.
    """
    found = extract_sub_graph(input_graph_def, output_node_names)
    variables = [
        node
        for node in found.node
        if node.op in _VARIABLES
        and (variable_names_whitelist is None or node.name in variable_names_whitelist)
        and (variable_names_blacklist is None or node.name not in variable_names_blacklist)
    ]
    values = _values(sess, variables)
    nodes = {node.name: node for node in found.node}
    kinds = {name: nodes[name].attr["dtype"].type for name in values if nodes[name].op not in _REFERENCES}
    functions = FrozenFunctions(found.library, _frozen, _variable_behind)
    frozen: list[message_classes.NodeDef] = []
    for node in found.node:
        if node.name in values:
            frozen.append(_constant(node, values[node.name]))
        else:
            frozen += [functions.call(each, nodes, kinds) for each in _frozen(node, nodes, kinds)]
    result = message_classes.GraphDef(node=frozen, versions=found.versions, library=found.library)
    result.library.function.extend(functions.made)
    return result


def _values(sess: Session, variables: list[message_classes.NodeDef]) -> dict[str, Any]:
    """The values of variables by the names of their operations."""
    by_reference = [node.name for node in variables if node.op in _REFERENCES]
    values = dict(
        zip(by_reference, sess.run([f"{name}:0" for name in by_reference]) if by_reference else [], strict=True)
    )
    handles = [node.name for node in variables if node.op not in _REFERENCES]
    keys = {name: variable_key(Node.of(sess.graph.data, name)) for name in handles if name in sess.graph.data}
    present = sess.state.snapshot(keys.values())
    for name in handles:
        value = present[keys[name]] if name in keys else None
        if value is None:
            raise FailedPreconditionError(
                None, None, f"Could not find variable {name}: it has no value in the session, and cannot be a constant."
            )
        values[name] = value
    return values


def _frozen(
    node: message_classes.NodeDef, nodes: Mapping[str, message_classes.NodeDef], handles: Mapping[str, int]
) -> list[message_classes.NodeDef]:
    """An operation that takes the handle of a variable, as one that takes the constant; any other one unchanged."""
    variable = _variable_behind(node.input[0], nodes) if node.op in _BY_VALUE and node.input else None
    if variable is None or variable not in handles:
        return [node]
    changed = message_classes.NodeDef(name=node.name, op=_BY_VALUE[node.op], device=node.device, input=node.input)
    if "_class" in node.attr:
        changed.attr["_class"].CopyFrom(node.attr["_class"])
    dtype = handles[variable]
    if node.op != "ResourceGather":
        changed.attr["T"].type = dtype
        if node.op == "VariableShape":
            changed.attr["out_type"].CopyFrom(node.attr["out_type"])
        return [changed]
    changed.attr["Tparams"].type = dtype
    changed.attr["Tindices"].CopyFrom(node.attr["Tindices"])
    changed.attr["Taxis"].type = type_number("int32")
    changed.attr["batch_dims"].i = node.attr["batch_dims"].i
    axis = message_classes.NodeDef(name=f"{node.name}/axis", op="Const", device=node.device)
    axis.attr["dtype"].type = type_number("int32")
    write_tensor(axis.attr["value"].tensor, np.array(node.attr["batch_dims"].i, np.int32), "int32")
    data = 2  # the inputs before those that are only waited for
    output = f"{axis.name}:output:0" if nodes[variable].attr["dtype"].type == 0 else axis.name  # in a function's body
    changed.input[:] = [*node.input[:data], output, *node.input[data:]]
    return [axis, changed]


_BY_VALUE = {
    "Identity": "Identity",
    "ReadVariableOp": "Identity",
    "ResourceGather": "GatherV2",
    "VariableShape": "Shape",
}
"""By the types of operations that take a handle, those that do the same with a value."""


def _variable_behind(text: str, nodes: Mapping[str, message_classes.NodeDef]) -> str | None:
    """The name of the variable whose handle an input is, passed on by others or not; None where it is not a handle."""
    seen: set[str] = set()
    name = text.partition(":")[0]
    while name in nodes and name not in seen:
        seen.add(name)
        node = nodes[name]
        if node.op == "VarHandleOp":
            return name
        if node.op != "Identity" or not node.input:
            return None
        name = node.input[0].partition(":")[0]
    return None


def _constant(node: message_classes.NodeDef, value: Any) -> message_classes.NodeDef:
    name = type_name(node.attr["dtype"].type)
    constant = message_classes.NodeDef(name=node.name, op="Const")  # anywhere, as in TensorFlow
    constant.attr["dtype"].type = node.attr["dtype"].type
    # A run gives a number, or bytes, where a variable has no dimensions.
    write_tensor(constant.attr["value"].tensor, np.asarray(value, dtypes.numpy_dtype(name)), name)
    return constant
