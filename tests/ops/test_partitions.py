"""Slices that are dealt out to partitions and put together again, as TensorFlow does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

DATA = np.arange(12.0).reshape(2, 3, 2)


def unknown(value: Any) -> Any:
    """A tensor whose shape is known in the run only."""
    return tf.placeholder_with_default(value, None)


def test_partitions() -> None:
    """Each partition gets its slices in their order; one may be empty."""
    parts = tf.dynamic_partition(DATA, [[0, 1, 0], [3, 3, 0]], 4, name="parts")
    assert ["parts:0", "parts:1", "parts:2", "parts:3"] == [part.name for part in parts]
    assert [[None, 2]] * 4 == [part.shape.as_list() for part in parts]
    with tf.Session() as session:
        got = session.run(parts)
        assert [b"b"] == session.run(tf.dynamic_partition(["a", "b"], [1, 0], 2)[0]).tolist()
        assert [1, 2] == session.run(tf.dynamic_partition([1, 2], [0, 0], 1)[0]).tolist()
    expected = [[[0, 1], [4, 5], [10, 11]], [[2, 3]], [], [[6, 7], [8, 9]]]
    assert expected == [part.tolist() for part in got]


def test_stitches() -> None:
    """Slices go to the places of their indices; the last one stays."""
    merged = tf.dynamic_stitch([0, [1, 3], [2, 3]], [[1, 2], [[3, 4], [5, 6]], [[7, 8], [9, 10]]])
    assert [4, 2] == merged.shape.as_list()
    some = tf.dynamic_stitch([unknown([2, 0])], [unknown([1.5, 2.5])])
    assert some.shape.rank is None
    with tf.Session() as session:
        assert [[1, 2], [3, 4], [7, 8], [9, 10]] == session.run(merged).tolist()
        assert [2.5, 0.0, 1.5] == session.run(some).tolist()
        assert (0, 2) == session.run(tf.dynamic_stitch([np.zeros(0, np.int32)], [np.zeros((0, 2))])).shape


def test_what_is_dealt_out_comes_together() -> None:
    """The derivative by the data finds the slices of every partition, and nothing for those that are not used."""
    data = tf.constant(DATA)
    parts = tf.dynamic_partition(data, [[0, 1, 0], [2, 2, 0]], 3)
    (derivative,) = tf.gradients([parts[0] * 2.0, parts[2] * 3.0], data)
    with tf.Session() as session:
        assert [[[2, 2], [0, 0], [2, 2]], [[3, 3], [3, 3], [2, 2]]] == session.run(derivative).tolist()


def test_what_does_not_fit() -> None:
    """What is known not to fit is refused where it is written."""
    for make in (
        lambda: tf.dynamic_partition([1, 2], [0, 1, 1], 2),
        lambda: tf.dynamic_partition([1, 2], [0, 1], 0),
        lambda: tf.dynamic_stitch([[1, 0]], [[1.0, 2.0, 3.0]]),
        lambda: tf.dynamic_stitch([[1, 0], [2]], [[1.0, 2.0], [[3.0, 4.0]]]),
        lambda: tf.dynamic_stitch([[1, 0], [2]], [[1.0, 2.0]]),
        lambda: tf.dynamic_stitch([], []),
    ):
        with pytest.raises(ValueError, match="must start|not compatible|at least 1|as many"):
            make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.dynamic_partition([1, 2], [0, 5], 2), r"partitions\[1\] = 5 is not in \[0, 2\)"),
        (lambda: tf.dynamic_partition(DATA, [[0, 1, 0], [2, -2, 0]], 3), r"partitions\[1,1\] = -2 is not in"),
        (lambda: tf.dynamic_partition(unknown([1, 2]), unknown([0, 1, 1]), 2), "must start with partitions.shape"),
        (lambda: tf.dynamic_stitch([unknown([1, -1])], [unknown([1.0, 2.0])]), "out of range"),
        (lambda: tf.dynamic_stitch([unknown([1, 0])], [unknown([1.0])]), "does not start with"),
        (lambda: tf.dynamic_stitch([unknown([1]), [2]], [unknown([1.0]), unknown([[3.0]])]), "Need data"),
    ],
)
def test_runs_that_fail(make: Any, message: str) -> None:
    """What is seen in the run only is an InvalidArgumentError."""
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(make())
