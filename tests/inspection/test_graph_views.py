"""Views and pictures of graphs: neighbours, paths, folded scopes, the part without training, and text for Graphviz."""

from __future__ import annotations

import os
import stat
import xml.etree.ElementTree as ET

import networkx as nx
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.inspection import graph_pictures, graph_views
from hdfsaver.inspection.graph_parts import forward
from hdfsaver.schema import Structure


@pytest.fixture
def digraph():
    """The graph of a layer that is trained."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 2], "x")
        y = tf.layers.dense(x, 3, name="layer")
        with tf.control_dependencies([tf.no_op("first")]):
            loss = tf.reduce_sum(tf.square(y, name="s/t/square"), name="loss")
        tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return graph.digraph


def test_neighbours(digraph):
    """An operation has its attributes, what it takes, and what takes it; a tensor's name means its operation."""
    found = graph_views.neighbourhood(digraph, "layer/BiasAdd:0")
    assert ("BiasAdd", "float32") == (found.type, found.attributes["T"])
    assert ["layer/MatMul:0", "layer/bias/read:0"] == [wire.tensor for wire in found.inputs]
    assert ("layer/BiasAdd:0", "float32", "(?, 3)") == found.outputs[0][:3]
    assert "s/t/square" in found.outputs[0].readers
    assert ["first"] == graph_views.neighbourhood(digraph, "s/t/square").waits_for
    assert "s/t/square" in graph_views.neighbourhood(digraph, "first").waited_for_by
    with pytest.raises(errors.NotFoundError, match="no operation 'layr/MatMul'. Names like it: 'layer/MatMul'"):
        graph_views.neighbourhood(digraph, "layr/MatMul")


def test_paths(digraph):
    """A shortest path has both ends; there is none against the arrows."""
    assert ["x", "layer/MatMul", "layer/BiasAdd"] == graph_views.path_between(digraph, "x", "layer/BiasAdd")
    assert graph_views.path_between(digraph, "layer/BiasAdd", "x") is None


def test_forward(digraph):
    """Derivatives, updates and initializers are left out; what computes the loss stays."""
    found = set(forward(Structure(digraph)))
    assert {"x", "layer/kernel", "layer/kernel/read", "layer/MatMul", "loss"} <= found
    assert not {name for name in found if "gradients" in name or "Initializer" in name or "Assign" in name}


def test_folding(digraph):
    """A scope is one node, with the number of its operations; wires within it are left out."""
    found = graph_views.folded(digraph, 1)
    assert "layer/" in found
    assert sum(name.startswith("layer/") for name in digraph) == found.nodes["layer/"]["operations"]
    assert sum(data["operations"] for _, data in found.nodes(data=True)) == len(digraph)
    assert all(source != target for source, target in found.edges)
    assert list(digraph) == list(graph_views.folded(digraph, 0))
    assert len(graph_views.folded(digraph, None)) <= graph_views.READABLE
    assert graph_views.scopes(digraph, 1)["layer/"] == found.nodes["layer/"]["operations"]


HOSTILE = 'a"]; evil [label="\\N\x1b\u202e<b>'


def hostile():
    """A graph whose names would be syntax in other languages."""
    graph = nx.DiGraph()
    graph.add_node(HOSTILE, type="Const", operations=1, outputs="")
    graph.add_node("b", type="", operations=2, outputs="")
    graph.add_edge(HOSTILE, "b", tensors=1, label='float32 "')
    return graph


def test_hostile_names_in_pictures():
    """In Graphviz's language and in GraphML they are text."""
    text = graph_pictures.dot_text(hostile())
    assert all(line.isprintable() for line in text.splitlines())
    assert r'[label="a\"]; evil [label=\"\\N\\x1b\\u202e<b>\nConst"' in text
    root = ET.fromstring(graph_pictures.graphml(hostile()))  # noqa: S314, made here
    assert 2 == len(root.findall(".//{*}node"))


@pytest.mark.skipif(os.name != "posix", reason="a script stands for Graphviz")
def test_drawing(tmp_path, monkeypatch):
    """Graphviz gets the text and gives the picture; where it is missing or fails, the error says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImportError, match="`dot` is not installed; --dot writes its input"):
        graph_pictures.drawn(hostile(), "svg")
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "$1"\nwhile read -r line; do echo "$line"; done\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert graph_pictures.drawn(hostile(), "svg").startswith(b"-Tsvg\ndigraph {\n")
    program.write_text("#!/bin/sh\necho no memory >&2\nexit 3\n")
    with pytest.raises(errors.UnavailableError, match="fails with status 3: no memory"):
        graph_pictures.drawn(hostile(), "png")
