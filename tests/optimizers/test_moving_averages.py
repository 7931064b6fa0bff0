"""`tf.train.ExponentialMovingAverage`: names, checkpoints and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

import hdfsaver as tf


def test_names() -> None:
    """An average has the name of its variable; before it is made, its name is known."""
    v = tf.Variable(1.0, name="v")
    kept = tf.train.ExponentialMovingAverage(0.5, name="mean")
    assert ("v/mean", None, "mean") == (kept.average_name(v), kept.average(v), kept.name)
    kept.apply([v])
    average = kept.average(v)
    assert average is not None
    assert ("v/mean:0", "v/mean", False) == (average.name, kept.average_name(v), average.trainable)
    assert [v] == tf.moving_average_variables()
    kept.apply([v])
    assert average is kept.average(v)


def test_only_floats() -> None:
    """Integers have no average here, as in TensorFlow."""
    with pytest.raises(TypeError, match="must be half, float, or double"):
        tf.train.ExponentialMovingAverage(0.5).apply([tf.Variable(1)])


def test_restoring_averages(tmp_path: Path) -> None:
    """A model is evaluated with averages in place of its variables, and with the other variables themselves."""
    v, step = tf.Variable(1.0, name="v"), tf.Variable(3, name="step", trainable=False)
    kept = tf.train.ExponentialMovingAverage(0.75)
    with tf.control_dependencies([v.assign(5.0)]):
        done = kept.apply()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(done)
        prefix = tf.train.Saver().save(sess, str(tmp_path / "model"))
    with tf.Graph().as_default():
        v, step = tf.Variable(0.0, name="v"), tf.Variable(0, name="step", trainable=False)
        names = tf.train.ExponentialMovingAverage(0.75).variables_to_restore()
        assert {"v/ExponentialMovingAverage": v, "step": step} == names
        with tf.Session() as sess:
            tf.train.Saver(names).restore(sess, prefix)
            assert [2.0, 3] == sess.run([v, step])
