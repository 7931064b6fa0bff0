"""Variable scopes."""

from __future__ import annotations

import gc
import threading

import pytest

import hdfsaver as tf
from tests.growing import lines


def test_scopes_name_variables():
    """Nested scopes put their names before the variable's, and enter name scopes too."""
    with tf.variable_scope("s"), tf.variable_scope("t") as scope:
        v = tf.get_variable("v", [1])
        c = tf.constant(1.0, name="c")
    assert ["s/t", "s/t/v:0", "s/t/c:0"] == [scope.name, v.name, c.name]


def test_name_scopes_do_not_name_get_variables():
    """A plain name scope leaves the names of shared variables alone."""
    with tf.name_scope("n"):
        assert "v:0" == tf.get_variable("v", [1]).name


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


@pytest.mark.parametrize("inner", [None, False, True])
def test_reuse_holds_for_inner_scopes(inner):
    """Where an outer scope reuses, inner ones do, whatever they say; as in TensorFlow."""
    with tf.variable_scope("s/t"):
        v = tf.get_variable("v", [1])
    with tf.variable_scope("s", reuse=True), tf.variable_scope("t", reuse=inner):
        assert tf.get_variable("v", [1]) is v
    with tf.variable_scope("s"), tf.variable_scope("t", reuse=tf.AUTO_REUSE), tf.variable_scope("u", reuse=inner):
        assert (True if inner else tf.AUTO_REUSE) is tf.get_variable_scope().reuse


def test_a_second_scope_of_a_name_shares_variables_not_operations():
    """The variables' scope is entered again as it is; the operations' scope is a new one."""
    with tf.variable_scope("s"):
        tf.get_variable("v", [1])
    with tf.variable_scope("s", reuse=True):
        assert "s/v:0" == tf.get_variable("v", [1]).name
        assert "s_1/c:0" == tf.constant(1.0, name="c").name


def test_default_names_are_unique():
    """A scope without a name of its own takes the default, numbered where that is taken."""
    names = []
    for _ in range(2):
        with tf.variable_scope(None, "layer") as scope:
            names.append(scope.name)
            with tf.variable_scope(None, "inner") as inner:
                names.append(inner.name)
    assert ["layer", "layer/inner", "layer_1", "layer_1/inner"] == names
    with pytest.raises(TypeError, match="default_name"):
        tf.variable_scope(None)
    with pytest.raises(ValueError, match="without a name_or_scope"), tf.variable_scope(None, "layer", reuse=True):
        pass


def test_a_scope_object_is_entered_again():
    """A scope can be kept and entered later, wherever one is."""
    with tf.variable_scope("s") as scope:
        pass
    with tf.variable_scope("elsewhere"), tf.variable_scope(scope):
        assert "s/v:0" == tf.get_variable("v", [1]).name


def test_default_names_begin_again_in_a_scope_that_is_opened_again():
    """Scopes within a scope are forgotten when it is left, those beside it are not."""
    names = []
    with tf.variable_scope("a") as a:
        pass
    for scope in (a, "b", a, "b"):
        with tf.variable_scope(scope):
            for default in ("layer", "layer", "layer_1"):
                with tf.variable_scope(None, default) as inner:
                    names.append(inner.name)
    expected = [f"{scope}/{name}" for scope in "abab" for name in ("layer", "layer_1", "layer_1_1")]
    assert expected == names


def test_many_scopes_with_one_default_name():
    """The next free number is found at once, however many were given."""

    def open_scopes(count):
        with tf.Graph().as_default():
            for _ in range(count):
                with tf.variable_scope(None, "layer", auxiliary_name_scope=False):
                    pass

    assert lines(lambda: open_scopes(400)) < 4.1 * lines(lambda: open_scopes(100))


