"""Classes drawn with the probabilities that unnormalized logarithms say."""

from __future__ import annotations

import numpy as np

from hdfsaver.random_numbers.philox import Stream
from hdfsaver.random_numbers.uniform import fractions
from hdfsaver.tensor_info import Array

_TOGETHER = 2**20  # comparisons of sums with fractions at once


def categorical(stream: Stream, logits: Array, samples: int) -> Array:
    """The numbers of classes, several for each row of logits.

    Logits that are not finite have no probability. A row without a finite one gives the number of classes, which is one
    more than the last class has.

    Parameters
    ----------
    stream : Stream
    logits : ndarray
        Of shape (rows, classes).
    samples : int

    Returns
    -------
    ndarray
        int64, of shape (rows, samples).
    """
    rows, classes = logits.shape
    wide = logits.astype(np.float64)
    finite = np.isfinite(wide)
    greatest = np.max(wide, axis=1, where=finite, initial=-np.inf, keepdims=True)
    with np.errstate(all="ignore"):
        weights = np.where(finite, np.exp(wide - greatest), 0.0)
    sums = weights.cumsum(axis=1)
    wanted = fractions(stream, rows * samples, np.dtype(np.float64)).reshape(rows, samples) * sums[:, -1:]
    if rows * samples * classes <= _TOGETHER:
        return np.asarray((sums[:, np.newaxis, :] <= wanted[:, :, np.newaxis]).sum(axis=2), np.int64)
    found = np.empty((rows, samples), np.int64)
    for row in range(rows):
        found[row] = np.searchsorted(sums[row], wanted[row], side="right")
    return found


def blocks_used(rows: int, samples: int) -> int:
    """The blocks that a run reserves: 256 for each word, of a number of samples rounded up to 4."""
    return 256 * 2 * rows * (-(-samples // 4) * 4)
