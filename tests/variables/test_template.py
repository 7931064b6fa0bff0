"""Templates: functions that share their variables between calls."""

from __future__ import annotations

import threading

import pytest

import hdfsaver as tf


def dense(x, units=1):
    """A function with a variable."""
    return x * tf.get_variable("w", [units], initializer=tf.ones_initializer)


def test_calls_share_their_variables():
    """The first call makes them, all others take them; another template has its own."""
    layer, other = tf.make_template("layer", dense), tf.make_template("layer", dense, units=2)
    first, second = layer(tf.constant(1.0)), layer(tf.constant(2.0))
    other(tf.constant(1.0))
    assert ["layer/w:0", "layer_1/w:0"] == [v.name for v in tf.global_variables()]
    assert [[1], [1], [2]] == [each.shape.as_list() for each in (first, second, other.trainable_variables[0])]
    assert ("layer", "layer/", dense) == (layer.name, layer.variable_scope_name, layer.func)


def test_what_a_template_made():
    """Its variables are listed by kind, and not before the first call."""

    def build():
        tf.get_variable("t", [1])
        tf.get_variable("n", [1], trainable=False)
        tf.get_local_variable("l", [1])

    template = tf.make_template("a", build)
    assert ([], None, None) == (template.variables, template.variable_scope_name, template.var_scope)
    template()
    template()
    assert ["a/t:0", "a/n:0", "a/l:0"] == [v.name for v in template.variables]
    assert (["a/t:0"], ["a/n:0"]) == (
        [v.name for v in template.trainable_weights],
        [v.name for v in template.non_trainable_variables],
    )


def test_later_calls_make_no_variables():
    """A variable that is not shared is an error in the second call; one that is not trained may be made."""
    with_variable = tf.make_template("a", lambda: tf.Variable(1.0))
    with_variable()
    with pytest.raises(ValueError, match="perhaps you used tf.Variable"):
        with_variable()
    counting = tf.make_template("b", lambda: tf.Variable(1.0, trainable=False))
    counting()
    counting()


def test_a_first_call_that_fails_is_done_again():
    """An error in it leaves the template as it was."""
    fails = [True]

    def build():
        if fails:
            fails.clear()
            raise KeyError
        return tf.get_variable("v", [1])

    template = tf.make_template("a", build)
    with pytest.raises(KeyError):
        template()
    assert "a/v:0" == template().name


def test_names_and_getters():
    """A unique name is taken as it is, the scope may be made at once, and a custom getter holds inside."""
    early = tf.make_template("early", lambda: tf.get_variable("v", [1]).name, create_scope_now_=True)
    late = tf.make_template("early", lambda: tf.get_variable("v", [1]).name)
    assert ("early_1/v:0", "early/v:0") == (late(), early())
    fixed = tf.make_template("x", lambda: tf.get_variable("v", [1]).name, unique_name_="early")
    with pytest.raises(ValueError, match="already exists"):
        fixed()
    renamed = tf.make_template(
        "r", lambda: tf.get_variable("v", [1]).name, custom_getter_=lambda getter, name, **given: getter("o", **given)
    )
    assert "o:0" == renamed()
    with pytest.raises(ValueError, match="name cannot be None"):
        tf.make_template(None, dense)


def test_threads_share_a_template():
    """A call that another thread makes during the first one takes the variables that are there."""
    graph, names = tf.get_default_graph(), []
    layer = tf.make_template("layer", lambda: tf.get_variable("v", [1]).name, create_scope_now_=True)
    names.append(layer())

    def call():
        with graph.as_default():
            names.append(layer())

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert ["layer/v:0"] * 2 == names
