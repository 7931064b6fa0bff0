"""Stacks, which loops keep values on for their derivatives."""

from __future__ import annotations

from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_op


def pushed(size: int, *values: float) -> tuple[Any, Any]:
    """A stack and the last value on it."""
    stack = apply("StackV2", size, elem_type="float32")
    last: Any = None
    for value in values:
        with tf.control_dependencies([] if last is None else [last]):
            last = apply("StackPushV2", stack, tf.constant(value))
    return stack, last


def test_the_last_value_comes_first() -> None:
    """Values come back in the other order; a push gives its value."""
    stack, last = pushed(-1, 1.0, 2.0)
    with tf.control_dependencies([last]):
        first = apply("StackPopV2", stack, elem_type="float32")
        with tf.control_dependencies([first]):
            second = apply("StackPopV2", stack, elem_type="float32")
    with tf.Session() as session:
        assert session.run([last, first, second]) == [2.0, 2.0, 1.0]


def test_stacks_of_older_graphs_are_taken_by_reference() -> None:
    """The types of TensorFlow 1.0 and 1.1 hold any number of values, in this order, and are closed."""
    stack = apply("Stack", elem_type="float32", stack_name=b"s")
    assert stack.dtype.is_ref_dtype
    last = apply("StackPush", stack, tf.constant([1.0, 2.0]))
    with tf.control_dependencies([last]):
        found = apply("StackPop", stack, elem_type="float32")
    with tf.control_dependencies([found]), tf.control_dependencies([apply_op("StackClose", stack)]):
        closed = apply("StackPop", stack, elem_type="float32")
    with tf.Session() as session:
        assert [value.tolist() for value in session.run([last, found])] == [[1.0, 2.0]] * 2
        with pytest.raises(tf.errors.InvalidArgumentError, match="closed"):
            session.run(closed)


def test_what_a_stack_refuses() -> None:
    """More values than it takes, a value where there is none, another dtype, and anything after closing."""
    full = pushed(1, 1.0, 2.0)[1]
    stack, last = pushed(-1, 1.0)
    empty = apply("StackPopV2", pushed(-1)[0], elem_type="float32")
    other = apply("StackPushV2", stack, tf.constant(1))
    with tf.control_dependencies([last]), tf.control_dependencies([apply_op("StackCloseV2", stack)]):
        closed = apply("StackPopV2", stack, elem_type="float32")
    expected = {"overflowed its max_size": full, "is empty": empty, "Must have type float32": other, "closed": closed}
    with tf.Session() as session:
        for message, tensor in expected.items():
            with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                session.run(tensor)
