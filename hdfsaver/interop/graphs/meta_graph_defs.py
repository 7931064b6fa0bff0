"""From a ``MetaGraphDef`` to the structure that an hdfsaver checkpoint holds, and back, without loss.

Parts that the structure has no field for are kept as *remainders*: each is a ``MetaGraphDef`` that has one part only.
Protobuf merges messages whose bytes follow one another, so that the remainders and the written parts make the whole.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from hdfsaver import schema
from hdfsaver.errors import DataLossError
from hdfsaver.interop.graphs import collection_defs
from hdfsaver.interop.graphs.collected_savers import with_operations
from hdfsaver.interop.graphs.save_ops import saved_names
from hdfsaver.messages import message_classes
from hdfsaver.messages.names_of_savers import read_names, write_names
from hdfsaver.messages.node_defs import PRODUCER, Known, file_nodes, nodes_in, nodes_of, taken_outputs, write_nodes
from hdfsaver.messages.op_defs import OpDefs
from hdfsaver.messages.parsing import parse
from hdfsaver.messages.saver_defs import read_saver, saver_message
from hdfsaver.schema import LIBRARY, CollectionDef, SavedNames, SaverDef, Structure

Nodes = Mapping[str, dict[str, Any]]

_HANDLE = "VarHandleOp"

_OWN_PARTS = ("meta_info_def", "signature_def", "asset_file_def", "collection_def")


def structure_of(message: message_classes.MetaGraphDef) -> Structure:
    """The structure for a ``MetaGraphDef``, which is taken apart on the way.

    Raises
    ------
    DataLossError
        It has no graph, or one that is not well-formed.
    """
    return with_nodes(*nodes_and_rest(message))


def with_nodes(nodes: Nodes, structure: Structure) -> Structure:
    """The structure with a DiGraph of these nodes, where it is without one."""
    if not structure.digraph:
        with schema.nothing_collected():
            structure.digraph = schema.build(nodes)
    return structure


def nodes_and_rest(message: message_classes.MetaGraphDef) -> tuple[Nodes, Structure]:
    """The nodes for a ``MetaGraphDef``, which is taken apart on the way, and a structure without a DiGraph of them.

    An import makes the edges in the graph that the nodes are put into: making them twice takes time.

    Raises
    ------
    DataLossError
        See `structure_of`.
    """
    if not message.HasField("graph_def"):
        raise DataLossError(None, None, "there is no graph in it.")
    nodes, remembered = file_nodes(message.graph_def, _definitions(message))
    found, inexact = collection_defs.split(message.collection_def)
    saver = read_saver(message.saver_def) if message.HasField("saver_def") else None
    names = read_names(message)
    if names and _are_in(nodes, names):
        message.ClearField("saved_names")
    else:
        names = saved_names(nodes, saver)
    for key in set(message.collection_def) - set(inexact):
        del message.collection_def[key]
    if saver is not None and saver_message(saver) == message.saver_def:
        message.ClearField("saver_def")
    del message.graph_def.node[:]
    message.graph_def.node.extend(remembered)
    return nodes, Structure(schema.build({}), found, saver, names, tensorflow=_remainders(message))


def described_nodes(message: message_classes.MetaGraphDef, known: Known) -> dict[str, dict[str, Any]]:
    """The nodes of a program's ``MetaGraphDef``; those of an unknown type that it defines itself have outputs.

    Parameters
    ----------
    message : MetaGraphDef
    known : callable
        Whether there is a definition for a type, so that its outputs are inferred later.

    Returns
    -------
    dict of str to dict

    Raises
    ------
    ValueError
        See `hdfsaver.messages.node_defs.nodes_of`.
    """
    nodes = nodes_of(message.graph_def)
    definitions = _definitions(message)
    taken = taken_outputs(nodes) if definitions else {}
    for name, data in nodes.items() if definitions else ():
        if data["op"] in definitions and not known(data["op"]):
            data["outputs"] = definitions.outputs(name, data["op"], data["attrs"], taken.get(name, 0))
    return nodes


def described_names(
    message: message_classes.MetaGraphDef, nodes: Mapping[str, Mapping[str, Any]], saver: SaverDef | None
) -> SavedNames:
    """The variable that the Saver of a program's ``MetaGraphDef`` keeps under each name.

    Parameters
    ----------
    message : MetaGraphDef
    nodes : mapping of str to mapping
        The data of its nodes by their names, as `hdfsaver.schema` describes them.
    saver : SaverDef or None
        Its Saver.

    Returns
    -------
    dict
        See `hdfsaver.schema.Structure`; empty where the message does not tell the names.
    """
    return read_names(message) or read_names(message.saver_def) or saved_names(nodes, saver)


def described_collections(message: message_classes.MetaGraphDef) -> dict[str, CollectionDef]:
    """The collections of a program's ``MetaGraphDef`` that can be brought back."""
    return collection_defs.split(message.collection_def)[0]


def _definitions(message: message_classes.MetaGraphDef) -> OpDefs:
    functions = message.graph_def.library.function
    signatures = (function.signature for function in functions)
    return OpDefs([*message.meta_info_def.stripped_op_list.op, *signatures], message.ByteSize())


