"""What a training needs beside its model."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def test_what_is_missing_is_made(model):
    """Operations and a Saver are made, put into collections, and the graph is closed."""
    local = tf.get_variable("local", initializer=5.0, trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    scaffold = tf.train.Scaffold()
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(scaffold)) as sess:
        assert (1.0, 5.0) == (sess.run(model.weight), sess.run(local))
        with pytest.raises(RuntimeError, match="finalized and cannot be modified"):
            tf.constant(1.0)
    graph = tf.get_default_graph()
    for key in ("init_op", "ready_op", "ready_for_local_init_op", "local_init_op", "savers"):
        assert [getattr(scaffold, key.removesuffix("s"))] == graph.get_collection(key)
    # The names that TensorFlow 2.21's compat.v1 gives them, the first group being that of the model itself.
    assert ["group_deps_1", "concat", "concat_1", "group_deps_2"] == [
        item.name.removesuffix(":0")
        for item in (scaffold.init_op, scaffold.ready_op, scaffold.ready_for_local_init_op, scaffold.local_init_op)
    ]


def test_what_is_there_is_taken(model):
    """Items of the collections are used; two of one kind are one too many."""
    init = tf.global_variables_initializer()
    tf.add_to_collection(tf.GraphKeys.INIT_OP, init)
    assert init is tf.train.Scaffold().finalize().init_op
    tf.get_default_graph().unfinalize()
    tf.add_to_collection(tf.GraphKeys.INIT_OP, init)
    with pytest.raises(RuntimeError, match='More than one item in the collection "init_op"'):
        tf.train.Scaffold().finalize()


def test_a_function_initializes(model):
    """It is called with scaffold and session, after the initializers, but not when there is a checkpoint."""
    seen: list[object] = []
    scaffold = tf.train.Scaffold(
        init_op=tf.global_variables_initializer(),
        init_fn=lambda scaffold, session: seen.append((type(scaffold).__name__, float(session.run(model.weight)))),
    )
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(scaffold)):
        pass
    assert [("Scaffold", 1.0)] == seen


def test_what_is_fed(model):
    """Both kinds of initializers can be fed."""
    x = tf.placeholder(tf.float32, [])
    weight = tf.Variable(x, name="fed")
    local = tf.Variable(x * 2, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES], trainable=False)
    scaffold = tf.train.Scaffold(init_feed_dict={x: 3.0}, local_init_feed_dict={x: 4.0})
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(scaffold)) as sess:
        assert (3.0, 8.0) == (sess.run(weight), sess.run(local))


def test_one_is_made_of_another(model):
    """What is not given is that of the other Scaffold."""
    first = tf.train.Scaffold(init_fn=lambda scaffold, session: None).finalize()
    second = tf.train.Scaffold(copy_from_scaffold=first, saver=None, local_init_op=model.step)
    assert (first.init_op, first.saver, model.step) == (second.init_op, second.saver, second.local_init_op)
    assert second.init_fn is not None
    with pytest.raises(TypeError, match="not a Scaffold"):
        tf.train.Scaffold(copy_from_scaffold=3)


def test_a_model_without_variables():
    """Nothing is to be initialized or saved, and the session is ready."""
    x = tf.constant(2.0)
    with tf.train.MonitoredSession() as sess:
        assert 2.0 == sess.run(x)
