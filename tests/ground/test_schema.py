"""The schema of a computation graph, as a check that runs."""

from __future__ import annotations

import networkx as nx
import pytest

from hdfsaver import schema

F32 = ("float32", (1,))


def small_graph() -> schema.DiGraph:
    """x * x, and an operation with a control input from it."""
    graph: schema.DiGraph = nx.DiGraph()
    schema.add_node(graph, "x", op="Placeholder", outputs=(F32,))
    schema.add_node(graph, "y", op="Mul", inputs=(("x", 0), ("x", 0)), outputs=(F32,))
    schema.add_node(graph, "done", op="NoOp", control_inputs=("y",))
    return graph


def test_a_right_graph_passes():
    """Graphs made by add_node pass validate."""
    schema.validate(small_graph())


def test_nodes_may_come_before_their_inputs():
    """An operation may name one that is added later."""
    graph: schema.DiGraph = nx.DiGraph()
    schema.add_node(graph, "y", op="Neg", inputs=(("x", 0),), outputs=(F32,))
    with pytest.raises(ValueError, match="'x'.*not defined"):
        schema.validate(graph)
    schema.add_node(graph, "x", op="Placeholder", outputs=(F32,))
    schema.validate(graph)


def test_waiting_for_more():
    """Control inputs can be added, each once."""
    graph = small_graph()
    schema.add_control_inputs(graph, "done", ["x", "y", "x"])
    assert ("y", "x") == graph.nodes["done"]["control_inputs"]
    schema.validate(graph)


def spoil_edge(graph):
    graph.edges["x", "y"]["wires"].pop()


def spoil_control(graph):
    graph.edges["y", "done"]["control"] = False


def drop_edge(graph):
    graph.remove_edge("x", "y")


def add_edge(graph):
    graph.add_edge("x", "done", wires=[(0, 0)], control=False)


def no_op(graph):
    graph.nodes["x"]["op"] = 3


def no_such_output(graph):
    graph.nodes["x"]["outputs"] = ()


def strange_dtype(graph):
    graph.nodes["x"]["outputs"] = (("float31", ()),)


def strange_attr(graph):
    graph.nodes["x"]["attrs"] = {"object": object()}


def strange_name(graph):
    graph.add_node(3)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_edge, "'x' -> 'y'"),
        (spoil_control, "'y' -> 'done'"),
        (drop_edge, "no edge joins"),
        (add_edge, "'x' -> 'done'"),
        (no_op, "op and device"),
        (no_such_output, "output 0 of 'x', which has 0"),
        (strange_dtype, "float31"),
        (strange_attr, "'object' of node 'x'"),
        (strange_name, "key of node 3 is not a string"),
    ],
)
def test_what_is_wrong_is_named(spoil, message):
    """Each way to break the schema is an error that names the node or edge."""
    graph = small_graph()
    spoil(graph)
    with pytest.raises(ValueError, match=message):
        schema.validate(graph)


@pytest.mark.parametrize("value", [None, True, 1, 0.5, "float32", b"text", (1, None), [1, [b"x"]], {"name": "f"}])
def test_plain_values(value):
    """Attributes are of plain kinds."""
    assert schema.is_plain(value)


@pytest.mark.parametrize("value", [object(), {1: 2}, (1.5,), [object()], 1j])
def test_other_values(value):
    """Everything else is not."""
    assert not schema.is_plain(value)
