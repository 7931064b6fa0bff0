"""Placeholders for sparse tensors."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

VALUE = tf.SparseTensorValue(np.array([[0, 1]]), np.array([1.5], np.float32), np.array([3, 4]))


def names_and_types():
    """The operations of the graph, in order."""
    return [(operation.name, operation.type) for operation in tf.get_default_graph().get_operations()]


def test_without_a_shape():
    """Three placeholders of unknown lengths, all of which are fed."""
    sparse = tf.sparse_placeholder(tf.float32)
    assert ["Placeholder", "Placeholder_1", "Placeholder_2"] == [
        part.op.name for part in (sparse.dense_shape, sparse.values, sparse.indices)
    ]
    assert (None, [None], [None, None]) == (
        sparse.shape.rank,
        sparse.values.shape.as_list(),
        sparse.indices.shape.as_list(),
    )
    with tf.Session() as sess:
        found = sess.run(sparse, {sparse: VALUE})
        assert [part.tolist() for part in VALUE] == [part.tolist() for part in found]
        with pytest.raises(tf.errors.InvalidArgumentError, match="must feed a value for placeholder"):
            sess.run(sparse, {sparse: VALUE[:2]})


def test_with_a_shape():
    """Lengths that are known are static, and -1 is one that is not; the shape need not be fed."""
    sparse = tf.sparse_placeholder(tf.float32, shape=[3, 4], name="x")
    assert names_and_types() == [
        ("x/shape_default", "Const"),
        ("x/shape", "PlaceholderWithDefault"),
        ("x/values", "Placeholder"),
        ("x/indices", "Placeholder"),
    ]
    assert [3, 4] == sparse.shape.as_list()
    with tf.Session() as sess:
        assert [3, 4] == sess.run(sparse, {sparse: VALUE[:2]}).dense_shape.tolist()
        for shape in ([None, 4], [-1, 4], tf.TensorShape([None, 4])):
            partly = tf.sparse_placeholder(tf.float32, shape=shape)
            assert [None, 4] == partly.get_shape().as_list()
            assert [None, 2] == partly.indices.shape.as_list()
            assert [-1, 4] == sess.run(partly.dense_shape).tolist()
            assert [3, 4] == sess.run(partly, {partly: VALUE}).dense_shape.tolist()
        with pytest.raises(ValueError, match="Cannot feed value of shape"):
            sess.run(sparse, {sparse: ([[0, 1, 2]], [1.5], [3, 4])})


def test_with_a_shape_that_is_a_tensor():
    """It is the default of the shape, and known as far as it is constant."""
    sparse = tf.sparse_placeholder(tf.int32, shape=tf.constant([3, 4], tf.int64), name="x")
    assert [3, 4] == sparse.shape.as_list()
    assert sparse.dtype is tf.int32
    assert ("Const", "Const") == names_and_types()[0]
    unknown = tf.sparse_placeholder("float64", shape=tf.placeholder(tf.int64, [2]))
    assert [None, None] == unknown.shape.as_list()
