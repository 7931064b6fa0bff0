"""Indices between brackets, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


def long(value: int) -> tf.Tensor:
    return tf.constant(value, tf.int64)


@pytest.mark.parametrize(
    ("make", "expected", "shape"),
    [
        (lambda x: x[x > 2], VALUES[VALUES > 2], [None]),
        (lambda x: x[np.array([True, False])], VALUES[[True, False]], [None, 3]),
        (lambda x: x[tf.constant([True, False])], VALUES[[True, False]], [None, 3]),
        (lambda x: x[long(1)], VALUES[1], [3]),
        (lambda x: x[long(0) :, 1], VALUES[:, 1], [2]),
        (lambda x: x[: long(1), ::2], VALUES[:1, ::2], [1, 2]),
        (lambda x: x[tf.constant(1, tf.int16), :], VALUES[1], [3]),
        (lambda x: x[np.array(1), [2][0]], VALUES[1, 2], []),
        (lambda x: x[()], VALUES, [2, 3]),
        (lambda x: x[: 2**40, 1], VALUES[:, 1], [2]),
        (lambda x: x[: tf.Dimension(None), tf.Dimension(1) :], VALUES[:, 1:], [2, 2]),
    ],
)
def test_indices(make, expected, shape):
    """Masks, tensors of each integer dtype and dimensions index as their values do in NumPy."""
    result = make(tf.constant(VALUES))
    assert shape == result.shape.as_list()
    np.testing.assert_array_equal(expected, tf.Session().run(result))


@pytest.mark.parametrize(
    "key", [1.0, "a", [0.5], np.array([0, 1]), slice(0, 1.5), (slice(None), np.array([True, False, True])), np.True_]
)
def test_what_is_no_index(key):
    """Anything else is refused before an operation is made."""
    x = tf.constant(VALUES)
    before = len(x.graph.get_operations())
    with pytest.raises(TypeError, match="Indices are integers, slices"):
        x[key]
    assert before == len(x.graph.get_operations())


def test_masks_have_a_shape():
    """A single bool is not a mask, and a mask has the shape of the first dimensions."""
    x = tf.constant(VALUES)
    with pytest.raises(ValueError, match="cannot be scalar"):
        x[True]
    with pytest.raises(ValueError, match="are incompatible"):
        x[tf.constant([True])]
