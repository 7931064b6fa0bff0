"""From the messages that our programs handle, which need no protobuf, to structures that can be written as others'."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hdfsaver.messages import descriptor_pool
from hdfsaver.protos.conversion import nodes_of
from hdfsaver.protos.meta_graphs import MetaGraphDef
from hdfsaver.schema import LIBRARY, Structure, build

_INFO = ("meta_graph_version", "tensorflow_version", "tensorflow_git_version", "stripped_default_attrs")
_VERSIONS = ("producer", "min_consumer")


def structure_of_definition(definition: MetaGraphDef) -> Structure:
    """The structure for a ``MetaGraphDef`` of ours.

    Functions, signatures and assets, which are kept there as they are given, must be messages of TensorFlow's or of
    any library that has ``SerializeToString``.

    Raises
    ------
    TypeError
        One of these is no message.
    ValueError
        Two operations have one name, or an input is not written as inputs are.
    """
    nodes = nodes_of(definition.graph_def)
    for data in nodes.values():
        data["outputs"] = ()  # the attributes say already what is known of them
    return Structure(
        build(nodes),
        definition.collection_def,
        definition.saver_def,
        definition.saved_names,
        tensorflow=_remainders(definition) | definition.tensorflow,
    )


def _remainders(definition: MetaGraphDef) -> dict[str, bytes]:
    functions, rest = descriptor_pool.MetaGraphDef(), descriptor_pool.MetaGraphDef()
    library = definition.graph_def.library
    _extend(functions.graph_def.library.function, library.function)
    _extend(functions.graph_def.library.gradient, library.gradient)
    _extend(rest.asset_file_def, definition.asset_file_def)
    for key, signature in definition.signature_def.items():
        rest.signature_def[key].MergeFromString(_bytes_of(signature))
    _write_info(rest, definition)
    # Empty messages stand nowhere, but the graph's own does.
    parts = {
        LIBRARY: functions if library.function or library.gradient else descriptor_pool.MetaGraphDef(),
        "graph_def": rest,
    }
    data = {name: part.SerializeToString(deterministic=True) for name, part in parts.items()}
    return {name: value for name, value in data.items() if value}


def _write_info(message: Any, definition: MetaGraphDef) -> None:
    for name in _INFO:
        setattr(message.meta_info_def, name, getattr(definition.meta_info_def, name))
    message.meta_info_def.tags.extend(definition.meta_info_def.tags)
    versions = definition.graph_def.versions
    for name in _VERSIONS:
        setattr(message.graph_def.versions, name, getattr(versions, name))
    message.graph_def.versions.bad_consumers.extend(versions.bad_consumers)


def _extend(messages_of: Any, items: Iterable[Any]) -> None:
    for item in items:
        messages_of.add().MergeFromString(_bytes_of(item))


def _bytes_of(item: Any) -> bytes:
    if not hasattr(item, "SerializeToString"):
        raise TypeError(f"{item!r} cannot be written: it is no message of protobuf's.")
    return bytes(item.SerializeToString())
