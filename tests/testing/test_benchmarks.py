"""Times of operations, and graphs that are compared operation by operation."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def test_runs_are_counted_and_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Those at the beginning are not."""
    count = tf.Variable(0, name="count")
    step = tf.assign_add(count, 1)
    with tf.Session() as sess:
        sess.run(count.initializer)
        found = tf.test.Benchmark().run_op_benchmark(sess, step, min_iters=4, name="steps", extras={"a": 1}, mbs=2)
        assert 6 == sess.run(count)
    assert (4, 1) == (found["iters"], found["extras"]["a"])
    assert found["throughput"] == 2 / found["wall_time"]
    assert capsys.readouterr().out.startswith("steps: iters: 4, wall_time: ")
    assert 3.0 == tf.test.Benchmark().evaluate(tf.constant(3.0))


def test_graphs_are_compared() -> None:
    """In any order; the operation that differs is named."""
    x = tf.constant(1.0, name="x")
    first = tf.get_default_graph().as_graph_def()
    tf.negative(x, name="y")
    second = tf.get_default_graph().as_graph_def()
    turned = tf.GraphDef(node=reversed(second.node))
    tf.test.assert_equal_graph_def(turned, second)
    with pytest.raises(AssertionError, match="Only in one of the graphs: y"):
        tf.test.assert_equal_graph_def(first, second)
    turned.node[0].device = "/cpu:0"
    with pytest.raises(AssertionError, match="Operation 'y' differs"):
        tf.test.assert_equal_graph_def(turned, second)
    with pytest.raises(TypeError, match="Expected tf.GraphDef for expected, got str"):
        tf.test.assert_equal_graph_def(first, "x")
