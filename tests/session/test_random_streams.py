"""Streams of random operations: they go on from run to run, and two runs at once never share a part."""

from __future__ import annotations

from threading import Thread

import numpy as np

import hdfsaver as tf
from hdfsaver.random_numbers.philox import Stream
from hdfsaver.session.random_streams import RandomStreams


def test_reserving() -> None:
    """Each operation has a stream of its own, and each call its part of it; replaced ones go on elsewhere."""
    streams = RandomStreams()
    assert [Stream(1, 2 << 64), Stream(1, (2 << 64) + 5)] == [streams.reserve("a", 1, 2, 5) for _ in range(2)]
    assert Stream(1, 2 << 64) == streams.reserve("b", 1, 2, 5)
    before = streams.snapshot()
    streams.reserve("c", 1, 2, 5)
    streams.replace(before)
    assert [Stream(1, 2 << 64), Stream(1, (2 << 64) + 10)] == [streams.reserve(name, 1, 2, 1) for name in ("c", "a")]


def test_runs_at_once() -> None:
    """Runs in several threads draw the numbers of as many runs after each other, in some order."""
    tensor = tf.random_uniform([50], seed=3)
    with tf.Session() as sess:
        expected = [sess.run(tensor).tobytes() for _ in range(24)]
    found: list[bytes] = []
    with tf.Session() as sess:

        def several() -> None:
            found.extend([sess.run(tensor).tobytes() for _ in range(8)])

        threads = [Thread(target=several) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(expected) == sorted(found)


def test_what_advances() -> None:
    """A run that feeds the operation does not draw, one that fails behind it does, and a new session begins again."""
    tensor, fed = tf.random_uniform([2], seed=3), tf.placeholder(tf.float32, [2])
    failing = tf.reshape(tensor, tf.placeholder_with_default([3], [1]))
    with tf.Session() as sess:
        first, second, third = (sess.run(tensor) for _ in range(3))
    with tf.Session() as sess:
        np.testing.assert_array_equal(first, sess.run(tensor))
        sess.run(tensor, {tensor: [0.0, 0.0]})
        sess.run(fed, {fed: [0.0, 0.0]})
        np.testing.assert_array_equal([second, second], sess.run([tensor, tf.identity(tensor)]))
    with tf.Session() as sess:
        sess.run(tensor)
        try:
            sess.run(failing)
        except tf.errors.InvalidArgumentError:
            np.testing.assert_array_equal(third, sess.run(tensor))
        else:
            raise AssertionError("the run was to fail")
