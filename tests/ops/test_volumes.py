"""Convolutions of volumes, and biases of few channels, are the sums that define them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

DRAWN = np.random.default_rng(4)


def direct(volumes: Any, filters: Any, strides: tuple[int, ...], apart: tuple[int, ...]) -> Any:
    """A convolution without padding, element by element of the filters."""
    sizes = [
        (size - 1 - (length - 1) * gap) // step + 1
        for size, length, gap, step in zip(volumes.shape[1:-1], filters.shape, apart, strides, strict=False)
    ]
    total = np.zeros((len(volumes), *sizes, filters.shape[-1]))
    for place in itertools.product(*map(range, filters.shape[:3])):
        moved = [
            slice(at * gap, at * gap + step * (size - 1) + 1, step)
            for at, gap, step, size in zip(place, apart, strides, sizes, strict=True)
        ]
        total += volumes[(slice(None), *moved)] @ filters[place]
    return total


@pytest.mark.parametrize("outputs", [2, 70])
@pytest.mark.parametrize("strides", [(1, 1, 1), (1, 2, 3), (2, 1, 1)])
@pytest.mark.parametrize("apart", [(1, 1, 1), (2, 1, 2)])
def test_convolutions_of_volumes(outputs: int, strides: tuple[int, ...], apart: tuple[int, ...]) -> None:
    """With few and many channels, with steps and gaps, several volumes, and padding."""
    volumes, filters = DRAWN.normal(size=(2, 7, 6, 8, 3)), DRAWN.normal(size=(3, 2, 3, 3, outputs))
    attrs = {"strides": [1, *strides, 1], "dilations": [1, *apart, 1]}
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(tf.nn.conv3d(volumes, filters, padding="VALID", **attrs))
        np.testing.assert_allclose(found, direct(volumes, filters, strides, apart), rtol=1e-10, atol=1e-10)
        padded = np.pad(volumes, [(0, 0), (1, 1), (0, 1), (1, 1), (0, 0)])
        if strides == apart == (1, 1, 1):
            found = session.run(tf.nn.conv3d(volumes, filters, padding="SAME", **attrs))
            np.testing.assert_allclose(found, direct(padded, filters, strides, apart), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", [(3000, 7), (2, 2000, 5), (20000, 1), (40, 500)])
def test_biases_of_many_rows(shape: tuple[int, ...]) -> None:
    """A number for each channel is added to all rows, whatever their number."""
    values, bias = DRAWN.normal(size=shape), DRAWN.normal(size=shape[-1])
    with tf.Graph().as_default(), tf.Session() as session:
        fed = tf.placeholder(tf.float64, shape)
        np.testing.assert_array_equal(values + bias, session.run(tf.nn.bias_add(fed, bias), {fed: values}))
        summed = tf.nn.bias_add(fed * 2.0, bias)
        found = [session.run(summed, {fed: values}) for _ in range(35)]  # at last in the memory of the product
        np.testing.assert_array_equal(values * 2 + bias, found[-1])
