"""The global step."""

from __future__ import annotations

import pytest

import hdfsaver as tf


def test_it_is_made_once():
    """It is an int64 that begins at 0, is saved and not trained, and is found again."""
    assert tf.train.get_global_step() is None
    step = tf.train.create_global_step()
    assert ("global_step:0", tf.int64) == (step.name, step.dtype.base_dtype)
    assert [step] == tf.global_variables() == tf.get_collection(tf.GraphKeys.GLOBAL_STEP)
    assert [] == tf.trainable_variables()
    assert step is tf.train.get_or_create_global_step() is tf.train.get_global_step()
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf.train.create_global_step()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert 0 == tf.train.global_step(sess, step)
        assert type(tf.train.global_step(sess, step)) is int


def test_it_is_made_in_the_graph_that_is_meant():
    """Whatever the default graph and the scopes are."""
    graph = tf.Graph()
    with tf.name_scope("scope"):
        assert graph is tf.train.get_or_create_global_step(graph).graph
    assert [] == tf.global_variables()


def test_one_that_is_only_called_so():
    """A tensor of that name is one too."""
    tensor = tf.placeholder(tf.int32, [], name="global_step")
    assert tensor is tf.train.get_global_step()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.constant(1.0), "does not have integer type"),
        (lambda: tf.constant([1]), "is not scalar"),
        (lambda: 3, "must be a Variable or Tensor"),
    ],
)
def test_what_cannot_be_one(make, message):
    """Fractions, vectors and plain numbers are refused."""
    with pytest.raises(TypeError, match=message):
        tf.train.assert_global_step(make())


def test_two_of_them():
    """Where the collection has two, none is the global step."""
    for name in ("a", "b"):
        tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, tf.Variable(0, name=name))
    assert tf.train.get_global_step() is None
