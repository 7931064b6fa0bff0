"""Histograms of summaries, with TensorFlow's buckets.

Source: ``tensorflow/core/lib/histogram/histogram.cc``. The limits of the buckets grow by a tenth from one to the next.
"""

from __future__ import annotations

import functools
import sys

import numpy as np

from hdfsaver.messages import message_classes
from hdfsaver.tensor_info import Array

_SMALLEST = 1e-12
_LARGEST = 1e20
_GROWTH = 1.1


@functools.cache
def _limits() -> Array:
    """The upper limit of each bucket."""
    positive = []
    limit = _SMALLEST
    while limit < _LARGEST:
        positive.append(limit)
        limit *= _GROWTH
    positive.append(sys.float_info.max)
    return np.array([*(-limit for limit in reversed(positive)), 0.0, *positive])


def histogram(values: Array) -> message_classes.HistogramProto:
    """Count values by buckets; buckets without values that follow each other are one.

    Parameters
    ----------
    values : numpy.ndarray
        Finite real numbers, of any shape.

    Returns
    -------
    HistogramProto
    """
    flat = np.ravel(values).astype(np.float64)
    limits = _limits()
    places = np.minimum(np.searchsorted(limits, flat, side="right"), len(limits) - 1)
    counts = np.bincount(places, minlength=len(limits))
    # The last of each run of buckets without values stands for the run.
    kept = (counts > 0) | np.append(counts[1:] > 0, True)
    with np.errstate(over="ignore", invalid="ignore"):
        # One after the other, as TensorFlow adds: NumPy's sums have another order.
        total, squares = (float(np.cumsum(items)[-1]) if flat.size else 0.0 for items in (flat, flat * flat))
    return message_classes.HistogramProto(
        min=float(flat.min()) if flat.size else sys.float_info.max,
        max=float(flat.max()) if flat.size else -sys.float_info.max,
        num=float(flat.size),
        sum=total,
        sum_squares=squares,
        bucket_limit=limits[kept].tolist(),
        bucket=counts[kept].astype(np.float64).tolist(),
    )
