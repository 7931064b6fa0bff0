"""`check_runs`: all operations that a run cannot compute, without a run."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_types import type_number

FUNCTIONS = Path(__file__).parents[1] / "saved_model" / "golden_functions"


def imported(*nodes: tuple[str, str, str], dtype: str = "float32") -> tf.Graph:
    """A graph of a placeholder x and of operations, each with its name, its input and its type."""
    message = message_classes.GraphDef()
    message.node.add(name="x", op="Placeholder").attr["dtype"].type = type_number(dtype)
    for name, source, op_type in nodes:
        message.node.add(name=name, op=op_type, input=[source]).attr["T"].type = type_number(dtype)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message, name="")
    return graph


def test_every_operation_is_listed() -> None:
    """With its type and the reason; a run names them too, when it is asked for."""
    graph = imported(("a", "x", "Mystery"), ("b", "a", "Mystery"), ("c", "x", "Enigma"))
    why = "operations of this type are not known here"
    assert [("Enigma", ["c"], why), ("Mystery", ["a", "b"], why)] == [tuple(each) for each in tf.check_runs(graph)]


def test_only_what_the_fetches_need() -> None:
    """What is fed does not run."""
    graph = imported(("a", "x", "Mystery"), ("b", "a", "Mystery"))
    assert ["a"] == tf.check_runs(graph, ["a:0"])[0].operations
    assert ["b"] == tf.check_runs(graph, ["b"], feeds=["a:0"])[0].operations
    assert [] == tf.check_runs(graph, [graph.get_tensor_by_name("x:0")])
    with pytest.raises(KeyError):
        tf.check_runs(graph, ["nothing"])


def test_dtypes_that_only_tensorflow_computes() -> None:
    """The attribute and its value are the reason."""
    graph = imported(("c", "x", "Cholesky"), dtype="float16")
    assert [("Cholesky", ["c"], "it cannot be run here with T=float16")] == [
        tuple(each) for each in tf.check_runs(graph)
    ]


def test_functions_are_looked_into() -> None:
    """An operation in a function has the function's name before its own; one whose function is missing is listed."""
    graph_def = message_classes.GraphDef.FromString(gzip.decompress((FUNCTIONS / "graph.pb.gz").read_bytes()))
    for function in graph_def.library.function:
        if function.signature.name == "square_fn":
            function.node_def[0].op = "Mystery"
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    (found,) = tf.check_runs(graph, ["out_if:0"])
    assert ("Mystery", True) == (found.type, found.operations[0].startswith("square_fn/"))
    assert [] == tf.check_runs(graph, ["out_nested:0"])
