"""Variables that are shared by name."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def test_reuse():
    """reuse=True takes what is there, and fails where nothing is; False fails where something is."""
    with tf.variable_scope("s"):
        v = tf.get_variable("v", [1])
        with pytest.raises(ValueError, match="Variable s/v already exists, disallowed"):
            tf.get_variable("v", [1])
    with tf.variable_scope("s", reuse=True):
        assert tf.get_variable("v", [1]) is v
        with pytest.raises(ValueError, match="Variable s/w does not exist"):
            tf.get_variable("w", [1])
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        assert tf.get_variable("v", [1]) is v
        assert "s/w:0" == tf.get_variable("w", [1]).name
    with tf.variable_scope("s") as scope:
        scope.reuse_variables()
        assert tf.get_variable("v") is v


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"shape": [3]}, r"specified shape \(3,\) and found shape \(2,\)"),
        ({"shape": [2], "dtype": tf.int32}, "specified dtype int32 and found dtype float32_ref"),
    ],
)
def test_sharing_wants_the_same_thing(second, message):
    """A variable of another shape or dtype cannot be shared."""
    tf.get_variable("v", [2])
    with tf.variable_scope("", reuse=True), pytest.raises(ValueError, match=message):
        tf.get_variable("v", **second)


def test_initializers():
    """An initializer may be an object, a class or a value; a scope gives a default."""
    with tf.variable_scope("s", initializer=tf.constant_initializer(4.0)):
        four = tf.get_variable("four", [2])
    ones = tf.get_variable("ones", [2], initializer=tf.ones_initializer)
    value = tf.get_variable("value", initializer=[5.0, 6.0])
    whole = tf.get_variable("whole", [2], dtype=tf.int32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [[4, 4], [1, 1], [5, 6], [0, 0]] == [sess.run(v).tolist() for v in (four, ones, value, whole)]
    assert [op.name for op in tf.get_default_graph().get_operations()][:4] == [
        "s/four/Initializer/Const",
        "s/four",
        "s/four/Assign",
        "s/four/read",
    ]


def test_what_new_variables_need():
    """A new variable needs a fully known shape, and no shape beside a value."""
    with pytest.raises(ValueError, match="must be fully defined"):
        tf.get_variable("v")
    with pytest.raises(ValueError, match="do not specify shape"):
        tf.get_variable("v", [2], initializer=tf.zeros([2]))
    with pytest.raises(ValueError, match="name"):
        tf.get_variable("")


def test_regularizers_add_losses():
    """What a regularizer makes of a variable is collected, under the variable's name."""
    with tf.variable_scope("s", regularizer=lambda value: tf.identity(value, name="loss")):
        tf.get_variable("v", [1])
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert ["s/v/Regularizer/loss:0"] == [loss.name for loss in losses]


def test_custom_getters_may_wrap():
    """A custom getter is called in place of the usual one, with the full name."""
    seen = []

    def getter(usual, name, **options):
        seen.append(name)
        return usual(name, **options)

    with tf.variable_scope("s", custom_getter=getter):
        assert "s/v:0" == tf.get_variable("v", [1]).name
    assert ["s/v"] == seen
