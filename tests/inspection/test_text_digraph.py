"""Graphs with texts and numbers alone, as other programs for graphs read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import pytest

import hdfsaver as tf


@pytest.fixture
def trained() -> Any:
    """A training graph with control inputs, an array as an attribute, and two wires between two operations."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", [2, 2], initializer=tf.constant_initializer([[1.0, 2.0], [3.0, 4.0]]))
    y = tf.matmul(x, w)
    with tf.control_dependencies([tf.no_op("wait")]):
        loss = tf.reduce_sum(tf.multiply(y, y, name="squares"))
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return tf.get_default_graph()


FORMATS: dict[str, tuple[Any, Any]] = {
    "graphml": (nx.write_graphml, nx.read_graphml),
    "gexf": (nx.write_gexf, nx.read_gexf),
    "gml": (nx.write_gml, nx.read_gml),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_of_networkx_keep_all_of_it(trained: Any, kind: str, tmp_path: Path) -> None:
    """Written and read back, nodes, edges and their attributes are the same; older readers leave out empty ones."""
    write, read = FORMATS[kind]
    plain = tf.to_plain_digraph()
    write(plain, tmp_path / "graph")
    found = read(tmp_path / "graph")
    assert set(found) == set(trained.digraph)
    assert set(found.edges) == set(trained.digraph.edges)
    for name, data in plain.nodes(data=True):
        assert {key: found.nodes[name].get(key, "") for key in data} == data
    for source, target, data in plain.edges(data=True):
        assert {key: found.edges[source, target].get(key, "") for key in data} == data


def test_attributes_are_texts_and_integers(trained: Any) -> None:
    """With the type, shapes and dtypes."""
    plain = tf.to_plain_digraph(trained)
    everything = [data for _, data in plain.nodes(data=True)] + [data for *_, data in plain.edges(data=True)]
    assert {type(value) for data in everything for value in data.values()} == {str, int}
    assert plain.nodes["x"]["type"] == "Placeholder"
    assert plain.nodes["x"]["outputs"] == "float32 (?, 2)"
    assert plain.edges["MatMul", "squares"] == {"tensors": 2, "control": 0, "label": "float32 (?, 2)"}
    assert plain.edges["wait", "squares"] == {"tensors": 0, "control": 1, "label": ""}


def test_names_that_xml_does_not_allow_are_escaped(tmp_path: Path) -> None:
    """And stay apart from names that look like that."""
    digraph = nx.DiGraph()
    digraph.add_edge("a\x1b", "a\\x1b", **{"_k\x00": "\x07", "1": [1, 2]})
    plain = tf.to_plain_digraph(digraph)
    assert sorted(plain) == ["a\\x1b", "a\\x1b (2)"]
    for write, read in FORMATS.values():
        write(plain, tmp_path / "graph")
        assert sorted(read(tmp_path / "graph")) == sorted(plain)


def test_something_else_is_a_type_error() -> None:
    """The message says what is taken."""
    with pytest.raises(TypeError, match=r"takes a Graph or a networkx.DiGraph, not str"):
        tf.to_plain_digraph("model.ckpt")