def test_scopes_are_of_a_thread():
    """Threads that build towers at the same time do not see each other's scopes."""
    graph, names, both_inside = tf.get_default_graph(), [], threading.Barrier(2, timeout=10)

    def build(number):
        with graph.as_default(), tf.variable_scope(f"tower_{number}"):
            both_inside.wait()
            names.append(tf.get_variable("w", [1]).name)
            both_inside.wait()

    threads = [threading.Thread(target=build, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["tower_0/w:0", "tower_1/w:0"] == sorted(names)


def test_scopes_are_left_in_order():
    """A scope that is left too early is an error, after which everything can still be left in order."""
    with tf.variable_scope("outer"):
        scope = tf.variable_scope("first")
        scope.__enter__()
        with tf.variable_scope("second"):
            with pytest.raises(RuntimeError, match="Improper nesting"):
                scope.__exit__(None, None, None)
            assert "outer/first/second" == tf.get_variable_scope().name
        scope.__exit__(None, None, None)
        assert "outer" == tf.get_variable_scope().name


def test_a_scope_stays_that_is_entered_by_hand(graph):
    """A scope that nothing refers to still names variables; as in TensorFlow its name scope has ended."""
    tf.variable_scope("s").__enter__()
    gc.collect()
    assert "s/w:0" == tf.get_variable("w", [1]).name
    assert "Const:0" == tf.constant(1.0).name


def test_a_block_can_be_entered_again():
    """The object that makes a block makes it as often as it is entered."""
    block = tf.variable_scope("s")
    with block:
        tf.get_variable("a", [1])
    with block:
        assert "s/b:0" == tf.get_variable("b", [1]).name


def test_scopes_have_defaults_for_everything():
    """What a scope sets holds in the scopes inside it."""
    with tf.variable_scope("s", use_resource=False, caching_device="/job:a") as scope:
        scope.set_custom_getter(lambda getter, name, **given: (name, given["use_resource"], given["caching_device"]))
        with tf.variable_scope("t"):
            assert ("s/t/v", False, "/job:a") == tuple(tf.get_variable("v", [1]))
        scope.set_use_resource(True)
        scope.set_caching_device("/job:b")
        assert ("s/v", True, "/job:b") == tuple(tf.get_variable("v", [1]))
    with pytest.raises(TypeError, match="auxiliary_name_scope"):
        tf.variable_scope("s", auxiliary_name_scope="no")


def test_collections_of_a_scope():
    """A scope lists what was made in it."""
    with tf.variable_scope("s") as scope:
        w = tf.get_variable("w", [1])
        local = tf.get_local_variable("l", [1])
        tf.add_to_collection("things", w.value())
    tf.get_variable("other", [1])
    assert ([w], [local], [w.value()]) == (
        scope.global_variables(),
        scope.local_variables(),
        scope.get_collection("things"),
    )


def test_an_empty_name():
    """It is a name as any other, but without a name scope of its own."""
    with tf.variable_scope("outer"), tf.variable_scope(""):
        assert ("outer//x:0", "outer/Const:0") == (tf.get_variable("x", initializer=[1.0]).name, tf.constant(1).name)


def test_the_older_form():
    """``variable_op_scope`` has its values first."""
    with tf.variable_op_scope([], "s", reuse=tf.AUTO_REUSE) as scope:
        assert ("s", tf.AUTO_REUSE) == (scope.name, scope.reuse)


def test_constraints_hold_in_one_scope():
    """An inner scope does not take a constraint over, nor does the same scope when it is entered again."""
    bound = abs
    with tf.variable_scope("a", constraint=bound, dtype=tf.float64) as scope:
        assert tf.get_variable("v", [1]).constraint is bound
        with tf.variable_scope("b") as inner:
            assert (None, tf.float64) == (inner.constraint, inner.dtype)
    with tf.variable_scope(scope) as again:
        assert again.constraint is None


def test_other_kinds_of_reuse():
    """What is neither a bool nor AUTO_REUSE is refused."""
    with pytest.raises(ValueError, match="reuse parameter must be True or False or None"):
        tf.variable_scope("a", reuse=3)
