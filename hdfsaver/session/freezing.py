"""Freeze variables: a graph with their values as constants."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.messages import message_classes
from hdfsaver.messages.sub_graphs import extract_sub_graph
from hdfsaver.messages.tensor_protos import write_tensor
from hdfsaver.messages.tensor_types import type_name
from hdfsaver.session.session import Session

_VARIABLES = frozenset({"Variable", "VariableV2"})


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
    names = [node.name for node in found.node if node.op in _VARIABLES]
    names = [name for name in names if variable_names_whitelist is None or name in variable_names_whitelist]
    names = [name for name in names if variable_names_blacklist is None or name not in variable_names_blacklist]
    values = dict(zip(names, sess.run([f"{name}:0" for name in names]) if names else [], strict=True))
    constants = [_constant(node, values[node.name]) if node.name in values else node for node in found.node]
    return message_classes.GraphDef(node=constants, versions=found.versions, library=found.library)


def _constant(node: message_classes.NodeDef, value: Any) -> message_classes.NodeDef:
    name = type_name(node.attr["dtype"].type)
    constant = message_classes.NodeDef(name=node.name, op="Const", device=node.device)
    constant.attr["dtype"].type = node.attr["dtype"].type
    # A run gives a number, or bytes, where a variable has no dimensions.
    write_tensor(constant.attr["value"].tensor, np.asarray(value, dtypes.numpy_dtype(name)), name)
    return constant
