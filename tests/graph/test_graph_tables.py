"""Graphs, operations and tensors in notebooks."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from tests.notebook_html import shown


@pytest.fixture
def y() -> tf.Tensor:
    """The output of a small network."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", [2, 3], use_resource=False)
    return tf.nn.relu(tf.matmul(x, w, name="product"), name="y")


def test_a_graph_says_its_size_and_shows_inputs_variables_and_types(y: tf.Tensor) -> None:
    """Its repr is one line."""
    assert f"<Graph: {len(y.graph.get_operations())} operations, 1 variables>" == repr(y.graph)
    texts = shown(y.graph)
    assert texts[0] == "Graph"
    for text in ("x:0", "(?, 2)", "w:0", "(2, 3)", "MatMul", "VariableV2"):
        assert text in texts


def test_a_resource_is_shown_with_the_shape_of_its_variable() -> None:
    """And not with that of its handle."""
    tf.get_variable("r", [4], use_resource=True)
    texts = shown(tf.get_default_graph())
    at = texts.index("r:0")
    assert ["r:0", "float32", "(4,)"] == texts[at : at + 3]


def test_operations_tensors_and_variables_keep_their_repr_and_have_html(y: tf.Tensor) -> None:
    """An operation shows attributes and inputs, a tensor who takes it."""
    assert repr(y.op) == "<tf.Operation 'y' type=Relu>"
    texts = shown(y.graph.get_operation_by_name("product"))
    for text in ("Operation 'product'", "MatMul", "attribute transpose_a", "False", "x:0", "w/read:0", "product:0"):
        assert text in texts
    texts = shown(y.op.inputs[0])
    assert texts[0] == "Tensor 'product:0'"
    assert texts[-2:] == ["y", "Relu"]
    assert "(2, 3)" in shown(tf.global_variables()[0])


def test_the_values_of_a_large_constant_are_not_shown() -> None:
    """Its dtype and shape are."""
    large = tf.constant([[1.5] * 10] * 10, name="large")
    assert "array of float32, shape (10, 10)" in shown(large.op)
