"""TensorArrays: what a run refuses, and what it gives where nothing was written; see `loops.py` for the graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

FLOATS = tf.float32


def closed() -> Any:
    """Read after closing."""
    array = tf.TensorArray(FLOATS, 1).write(0, 1.0)
    with tf.control_dependencies([array.close()]):
        return array.read(0)


def read_twice() -> Any:
    """Read a value again that reading has removed."""
    array = tf.TensorArray(FLOATS, 1).write(0, 1.0)
    with tf.control_dependencies([array.read(0)]):
        return array.read(0)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "closed": (closed, "already been closed"),
    "read twice": (read_twice, "Could not read index 0 twice because it was cleared"),
    "nothing written": (lambda: tf.TensorArray(FLOATS, 1).read(0), "Could not read from TensorArray index 0"),
    "read outside": (lambda: tf.TensorArray(FLOATS, 2).read(5), "read from index 5 but array size is: 2"),
    "write outside": (
        lambda: tf.TensorArray(FLOATS, 1).write(1, 1.0).flow,
        "write to index 1 but array is not resizeable and size is: 1",
    ),
    "written twice": (
        lambda: tf.TensorArray(FLOATS, 1).write(0, 1.0).write(0, 2.0).flow,
        "index 0 because it has already been written to",
    ),
    "other dtype": (
        lambda: tf.TensorArray(FLOATS, 1).write(0, tf.constant(1)).flow,
        "dtype is float32 but Op is trying to write dtype int32",
    ),
    "other shape": (
        lambda: tf.TensorArray(FLOATS, 2).write(0, tf.placeholder_with_default([1.0], None)).write(1, 1.0).flow,
        "incompatible with the TensorArray's inferred element shape",
    ),
    "stack of shapes": (
        lambda: tf.TensorArray(FLOATS, 2, infer_shape=False).write(0, [1.0]).write(1, 1.0).stack(),
        "inconsistent shapes",
    ),
    "negative size": (lambda: tf.TensorArray(FLOATS, -1).flow, "Size should be >= 0"),
    "scatter outside": (lambda: tf.TensorArray(FLOATS, 2).scatter([3], [1.0]).flow, "must be < array size"),
    "parts": (lambda: tf.TensorArray(FLOATS, 2).split([1.0, 2.0], [1, 2]).flow, "sum of lengths is 3"),
    "number of parts": (lambda: tf.TensorArray(FLOATS, 3).split([1.0, 2.0], [1, 1]).flow, "not equal to the size of"),
}


@pytest.mark.parametrize("program", REFUSED)
def test_what_a_run_refuses(program: str) -> None:
    """A wrong use is an InvalidArgumentError that says what is wrong."""
    make, message = REFUSED[program]
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(make())


def test_what_was_not_written_is_zero_where_the_shape_is_known() -> None:
    """Zeros for a place without a value, by the shape that was given or by that of another value."""
    told = tf.TensorArray(FLOATS, 1, element_shape=[2]).read(0)
    learned = tf.TensorArray(FLOATS, 3).write(1, [3.0, 4.0]).stack()
    none = tf.TensorArray(FLOATS, 0, element_shape=[3]).stack()
    with tf.Session() as session:
        found = session.run([told, learned, none])
    np.testing.assert_array_equal(found[0], [0, 0])
    np.testing.assert_array_equal(found[1], [[0, 0], [3, 4], [0, 0]])
    assert found[2].shape == (0, 3)


def test_an_empty_stack_needs_a_shape() -> None:
    """Nothing to stack, and no static shape: UnimplementedError, as in TensorFlow."""
    with tf.Session() as session, pytest.raises(tf.errors.UnimplementedError, match="size zero"):
        session.run(tf.TensorArray(FLOATS, 0).stack())


def test_derivatives_of_values_that_are_read_twice_are_added() -> None:
    """An array of derivatives adds what is written to one place; another call of gradients has its own."""
    x = tf.constant([1.0, 2.0, 3.0])
    array = tf.TensorArray(FLOATS, 3, clear_after_read=False).unstack(x)
    y = array.read(0) * 2 + array.read(0) * 3 + array.read(2)
    with tf.Session() as session:
        found = session.run([tf.gradients(y, x)[0], tf.gradients(y, x)[0]])
    np.testing.assert_array_equal(found, [[5, 0, 1]] * 2)


def test_strings_are_kept_whole() -> None:
    """Strings of several lengths, one by one and joined."""
    array = tf.TensorArray(tf.string, 2, clear_after_read=False).unstack(["a", "bcd"])
    with tf.Session() as session:
        assert list(session.run(array.stack())) == [b"a", b"bcd"]
        assert session.run(array.read(1)) == b"bcd"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, ValueError),
        ({"handle": 1}, TypeError),
        ({"handle": 1, "tensor_array_name": "x"}, ValueError),
    ],
)
def test_how_an_array_is_made(options: Any, error: type[Exception]) -> None:
    """Without a size, and with a handle that is not one."""
    with pytest.raises(error):
        tf.TensorArray(FLOATS, **options)


def test_a_gradient_needs_the_name_of_its_call() -> None:
    """Derivatives are kept by the name of the call, which must begin with ``gradients``."""
    x = tf.constant(1.0)
    with pytest.raises(ValueError, match="start with gradients"):
        tf.gradients(tf.TensorArray(FLOATS, 1).write(0, x).read(0) * 2.0, x, name="other")
