"""Values that the graph tells without a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.assertions.static_values import constant_value_as_shape
from hdfsaver.graph.apply import apply


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: tf.constant([1.5]), [1.5]),
        (lambda: apply("Shape", tf.placeholder("float32", [2, 3])), [2, 3]),
        (lambda: apply("Size", tf.placeholder("float32", [2, 3])), 6),
        (lambda: apply("Rank", tf.placeholder("float32", [None, 3])), 2),
        (lambda: tf.fill([2], 7), [7, 7]),
        (lambda: tf.range(3), [0, 1, 2]),
        (lambda: tf.cast(tf.constant([1.9]), tf.int32), [1]),
        (lambda: tf.concat([tf.constant([1]), [2]], 0), [1, 2]),
        (lambda: tf.stack([tf.identity(1), 2]), [1, 2]),
        (lambda: tf.unstack(tf.constant([3, 4]))[1], 4),
        (lambda: tf.split(tf.constant([3, 4]), 2)[1], [4]),
        (lambda: tf.equal(tf.constant([1, 2]), 1), [True, False]),
        (lambda: tf.stop_gradient(tf.constant(5)), 5),
        (lambda: tf.constant(1) + 1, None),
        (lambda: tf.placeholder("float32"), None),
        (lambda: tf.Variable(1), None),
        (lambda: apply("Shape", tf.placeholder("float32", [None])), None),
        (lambda: tf.stack([tf.identity([1]), [2]], axis=1), None),
        (lambda: tf.fill([2**14, 2**14], 1), None),
        (lambda: "text", "text"),
    ],
)
def test_known_values(make: Callable[[], Any], expected: Any) -> None:
    """Constants and what a few operations make of them are known, everything else is not."""
    value = tf.get_static_value(make())
    assert expected == (value.tolist() if isinstance(value, np.ndarray) else value)


def test_parts_that_are_known() -> None:
    """Of tensors that are packed, the known ones are there."""
    packed = tf.stack([tf.constant([1, 2]), tf.placeholder("int32", [2])])
    assert tf.get_static_value(packed) is None
    first, second = tf.get_static_value(packed, partial=True)
    assert ([1, 2], None) == (first.tolist(), second)
    assert [1, 2] == tf.get_static_value(tf.unstack(packed)[0], partial=True).tolist()
    assert tf.get_static_value(tf.unstack(packed)[1], partial=True) is None


def test_values_are_copies() -> None:
    """Writing on a value does not change the constant."""
    x = tf.constant([1, 2])
    tf.get_static_value(x)[:] = 0
    assert [1, 2] == tf.Session().run(x).tolist()


def test_sizes_out_of_shapes() -> None:
    """A size that is taken out of a shape, and computed with, is known where the shape is."""
    x = tf.placeholder("float32", [None, 3, 4])
    count, rows, columns = tf.unstack(tf.shape(x))
    assert [None, 12] == tf.reshape(x, [count, rows * columns]).shape.as_list()
    assert [None, 4] == tf.zeros([tf.placeholder("int32"), tf.constant(4)]).shape.as_list()
    assert [5, None] == constant_value_as_shape(tf.constant([5, -1])).as_list()
    with pytest.raises(ValueError, match="rank 1"):
        constant_value_as_shape(tf.constant(5))


def test_a_tensor_whose_value_a_program_has_read_is_not_fed():
    """The program may depend on the value; a tensor whose value is not known, or is not asked for, can be fed."""
    read, other, late = tf.constant([1]), tf.constant([2]), tf.placeholder_with_default([3], [1])
    assert [1] == tf.get_static_value(read).tolist()
    assert tf.get_static_value(late) is None
    tf.assert_equal(other, [2])
    with tf.Session() as session:
        assert [8, 9] == session.run(tf.concat([other, late], 0), {other: [8], late: [9]}).tolist()
        with pytest.raises(ValueError, match="may not be fed"):
            session.run(read, {read: [7]})
