"""The order of edges: adding them in it gives back every order of a DiGraph."""

from __future__ import annotations

from typing import Any

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.storage.graph.edge_order import ordered_edges

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40)


def of_edges(*edges):
    """A graph of edges (made by its constructor, networkx 3.2 warns about a missing pandas)."""
    digraph = nx.DiGraph()
    digraph.add_edges_from(edges)
    return digraph


def orders(digraph):
    """The orders of nodes, of successors and of predecessors."""
    return list(digraph), [list(digraph.succ[node]) for node in digraph], [list(digraph.pred[node]) for node in digraph]


def rebuilt(digraph):
    """The graph as it comes from its nodes and its ordered edges."""
    nodes = list(digraph)
    made = nx.DiGraph()
    made.add_nodes_from(nodes)
    made.add_edges_from((nodes[source], nodes[target], data) for source, target, data in ordered_edges(digraph))
    return made


@given(PAIRS, PAIRS)
def test_all_orders_come_back(added, removed):
    """However edges came and went; and the order of the edges is the same again."""
    digraph = of_edges(*added)
    digraph.remove_edges_from(removed)
    digraph.add_edges_from(removed[:3])
    made = rebuilt(digraph)
    assert orders(digraph) == orders(made)
    assert ordered_edges(digraph) == ordered_edges(made)


def test_edges_stand_source_by_source_where_they_can():
    """The table reads well when the order of making does not matter."""
    digraph = of_edges(("a", "c"), ("b", "d"), ("a", "d"))
    assert [("a", "c"), ("b", "d"), ("a", "d")] == [
        (list(digraph)[source], list(digraph)[target]) for source, target, _ in ordered_edges(digraph)
    ]
    digraph = of_edges(("a", "c"), ("b", "c"), ("a", "d"))
    assert [(0, 1), (0, 3), (2, 1)] == [(source, target) for source, target, _ in ordered_edges(digraph)]


def test_a_view_has_the_orders_of_its_own():
    """A reversed view keeps its orders, and no attribute is copied on the way."""
    digraph = of_edges(("a", "c"), ("b", "d"), ("a", "d"), ("c", "a"))
    digraph.edges["b", "d"]["x"] = data = [1]
    view = digraph.reverse(copy=False)
    assert orders(view) == orders(rebuilt(view))
    assert any(attrs.get("x") is data for _, _, attrs in ordered_edges(view))


def test_orders_that_contradict_each_other_keep_the_successors():
    """Adding edges cannot cause such orders; a graph with edited networkx dicts keeps all edges."""
    digraph: Any = of_edges((0, 2), (0, 3), (1, 2), (1, 3))
    for node, sources in {2: (1, 0), 3: (0, 1)}.items():
        digraph._pred[node] = {source: digraph._pred[node][source] for source in sources}
    digraph._succ[0] = {target: digraph._succ[0][target] for target in (2, 3)}
    digraph._succ[1] = {target: digraph._succ[1][target] for target in (3, 2)}
    assert [(0, 1), (0, 2), (3, 2), (3, 1)] == [edge[:2] for edge in ordered_edges(digraph)]
    assert orders(digraph)[1] == orders(rebuilt(digraph))[1]
