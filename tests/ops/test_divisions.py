"""Divisions towards zero and downwards, and the names of them."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


@pytest.mark.parametrize("dtype", [*INTEGERS, "float16", "float32", "float64"])
def test_towards_zero(dtype):
    """Quotients are Python's, cut off, of every sign; large integers are exact."""
    info = np.iinfo(dtype) if dtype in INTEGERS else np.finfo(dtype)
    pairs = [(7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (-6, 3), (0, 5), (1, 9), (-1, 9), (200, 3)]
    x, y = np.array([(x, y) for x, y in pairs if info.min <= x <= info.max and y >= info.min], dtype).T
    expected = [
        int(np.sign(int(a)) * np.sign(int(b))) * (abs(int(a)) // abs(int(b))) for a, b in zip(x, y, strict=True)
    ]
    with tf.Session() as sess:
        result = sess.run(tf.truncatediv(x, y))
        assert (dtype, expected) == (result.dtype, result.tolist())
        if dtype in INTEGERS:
            assert info.max // 3 == sess.run(tf.truncatediv(np.array(info.max, dtype), np.array(3, dtype)))


def test_by_zero():
    """Floats give an infinity; of integers it is an error."""
    with tf.Session() as sess:
        assert np.inf == sess.run(tf.truncatediv(7.0, 0.0))
        with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
            sess.run(tf.truncatediv(7, 0))


def test_older_names():
    """Names of divisions, and of evenly spaced values, that programs use: types and names of operations, values."""
    made = [tf.mod(-5.5, 2.0), tf.floor_div(-7, 2), tf.realdiv(7.0, 2.0), tf.truncatediv(-7, 2), tf.mod(5, 3, name="m")]
    names = ["FloorMod", "FloorDiv", "RealDiv", "TruncateDiv", "m"]
    assert names == [tensor.op.name for tensor in made]
    assert [*names[:4], "FloorMod"] == [tensor.op.type for tensor in made]
    with tf.Session() as sess:
        assert [0.5, -4, 3.5, -3, 2] == sess.run(made)
        assert [0.0, 0.5, 1.0] == sess.run(tf.lin_space(0.0, 1.0, 3)).tolist()
    assert tf.mod is tf.floormod is tf.math.mod


def test_no_derivative_passes():
    """A quotient that is rounded has no derivative."""
    x = tf.constant(7.0)
    assert [None] == tf.gradients(tf.truncatediv(x, 2.0), x)
