"""The part of a ``MetaGraphDef`` about its graph: the version that wrote it, and the definitions of its operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hdfsaver.graph.attr_defs import AttrDef
from hdfsaver.graph.definition import OpDef, find
from hdfsaver.graph.op_def_messages import op_def_of
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import attr_value
from hdfsaver.version import GIT_VERSION, VERSION

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
"""The types that call the function which their attribute ``f`` names."""


def ops_used_by_graph_def(graph_def: message_classes.GraphDef) -> list[str]:
    """The types of the operations in a graph, and in the functions that it calls, without the functions themselves."""
    functions = {function.signature.name: function for function in graph_def.library.function}
    used: set[str] = set()
    waiting = [graph_def.node]
    while waiting:
        for node in waiting.pop():
            for name in (node.op, node.attr["f"].func.name) if node.op in _CALLS and "f" in node.attr else (node.op,):
                if name not in used and name in functions:
                    waiting.append(functions[name].node_def)
                used.add(name)
    return [name for name in used if name not in functions]


def stripped_op_list_for_graph(graph_def: message_classes.GraphDef) -> message_classes.OpList:
    """The definitions of the types that a graph uses, sorted by their names; those that are not known are left out.

    TensorFlow removes, of a graph from a later release, the attributes that it does not know where they have the
    defaults of these definitions.
    """
    found = (find(name) for name in sorted(ops_used_by_graph_def(graph_def)))
    return message_classes.OpList(op=[op_def_of(definition) for definition in found if definition is not None])


def fill_meta_info(
    message: message_classes.MetaGraphDef, given: message_classes.MetaGraphDef.MetaInfoDef | None = None
) -> None:
    """Say which version writes a graph, and how its types of operations are defined.

    Parameters
    ----------
    message : MetaGraphDef
        It is changed. Definitions of unknown types, which came with the graph, are kept.
    given : MetaInfoDef, optional
        The program's own; its definitions take the place of others.

    Raises
    ------
    TypeError
        The second argument is something else.
    """
    if given is not None and not isinstance(given, message_classes.MetaGraphDef.MetaInfoDef):
        raise TypeError(f"meta_info_def must be of type MetaInfoDef. Received type: {type(given)}.")
    info = message.meta_info_def
    kept = [op for op in info.stripped_op_list.op if find(op.name) is None]
    info.Clear()
    info.SetInParent()
    if given is not None:
        info.CopyFrom(given)
    info.tensorflow_version, info.tensorflow_git_version = VERSION, GIT_VERSION
    if info.stripped_op_list.op:
        return
    used = set(ops_used_by_graph_def(message.graph_def)) if kept else set()
    known = stripped_op_list_for_graph(message.graph_def).op
    ops = sorted([*known, *(op for op in kept if op.name in used)], key=lambda op: op.name)
    info.stripped_op_list.SetInParent()
    info.stripped_op_list.op.extend(ops)


def strip_graph_default_valued_attrs(meta_graph_def: message_classes.MetaGraphDef) -> None:
    """Remove from a message the attributes that have their default values, in functions too, and say so in it."""
    library = meta_graph_def.graph_def.library.function
    functions = {function.signature.name for function in library}
    defaults: dict[str, Mapping[str, message_classes.AttrValue]] = {}
    _strip(meta_graph_def.graph_def.node, functions, defaults)
    for function in library:
        _strip(function.node_def, functions, defaults)
    meta_graph_def.meta_info_def.stripped_default_attrs = True


def _strip(
    nodes: Iterable[message_classes.NodeDef],
    functions: set[str],
    known: dict[str, Mapping[str, message_classes.AttrValue]],
) -> None:
    for node in nodes:
        if node.op not in known:
            definition = None if node.op in functions else find(node.op)
            known[node.op] = {} if definition is None else _defaults(definition)
        for key, value in known[node.op].items():
            if key in node.attr and node.attr[key] == value:
                del node.attr[key]


def _defaults(definition: OpDef) -> dict[str, message_classes.AttrValue]:
    attrs: dict[str, AttrDef] = definition.attr_defs.by_name
    return {key: attr_value(value) for key, value in definition.defaults.items() if key in attrs}
