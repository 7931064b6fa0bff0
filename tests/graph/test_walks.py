"""Pruning and sorting, without recursion."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import schema
from hdfsaver.graph.walks import Positions, Takers, ancestors, data_behind, execution_order, positions
from tests.growing import TOO_MUCH, growth

ONE = (("float32", ()),)


@st.composite
def graphs(draw):
    """Random graphs whose nodes may be listed in any order, with data and control inputs."""
    size = draw(st.integers(1, 12))
    order = draw(st.permutations(range(size)))
    graph = nx.DiGraph()
    graph.add_nodes_from(str(number) for number in order)
    for number in range(size):
        earlier = st.sets(st.integers(0, number - 1), max_size=3) if number else st.just(set())
        inputs = tuple((str(source), 0) for source in sorted(draw(earlier)))
        control = tuple(str(source) for source in sorted(draw(earlier)))
        schema.add_node(graph, str(number), op="Any", inputs=inputs, control_inputs=control, outputs=ONE)
    return graph


@given(graphs(), st.data())
def test_ancestors_are_networkxs(graph, data):
    """What a target needs is what networkx calls its ancestors, and itself."""
    target = data.draw(st.sampled_from(sorted(graph)))
    assert nx.ancestors(graph, target) | {target} == ancestors(graph, [target])


@given(graphs())
def test_sources_come_first(graph):
    """In the order each operation comes after all that it needs, and otherwise as they were made."""
    order = execution_order(graph, set(graph), positions(graph))
    assert list(nx.lexicographical_topological_sort(graph, key=positions(graph).get)) == order


def test_what_is_known_needs_nothing():
    """An output whose value is there does not pull in the operation that computes it."""
    graph = nx.DiGraph()
    schema.add_node(graph, "x", op="Any", outputs=ONE)
    schema.add_node(graph, "y", op="Any", inputs=(("x", 0),), outputs=ONE)
    assert {"y"} == ancestors(graph, ["y"], frozenset({("x", 0)}))


def test_a_cycle_has_no_order():
    """Operations that wait for each other are named."""
    graph = nx.DiGraph()
    schema.add_node(graph, "x", op="Any", inputs=(("y", 0),), outputs=ONE)
    schema.add_node(graph, "y", op="Any", inputs=(("x", 0),), outputs=ONE)
    with pytest.raises(ValueError, match="cycle with 2 nodes, .*: x, y"):
        execution_order(graph, {"x", "y"}, positions(graph))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6))))
def test_positions_keep_up(changes):
    """Whatever is added to a graph or taken away from it, positions are those of the nodes as they are now."""
    graph, known = nx.DiGraph(), Positions()
    for is_new, number in changes:
        if is_new:
            graph.add_node(str(number))
        elif str(number) in graph:
            graph.remove_node(str(number))
        if number % 3:
            assert positions(graph) == known.of(graph)
    assert positions(graph) == known.of(graph)


@given(graphs())
def test_takers_are_those_of_the_wires(graph):
    """An output's takers are the operations that have it among their inputs, after changes of the graph too."""
    takers = Takers()
    for version in range(2):
        for name in graph:
            expected = {other for other, data in graph.nodes.items() if (name, 0) in data["inputs"]}
            assert expected == set(takers.of(graph, version, name, 0))
            assert [] == takers.of(graph, version, name, 1)
        schema.add_node(graph, "new", op="Any", inputs=tuple((name, 0) for name in graph), outputs=ONE)


def test_the_data_behind_are_those_of_the_last_nodes():
    """The last nodes come in their order, with their data, in a time that does not depend on those before."""
    graph = nx.DiGraph()
    graph.add_nodes_from((str(number), {"number": number}) for number in range(5))
    assert [("3", {"number": 3}), ("4", {"number": 4})] == data_behind(graph, 3)
    assert [] == data_behind(graph, 5)
    assert graph.nodes["4"] is data_behind(graph, 4)[0][1]

    def last_of(digraph):
        for _ in range(len(digraph)):
            data_behind(digraph, len(digraph) - 1)

    assert growth(lambda count: nx.empty_graph(count, nx.DiGraph), last_of, 1000) < TOO_MUCH
