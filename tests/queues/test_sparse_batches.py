"""Sparse tensors in batches: numbers in queues, tensors in maps of the session. TensorFlow gave the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.queues.test_input import everything


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    """An empty graph."""
    with tf.Graph().as_default() as found:
        yield found


def example(number: Any) -> tf.SparseTensor:
    """A vector of 5 with its number at place 2."""
    return tf.SparseTensor(indices=[[2]], values=tf.stack([number]), dense_shape=[5])


def matrix() -> tf.SparseTensor:
    """Three rows, of which the second is empty."""
    return tf.SparseTensor([[0, 1], [2, 0], [2, 3]], [1.0, 2.0, 3.0], [3, 4])


def test_a_batch_of_examples() -> None:
    """Batches of one sparse tensor each have a dimension more, and beside them come the other components."""
    number = tf.train.range_input_producer(4, num_epochs=1, shuffle=False).dequeue()
    made = tf.train.batch({"s": example(number), "n": number}, 2)
    assert made["s"].shape.ndims == 2
    first, second = everything(made)
    assert first["s"].indices.tolist() == [[0, 2], [1, 2]]
    assert first["s"].values.tolist() == first["n"].tolist() == [0, 1]
    assert first["s"].dense_shape.tolist() == [2, 5]
    assert second["s"].values.tolist() == [2, 3]


def test_one_component_in_a_dict() -> None:
    """A dict with one sparse tensor gives a dict with one."""
    number = tf.train.range_input_producer(2, num_epochs=1, shuffle=False).dequeue()
    (found,) = everything(tf.train.batch({"only": example(number)}, 2))
    assert found["only"].values.tolist() == [0, 1]


def test_rows_are_examples() -> None:
    """With enqueue_many each row is an example; rows that are not kept do not come."""
    rows = tf.train.input_producer([0], shuffle=False, num_epochs=1).dequeue()
    with tf.control_dependencies([rows]):
        given = tf.SparseTensor(
            *(tf.identity(part) for part in (matrix().indices, matrix().values, matrix().dense_shape))
        )
    keep = tf.constant([True, True, False])
    (found,) = everything(tf.train.maybe_batch([given], keep, 2, enqueue_many=True))
    assert found.indices.tolist() == [[0, 1]]
    assert found.values.tolist() == [1]
    assert found.dense_shape.tolist() == [2, 4]


def test_examples_of_two_places_share_a_map(graph: tf.Graph) -> None:
    """What is put in by one operation or by another is taken from one map; one rank is asked of all."""
    number = tf.train.range_input_producer(6, num_epochs=1, shuffle=False).dequeue()
    made = tf.train.shuffle_batch_join([[example(number)], [example(number)]], 3, 10, 0, seed=3)
    added = [op for op in graph.get_operations() if op.type == "AddSparseToTensorsMap"]
    assert [op.get_attr("shared_name") for op in added] == [b"", added[0].name.encode()]
    found = everything(made)
    assert sorted(value for batch in found for value in batch.values.tolist()) == list(range(6))
    with pytest.raises(ValueError, match="Inconsistent SparseTensors"):
        tf.train.batch_join([[matrix()], [example(number)]], 2)
    with pytest.raises(ValueError, match="Inconsistent SparseTensors"):
        tf.train.batch_join([[number], [example(number)]], 2)


def test_examples_of_other_keys_are_refused() -> None:
    """Dicts of all places need the same keys."""
    with pytest.raises(ValueError, match="must have the same keys"):
        tf.train.batch_join([{"a": 1}, {"a": 1, "b": 2}], 2)


def test_a_sparse_tensor_is_taken_once() -> None:
    """A number gives its tensor once, and none afterwards."""
    from hdfsaver.ops.sparse_maps import add_to_map, take_from_map

    handles = add_to_map(matrix(), many=True)
    numbers = tf.placeholder(tf.int64, [None])
    taken = take_from_map(handles.op, numbers, 2)
    with tf.Session() as sess:
        given = sess.run(handles)
        assert given.tolist() == [0, 1, 2]
        found = sess.run(taken, {numbers: given[1:]})
        assert found.indices.tolist() == [[1, 0], [1, 3]]
        assert found.dense_shape.tolist() == [2, 4]
        with pytest.raises(tf.errors.InvalidArgumentError, match="Unable to find SparseTensor: 1 in map"):
            sess.run(taken, {numbers: given[:2]})
        assert sess.run(taken, {numbers: given[:1]}).values.tolist() == [1], "the one before it was not taken"
        with pytest.raises(tf.errors.InvalidArgumentError, match="at least 1 serialized SparseTensor"):
            sess.run(taken, {numbers: np.zeros(0, np.int64)})


def test_parts_that_do_not_fit_are_refused() -> None:
    """Indices, values and shape of a sparse tensor must fit each other."""
    indices, values, size = (tf.placeholder(kind) for kind in (tf.int64, tf.float32, tf.int64))
    from hdfsaver.ops.sparse_maps import add_to_map

    one = add_to_map(tf.SparseTensor(indices, values, size), many=False)
    many = add_to_map(tf.SparseTensor(indices, values, size), many=True)
    with tf.Session() as sess:
        for fetch, parts, said in (
            (one, ([0], [1], [5]), "indices should be a matrix"),
            (one, ([[0]], [1, 2], [5]), "Number of values must match"),
            (one, ([[0]], [1], [5, 6]), "Number of dimensions must match"),
            (many, ([[0]], [1], [5]), "Rank of input SparseTensor should be > 1"),
            (many, ([[7, 0]], [1], [5, 6]), "unexpected column 0 value in input SparseTensor: 7"),
        ):
            with pytest.raises(tf.errors.InvalidArgumentError, match=said):
                sess.run(fetch, dict(zip((indices, values, size), parts, strict=True)))
