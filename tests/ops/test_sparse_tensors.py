"""Sparse tensors that do not fit are refused, as in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

VALUE = tf.SparseTensorValue([[0, 0], [1, 2]], np.array([1.0, 2.0], np.float32), [2, 3])


def sparse(indices: Any = ((0, 0), (1, 2)), shape: Any = (2, 3)) -> Any:
    """A sparse matrix with two values."""
    return tf.SparseTensor(indices, [1.0, 2.0], shape)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tf.sparse_tensor_dense_matmul(sparse([[0, 5], [1, 0]]), tf.ones([3, 2])), "out of bounds"),
        (lambda: tf.sparse_concat(0, [sparse(), sparse(shape=[2, 4])]), "Input shapes must match"),
        (lambda: tf.sparse_reshape(sparse(), [4, 2]), "the requested shape has 8"),
        (lambda: tf.sparse_reshape(sparse(), [4, -1]), "requires a multiple of 4"),
        (lambda: tf.sparse_add(sparse(), sparse(shape=[2, 4])), "shapes do not match"),
        (lambda: tf.sparse_split(sp_input=sparse(), num_split=4, axis=1), "num_split should be in the interval"),
    ],
)
def test_what_does_not_fit(make: Callable[[], Any], text: str) -> None:
    """The run says what is wrong, in TensorFlow's class."""
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=text), tf.Session() as session:
        session.run(make())


def test_a_dense_tensor_is_refused() -> None:
    """Functions of sparse tensors name their class."""
    with pytest.raises(TypeError, match="must be a SparseTensor"):
        tf.sparse_reorder(tf.ones([2, 2]))
    with pytest.raises(TypeError, match="At least one input should be SparseTensor"):
        tf.sparse_add(tf.ones([2]), tf.ones([2]))


def test_values_are_taken_and_fed() -> None:
    """A SparseTensorValue is a sparse tensor; one that is fed runs through operations."""
    fed = tf.sparse_placeholder(tf.float32)
    product = tf.sparse_tensor_dense_matmul(fed, tf.ones([3, 1]))
    with tf.Session() as session:
        assert [[1.0], [2.0]] == session.run(product, {fed: VALUE}).tolist()
        moved = session.run(tf.sparse_transpose(VALUE))
        assert isinstance(moved, tf.SparseTensorValue)
    assert [[0, 0], [2, 1]] == moved.indices.tolist()
    assert [3, 2] == moved.dense_shape.tolist()
