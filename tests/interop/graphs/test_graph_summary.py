"""A graph in one line."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest

import hdfsaver as tf
from hdfsaver.interop.graphs.graph_summary import GraphSummary, graph_summary
from hdfsaver.schema import Structure

GRAPHS = Path(__file__).parents[1] / "golden_graphs"
OPTIMIZERS = Path(__file__).parents[2] / "ground" / "golden"


def of_file(path: Path) -> GraphSummary:
    """The summary of the graph in a file."""
    with tf.open_file(path) as file:
        structure = file.structure()
    assert structure is not None
    assert len(structure.digraph) == graph_summary(structure).operations
    return graph_summary(structure)


@pytest.mark.parametrize(
    ("name", "inputs", "outputs"),
    [
        ("frozen.pb", ("x",), ("y",)),
        ("frozen.pbtxt", ("x",), ("y",)),
        ("saved", ("x",), ("y",)),  # by its signature
        ("resource.ckpt.meta", ("x",), ("y", "twice")),
        ("small.ckpt.meta", ("x",), ("split", "while/Exit", "cond/Merge", "Sum", "called")),
    ],
)
def test_graphs_of_tensorflow(name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    """The operations for saving, restoring and training are neither inputs nor outputs."""
    assert (inputs, outputs) == of_file(GRAPHS / name)[1:]


@pytest.mark.parametrize("kind", ["reference", "resource"])
def test_a_graph_for_training(kind: str) -> None:
    """Of everything that a training has, the loss is a result."""
    summary = of_file(OPTIMIZERS / f"optimizers_{kind}.meta")
    assert "Sum" in summary.outputs
    assert () == summary.inputs
    assert set(summary.outputs) <= {
        "Sum",
        "cond/Merge",
        "cond_1/Merge",
    }  # the last are steps that are read by conditions


def test_a_graph_of_a_program_here(tmp_path: Path) -> None:
    """A checkpoint of hdfsaver: the names of its inputs and outputs, in the order of the graph."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        b = tf.placeholder(tf.float32, [2], name="b")
        a = tf.placeholder(tf.float32, [2], name="a")
        v = tf.get_variable("v", [2])
        tf.multiply(a + b, v, name="y")
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, tmp_path / "m")
        expected = len(graph.digraph)
    assert (expected, ("b", "a"), ("y",)) == of_file(tmp_path / "m.h5")


def test_one_line() -> None:
    """Numbers and words in the singular and the plural."""
    assert "graph, 1,739 operations, 4 inputs, 1 output" == str(GraphSummary(1739, tuple("abcd"), ("y",)))
    assert "graph, 1 operation, 1 input, 0 outputs" == str(GraphSummary(1, ("x",), ()))


def test_a_plain_digraph() -> None:
    """Nodes that are not operations have neither inputs nor outputs."""
    digraph: nx.DiGraph[str] = nx.DiGraph()
    digraph.add_edge("a", "b")
    summary = graph_summary(Structure(digraph, is_plain=True))
    assert (2, (), ()) == summary
