"""Convolutions and pools whose windows are computed some at a time."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.ops import sliding_windows

RANDOM = np.random.RandomState(3)


def by_definition(images, filters, padding, stride, apart):
    """The convolution of padded images, window by window."""
    images = np.pad(images, ((0, 0), padding, padding, (0, 0)))
    reach = (filters.shape[0] - 1) * apart + 1
    places = range(0, images.shape[1] - reach + 1, stride)
    windows = [[images[:, y : y + reach : apart, x : x + reach : apart] for x in places] for y in places]
    return np.stack([np.stack([np.tensordot(w, filters, 3) for w in row], 1) for row in windows], 1)


@pytest.mark.parametrize("part", [1, 300, 1000, 1 << 20])
@pytest.mark.parametrize(("stride", "apart", "pad"), [(1, 1, (1, 1)), (2, 1, (0, 1)), (1, 2, (2, 0))])
def test_parts_of_any_size(monkeypatch, part, stride, apart, pad):
    """A convolution and both derivatives are those of the definition, however many windows are taken together."""
    monkeypatch.setattr(sliding_windows, "_PART", part)
    values, weights = RANDOM.rand(3, 6, 6, 2), RANDOM.rand(3, 3, 2, 4)
    expected = by_definition(values, weights, pad, stride, apart)
    images, filters, grad = tf.constant(values), tf.constant(weights), RANDOM.rand(*expected.shape)
    steps, spaces = [1, stride, stride, 1], [1, apart, apart, 1]
    result = tf.nn.conv2d(images, filters, steps, [[0, 0], pad, pad, [0, 0]], dilations=spaces)
    with tf.Session() as sess:
        forward, by_images, by_filters = sess.run([result, *tf.gradients(result, [images, filters], grad)])
    np.testing.assert_allclose(forward, expected, rtol=1e-12)
    # The convolution is linear in each: a derivative by one is what all results of changes of it add up to.
    for found, of, other in ((by_images, values, weights), (by_filters, weights, values)):
        change = RANDOM.rand(*of.shape)
        pair = (change, other) if of is values else (other, change)
        np.testing.assert_allclose(np.sum(found * change), np.sum(by_definition(*pair, pad, stride, apart) * grad))


@pytest.mark.parametrize("which", ["forward", "by filters", "by images"])
def test_windows_are_not_in_memory_together(which):
    """A convolution needs no memory for all of its windows, which are 25 times its images."""
    images, filters = tf.constant(np.ones((8, 32, 32, 8), np.float32)), tf.constant(np.ones((5, 5, 8, 8), np.float32))
    result = tf.nn.conv2d(images, filters, padding="SAME")
    by_images, by_filters = tf.gradients(result, [images, filters])
    asked = {"forward": result, "by filters": by_filters, "by images": by_images}[which]
    with tf.Session() as sess:
        sess.run(asked)
        tracemalloc.start()
        sess.run(asked)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 12 * 8 * 32 * 32 * 8 * 4


def test_the_first_greatest_gets_all():
    """The derivative of the greatest goes to the first of equals or the first NaN, an infinite one too."""
    values = np.array([[1, 1, 3, 0, np.nan, np.nan], [1, 0, 3, 4, 5, np.inf]], np.float64).reshape(1, 2, 6, 1)
    images = tf.constant(values)
    pooled = tf.nn.max_pool(images, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    grads = tf.placeholder(tf.float64, [1, 1, 3, 1])
    (found,) = tf.gradients(pooled, [images], grads)
    with tf.Session() as sess:
        for given in ([1.0, 2.0, 3.0], [np.inf, 2.0, np.nan]):
            result = sess.run(found, {grads: np.reshape(given, (1, 1, 3, 1))})[0, :, :, 0]
            expected = np.zeros((2, 6))
            expected[0, 0], expected[1, 3], expected[0, 4] = given
            np.testing.assert_array_equal(result, expected)


def test_windows_that_overlap_add_up():
    """An element that is the greatest of two windows gets what both give."""
    images = tf.constant(np.array([0.0, 2.0, 1.0]).reshape(1, 1, 3, 1))
    pooled = tf.nn.max_pool(images, [1, 1, 2, 1], [1, 1, 1, 1], "VALID")
    with tf.Session() as sess:
        assert [0, 2, 0] == sess.run(tf.gradients(pooled, [images])[0]).ravel().tolist()


@pytest.mark.parametrize("channels", [3, 260])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(("stride", "apart", "pad"), [(1, 1, (1, 1)), (2, 1, (0, 1)), (1, 2, (2, 0))])
def test_each_channel_has_filters_of_its_own(channels, times, stride, apart, pad):
    """A depthwise convolution is that of the definition for few and for many channels."""
    values, weights = RANDOM.rand(2, 6, 6, channels), RANDOM.rand(3, 3, channels, times)
    each = [by_definition(values[..., [at]], weights[:, :, [at]], pad, stride, apart) for at in range(channels)]
    padded = np.pad(values, ((0, 0), pad, pad, (0, 0)))
    steps, spaces = [1, stride, stride, 1], [1, apart, apart, 1]
    result = tf.nn.depthwise_conv2d(padded, weights, steps, "VALID", dilations=spaces)
    np.testing.assert_allclose(tf.Session().run(result), np.concatenate(each, -1), rtol=1e-12)


def test_products_of_a_depthwise_convolution_are_not_kept():
    """A depthwise convolution needs memory for its padded images and its result alone."""
    images, filters = tf.constant(np.ones((1, 64, 64, 32), np.float32)), tf.constant(np.ones((3, 3, 32, 1), np.float32))
    result = tf.nn.depthwise_conv2d(images, filters, 1, "SAME")
    with tf.Session() as sess:
        sess.run(result)
        tracemalloc.start()
        sess.run(result)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2.4 * 64 * 64 * 32 * 4