def _are_in(nodes: Container[str], names: SavedNames) -> bool:
    kept = [[saved] if isinstance(saved, str) else [part.op_name for part in saved] for saved in names.values()]
    return all(op_name in nodes for op_names in kept for op_name in op_names)


def _remainders(message: message_classes.MetaGraphDef) -> dict[str, bytes]:
    parts: dict[str, Any] = {name: message_classes.MetaGraphDef() for name in ("library", "nodes", *_OWN_PARTS)}
    _move(message.graph_def, parts["library"].graph_def, "library")
    _move(message.graph_def, parts["nodes"].graph_def, "node")
    for name in _OWN_PARTS:
        _move(message, parts[name], name)
    # The rest has the versions, and all fields that are not declared here.
    parts["graph_def"] = message
    data = {name: part.SerializeToString(deterministic=True) for name, part in parts.items()}
    return {name: data[name] for name in sorted(data) if data[name]}


def _move(source: Any, target: Any, field: str) -> None:
    """Move a field that is set from one message to another of the same kind."""
    for found, value in source.ListFields():
        if found.name == field:
            moved = getattr(target, field)
            if hasattr(moved, "SetInParent"):  # a message that is present counts as set, even if it is empty
                moved.SetInParent()
            moved.MergeFrom(value)
    source.ClearField(field)


def message_of(
    structure: Structure, with_saver: bool = True, known: Known | None = None
) -> message_classes.MetaGraphDef:
    """The ``MetaGraphDef`` for a structure, as TensorFlow reads it.

    Parameters
    ----------
    structure : Structure
    with_saver : bool
        Add the operations that its Saver needs in TensorFlow, where they are not in the graph.
    known : callable, optional
        Whether the outputs of a type need not be described, see `hdfsaver.messages.node_defs.write_nodes`. By default
        those of all types are known if the graph came with definitions of types; otherwise all are described.

    Returns
    -------
    MetaGraphDef
        A new message.

    Raises
    ------
    DataLossError
        A remainder is not a ``MetaGraphDef``.
    ValueError
        It is a plain digraph, or the Saver keeps something that is not a variable of the graph.
    """
    if structure.is_plain:
        raise ValueError("A plain digraph is not a computation graph: its nodes are not operations.")
    nodes = list(nodes_in(structure.digraph))
    saver = structure.saver
    if with_saver:
        saver, structure, added = with_operations(structure)
        nodes += added.items()
    # Where definitions of types came with the graph, they define the outputs.
    defined = bool(structure.tensorflow.keys() - {LIBRARY})
    return _message(structure, nodes, saver, known or (lambda op: defined), add_shapes=False)


def program_message(structure: Structure, known: Known, add_shapes: bool) -> message_classes.MetaGraphDef:
    """The ``MetaGraphDef`` for a structure, as programs here handle it: no operations are added for its Saver.

    Parameters
    ----------
    structure : Structure
    known, add_shapes
        See `hdfsaver.messages.node_defs.write_nodes`.

    Returns
    -------
    MetaGraphDef
        A new message.
    """
    message = _message(structure, nodes_in(structure.digraph), structure.saver, known, add_shapes)
    write_names(message, structure.saved_names)
    return message


def _message(
    structure: Structure,
    nodes: Iterable[tuple[str, Mapping[str, Any]]],
    saver: SaverDef | None,
    known: Known,
    add_shapes: bool,
) -> message_classes.MetaGraphDef:
    remainders = b"".join(structure.tensorflow.values())
    message = parse(message_classes.MetaGraphDef, remainders, "what /graph/tensorflow has")
    remembered = list(message.graph_def.node)
    message.graph_def.ClearField("node")
    if not (structure.tensorflow.keys() - {LIBRARY} or message.graph_def.HasField("versions")):
        message.graph_def.versions.producer = PRODUCER
    write_nodes(message.graph_def, nodes, known, add_shapes, remembered)
    _write_collections(message, structure)
    _write_saver(message, saver)
    return message


def _write_collections(message: message_classes.MetaGraphDef, structure: Structure) -> None:
    collections = {key: _with_kinds(found, structure.digraph) for key, found in structure.collections.items()}
    for key in list(message.collection_def):
        if not collection_defs.update(key, message.collection_def[key], collections.get(key)):
            del message.collection_def[key]
    for key, collection in collections.items():
        if key not in message.collection_def:
            collection_defs.write_collection(key, message.collection_def[key], collection)


def _with_kinds(collection: CollectionDef, digraph: schema.DiGraph) -> CollectionDef:
    """The collection in which each variable says whether it is behind a handle; files of this format do not say it."""
    if collection.kind != "variable_list":
        return collection
    nodes = digraph.nodes
    names = [item.variable_name.partition(":")[0] for item in collection.value]
    kinds = [nodes[name]["op"] == _HANDLE if name in nodes else None for name in names]
    items = [
        item if kind is None or kind == item.is_resource else replace(item, is_resource=kind)
        for item, kind in zip(collection.value, kinds, strict=True)
    ]
    return CollectionDef(collection.kind, items)


def _write_saver(message: message_classes.MetaGraphDef, saver: SaverDef | None) -> None:
    if saver is None:
        message.ClearField("saver_def")
    elif not message.HasField("saver_def") or read_saver(message.saver_def) != saver:
        message.saver_def.CopyFrom(saver_message(saver))
