"""Sets that do not fit are refused, as in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hdfsaver as tf


def sparse(indices: Any = ((0, 0), (1, 2)), shape: Any = (2, 3)) -> Any:
    """A sparse matrix with two values."""
    return tf.SparseTensor(indices, [1, 2], shape)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tf.sets.size(sparse([[1, 0], [0, 0]])).op, "out of order"),
        (lambda: tf.sets.size(sparse([[0, 1], [0, 1]])).op, "repeated"),
        (lambda: tf.sets.size(sparse([[0, 0], [1, 3]])).op, "out of bounds"),
        (lambda: tf.sets.size(sparse([[0], [1]], [3])).op, "rank 1"),
        (lambda: tf.sets.union(sparse(), sparse(shape=[4, 3])).values, "Mismatched group shapes"),
        (lambda: tf.sets.union(tf.constant([[1]]), sparse()).values, "Mismatched group shapes"),
    ],
)
def test_what_does_not_fit(make: Callable[[], Any], text: str) -> None:
    """The run says what is wrong, in TensorFlow's class."""
    with pytest.raises(tf.errors.InvalidArgumentError) as caught, tf.Session() as session:
        session.run(make())
    assert text in caught.value.message.splitlines()[0]


def test_unchecked_indices() -> None:
    """Without the check, the order of indices does not matter."""
    sizes = tf.sets.size(sparse([[1, 0], [0, 0]]), validate_indices=False)
    assert [1, 1] == tf.Session().run(sizes).tolist()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: tf.sets.size([[1]]), TypeError),
        (lambda: tf.sets.union([[1.0]], [[1.0]]), TypeError),
        (lambda: tf.sets.union([[1]], [["a"]]), TypeError),
        (lambda: tf.sets.union([1], [1]), ValueError),
        (lambda: tf.sets.union([[1]], [[[1]]]), ValueError),
        (lambda: tf.sets.union([[1]], [[1], [2]]), ValueError),
        (lambda: tf.sets.union([[[1]]], sparse()), ValueError),
    ],
)
def test_what_is_refused_at_once(make: Callable[[], Any], error: type[Exception]) -> None:
    """Dtypes and known shapes are looked at while the graph is built."""
    count = len(tf.get_default_graph().get_operations())
    with pytest.raises(error):
        make()
    types = {operation.type for operation in tf.get_default_graph().get_operations()[count:]}
    assert types <= {"Const"}
