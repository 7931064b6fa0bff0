"""Cross products, as TensorFlow checks them before and in a run."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int8", "uint32"])
def test_products(dtype: str) -> None:
    """The products are those of NumPy, and overflow as integers do."""
    target = tf.as_dtype(dtype).as_numpy_dtype
    a, b = np.array([[1, 2, 3], [90, 90, 0]]).astype(target), np.array([[4, 5, 7], [0, 90, 90]]).astype(target)
    product = tf.cross(tf.constant(a), tf.constant(b), name="product")
    assert product.op.name == "product"
    assert product.shape.as_list() == [2, 3]
    expected = [[14 - 15, 12 - 7, 5 - 8], [8100, -8100, 8100]]
    with tf.Session() as session:
        got = session.run(product)
    assert got.dtype == target
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(got, np.array(expected).astype(target))


def test_known_shapes() -> None:
    """Shapes that differ, scalars and vectors of another length are refused where they are written."""
    for a, b in (([1.0, 2.0], [1.0, 2.0]), ([[1.0, 2.0, 3.0]], [1.0, 2.0, 3.0]), (1.0, 2.0)):
        with pytest.raises(ValueError, match="cannot take shapes"):
            tf.linalg.cross(a, b)
    unknown = tf.placeholder(tf.float32, [None, None])
    assert tf.cross(unknown, unknown).shape.as_list() == [None, 3]


def test_shapes_of_runs() -> None:
    """What was unknown before is refused in the run."""
    a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    product = tf.cross(a, b)
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="Both inputs must be of same shape"):
            session.run(product, {a: [1, 2, 3], b: [[1, 2, 3]]})
        with pytest.raises(tf.errors.InvalidArgumentError, match="at least 1D"):
            session.run(product, {a: 1, b: 2})
        with pytest.raises(tf.errors.FailedPreconditionError, match="only defined for 3-element vectors"):
            session.run(product, {a: [1, 2], b: [1, 2]})
