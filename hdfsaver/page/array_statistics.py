"""Statistics, a histogram and differences of arrays, read in parts so that they need not fit into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hdfsaver.tensor_info import Array, TensorInfo

BINS = 40
"""Bars of a histogram."""

PART = 1 << 22
"""About how many elements are looked at together."""

Floats = npt.NDArray[np.float64]
Reader = Callable[[tuple[slice, ...]], Array]
"""Gives a part of an array."""


class Statistics(NamedTuple):
    """The numbers of an array; of complex numbers their absolute values.

    Attributes
    ----------
    minimum, maximum, mean, deviation : float or None
        Of the finite numbers; None without any.
    zeros, nans, infinities : int
    histogram : list of int
        The finite numbers in `BINS` intervals from the minimum to the maximum.
    """

    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    zeros: int
    nans: int
    infinities: int
    histogram: list[int]


def as_floats(value: Array) -> Floats:
    """The numbers of an array as float64; the absolute values of complex ones."""
    if np.iscomplexobj(value):
        return np.asarray(np.abs(value), np.float64)
    # NumPy does not know how to convert some of the small floats in one step.
    return np.asarray(value if value.dtype.isbuiltin == 1 else value.astype(np.float32), np.float64)


def statistics(entry: TensorInfo, read: Reader) -> Statistics:
    """The statistics of an array.

    Parameters
    ----------
    entry : TensorInfo
        Its description; not of strings.
    read : callable
        Gives a part of it; called for each part twice, unless there is only one.

    Returns
    -------
    Statistics
    """
    keys = list(parts(entry.shape))
    if len(keys) == 1:
        only = as_floats(read(keys[0]))
        return _of_parts(lambda: iter([only]))
    return _of_parts(lambda: (as_floats(read(key)) for key in keys))


def _of_parts(values: Callable[[], Iterator[Floats]]) -> Statistics:
    low, high, total, count, zeros, nans, infinities = math.inf, -math.inf, 0.0, 0, 0, 0, 0
    for part in values():
        finite = _finite(part)
        nans += int(np.isnan(part).sum())
        infinities += int(np.isinf(part).sum())
        zeros += part.size - int(np.count_nonzero(part))
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            total += float(finite.sum() / 2) * 2
            count += finite.size
    if not count:
        return Statistics(None, None, None, None, zeros, nans, infinities, [0] * BINS)
    mean = total / count if math.isfinite(total) else low / 2 + high / 2
    squares, histogram = 0.0, np.zeros(BINS, np.int64)
    width = high / 2 - low / 2
    for part in values():
        finite = _finite(part)
        with np.errstate(over="ignore"):
            squares += float(np.square(finite - mean).sum())
        places = ((finite / 2 - low / 2) / (width or 1.0) * BINS).astype(np.int64)
        histogram += np.bincount(np.clip(places.ravel(), 0, BINS - 1), minlength=BINS)
    deviation = math.sqrt(squares / count) if math.isfinite(squares) else None
    return Statistics(low, high, mean, deviation, zeros, nans, infinities, histogram.tolist())


def _finite(part: Floats) -> Floats:
    finite = np.isfinite(part)
    return part if finite.all() else part[finite]


def parts(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """The keys of parts of an array of about the same size, which are contiguous and together are the array."""
    if math.prod(shape) <= PART or not shape:
        yield tuple(slice(0, size) for size in shape)
        return
    row = math.prod(shape[1:])
    if row > PART:
        for place in range(shape[0]):
            yield from ((slice(place, place + 1), *rest) for rest in parts(shape[1:]))
        return
    step = max(1, PART // max(row, 1))
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])), *(slice(0, size) for size in shape[1:]))


def difference(entry: TensorInfo, first: Reader, second: Reader) -> tuple[float, float]:
    """The largest and the mean absolute difference of two arrays of one dtype and shape.

    NaN at the same place in both does not count; NaN or an infinity in one alone is an infinite difference.

    Parameters
    ----------
    entry : TensorInfo
        The description of both; not of strings.
    first, second : callable
        Give a part of each.

    Returns
    -------
    tuple of float
    """
    largest, total = 0.0, 0.0
    for key in parts(entry.shape):
        values: list[Any] = [read(key) for read in (first, second)]
        same = values[0] == values[1]
        floats = values if np.iscomplexobj(values[0]) else [as_floats(value) for value in values]
        same |= np.isnan(floats[0]) & np.isnan(floats[1])
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.abs(floats[0] - floats[1])
        if np.issubdtype(values[0].dtype, np.integer):
            apart = np.maximum(apart, 1)  # large integers may be the same float
        apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
        largest = max(largest, float(apart.max(initial=0.0)))
        total += float(apart.sum())
    return largest, total / max(math.prod(entry.shape), 1)
