"""The values that a program has put on a computation graph: the group ``/graph/annotations``.

``nodes`` has the columns ``name`` and ``attrs``; ``edges`` has ``source``, ``target`` and ``attrs``; ``attrs`` is a
table of one row with the values of the graph itself. Each is absent if it would be empty. The cells of ``attrs`` are
JSON, see `value_json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from h5py import h5g

from hdfsaver.annotations import Annotations, annotations_of
from hdfsaver.schema import DiGraph
from hdfsaver.storage.graph.literal_columns import FetchedArrays, PlacedArrays, naming, parsed
from hdfsaver.storage.graph.plain_digraph import ATTRS, EDGES, NODES
from hdfsaver.storage.graph.value_json import LiteralReader, LiteralWriter
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5.tables import write_table

ANNOTATIONS = "annotations"
PART = f"/graph/{ANNOTATIONS}"


def check_annotations(digraph: DiGraph) -> None:
    """Check that a file can hold all values that a program has put on a graph.

    Raises
    ------
    TypeError, ValueError
        One of them cannot be stored; the message begins with the node or edge and the key.
    """
    _cells(annotations_of(digraph), LiteralWriter(lambda label, _array: label))


def write_annotations(graph: h5g.GroupID, digraph: DiGraph) -> None:
    """Write them, if there are any; errors as for `check_annotations`."""
    found = annotations_of(digraph)
    if not found:
        return
    arrays = PlacedArrays()
    itself, nodes, edges = _cells(found, LiteralWriter(arrays.add))
    group = objects.create_group(graph, ANNOTATIONS)
    if itself:
        write_table(group, ATTRS, {"attrs": itself})
    if nodes:
        write_table(group, NODES, {"name": list(found.nodes), "attrs": nodes})
    if edges:
        sources, targets = zip(*found.edges, strict=True)
        write_table(group, EDGES, {"source": list(sources), "target": list(targets), "attrs": edges})
    arrays.write(group)


def _cells(found: Annotations, writer: LiteralWriter) -> tuple[list[str], list[str], list[str]]:
    itself = [("graph", "the graph itself", found.graph)] if found.graph else []
    nodes = ((name, f"node {name!r}", values) for name, values in found.nodes.items())
    edges = ((f"{s}->{t}", f"edge {s!r} -> {t!r}", values) for (s, t), values in found.edges.items())
    return _column(writer, itself), _column(writer, nodes), _column(writer, edges)


def _column(writer: LiteralWriter, rows: Iterable[tuple[str, str, dict[Any, Any]]]) -> list[str]:
    cells = []
    for label, owner, values in rows:
        try:
            cells.append(writer.attrs(label, values))
        except (TypeError, ValueError) as error:
            raise naming(owner, error) from error
    return cells


def read_annotations(graph: h5g.GroupID, digraph: DiGraph) -> Annotations:
    """Read the values for a graph.

    Raises
    ------
    DataLossError
        A table, a cell or an array is missing or damaged, or a row has an unknown node or edge, or a key of the graph.
    InvalidArgumentError
        A cell has an unknown dtype.
    """
    if not objects.has_link(graph, ANNOTATIONS):
        return Annotations({}, {}, {})
    group = objects.open_group(graph, ANNOTATIONS)
    reader = LiteralReader(FetchedArrays(group, f"{PART}/constants").read)
    itself = _read(group, ATTRS, (), reader)
    nodes = _read(group, NODES, ("name",), reader)
    edges = _read(group, EDGES, ("source", "target"), reader)
    if len(itself) > 1:
        raise damaged(f"{PART}/{ATTRS}", f"one row was expected, not {len(itself)}.")
    found = Annotations(
        itself[0][-1] if itself else {},
        dict(nodes),
        {(source, target): values for source, target, values in edges},
    )
    _check(digraph, found, len(nodes), len(edges))
    return found


def _read(group: h5g.GroupID, table: str, names: tuple[str, ...], reader: LiteralReader) -> list[Any]:
    if not objects.has_link(group, table):
        return []
    columns = columns_of(group, table, dict.fromkeys((*names, "attrs")))
    values = parsed(f"{PART}/{table}", "attrs", columns["attrs"], reader.attrs)
    return list(zip(*(columns[name] for name in names), values, strict=True))


def _check(digraph: DiGraph, found: Annotations, nodes: int, edges: int) -> None:
    """Check that each row is for another node or edge of the graph, and has none of the graph's own keys."""
    if len(found.nodes) != nodes or len(found.edges) != edges:
        raise damaged(PART, "two rows are for the same node or edge.")
    for name, values in found.nodes.items():
        _check_row(name in digraph and digraph.nodes[name], f"node {name!r}", values)
    for (source, target), values in found.edges.items():
        _check_row(digraph.get_edge_data(source, target), f"edge {source!r} -> {target!r}", values)


def _check_row(there: Any, owner: str, values: dict[Any, Any]) -> None:
    if not there:
        raise damaged(PART, f"there is no {owner}.")
    taken = [key for key in values if key in there]
    if taken:
        raise damaged(PART, f"{owner} has the key {taken[0]!r} in the graph itself.")
