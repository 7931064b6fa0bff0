"""`tf.unique`: the different values of a vector, and where they are."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf


def test_order_of_first_places() -> None:
    """Values come in the order in which they are first there; strings and empty vectors are vectors too."""
    with tf.Session() as sess:
        values, places = sess.run(tf.unique([5, 1, 5, 7, 1]))
        assert ([5, 1, 7], [0, 1, 0, 2, 1]) == (values.tolist(), places.tolist())
        values, places = sess.run(tf.unique(["b", "a", "b"], out_idx=tf.int64))
        assert ([b"b", b"a"], [0, 1, 0], np.int64) == (values.tolist(), places.tolist(), places.dtype)
        values, places = sess.run(tf.unique(np.zeros(0, np.float32)))
        assert (0, 0) == (values.size, places.size)


def test_nan() -> None:
    """NaN is equal to nothing, so each is another value, as in TensorFlow."""
    with tf.Session() as sess:
        assert 3 == sess.run(tf.unique([np.nan, 1.0, np.nan]))[0].size


def test_only_vectors() -> None:
    """A matrix is refused, when the graph is built or when it is run."""
    with pytest.raises(ValueError, match="rank 1"):
        tf.unique([[1]])
    x = tf.placeholder(tf.int32)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="1D vector"):
        sess.run(tf.unique(x), {x: [[1]]})
