"""The graph in the file: a `Structure` as the group ``/graph``, and back."""

from __future__ import annotations

from h5py import h5g

from hdfsaver import schema
from hdfsaver.annotations import annotate
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.schema import CollectionDef, SavedPart, SaverDef, Structure
from hdfsaver.storage import layout
from hdfsaver.storage.graph.annotation_tables import read_annotations, write_annotations
from hdfsaver.storage.graph.collection_tables import read_collections, write_collections
from hdfsaver.storage.graph.edge_table import read_edges, write_edges
from hdfsaver.storage.graph.node_table import NODES, read_nodes, write_nodes
from hdfsaver.storage.graph.plain_digraph import read_digraph, write_digraph
from hdfsaver.storage.graph.saved_names import read_saved_names, write_saved_names
from hdfsaver.storage.graph.tensorflow_extras import read_remainders, write_remainders
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.dataclass_tables import read_records, write_records
from hdfsaver.storage.hdf5.objects import damaged

GRAPH = "graph"
COLLECTIONS = "collections"
SAVER = "saver"
SAVED_NAMES = "saved_names"
TENSORFLOW = "tensorflow"


def write_structure(root: h5g.GroupID, structure: Structure) -> None:
    """Write a graph with its collections and Saver as the group ``/graph``.

    Raises
    ------
    ValueError, TypeError
        The DiGraph does not follow `hdfsaver.schema`, or has an unsupported value.
    """
    graph = objects.create_group(root, GRAPH)
    if structure.is_plain:
        objects.set_text(graph, layout.KIND_ATTRIBUTE, layout.DIGRAPH)
        with schema.nothing_collected():
            write_digraph(graph, structure.digraph)
        return
    write_nodes(graph, structure.digraph)
    write_edges(graph, structure.digraph)
    write_annotations(graph, structure.digraph)
    if structure.collections:
        write_collections(objects.create_group(graph, COLLECTIONS), structure.collections)
    if structure.saver is not None:
        write_records(graph, SAVER, SaverDef, [structure.saver])
    if structure.saved_names:
        write_saved_names(graph, SAVED_NAMES, structure.saved_names)
    if structure.tensorflow:
        write_remainders(objects.create_group(graph, TENSORFLOW), structure.tensorflow)


def graph_size(root: h5g.GroupID) -> int:
    """The number of nodes of the graph, which is not read; 0 if the file has no graph.

    Raises
    ------
    DataLossError
        The table of nodes is missing or damaged.
    """
    if not objects.has_link(root, GRAPH):
        return 0
    shape = objects.open_dataset(objects.open_group(root, GRAPH), NODES).shape
    return int(shape[0]) if len(shape) == 1 else 0


def read_structure(root: h5g.GroupID) -> Structure | None:
    """Read the group ``/graph``; None if the file has no graph.

    Raises
    ------
    DataLossError
        A part is missing, damaged or inconsistent; the message begins with the part.
    InvalidArgumentError
        A dtype or the kind of the graph is unknown.
    """
    if not objects.has_link(root, GRAPH):
        return None
    graph = objects.open_group(root, GRAPH)
    if _is_plain(graph):
        with schema.nothing_collected():
            return Structure(read_digraph(graph), is_plain=True)
    with schema.nothing_collected():
        nodes = read_nodes(graph)
        read_edges(graph, nodes)
        digraph = schema.build(nodes)
        annotate(digraph, read_annotations(graph, digraph))
    return Structure(
        digraph,
        _read_collections(graph),
        _read_saver(graph),
        _saved_names(graph),
        tensorflow=_remainders(graph),
    )


def _is_plain(graph: h5g.GroupID) -> bool:
    kind = objects.get_text(graph, layout.KIND_ATTRIBUTE)
    if kind in (None, layout.DIGRAPH):
        return kind is not None
    raise InvalidArgumentError(
        None, None, f"/{GRAPH}, attribute {layout.KIND_ATTRIBUTE!r}: unknown kind of graph {kind!r}."
    )


def _read_collections(graph: h5g.GroupID) -> dict[str, CollectionDef]:
    if not objects.has_link(graph, COLLECTIONS):
        return {}
    return read_collections(objects.open_group(graph, COLLECTIONS))


def _read_saver(graph: h5g.GroupID) -> SaverDef | None:
    if not objects.has_link(graph, SAVER):
        return None
    savers = read_records(graph, SAVER, SaverDef)
    if len(savers) != 1:
        raise damaged(f"/{GRAPH}/{SAVER}", f"one row was expected, not {len(savers)}.")
    return savers[0]


def _saved_names(graph: h5g.GroupID) -> dict[str, str | list[SavedPart]]:
    return read_saved_names(graph, SAVED_NAMES) if objects.has_link(graph, SAVED_NAMES) else {}


def _remainders(graph: h5g.GroupID) -> dict[str, bytes]:
    if not objects.has_link(graph, TENSORFLOW):
        return {}
    return read_remainders(objects.open_group(graph, TENSORFLOW))
