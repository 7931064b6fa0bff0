"""Branches of which one is left out where the condition is known, and the modules that programs import them from."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from hdfsaver.layers.static_conditions import smart_cond, smart_constant_value
from hdfsaver.programs.standing_modules import lookup


@pytest.mark.parametrize("pred", [True, False, 1, 0, "constant"])
def test_a_known_condition_makes_no_branch(pred):
    """Only the function that is chosen is called, and its result is given as it is."""
    condition = tf.constant(True) if pred == "constant" else pred
    called: list[str] = []

    def call(answer: str) -> str:
        called.append(answer)
        return answer

    chosen = "yes" if pred else "no"
    assert chosen == smart_cond(condition, lambda: call("yes"), lambda: call("no"))
    assert [chosen] == called
    assert not [op for op in tf.get_default_graph().get_operations() if op.type in ("Switch", "Merge")]


def test_an_unknown_condition_is_asked_in_the_run():
    """A placeholder, or a variable, chooses when the graph runs."""
    for pred, values in ((tf.placeholder(tf.bool), (True, False)), (tf.Variable(True), (True,))):
        if isinstance(pred, tf.Tensor):
            assert smart_constant_value(pred) is None
        result = smart_cond(pred, lambda: tf.constant(1.0), lambda: tf.constant(2.0), name="choice")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for value in values:
                fed = {pred: value} if isinstance(pred, tf.Tensor) else None
                assert (1.0 if value else 2.0) == sess.run(result, fed)


def test_what_is_not_a_condition():
    """Other values, and functions that are none, are a TypeError."""
    with pytest.raises(TypeError, match="must be a Tensor, or a Python bool, or 1 or 0"):
        smart_cond("yes", lambda: 1, lambda: 2)
    with pytest.raises(TypeError, match="false_fn"):
        smart_cond(True, lambda: 1, 2)


def test_modules():
    """The modules have what programs import from them."""
    assert smart_cond is lookup("python.layers.utils", "smart_cond")
    assert tf.layers.Dense is lookup("python.layers.core", "Dense")
    assert tf.layers.Conv2D is lookup("python.layers.convolutional", "Conv2D")
    assert tf.layers.Layer is lookup("python.layers.base", "Layer")
