"""`trace_run`: every value of one run, which is otherwise a run like others."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from tests.notebook_html import shown


def test_every_value_is_there_in_the_order_of_the_run() -> None:
    """By name, as a tensor, and as the value that a fetch of it gives."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    hidden = tf.nn.relu(tf.matmul(x, tf.constant([[1.0], [-1.0]], name="w"), name="product"), name="hidden")
    tf.square(hidden, name="not_run")
    feeds = {x: [[3.0, 1.0], [1.0, 3.0]]}
    with tf.Session() as session:
        values = tf.trace_run({"h": hidden}, feeds)
        np.testing.assert_array_equal(session.run("product:0", feeds), values["product"])
    assert list(values) == ["w:0", "product:0", "hidden:0"]
    np.testing.assert_array_equal([[2.0], [0.0]], values[hidden])
    np.testing.assert_array_equal([[2.0], [0.0]], values.result["h"])
    assert "not_run" not in values
    with pytest.raises(KeyError, match=r"has not computed 'x:0'"):
        values[x]
    with pytest.raises(ValueError, match="read-only"):
        values[hidden][0] = 1.0
    texts = shown(values)
    at = texts.index("product:0")
    assert ["product:0", "MatMul", "float32", "(2, 1)", "-2", "2", "1"] == texts[at : at + 7]
    assert "hidden:0 Relu float32 (2, 1)" in repr(values)


def test_the_run_happens_once() -> None:
    """A variable grows once, and values before the change stay as they were."""
    count = tf.get_variable("count", [], initializer=tf.zeros_initializer(), use_resource=False)
    before = tf.identity(count, name="before")
    with tf.control_dependencies([before]):
        more = tf.assign_add(count, 1.0, name="more")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = tf.trace_run(more)
        assert session.run(count) == 1.0
        session.run(more)
    assert values["before"] == 0.0
    assert values["more"] == 1.0


def test_a_loop_has_each_iteration() -> None:
    """The mapping has the last one."""
    total = tf.while_loop(lambda i: i < 3, lambda i: tf.add(i, 1, name="next"), [tf.constant(0)])
    with tf.Session():
        values = tf.trace_run(total)
    (name,) = [name for name in values if name.endswith("next:0")]
    assert [int(value) for value in values.iterations(name)] == [1, 2, 3]
    assert values[name] == 3
    assert values.result == 3


def test_a_branch_that_is_not_taken_has_no_values() -> None:
    """Those of the other are there."""
    taken = tf.placeholder(tf.bool, [], name="taken")
    y = tf.cond(taken, lambda: tf.constant(1.0, name="yes"), lambda: tf.constant(2.0, name="no"))
    with tf.Session():
        values = tf.trace_run(y, {taken: True})
    assert "cond/yes" in values
    assert "cond/no" not in values


def test_strings_and_empty_arrays_have_no_range() -> None:
    """They are shown all the same."""
    both = [tf.constant(["a", "b"], name="text"), tf.zeros([0, 2], name="empty")]
    with tf.Session():
        texts = shown(tf.trace_run(both))
    assert "text:0" in texts


def test_without_a_session_there_is_an_error() -> None:
    """It says what to do."""
    with pytest.raises(ValueError, match="no default session"):
        tf.trace_run(tf.constant(1.0))
