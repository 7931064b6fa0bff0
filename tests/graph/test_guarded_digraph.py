"""The DiGraph of a graph is read by networkx and takes values of a program; no other change of it goes unnoticed."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf

REMEDY = (
    r"Change a copy and make a graph of it: `copied = graph\.digraph\.copy\(\)`, then `Graph\.from_digraph\(copied\)`"
)


@pytest.fixture
def digraph() -> Any:
    """The DiGraph of ``y = x + [1, 2]``."""
    x = tf.placeholder(tf.float32, shape=[2], name="x")
    tf.add(x, tf.constant([1.0, 2.0], name="c"), name="y")
    return tf.get_default_graph().digraph


CHANGES: dict[str, Callable[[Any], object]] = {
    "a field": lambda d: d.nodes["y"].__setitem__("op", "Sub"),
    "a field, removed": lambda d: d.nodes["y"].pop("inputs"),
    "a field, updated": lambda d: d.nodes["y"].update(op="Sub"),
    "an attribute": lambda d: d.nodes["c"]["attrs"].__setitem__("value", np.zeros(2, np.float32)),
    "an attribute, removed": lambda d: d.nodes["c"]["attrs"].clear(),
    "an attribute, joined": lambda d: d.nodes["c"]["attrs"].__ior__({"dtype": "int32"}),
    "the wires of an edge": lambda d: d.edges["x", "y"]["wires"].append((0, 1)),
    "an edge's field": lambda d: d.edges["x", "y"].update(control=True),
    "an edge's field, from the target": lambda d: d.pred["y"]["x"].update(control=True),
    "many at once": lambda d: nx.set_node_attributes(d, {"y": "Sub"}, "op"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_field_is_not_changed_by_hand(digraph: Any, name: str) -> None:
    """The error names the key and its owner, and what to do; the graph is as before and runs."""
    before = pickle.dumps(digraph.copy())
    with pytest.raises(TypeError, match=f"cannot be changed by hand. {REMEDY}"):
        CHANGES[name](digraph)
    assert before == pickle.dumps(digraph.copy())
    with tf.Session() as session:
        assert [2, 3] == session.run("y:0", {"x:0": [1, 1]}).tolist()


def test_arrays_are_read_only(digraph: Any) -> None:
    """The value of a constant cannot be written into."""
    with pytest.raises(ValueError, match="read-only"):
        digraph.nodes["c"]["attrs"]["value"][0] = 5


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.add_node("z", op="NoOp"),
        lambda d: d.add_edge("y", "x"),
        lambda d: d.add_edges_from([("y", "x")]),
        lambda d: d.remove_node("y"),
        lambda d: d.remove_edge("x", "y"),
        lambda d: d.update(nodes=["z"]),
        lambda d: d.clear(),
        lambda d: nx.relabel_nodes(d, {"x": "z"}, copy=False),
    ],
)
def test_operations_and_edges_are_not_added_or_removed_by_hand(digraph: Any, change: Callable[[Any], object]) -> None:
    """Networkx's own error for a frozen graph, with what to do."""
    with pytest.raises(nx.NetworkXError, match=f"cannot be added or removed by hand. {REMEDY}"):
        change(digraph)
    assert nx.is_frozen(digraph)
    assert ["x", "c", "y"] == list(digraph)


def test_the_remedy(digraph: Any) -> None:
    """A copy is plain, is changed at will, and a graph made of it runs; neither graph sees the other."""
    copied = digraph.copy()
    assert type(copied.nodes["y"]) is type(copied.nodes["c"]["attrs"]) is dict
    copied.nodes["y"]["op"] = "Sub"
    copied.nodes["c"]["attrs"]["value"] = np.array([5, 5], np.float32)
    graph = tf.Graph.from_digraph(copied)
    copied.nodes["y"]["op"] = "Nothing"
    copied.nodes["c"]["attrs"]["value"][:] = 0
    with tf.Session(graph=graph) as session:
        assert [-4, -4] == session.run("y:0", {"x:0": [1, 1]}).tolist()
    with tf.Session() as session:
        assert [2, 3] == session.run("y:0", {"x:0": [1, 1]}).tolist()


@pytest.mark.parametrize("copied", [nx.DiGraph, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d)), lambda d: d])
def test_other_copies_make_graphs_too(digraph: Any, copied: Callable[[Any], Any]) -> None:
    """Whatever way the copy was made, and of the view itself."""
    graph = tf.Graph.from_digraph(copied(digraph))
    assert digraph.nodes.data("op") == graph.digraph.nodes.data("op")
    assert [2, 3] == tf.Session(graph=graph).run("y:0", {"x:0": [1, 1]}).tolist()
    assert graph.digraph.nodes["y"]["inputs"] == (("x", 0), ("c", 0))


def test_values_of_a_program(digraph: Any) -> None:
    """They are set on nodes, edges and the DiGraph, changed, and removed."""
    digraph.nodes["y"]["layer"] = [1]
    digraph.nodes["y"]["layer"].append(2)
    digraph.edges["x", "y"]["weight"] = 2.5
    digraph.graph["title"] = "sum"
    nx.set_node_attributes(digraph, {"x": "input"}, "role")
    again = tf.get_default_graph().digraph
    assert [1, 2] == again.nodes["y"]["layer"]
    assert 2.5 == again.pred["y"]["x"]["weight"]
    assert ("input", "sum") == (again.nodes["x"]["role"], again.graph["title"])
    del digraph.nodes["y"]["layer"]
    assert "layer" not in again.nodes["y"]


def test_notes_among_the_attributes(digraph: Any) -> None:
    """An attribute with an underscore is set, reaches messages, and is removed."""
    graph = tf.get_default_graph()
    version = graph.version
    attrs = digraph.nodes["y"]["attrs"]
    attrs["_layer"] = 3
    assert graph.version > version
    assert 3 == attrs["_layer"] == graph.get_operation_by_name("y").get_attr("_layer")
    del attrs["_layer"]
    assert "_layer" not in digraph.nodes["y"]["attrs"]
    with pytest.raises(TypeError, match="'T' of the attributes of operation 'y'"):
        del attrs["T"]


def test_it_follows_the_graph(digraph: Any) -> None:
    """Operations that are added later are seen, also after an import into an empty graph."""
    tf.negative(tf.get_default_graph().get_tensor_by_name("y:0"), name="n")
    assert ["n"] == list(digraph.successors("y"))
    graph = tf.Graph()
    assert 0 == len(graph.digraph)
    with graph.as_default():
        tf.import_graph_def(tf.Graph.as_graph_def(tf.Graph.from_digraph(digraph)), name="")
    assert {"x", "c", "y", "n"} == set(graph.digraph)


def test_networkx_runs_on_it(digraph: Any) -> None:
    """Algorithms, views and writers of networkx give what they give for a plain DiGraph."""
    plain = digraph.copy()
    assert list(nx.topological_sort(plain)) == list(nx.topological_sort(digraph))
    assert nx.ancestors(plain, "y") == nx.ancestors(digraph, "y")
    assert nx.dag_longest_path(plain) == nx.dag_longest_path(digraph)
    assert set(plain.edges) == set(digraph.edges) == {edge[::-1] for edge in digraph.reverse().edges}
    assert {"c", "y"} == set(digraph.subgraph(["c", "y"]))
    assert ["AddV2"] == [op for _, op in digraph.nodes(data="op") if op.startswith("Add")]
    assert (3, 2) == (digraph.number_of_nodes(), digraph.number_of_edges())
    json.dumps(nx.node_link_data(nx.subgraph(digraph, ["x", "y"])))
