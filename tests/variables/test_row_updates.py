"""Operations that change rows, slices and parts of a variable."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

ROWS = {
    "update": [7.0, 5.0, 9.0],
    "add": [7.0, 8.0 + 2 + 5, 9.0],
    "sub": [7.0, 8.0 - 2 - 5, 9.0],
    "mul": [7.0, 8.0 * 2 * 5, 9.0],
    "div": [7.0, 8.0 / 2 / 5, 9.0],
    "min": [7.0, 2.0, 9.0],
    "max": [7.0, 8.0, 9.0],
}


def after(make, value):
    """The value of a variable after an operation on it."""
    v = tf.Variable(value)
    change = make(v)
    with tf.Session() as sess:
        sess.run(v.initializer)
        given = sess.run(change)
        np.testing.assert_array_equal(given, sess.run(v))
        return given.tolist()


@pytest.mark.parametrize("kind", ROWS)
def test_rows_that_are_given_twice(kind):
    """Each update counts, in order; the functions and the methods of variables do the same."""
    by_function = after(lambda v: getattr(tf, f"scatter_{kind}")(v, [1, 1], [2.0, 5.0]), [7.0, 8.0, 9.0])
    delta = tf.IndexedSlices(tf.constant([2.0, 5.0]), tf.constant([1, 1]))
    by_method = after(lambda v: getattr(v, f"scatter_{kind}")(delta), [7.0, 8.0, 9.0])
    np.testing.assert_allclose([ROWS[kind]] * 2, [by_function, by_method], rtol=1e-6)


@pytest.mark.parametrize("kind", ROWS)
def test_scalars_are_broadcast(kind):
    """One number stands for all rows that are named."""
    one = after(lambda v: getattr(tf, f"scatter_{kind}")(v, [0, 2], 2), [[7, -7], [1, 1], [9, -9]])
    all_of = after(lambda v: getattr(tf, f"scatter_{kind}")(v, [0, 2], [[2, 2]] * 2), [[7, -7], [1, 1], [9, -9]])
    assert one == all_of
    assert [1, 1] == one[1]
    assert "div" != kind or [[3, -3], [1, 1], [4, -4]] == one  # integers are divided towards zero


@pytest.mark.parametrize(
    ("kind", "expected"), [("update", 3.0), ("add", 1 + 5.0), ("sub", 1 - 5.0), ("min", 1.0), ("max", 3.0)]
)
def test_slices_by_vectors(kind, expected):
    """Vectors of indices name elements, or whole rows where they are shorter."""
    elements = after(lambda v: getattr(v, f"scatter_nd_{kind}")([[1, 0], [1, 0]], [2.0, 3.0]), [[0.0, 0.0], [1.0, 0.0]])
    rows = after(lambda v: getattr(v, f"scatter_nd_{kind}")([[0], [0]], [[2.0], [3.0]]), [[1.0], [0.0]])
    assert ([[0, 0], [expected, 0]], [[expected], [0]]) == (elements, rows)


def test_batches_of_indices():
    """Indices into the second dimension, for each place in the first."""
    assert [[5.0, 0.0, 0.0], [0.0, 0.0, 6.0]] == after(
        lambda v: tf.batch_scatter_update(v, np.array([[0], [2]], np.int64), [[5.0], [6.0]]), np.zeros((2, 3))
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda v, x: tf.scatter_add(v, [0, -1], x), r"indices\[1\] = -1 is not in \[0, 3\)"),
        (lambda v, x: tf.scatter_add(v, [0, 3], x), r"indices\[1\] = 3 is not in \[0, 3\)"),
        (lambda v, x: tf.scatter_add(v, [[0, 1]], x), "Must have updates.shape = indices.shape"),
        (lambda v, x: tf.scatter_nd_add(v, [[0], [3]], x), r"indices\[1\] = \[3\] does not index into"),
        (lambda v, x: tf.scatter_nd_add(v, [[0]], x), r"Updates must have shape \(1,\), not \(2,\)"),
        (lambda v, x: v[:1].assign(x), r"A value of shape \(2,\) cannot be broadcast to .* \(1,\)"),
        (lambda v, x: tf.scatter_div(v, [0, 1], x * 0), "Integer division by zero"),
    ],
)
def test_what_does_not_fit_changes_nothing(make, message):
    """The run says what is wrong, and the variable has the value that it had."""
    v = tf.Variable([1, 2, 3])
    x = tf.placeholder(tf.int32)
    change = make(v, x)
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            sess.run(change, {x: [4, 5]})
        assert [1, 2, 3] == sess.run(v).tolist()


def test_only_slices_with_their_places_are_scattered():
    """The methods take rows with their numbers; the message names the functions for others."""
    with pytest.raises(TypeError, match=r"sparse_delta is not IndexedSlices.*tf\.scatter_add"):
        tf.Variable([1.0]).scatter_add([1.0])


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (slice(0, 1), [[7, 8, 9]], [[7, 8, 9], [4, 5, 6]]),
        (slice(0, 1), 5, [[5, 5, 5], [4, 5, 6]]),
        (slice(None), [7, 8, 9], [[7, 8, 9], [7, 8, 9]]),
        ((1, 2), 9, [[1, 2, 3], [4, 5, 9]]),
        ((1, 2), [9], [[1, 2, 3], [4, 5, 9]]),
        ((..., 1), [9, 8], [[1, 9, 3], [4, 8, 6]]),
        ((0, slice(None, None, -1)), [1, 2, 7], [[7, 2, 1], [4, 5, 6]]),
        ((0, tf.newaxis), [1, 2, 7], [[1, 2, 7], [4, 5, 6]]),
    ],
)
def test_slices_of_variables_are_assigned_to(key, value, expected):
    """``v[key].assign(value)`` broadcasts the value to that part, as TensorFlow does."""
    assert expected == after(lambda v: v[key].assign(value), [[1, 2, 3], [4, 5, 6]])
    assert expected == after(lambda v: tf.assign(v[key], value), [[1, 2, 3], [4, 5, 6]])


def test_slices_of_tensors_are_not():
    """Only a slice of a variable has ``assign``; the slice is the tensor that the graph gives."""
    part = tf.Variable([1.0, 2.0])[:1]
    assert part is part.op.outputs[0] is part.graph.get_tensor_by_name(part.name)
    assert "strided_slice/_assign" == part.assign([3.0]).op.name
    assert not hasattr(tf.constant([1.0, 2.0])[:1], "assign")


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_count_up_to(dtype):
    """A counter gives its value before, and stops at the limit."""
    v = tf.Variable(0, dtype=dtype)
    count = v.count_up_to(2)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert [0, 1] == [sess.run(count), sess.run(count)]
        with pytest.raises(tf.errors.OutOfRangeError, match="Reached limit of 2"):
            sess.run(count)
        assert 2 == sess.run(v)
    with pytest.raises(ValueError, match="rank 0"):
        tf.count_up_to(tf.Variable([1]), 2)
