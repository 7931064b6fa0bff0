"""What type checkers know of graphs, tensors, variables and sessions; mypy reads this file, and it runs, too."""

from __future__ import annotations

from typing import assert_type

import numpy as np

import hdfsaver as tf
from hdfsaver.variables.partitioned import PartitionedVariable


def test_tensors():
    """Operators give tensors, and a tensor knows the types of what it belongs to."""
    x = tf.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    for made in (
        assert_type(x + 1, tf.Tensor),
        assert_type(1 + x, tf.Tensor),
        assert_type(np.ones(2, np.float32) * x, tf.Tensor),
        assert_type(2.0 / x, tf.Tensor),
        assert_type(-x, tf.Tensor),
        assert_type(abs(x), tf.Tensor),
        assert_type(x @ x, tf.Tensor),
        assert_type(x < 1, tf.Tensor),
        assert_type(x[0], tf.Tensor),
        assert_type(x[0, 1:, ..., None], tf.Tensor),
        assert_type(x.op.inputs, tuple[tf.Tensor, ...]),
    ):
        assert isinstance(made, tf.Tensor | tuple)
    assert_type(x.op, tf.Operation)
    assert_type(x.graph, tf.Graph)
    assert_type(x.op.graph, tf.Graph)
    assert_type(x.consumers(), list[tf.Operation])
    assert_type(x.shape[0], tf.Dimension)
    assert_type(x.shape[:1], tf.TensorShape)
    assert_type(x.shape[0].value, int | None)
    assert_type(x.dtype, tf.DType)


def test_variables():
    """A variable is a variable wherever it comes from, and assigning to it gives a tensor or an operation."""
    v = assert_type(tf.get_variable("v", [2], initializer=tf.zeros_initializer()), tf.Variable)
    assert_type(v + 1, tf.Tensor)
    assert_type(v[0].assign(1.0), tf.Tensor)
    assert_type(v.assign([1.0, 2.0]), tf.Tensor)
    assert_type(v.assign_add([1.0, 2.0], read_value=False), tf.Operation)
    assert_type(v.initializer, tf.Operation)
    assert_type(tf.global_variables_initializer(), tf.Operation)
    assert_type(tf.trainable_variables(), list[tf.Variable])
    assert_type(tf.report_uninitialized_variables(), tf.Tensor)
    halves = tf.fixed_size_partitioner(2)
    whole = assert_type(tf.get_variable("w", [2], partitioner=halves), tf.Variable | PartitionedVariable)
    assert isinstance(whole, PartitionedVariable)
    assert_type(whole.assign(np.array([1.0, 2.0], np.float32)), list[tf.Tensor])
    assert_type(tf.gradients(v * 2.0, [v]), list[tf.Tensor | tf.IndexedSlices | None])


def test_graphs_and_sessions():
    """Finding things in a graph gives what they are; a session may be absent."""
    graph = tf.get_default_graph()
    x = tf.convert_to_tensor(1.0, name="x")
    assert_type(graph.get_tensor_by_name("x:0"), tf.Tensor)
    assert_type(graph.get_operation_by_name("x"), tf.Operation)
    assert_type(graph.get_operations(), list[tf.Operation])
    assert_type(tf.get_default_session(), tf.Session | None)
    definition = graph.as_graph_def()
    assert_type(tf.import_graph_def(definition, return_elements=["x:0"]), list[tf.Tensor | tf.Operation])
    with tf.Session() as session:
        assert 1.0 == x.eval(session=session)
