"""What pools with places, gaps and windows of two lengths refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply

X = np.arange(84, dtype=np.float32).reshape(1, 7, 6, 2)
LATE = tf.errors.InvalidArgumentError


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: tf.nn.fractional_max_pool(X, [1, 1.5, 1.3, 1], seed=3), LATE, "deterministic"),
        (lambda: tf.nn.fractional_max_pool(X, [1, 1.5, 1.3, 2]), tf.errors.UnimplementedError, "begin and end with 1"),
        (lambda: tf.nn.fractional_avg_pool(X, [1, 0.5, 1.3, 1]), ValueError, "none below 1"),
        (lambda: tf.nn.fractional_max_pool(X, [1, 8, 1.3, 1]), LATE, "higher than its size"),
        (lambda: tf.nn.max_pool_with_argmax(X, [1, 9, 9, 1], [1] * 4, "VALID"), ValueError, "does not fit"),
        (lambda: tf.nn.max_pool_with_argmax(X, 2, 1, "VALID", "NCHW"), ValueError, "other than 'NHWC'"),
        (lambda: tf.nn.dilation2d(X, np.zeros([2, 2, 3]), [1] * 4, [1] * 4, "VALID"), ValueError, "channels"),
        (lambda: tf.nn.dilation2d(X, X[0], [1] * 4, [1] * 4), ValueError, "needs filters, strides"),
        (lambda: tf.nn.pool(X, [2, 2], "MIN", "VALID"), ValueError, "MIN pooling is not supported"),
        (lambda: tf.nn.pool(X, [2, 2], "MAX", "VALID", [2, 2], [2, 2]), ValueError, "strides > 1 not supported"),
        (lambda: tf.nn.pool(X, [2, 2], "MAX", "SAME", [2, 2]), ValueError, "'SAME' padding is not implemented"),
        (lambda: tf.nn.with_space_to_batch(X, [2, 2], "SAME", lambda *_: None), ValueError, "filter_shape"),
        (
            lambda: apply("FractionalAvgPoolGrad", [1, 4, 4, 1], np.ones([1, 1, 1, 1]), [0, 9], [0, 4]),
            LATE,
            "do not divide 4 rows",
        ),
        (
            lambda: apply(
                "MaxPoolGradWithArgmax",
                X,
                X[:, :1],
                np.full([1, 1, 6, 2], 84),
                ksize=[1, 7, 1, 1],
                strides=[1] * 4,
                padding=b"VALID",
            ),
            LATE,
            "outside of the images",
        ),
    ],
)
def test_what_is_refused(call: Callable[[], Any], kind: type[Exception], said: str) -> None:
    """Windows, ratios, formats and places that do not fit are errors of TensorFlow's class."""
    with pytest.raises(kind, match=said), tf.Session() as session:
        session.run(call())


def test_windows_are_drawn_for_each_run() -> None:
    """Without ``deterministic`` each run has windows of its own; with it, and a seed, all have the same."""
    loose = tf.nn.fractional_max_pool(np.zeros([1, 101, 1, 1], np.float32), [1, 1.4, 1, 1])[1]
    fixed = tf.nn.fractional_max_pool(np.zeros([1, 101, 1, 1], np.float32), [1, 1.4, 1, 1], deterministic=True)[1]
    with tf.Session() as session:
        assert session.run(loose).tolist() != session.run(loose).tolist()
        assert session.run(fixed).tolist() == session.run(fixed).tolist()
