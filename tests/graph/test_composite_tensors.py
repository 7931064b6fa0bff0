"""Values made of several tensors: slices of a larger tensor, and sparse tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


def make_slices(dense_shape: Any = None) -> tf.IndexedSlices:
    """Two rows of a larger tensor."""
    shape = None if dense_shape is None else tf.constant(dense_shape)
    return tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0]], name="rows"), tf.constant([4, 0]), shape)


def make_sparse() -> tf.SparseTensor:
    """A 3x4 tensor with two values."""
    return tf.SparseTensor(indices=[[0, 1], [2, 3]], values=[1.5, 2.5], dense_shape=[3, 4])


def test_slices_have_the_properties_of_their_values() -> None:
    """Name, dtype, operation and graph are those of the values; the shape is that of the larger tensor."""
    slices = make_slices([5, 2])
    assert ("rows:0", "float32", "rows") == (slices.name, slices.dtype.name, slices.op.name)
    assert slices.graph is tf.get_default_graph()
    assert slices.device == ""
    assert [5, 2] == slices.shape.as_list() == slices.get_shape().as_list()
    assert make_slices().shape.rank is None


def test_slices_are_negated_and_shown() -> None:
    """The negative has negative values at the same places; the text names the tensors."""
    slices = make_slices()
    negative = -slices
    assert negative.indices is slices.indices
    assert negative.dense_shape is None
    assert (
        'IndexedSlices(indices=Tensor("Const:0", shape=(2,), dtype=int32), '
        'values=Tensor("Neg:0", shape=(2, 2), dtype=float32))' == str(negative)
    )
    assert 'dense_shape=Tensor("Const_' in str(make_slices([5, 2]))
    with tf.Session() as sess:
        np.testing.assert_array_equal(sess.run(negative.values), [[-1, -2], [-3, -4]])


def test_a_sparse_tensor_makes_its_constants_in_a_scope() -> None:
    """Plain values become constants with TensorFlow's names; tensors are taken as they are."""
    sparse = make_sparse()
    assert ["SparseTensor/indices", "SparseTensor/values", "SparseTensor/dense_shape"] == [
        part.op.name for part in (sparse.indices, sparse.values, sparse.dense_shape)
    ]
    assert ("int64", "float32", "int64") == (
        sparse.indices.dtype.name,
        sparse.dtype.name,
        sparse.dense_shape.dtype.name,
    )
    other = sparse.with_values([7, 8])
    assert other.indices is sparse.indices
    assert ("int32", "SparseTensor_1/values") == (other.dtype.name, other.op.name)
    assert "SparseTensor(indices=Tensor(" in repr(sparse)


def test_consumers_of_all_parts() -> None:
    """The operations that take any of the tensors, each of them once."""
    sparse, slices = make_sparse(), make_slices([5, 2])
    taken = [tf.negative(sparse.values, name="a").op, tf.add(sparse.indices, sparse.indices, name="b").op]
    assert set(taken) == set(sparse.consumers())
    assert len(sparse.consumers()) == 2
    assert [] == slices.consumers()
    assert slices.dense_shape is not None
    assert [tf.identity(slices.dense_shape).op] == slices.consumers()


def test_the_static_shape_of_a_sparse_tensor() -> None:
    """It is known as far as the shape's tensor is constant, and more can be said."""
    assert [3, 4] == make_sparse().shape.as_list()
    unknown = tf.SparseTensor(tf.placeholder(tf.int64), tf.placeholder(tf.float32), tf.placeholder(tf.int64, [2]))
    assert [None, None] == unknown.shape.as_list()
    unknown.set_shape([3, None])
    assert [3, None] == unknown.get_shape().as_list()
    with pytest.raises(ValueError, match=r"Shapes \(3, 4\) and \(4, 4\) are not compatible"):
        make_sparse().set_shape([4, 4])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (([0, 1], [1.5], [3, 4]), r"Shape \(2,\) must have rank 2"),
        (([[0, 1]], [[1.5]], [3, 4]), r"Shape \(1, 1\) must have rank 1"),
        (([[0, 1], [1, 2]], [1.5], [3, 4]), "Dimensions 2 and 1 are not compatible"),
        (([[0, 1]], [1.5], [3, 4, 5]), "Dimensions 2 and 3 are not compatible"),
    ],
)
def test_parts_that_do_not_fit_each_other(parts: tuple[Any, Any, Any], message: str) -> None:
    """Ranks and the numbers of values and dimensions are compared as far as known."""
    with pytest.raises(ValueError, match=message):
        tf.SparseTensor(*parts)


def test_indices_of_another_dtype() -> None:
    """Tensors of indices must be int64."""
    with pytest.raises(ValueError, match="int64"):
        tf.SparseTensor(tf.constant([[0, 1]]), [1.5], [3, 4])


def test_a_sparse_tensor_from_its_value() -> None:
    """A value becomes constants, a sparse tensor another one of the same tensors; nothing else is taken."""
    value = tf.SparseTensorValue(np.array([[0, 1]]), np.array([1.5]), np.array([3, 4]))
    made = tf.SparseTensor.from_value(value)
    assert ("float64", [3, 4]) == (made.dtype.name, made.shape.as_list())
    assert tf.SparseTensor.from_value(made).values is made.values
    with pytest.raises(TypeError, match="is neither a SparseTensor nor SparseTensorValue"):
        tf.SparseTensor.from_value(3)


def test_a_sparse_tensor_is_computed() -> None:
    """`eval` gives the arrays, by the default session too; without one it is an error."""
    sparse = make_sparse()
    with pytest.raises(ValueError, match="default session"):
        sparse.eval()
    with tf.Session().as_default():
        value = sparse.eval({sparse.values: [7.0, 8.0]})
    assert isinstance(value, tf.SparseTensorValue)
    assert ([[0, 1], [2, 3]], [7, 8], [3, 4]) == tuple(part.tolist() for part in value)


def test_conversion_keeps_what_is_made_of_several_tensors() -> None:
    """Both functions keep their structures, and make tensors of other values; dtypes are checked."""
    slices, sparse = make_slices(), make_sparse()
    assert tf.convert_to_tensor_or_indexed_slices(slices, tf.float32) is slices
    assert tf.convert_to_tensor_or_indexed_slices(sparse) is sparse
    made = tf.convert_to_tensor_or_indexed_slices([1, 2], name="made")
    assert isinstance(made, tf.Tensor)
    assert made.name == "made:0"
    assert tf.convert_to_tensor_or_sparse_tensor(sparse, tf.float32) is sparse
    assert isinstance(tf.convert_to_tensor_or_sparse_tensor(tf.SparseTensorValue([[0]], [1], [2])), tf.SparseTensor)
    assert isinstance(tf.convert_to_tensor_or_sparse_tensor(1.0), tf.Tensor)
    with pytest.raises(ValueError, match="Incompatible tensor conversion requested to dtype int32"):
        tf.convert_to_tensor_or_indexed_slices(slices, tf.int32)
    with pytest.raises(RuntimeError, match="Sparse dtype mismatch"):
        tf.convert_to_tensor_or_sparse_tensor(sparse, tf.int32)
    with pytest.raises(TypeError):
        tf.convert_to_tensor(sparse)


def test_they_count_as_tensors() -> None:
    """For `tf.is_tensor`, as a tensor and a variable do; their values do not."""
    assert all(map(tf.is_tensor, (make_slices(), make_sparse(), tf.constant(1), tf.Variable(1))))
    assert not any(map(tf.is_tensor, (1, [tf.constant(1)], tf.SparseTensorValue(1, 2, 3), tf.no_op())))
