"""Rates that fall with the number of steps: what they refuse, and the one with noise."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf


def test_what_is_refused() -> None:
    """Errors have TensorFlow's classes and words."""
    step = tf.train.get_or_create_global_step()
    with pytest.raises(ValueError, match="global_step is required"):
        tf.train.exponential_decay(0.1, None, 1, 0.5)
    with pytest.raises(ValueError, match="length of boundaries should be 1 less than the length of values"):
        tf.train.piecewise_constant(step, [1, 2], [0.1, 0.2])
    with pytest.raises(ValueError, match=r"Boundaries \(float32\) must have the same dtype as x \(int64\)"):
        tf.train.piecewise_constant(step, [1.0], [0.1, 0.2])
    with pytest.raises(ValueError, match=r"all with the same dtype \(int32 vs float32\)"):
        tf.train.piecewise_constant(step, [1], [1, 0.2])


def test_rate_of_an_optimizer() -> None:
    """An optimizer takes such a rate, and follows it."""
    v, step = tf.Variable(10.0), tf.train.get_or_create_global_step()
    rate = tf.train.piecewise_constant(step, [0], [1.0, 0.5])
    done = tf.train.GradientDescentOptimizer(rate).minimize(v * 1.0, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for wanted in (9.0, 8.5, 8.0):
            sess.run(done)
            assert wanted == sess.run(v)


def test_intervals_exclude_each_other() -> None:
    """A value is chosen by conditions, so that boundaries which do not ascend are refused in the run."""
    step = tf.placeholder(tf.int32, ())
    rate = tf.train.piecewise_constant(step, [5, 2], [1.0, 0.5, 0.25])
    assert "PiecewiseConstant/case/cond/Merge:0" == rate.name
    with tf.Session() as sess:
        assert 0.25 == sess.run(rate, {step: 9})
        with pytest.raises(tf.errors.InvalidArgumentError, match="exclusive=True: more than 1 conditions"):
            sess.run(rate, {step: 3})


def test_noise() -> None:
    """The noise is around the rate without it, and falls with the steps."""
    tf.set_random_seed(1)
    step = tf.placeholder(tf.int64, [])
    noisy = tf.train.noisy_linear_cosine_decay(1.0, step, 100, num_periods=0.0, beta=0.0, variance_decay=1.0)
    smooth = tf.train.linear_cosine_decay(1.0, step, 100, num_periods=0.0, beta=0.0)
    with tf.Session() as sess:
        spread = [
            np.std([np.subtract(*sess.run([noisy, smooth], {step: number})) for _ in range(60)]) for number in (0, 80)
        ]
    assert 0.5 < spread[0] < 2.0
    assert spread[1] < spread[0] / 3
