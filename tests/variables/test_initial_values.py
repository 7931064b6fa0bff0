"""Initial values that are computed of other variables."""

from __future__ import annotations

import hdfsaver as tf


def test_an_initializer_does_not_need_others():
    """It takes the initial value of a variable that has none yet, and the value of one that has one."""
    with tf.name_scope("n"):
        v = tf.Variable([1.0, 2.0], name="v")
        doubled = v * 2.0
    w = tf.Variable(doubled, name="w")
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert [2.0, 4.0] == sess.run(w).tolist()
        sess.run(v.initializer)
        v.load([5.0, 5.0], sess)
        sess.run(w.initializer)
        assert [10.0, 10.0] == sess.run(w).tolist()
    assert w.initial_value is doubled
    assert "n/mul_w" == w.initializer.inputs[1].op.name


def test_questions_stay_questions():
    """Whether a variable has a value is asked of the variable, and not of its initial value."""
    v = tf.Variable(1.0, name="v")
    w = tf.Variable(tf.cast(tf.is_variable_initialized(v), tf.float32), name="w")
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert 0.0 == sess.run(w)
    assert w.initial_value is w.initializer.inputs[1]


def test_nothing_is_made_again_without_variables():
    """An initial value of constants is used as it is."""
    value = tf.constant(1.0) + 1.0
    assert value is tf.Variable(value).initializer.inputs[1]
