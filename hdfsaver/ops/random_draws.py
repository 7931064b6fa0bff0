"""Draws for operations with seeds as attributes or as inputs: arguments are checked, shapes are made."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.definition import Node
from hdfsaver.ops.base import invalid, with_rank
from hdfsaver.random_numbers import categorical, rejection, uniform
from hdfsaver.random_numbers.philox import Stream
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

Draw = Callable[[Stream, int, np.dtype[Any]], Array]
"""A function of a stream, a number of values and their dtype."""


def sizes_of_draw(shape: Array) -> tuple[int, ...]:
    """The sizes of what is drawn; `InvalidArgumentError` where one is negative."""
    sizes = tuple(np.atleast_1d(shape).tolist())
    if any(size < 0 for size in sizes):
        raise invalid(
            f"Dimension {min(sizes)} must be >= 0: shape {list(sizes)} of random numbers has a negative size."
        )
    return sizes


def integers(stream: Stream, sizes: tuple[int, ...], low: Array, high: Array, dtype: np.dtype[Any]) -> Array:
    """Draw integers in a range.

    Parameters
    ----------
    stream : Stream
    sizes : tuple of int
    low, high : ndarray
        Single numbers.
    dtype : dtype

    Returns
    -------
    ndarray

    Raises
    ------
    InvalidArgumentError
        The range is empty, and there are integers to be drawn.
    """
    count = math.prod(sizes)
    if not count:
        return np.empty(sizes, dtype)
    if low >= high:
        raise invalid(f"Need minval < maxval, got {low} >= {high}.")
    return uniform.integers(stream, count, int(low), int(high), dtype).reshape(sizes)


SAMPLED = "In runs with several threads TensorFlow's numbers of large batches depend on how many there are."
"""The text of `OpDef.differs` for classes that are drawn: here they are those of one thread."""


def draw_classes(logits: Array, samples: Array, make: Callable[[int], Stream], dtype: np.dtype[Any]) -> Array:
    """Draw numbers of classes.

    Parameters
    ----------
    logits : ndarray
    samples : ndarray
        A single number.
    make : callable
        Reserves a number of blocks.
    dtype : dtype

    Returns
    -------
    ndarray
        Of shape (rows, samples).

    Raises
    ------
    InvalidArgumentError
        The logits are not a matrix or have no classes, or the number of samples is negative.
    """
    if np.ndim(logits) != 2:
        raise invalid(f"logits should be a matrix, got shape {list(np.shape(logits))}.")
    if samples < 0:
        raise invalid(f"num_samples should be non-negative, got {samples}.")
    rows, classes = logits.shape
    if not classes:
        raise invalid("num_classes should be positive, got 0.")
    count = int(samples)
    if not rows * count:
        return np.empty((rows, count), dtype)
    stream = make(categorical.blocks_used(rows, count))
    return categorical.categorical(stream, logits, count).astype(dtype)


def shape_of_classes(node: Node) -> list[Shape]:
    """The static shape of classes: the rows of the logits, and the number of samples."""
    logits = with_rank(node.input_shapes[0], 2)
    with_rank(node.input_shapes[1], 0)
    samples = node.constant(1)
    return [(None if logits is None else logits[0], None if samples is None else int(samples))]


def draw_gamma(stream: Stream, alphas: Array, sizes: tuple[int, ...]) -> Array:
    """Numbers of gamma distributions in the dtype of ``alphas``.

    Parameters
    ----------
    stream : Stream
    alphas : ndarray
    sizes : tuple of int
        How many for each alpha.

    Returns
    -------
    ndarray
        Of shape (sizes, shape of alphas).
    """
    found = rejection.gamma(stream, np.ravel(alphas), math.prod(sizes))
    if alphas.dtype != np.float64:
        found = found.astype(np.float32)
    # TensorFlow's threads take numbers below the normal ones for zeros.
    found = np.where(np.abs(found) < np.finfo(found.dtype).tiny, found.dtype.type(0), found)
    return found.astype(alphas.dtype, copy=False).reshape(*sizes, *alphas.shape)


def draw_poisson(stream: Stream, rates: Array, samples: int, dtype: np.dtype[Any]) -> Array:
    """Numbers of Poisson distributions.

    Parameters
    ----------
    stream : Stream
    rates : ndarray
    samples : int
        How many for each rate.
    dtype : dtype

    Returns
    -------
    ndarray
        Of shape (samples, number of rates).

    Raises
    ------
    InvalidArgumentError
        A rate is NaN, or too large for the dtype.
    """
    is_integer = dtype.kind == "i"
    largest = float(np.iinfo(dtype).max if is_integer else np.finfo(dtype).max)
    try:
        found = rejection.poisson(stream, np.ravel(rates), samples, largest)
    except ValueError as error:
        raise invalid(str(error)) from None
    return np.where(np.isinf(found), 0, found).astype(dtype) if is_integer else found.astype(dtype)
