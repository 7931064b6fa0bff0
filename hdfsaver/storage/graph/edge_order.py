"""An order of a DiGraph's edges that restores the order of every adjacency list.

networkx keeps an order of the nodes, of each node's successors and of each node's predecessors. Adding the edges in
their original order restores all of them. So does any order that keeps the order of the edges of each source and of
each target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import networkx as nx

Edge: TypeAlias = tuple[int, int, dict[Any, Any]]
"""The positions of source and target among the nodes, and the edge's attributes."""


def ordered_edges(digraph: nx.DiGraph[Any]) -> list[Edge]:
    """The edges of a graph, in an order that depends only on the graph's own orders.

    The edges are grouped by source if that also restores the order of the predecessors. If the orders contradict each
    other (which adding edges cannot cause), the order of the successors is kept.
    """
    places = {node: place for place, node in enumerate(digraph)}
    by_source = [
        (places[source], places[target], data)
        for source, targets in digraph.adjacency()
        for target, data in targets.items()
    ]
    incoming = [[places[source] for source in digraph.predecessors(node)] for node in digraph]
    if _incoming_of(by_source, len(places)) == incoming:
        return by_source
    merged = _merged(_outgoing_of(by_source, len(places)), incoming)
    return merged if len(merged) == len(by_source) else by_source


def _incoming_of(edges: Sequence[Edge], count: int) -> list[list[int]]:
    incoming: list[list[int]] = [[] for _ in range(count)]
    for source, target, _data in edges:
        incoming[target].append(source)
    return incoming


def _outgoing_of(edges: Sequence[Edge], count: int) -> list[list[Edge]]:
    outgoing: list[list[Edge]] = [[] for _ in range(count)]
    for edge in edges:
        outgoing[edge[0]].append(edge)
    return outgoing


def _merged(outgoing: Sequence[Sequence[Edge]], incoming: Sequence[Sequence[int]]) -> list[Edge]:
    """Repeatedly take an edge that is next both for its source and for its target."""
    rows: list[Edge] = []
    left = [iter(edges) for edges in outgoing]
    following = [next(edges, None) for edges in left]
    sources = [iter(places) for places in incoming]
    expected = [next(places, None) for places in sources]
    for start in range(len(outgoing)):
        waiting: list[int | None] = [start]
        while waiting:
            source = waiting.pop()
            while source is not None and (edge := following[source]) is not None and expected[edge[1]] == source:
                rows.append(edge)
                following[source] = next(left[source], None)
                expected[edge[1]] = next(sources[edge[1]], None)
                waiting.append(expected[edge[1]])
    return rows
