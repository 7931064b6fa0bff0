"""Runs that are described by a CallableOptions message."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes


def test_a_run_by_names():
    """Gives the list of what is fetched; targets run too, and the options are those of then."""
    x = tf.placeholder(tf.float32, [2], name="x")
    v = tf.Variable(1.0, name="v")
    tf.negative(x, name="y")
    options = message_classes.CallableOptions(feed=["x"], fetch=["y:0", "v/read"], target=["v/Assign"])
    options.run_options.trace_level = tf.RunOptions.FULL_TRACE
    with tf.Session() as sess:
        function = sess._make_callable_from_options(options)
        options.Clear()
        metadata = tf.RunMetadata()
        with pytest.raises(tf.errors.InvalidArgumentError, match="Expected 1 feed tensors, but got 2"):
            function([1, 2], 3)
        sess.run(v.initializer)
        for values in (function([1, 2]), function([1, 2], run_metadata=metadata)):
            np.testing.assert_array_equal([-1, -2], values[0])
            assert values[1:] == [1.0]
        assert "v/Assign" in {step.node_name for step in metadata.step_stats.dev_stats[0].node_stats}
    for call in (lambda: function([1, 2]), lambda: sess._make_callable_from_options(options)):
        with pytest.raises(tf.errors.CancelledError, match="closed"):
            call()


@pytest.mark.parametrize(
    ("parts", "error", "message"),
    [
        ({"feed": ["q:0"], "fetch": ["x:0"]}, tf.errors.InvalidArgumentError, "Tensor q:0 was not found"),
        ({"fetch": ["x:7"]}, tf.errors.InvalidArgumentError, "Tensor x:7 was not found"),
        ({"target": ["q"]}, tf.errors.NotFoundError, "target nodes were not found: q"),
        ({"feed": ["x:0"]}, tf.errors.InvalidArgumentError, "at least one target"),
        ({"feed": ["x:0"], "fetch": ["x"]}, tf.errors.InvalidArgumentError, "x:0 is both fed and fetched"),
        ({"feed": ["x:0", "x"], "target": ["y"]}, tf.errors.InvalidArgumentError, '"x:0" fed more than once'),
        ({"fetch": ["y:0"], "tensor_connection": [{}]}, tf.errors.UnimplementedError, "feed the tensor instead"),
    ],
)
def test_options_that_fit_no_run(parts, error, message):
    """Are errors when the function is made."""
    tf.negative(tf.placeholder(tf.float32, name="x"), name="y")
    with tf.Session() as sess, pytest.raises(error, match=message):
        sess._make_callable_from_options(message_classes.CallableOptions(**parts))
