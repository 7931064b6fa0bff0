"""``smart_cond`` and its relatives: branches that the graph itself chooses."""

from __future__ import annotations

from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.contrib.framework import smart_case, smart_cond, smart_constant_value


def types() -> set[str]:
    """The types of operations in the graph."""
    return {op.type for op in tf.get_default_graph().get_operations()}


@pytest.mark.parametrize("pred", [True, 1, "constant"])
def test_a_known_condition(pred: Any) -> None:
    """One function is called, and the graph has no branch."""
    with tf.Graph().as_default():
        pred = tf.constant(True) if pred == "constant" else pred
        assert smart_constant_value(pred) is True
        assert "yes" == smart_cond(pred, lambda: "yes", lambda: pytest.fail("not taken"))
        assert "Switch" not in types()


def test_a_condition_of_a_run() -> None:
    """A placeholder, and a variable whatever it begins with, make a branch."""
    with tf.Graph().as_default(), tf.Session() as sess:
        fed = tf.placeholder(tf.bool, ())
        assert smart_constant_value(fed) is None
        result = smart_cond(fed, lambda: tf.constant(1), lambda: tf.constant(2), name="branch")
        assert [1, 2] == [sess.run(result, {fed: value}) for value in (True, False)]
        variable = tf.Variable(False)
        sess.run(variable.initializer)
        assert 2 == sess.run(smart_cond(variable, lambda: tf.constant(1), lambda: tf.constant(2)))
        assert "branch/Switch" in {op.name for op in tf.get_default_graph().get_operations()}


def test_several_conditions() -> None:
    """What is known to be false is left out; what is known to be true first is the result."""
    with tf.Graph().as_default(), tf.Session() as sess:
        fed = tf.placeholder(tf.bool, ())
        functions = [lambda: tf.constant(1), lambda: tf.constant(2), lambda: tf.constant(3)]
        assert 2 == sess.run(smart_case([(False, functions[0]), (True, functions[1]), (fed, functions[2])]))
        assert 3 == sess.run(smart_case({tf.constant(False): functions[0]}, default=functions[2]))
        assert "Switch" not in types()
        result = smart_case([(fed, functions[0]), (False, functions[1]), (True, functions[2])])
        assert [1, 3] == [sess.run(result, {fed: value}) for value in (True, False)]


def test_what_is_refused() -> None:
    """A condition that is none, and a function that cannot be called, are a TypeError."""
    with pytest.raises(TypeError, match="must be a Tensor, or a Python bool, or 1 or 0"):
        smart_constant_value(2)
    with pytest.raises(TypeError, match="`true_fn` must be callable"):
        smart_cond(True, None, lambda: 1)
    with pytest.raises(TypeError, match="`false_fn` must be callable"):
        smart_cond(True, lambda: 1, 3)  # type: ignore[arg-type]  # on purpose
