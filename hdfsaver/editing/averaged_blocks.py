"""The mean of arrays: a sum in float64, of numbers in float64 with the rounding errors of the sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.tensor_info import Array


def mean_of(blocks: Sequence[Array], weights: Sequence[float], dtype: np.dtype[Any]) -> Array:
    """The weighted mean of arrays of one shape.

    Parameters
    ----------
    blocks : sequence of ndarray
        Of real or complex numbers.
    weights : sequence of float
        Not negative, and not all 0.
    dtype : numpy.dtype
        The dtype of the mean, to which it is rounded once.

    Returns
    -------
    ndarray
        NaN where one of the numbers is, or where infinities of both signs meet; of a weight of 0 nothing counts.
    """
    if dtype.kind == "c":
        part = np.empty(0, dtype).real.dtype
        found = np.empty(blocks[0].shape, dtype)
        found.real, found.imag = (
            mean_of([getattr(block, name) for block in blocks], weights, part) for name in ("real", "imag")
        )
        return found
    counted = [(block, weight) for block, weight in zip(blocks, weights, strict=True) if weight]
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        if dtype.itemsize < np.dtype(np.float64).itemsize:  # 29 bits or more to spare for rounding errors
            return _short_mean(counted).astype(dtype)
        mean = _mean(counted, 1.0)
        lost = ~np.isfinite(mean)
        if lost.any():  # the sum may be too large where the mean is not; and what is infinite has no rounding error
            mean[lost] = _mean([(block[lost], weight) for block, weight in counted], 2.0**-64)
        return mean.astype(dtype)


def _short_mean(counted: Sequence[tuple[Array, float]]) -> Array:
    """The mean of numbers of fewer bits."""
    total = np.zeros(counted[0][0].shape)
    largest = max(weight for _, weight in counted)
    for block, weight in counted:
        term = block.astype(np.float64)
        if weight != largest:
            term *= weight / largest
        total += term
    total /= sum(weight / largest for _, weight in counted)
    return total


def _mean(counted: Sequence[tuple[Array, float]], scale: float) -> Array:
    """The mean of numbers, which are multiplied by a power of 2 first and the mean by its inverse."""
    largest = max(weight for _, weight in counted)
    total = np.zeros(counted[0][0].shape)
    errors = np.zeros_like(total)
    for block, weight in counted:
        term = block.astype(np.float64) * scale
        if weight != largest:
            term *= weight / largest
        total, error = _added(total, term)
        errors += np.where(np.isfinite(error), error, 0.0)
    count = sum(weight / largest for _, weight in counted)
    mean: Array = (total + errors) / count / scale
    return mean


def _added(one: Array, other: Array) -> tuple[Array, Array]:
    """The rounded sum of numbers, and what rounding has taken from it (Knuth's two-sum)."""
    total = one + other
    part = total - one
    return total, (one - (total - part)) + (other - part)
