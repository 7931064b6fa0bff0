"""Functions that make variables in place of the class."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def test_creators_call_each_other():
    """The innermost one is called first, and changes what the next ones get; at last the class makes the variable."""
    seen = []

    def noting(next_creator, **kwargs):
        seen.append((kwargs["name"], kwargs["trainable"]))
        return next_creator(**kwargs)

    def renaming(next_creator, **kwargs):
        return next_creator(**{**kwargs, "name": f"{kwargs['name']}_again"})

    with tf.variable_creator_scope(noting), tf.variable_creator_scope(renaming):
        v = tf.Variable(1.0, False, name="v")
        w = tf.get_variable("w", [1])
    assert [("v_again", False), ("w_again", True)] == seen
    assert ("v_again:0", "w_again:0") == (v.name, w.name)
    assert "x:0" == tf.Variable(1.0, name="x").name


def test_creators_may_give_anything():
    """The result of the creator is that of the call."""
    with tf.variable_creator_scope(lambda next_creator, **kwargs: kwargs["initial_value"]):
        made: object = tf.Variable(5.0)
    assert 5.0 == made
    assert [] == tf.global_variables()


def test_blocks_are_left_in_order():
    """A block that is left too early is an error."""
    outer = tf.variable_creator_scope(lambda next_creator, **kwargs: next_creator(**kwargs))
    outer.__enter__()
    with tf.variable_creator_scope(lambda next_creator, **kwargs: None):
        with pytest.raises(RuntimeError, match="proper nesting"):
            outer.__exit__(None, None, None)
        assert tf.Variable(1.0) is None
