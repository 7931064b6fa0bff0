"""An arbitrary DiGraph of plain values in a file: the group ``/graph`` of the kind ``digraph``.

``nodes`` has the columns ``key`` and ``attrs``; ``edges`` has ``source``, ``target`` and ``attrs``; ``attrs`` is a
table of one row with the attributes of the graph itself. ``source`` and ``target`` are rows of the nodes, counted from
0; every other cell is JSON, see `value_json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from h5py import h5g

from hdfsaver.schema import new_digraph
from hdfsaver.storage.graph.edge_order import ordered_edges
from hdfsaver.storage.graph.large_constants import CONSTANTS
from hdfsaver.storage.graph.literal_columns import FetchedArrays, PlacedArrays, naming, parsed
from hdfsaver.storage.graph.value_json import LiteralReader, LiteralWriter
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5.tables import Column, write_table
from hdfsaver.tensor_info import Array

if TYPE_CHECKING:
    import networkx as nx

NODES = "nodes"
EDGES = "edges"
ATTRS = "attrs"

_ROW = np.dtype(np.int32)


def write_digraph(graph: h5g.GroupID, digraph: nx.DiGraph[Any]) -> None:
    """Write a DiGraph.

    Raises
    ------
    TypeError
        A node's key or an attribute has an unsupported type; the message begins with the node or the edge.
    ValueError
        A value is nested too deeply, or two nodes have the same key in the file.
    """
    constants = PlacedArrays()
    writer = LiteralWriter(constants.add)
    keys = _key_cells(writer, digraph)
    write_table(graph, ATTRS, {"attrs": [_graph_text(writer, digraph)]})
    write_table(graph, NODES, {"key": keys, "attrs": _node_cells(writer, digraph, keys)})
    _write_edges(graph, writer, digraph, keys)
    constants.write(graph)


def _graph_text(writer: LiteralWriter, digraph: nx.DiGraph[Any]) -> str:
    try:
        return writer.attrs("graph", digraph.graph)
    except (TypeError, ValueError) as error:
        raise naming("the graph itself", error) from error


def _key_cells(writer: LiteralWriter, digraph: nx.DiGraph[Any]) -> list[str]:
    cells: dict[str, Any] = {}
    for node in digraph:
        try:
            text = writer.value(node)
        except (TypeError, ValueError) as error:
            raise naming(f"node {node!r}", error) from error
        if text in cells:  # two NaN, for example
            raise ValueError(f"node {node!r} and another node both have the key {text} in the file.")
        cells[text] = node
    return list(cells)


def _label(node: Any, text: str) -> str:
    return node if isinstance(node, str) else text


def _node_cells(writer: LiteralWriter, digraph: nx.DiGraph[Any], keys: Sequence[str]) -> list[str]:
    cells = []
    for (node, attrs), key in zip(digraph.nodes(data=True), keys, strict=True):
        try:
            cells.append(writer.attrs(_label(node, key), attrs))
        except (TypeError, ValueError) as error:
            raise naming(f"node {node!r}", error) from error
    return cells


def _write_edges(graph: h5g.GroupID, writer: LiteralWriter, digraph: nx.DiGraph[Any], keys: Sequence[str]) -> None:
    edges = ordered_edges(digraph)
    nodes = list(digraph)
    labels = [_label(node, key) for node, key in zip(nodes, keys, strict=True)]
    cells = []
    for source, target, attrs in edges:
        try:
            cells.append(writer.attrs(f"{labels[source]}->{labels[target]}", attrs))
        except (TypeError, ValueError) as error:
            raise naming(f"edge {nodes[source]!r} -> {nodes[target]!r}", error) from error
    columns: dict[str, Column] = {
        "source": np.array([source for source, _, _ in edges], _ROW),
        "target": np.array([target for _, target, _ in edges], _ROW),
        "attrs": cells,
    }
    write_table(graph, EDGES, columns)


# --- reading --------------------------------------------------------------------------------------------------------


def read_digraph(graph: h5g.GroupID) -> nx.DiGraph[Any]:
    """Read a DiGraph that is identical to the written one.

    Raises
    ------
    DataLossError
        A table, a cell or a constant is missing or damaged, two nodes or edges are equal, or an edge has an unknown
        node.
    InvalidArgumentError
        A cell has an unknown dtype.
    """
    reader = LiteralReader(FetchedArrays(graph, f"/graph/{CONSTANTS}").read)
    digraph: nx.DiGraph[Any] = new_digraph()
    digraph.graph.update(_graph_attrs(graph, reader))
    nodes = columns_of(graph, NODES, {"key": None, "attrs": None})
    keys = parsed(f"/graph/{NODES}", "key", nodes["key"], reader.key)
    digraph.add_nodes_from(zip(keys, parsed(f"/graph/{NODES}", "attrs", nodes["attrs"], reader.attrs), strict=True))
    if len(digraph) != len(keys):
        raise _repeated(NODES, keys, nodes["key"])
    _read_edges(graph, reader, digraph, keys)
    return digraph


def _graph_attrs(graph: h5g.GroupID, reader: LiteralReader) -> dict[Any, Any]:
    cells = columns_of(graph, ATTRS, {"attrs": None})["attrs"]
    if len(cells) != 1:
        raise damaged(f"/graph/{ATTRS}", f"one row was expected, not {len(cells)}.")
    (attrs,) = parsed(f"/graph/{ATTRS}", "attrs", cells, reader.attrs)
    found: dict[Any, Any] = attrs
    return found


def _read_edges(graph: h5g.GroupID, reader: LiteralReader, digraph: nx.DiGraph[Any], nodes: Sequence[Any]) -> None:
    columns = columns_of(graph, EDGES, {"source": _ROW, "target": _ROW, "attrs": None})
    ends = [_ends(nodes, columns[column], column) for column in ("source", "target")]
    pairs = list(zip(*ends, strict=True))
    attrs = parsed(f"/graph/{EDGES}", "attrs", columns["attrs"], reader.attrs)
    digraph.add_edges_from((*pair, data) for pair, data in zip(pairs, attrs, strict=True))
    if digraph.number_of_edges() != len(pairs):
        raise _repeated(EDGES, pairs, [f"{source!r} -> {target!r}" for source, target in pairs])


def _ends(nodes: Sequence[Any], rows: Array, column: str) -> list[Any]:
    wrong = np.flatnonzero((rows < 0) | (rows >= len(nodes)))
    if wrong.size:
        part = f"/graph/{EDGES} row {wrong[0]}, column {column!r}"
        raise damaged(part, f"there is no row {rows[wrong[0]]} in /graph/{NODES}.")
    return [nodes[row] for row in rows.tolist()]


def _repeated(table: str, items: Sequence[Any], cells: Sequence[str]) -> Exception:
    first: dict[Any, int] = {}
    row = next(row for row, item in enumerate(items) if first.setdefault(item, row) != row)
    return damaged(f"/graph/{table} row {row}", f"{cells[row]} is in row {first[items[row]]} already.")
