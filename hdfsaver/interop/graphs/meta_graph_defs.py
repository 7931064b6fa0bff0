"""From a ``MetaGraphDef`` to the structure that a file of ours holds, and back: nothing is lost on the way.

What the structure has no place for goes along as *remainders*: each is a ``MetaGraphDef`` of its own that has one part
only. Protobuf merges messages whose bytes follow one another, so that the whole is all of them with what is written.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from hdfsaver.errors import DataLossError
from hdfsaver.interop.graphs import collection_defs
from hdfsaver.interop.graphs.save_ops import needs_operations, save_operations, saved_names
from hdfsaver.messages import descriptor_pool
from hdfsaver.messages.node_defs import digraph_of, write_nodes
from hdfsaver.messages.op_defs import OpDefs
from hdfsaver.protos.graphs import PRODUCER
from hdfsaver.schema import SaverDef, Structure

_SAVER_FIELDS = [field.name for field in dataclasses.fields(SaverDef)]
_OWN_PARTS = ("meta_info_def", "signature_def", "asset_file_def", "collection_def")


def structure_of(message: Any) -> Structure:
    """The structure for a ``MetaGraphDef``, which is taken apart on the way.

    Raises
    ------
    DataLossError
        It has no graph, or one that is none.
    """
    if not message.HasField("graph_def"):
        raise DataLossError(None, None, "there is no graph in it.")
    digraph, remembered = digraph_of(message.graph_def, _definitions(message))
    found, inexact = collection_defs.split(message.collection_def)
    saver = _saver(message.saver_def) if message.HasField("saver_def") else None
    for key in set(message.collection_def) - set(inexact):
        del message.collection_def[key]
    if saver is not None and _written_saver(saver) == message.saver_def:
        message.ClearField("saver_def")
    del message.graph_def.node[:]
    message.graph_def.node.extend(remembered)
    return Structure(digraph, found, saver, saved_names(digraph, saver), tensorflow=_remainders(message))


def _definitions(message: Any) -> OpDefs:
    functions = message.graph_def.library.function
    return OpDefs([*message.meta_info_def.stripped_op_list.op, *(function.signature for function in functions)])


def _saver(message: Any) -> SaverDef:
    return SaverDef(**{name: getattr(message, name) for name in _SAVER_FIELDS})


def _written_saver(saver: SaverDef) -> Any:
    return descriptor_pool.SaverDef(**{name: getattr(saver, name) for name in _SAVER_FIELDS})


def _remainders(message: Any) -> dict[str, bytes]:
    parts: dict[str, Any] = {name: descriptor_pool.MetaGraphDef() for name in ("library", "nodes", *_OWN_PARTS)}
    _move(message.graph_def, parts["library"].graph_def, "library")
    _move(message.graph_def, parts["nodes"].graph_def, "node")
    for name in _OWN_PARTS:
        _move(message, parts[name], name)
    # What is left has the versions, and whatever is not declared here.
    parts["graph_def"] = message
    data = {name: part.SerializeToString(deterministic=True) for name, part in parts.items()}
    return {name: data[name] for name in sorted(data) if data[name]}


def _move(source: Any, target: Any, field: str) -> None:
    """Move a field that says something from one message to another of the same kind."""
    for found, value in source.ListFields():
        if found.name == field:
            moved = getattr(target, field)
            if hasattr(moved, "SetInParent"):  # a message that is there says something, even if it is empty
                moved.SetInParent()
            moved.MergeFrom(value)
    source.ClearField(field)


def message_of(structure: Structure, with_saver: bool = True) -> Any:
    """The ``MetaGraphDef`` for a structure.

    Parameters
    ----------
    structure : Structure
    with_saver : bool
        Add the operations that its Saver needs in TensorFlow, where they are not in the graph.

    Raises
    ------
    DataLossError
        A remainder is no such message.
    ValueError
        It is a plain digraph, or the Saver keeps something that is no variable of the graph.
    """
    if structure.is_plain:
        raise ValueError("A plain digraph is no computation graph: its nodes are no operations.")
    remainders = b"".join(structure.tensorflow.values())
    message = descriptor_pool.parse(descriptor_pool.MetaGraphDef, remainders, "what /graph/tensorflow has")
    remembered = list(message.graph_def.node)
    message.graph_def.ClearField("node")
    nodes = list(structure.digraph.nodes.items())
    saver = structure.saver
    if with_saver and needs_operations(structure):
        saver, added = save_operations(structure)
        nodes += added.items()
    if not structure.tensorflow:
        message.graph_def.versions.producer = PRODUCER
    write_nodes(message.graph_def, nodes, remembered, add_outputs=not structure.tensorflow)
    _write_collections(message, structure)
    _write_saver(message, saver)
    return message


def _write_collections(message: Any, structure: Structure) -> None:
    for key in list(message.collection_def):
        if not collection_defs.update(key, message.collection_def[key], structure.collections.get(key)):
            del message.collection_def[key]
    for key, collection in structure.collections.items():
        if key not in message.collection_def:
            collection_defs.write_collection(message.collection_def[key], collection)


def _write_saver(message: Any, saver: SaverDef | None) -> None:
    if saver is None:
        message.ClearField("saver_def")
    elif not message.HasField("saver_def") or _saver(message.saver_def) != saver:
        message.saver_def.CopyFrom(_written_saver(saver))
