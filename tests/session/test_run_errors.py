"""The errors of runs say what the operation was given."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply


def test_shapes_are_those_of_the_values():
    """Those of the graph say less."""
    x = tf.placeholder(tf.float32)
    joined = tf.concat([x, x], tf.cast(x[0, 0], tf.int32))
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"shapes \(2, 1\), \(2, 1\), \(\)"),
    ):
        sess.run(joined, {x: np.full((2, 1), 5)})


def test_a_variable_itself_has_the_shape_of_the_graph():
    """It is not a value: an operation that changes it finds the values by itself."""
    v = tf.Variable(np.zeros((2, 3), np.float32))
    stride = tf.placeholder(tf.int32, [1])
    changed = apply("StridedSliceAssign", v, [0], [2], stride, 7.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"shapes \(2, 3\), \(1,\), \(1,\), \(1,\), \(\)"):
            sess.run(changed, {stride: [0]})


def test_shapes_in_conditional_runs():
    """As in others."""
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    out = tf.get_default_graph().create_op("Switch", [x + y, tf.constant(True)]).outputs[1]
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=r"\[2\] vs. \[3\]"):
        sess.run(out, {x: [1, 2], y: [1, 2, 3]})
