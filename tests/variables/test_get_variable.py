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


def test_custom_getters_of_nested_scopes_all_run():
    """The getter of the inner scope is called first, and its own getter is that of the outer one."""
    calls = []

    def noting(word):
        def getter(getter, name, *args, **kwargs):
            calls.append(word)
            return getter(f"{name}_{word}", *args, **kwargs)

        return getter

    with tf.variable_scope("s", custom_getter=noting("outer")), tf.variable_scope("t", custom_getter=noting("inner")):
        assert "s/t/v_inner_outer:0" == tf.get_variable("v", [1]).name
    assert ["inner", "outer"] == calls


def test_custom_getters_get_all_arguments():
    """They get TensorFlow's arguments, ``constraint`` if they take it, and are outside of the name scope."""
    seen = {}

    def old(getter, name, shape, dtype, initializer, regularizer, reuse, trainable, collections, caching_device,
            partitioner, validate_shape, use_resource, synchronization, aggregation):  # fmt: skip
        return tf.constant(1.0, name="here")

    def new(getter, name, **given):
        seen.update(given)
        return getter(name, **given)

    with tf.variable_scope("s"):
        assert "here:0" == tf.get_variable("v", [1], custom_getter=old).name
        tf.get_variable("v", [1], constraint=abs, custom_getter=new, aggregation=tf.VariableAggregation.MEAN)
    assert (abs, False, tf.VariableAggregation.MEAN) == (seen["constraint"], seen["reuse"], seen["aggregation"])
    with pytest.raises(ValueError, match="not callable"):
        tf.get_variable("w", [1], custom_getter=3)  # type: ignore[call-overload]


def test_functions_without_arguments_are_initializers():
    """They give the shape and the dtype as well; one that needs arguments needs a shape."""
    v = tf.get_variable("v", initializer=lambda: [2])
    w = tf.get_variable("w", initializer=lambda dtype=None: tf.zeros([2, 3], tf.float64))
    assert ([1], tf.int32, [2, 3], tf.float64) == (
        v.shape.as_list(),
        v.dtype.base_dtype,
        w.shape.as_list(),
        w.dtype.base_dtype,
    )
    for shape in (None, [None]):
        with pytest.raises(ValueError, match="must be fully defined"):
            tf.get_variable("x", shape, initializer=tf.zeros)


def test_a_value_has_its_dtype():
    """A value of another dtype than the one that is asked for is refused."""
    with pytest.raises(ValueError, match="don't match"):
        tf.get_variable("v", initializer=1.0, dtype=tf.float64)
    assert tf.float64 == tf.get_variable("v", initializer=tf.constant(1.0, tf.float64), dtype="double").dtype.base_dtype


def test_local_variables():
    """They are not trainable, and no checkpoint has them."""
    v = tf.get_local_variable("v", [2], collections=["mine"])
    assert ([v], [v], [], [], False) == (
        tf.local_variables(),
        tf.get_collection("mine"),
        tf.global_variables(),
        tf.trainable_variables(),
        v.trainable,
    )


def test_the_getter_is_given_by_its_name():
    """A custom getter may have it behind other arguments."""

    def second(name, getter, shape, **_):
        return getter(f"{name}_second", shape)

    assert "v_second:0" == tf.get_variable("v", [1], custom_getter=second).name


def test_getting_again_without_saying_how():
    """Where a custom getter does not pass ``reuse`` on, a variable that exists is taken."""
    v = tf.get_variable("v", [1])
    assert tf.get_variable("v", [1], custom_getter=lambda getter, name, **_: getter(name, [1])) is v
