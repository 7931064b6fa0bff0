"""What a program has put on the DiGraph of a computation graph: values on nodes, on edges, and on the graph itself.

They are the keys beyond those of `hdfsaver.schema`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

from hdfsaver.schema import EDGE_FIELDS, NODE_FIELDS, DiGraph

Values = dict[Any, Any]


class Annotations(NamedTuple):
    """The values of a program by their keys: of the graph itself, of each node and of each edge that has any."""

    graph: Values
    nodes: dict[str, Values]
    edges: dict[tuple[str, str], Values]

    def __bool__(self) -> bool:
        return bool(self.graph or self.nodes or self.edges)

    def text(self) -> str:
        """How many there are, for messages: ``"values on 2 nodes and 1 edges"``."""
        return f"values on {len(self.nodes)} nodes and {len(self.edges)} edges" + " and on the graph" * bool(self.graph)


NONE = Annotations({}, {}, {})


class Watch:
    """Tells whether a DiGraph has annotations, in every save: so it counts keys, in lists that are made once."""

    def __init__(self) -> None:
        self._version = -1
        self._nodes: list[Values] = []
        self._edges: list[Values] = []

    def is_annotated(self, digraph: DiGraph, version: int) -> bool:
        """Whether a node, an edge or the graph has other keys than those of the schema.

        Parameters
        ----------
        digraph : networkx.DiGraph
        version : int
            A number that changes whenever operations are added. What a program changes itself needs no new one.
        """
        if version != self._version:
            self._nodes = [data for _, data in digraph.nodes(data=True)]
            self._edges = [data for _, targets in digraph.adjacency() for data in targets.values()]
            self._version = version
        return (
            bool(digraph.graph)
            or sum(map(len, self._nodes)) != len(NODE_FIELDS) * len(self._nodes)
            or sum(map(len, self._edges)) != len(EDGE_FIELDS) * len(self._edges)
        )


def annotations_of(digraph: DiGraph) -> Annotations:
    """The values that a program has put on a DiGraph; edges in the order of their targets, then of their sources."""
    if not Watch().is_annotated(digraph, 0):
        return NONE
    nodes = {name: _further(data, NODE_FIELDS) for name, data in digraph.nodes(data=True)}
    edges = {(source, target): _further(data, EDGE_FIELDS) for source, target, data in _edges(digraph)}
    return Annotations(
        dict(digraph.graph),
        {name: found for name, found in nodes.items() if found},
        {edge: found for edge, found in edges.items() if found},
    )


def _edges(digraph: DiGraph) -> list[tuple[str, str, Values]]:
    """The edges with further keys. Their order depends on the nodes alone, not on the order of the calls."""
    found = [edge for edge in digraph.edges(data=True) if len(edge[2]) != len(EDGE_FIELDS)]
    places = {name: place for place, name in enumerate(digraph)} if found else {}
    return sorted(found, key=lambda edge: (places[edge[1]], places[edge[0]]))


def _further(data: Mapping[Any, Any], fields: tuple[str, ...]) -> Values:
    return {key: value for key, value in data.items() if key not in fields}


def annotate(digraph: DiGraph, found: Annotations, names: Mapping[str, str] | None = None) -> None:
    """Put values on a DiGraph, except where it lacks the node or the edge, or has a value under that key.

    Parameters
    ----------
    digraph : networkx.DiGraph
    found : Annotations
    names : mapping of str to str, optional
        The names in ``digraph`` by the names in ``found``, where they are other names.
    """
    new = {} if names is None else names
    _add(digraph.graph, found.graph)
    for name, values in found.nodes.items():
        if new.get(name, name) in digraph:
            _add(digraph.nodes[new.get(name, name)], values)
    for (source, target), values in found.edges.items():
        edge = new.get(source, source), new.get(target, target)
        if digraph.has_edge(*edge):
            _add(digraph.edges[edge], values)


def _add(there: Values, values: Values) -> None:
    for key, value in values.items():
        there.setdefault(key, value)


def snapshot(digraph: DiGraph) -> DiGraph:
    """A copy of a DiGraph in which later changes to nodes, edges and the program's values are not seen."""
    found = copy.deepcopy(annotations_of(digraph))
    copied: DiGraph = digraph.copy()
    copied.graph.update(found.graph)
    for name, values in found.nodes.items():
        copied.nodes[name].update(values)
    for edge, values in found.edges.items():
        copied.edges[edge].update(values)
    return copied
