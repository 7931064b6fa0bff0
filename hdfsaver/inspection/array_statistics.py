"""The numbers of an array in short: range, mean, deviation, what is not finite, and a histogram."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.tensor_info import Array

BINS = 20


class Statistics(NamedTuple):
    """Numbers about the numbers of an array.

    Those of complex numbers are of their absolute values.

    Attributes
    ----------
    size : int
        The number of elements.
    min, max : int or float or None
        Of the numbers that are finite, as the next two; None without any.
    mean, std : float or None
        The mean, and the standard deviation about it, of the population.
    nan, inf, zeros : int
        Elements that are NaN, that are infinite, and that are 0.
    edges : list of float
        The bounds of the bins of the histogram, one more than bins; empty without a histogram.
    counts : list of int
        The finite numbers in each bin; those that are the last bound are in the last one.
    """

    size: int
    min: int | float | None
    max: int | float | None
    mean: float | None
    std: float | None
    nan: int
    inf: int
    zeros: int
    edges: list[float]
    counts: list[int]


def is_numeric(dtype: np.dtype[Any]) -> bool:
    """Whether an array has numbers, and not strings."""
    return dtype.kind in "biufc" or dtype.isbuiltin == 2


def statistics(blocks: Callable[[], Iterable[Array]], *, bins: int = 0) -> Statistics:
    """The statistics of an array that is given block by block.

    Parameters
    ----------
    blocks : callable
        Gives the blocks; it is called a second time for the histogram, whose bounds are known then.
    bins : int
        The number of bins of a histogram; 0 for none.

    Returns
    -------
    Statistics
    """
    total = _Sums()
    for block in blocks():
        total.add(_real(block))
    edges: list[float] = []
    counts: list[int] = []
    if bins and total.min is not None and total.max is not None:
        edges = _edges(float(total.min), float(total.max), bins)
        found = np.zeros(bins, np.int64)
        for block in blocks():
            values = _real(block).astype(np.float64, copy=False).reshape(-1)
            found += np.histogram(values[np.isfinite(values)], np.array(edges))[0]
        counts = found.tolist()
    mean = total.mean if total.finite else None
    std = math.sqrt(max(0.0, total.squares / total.finite)) if total.finite else None
    return Statistics(total.size, total.min, total.max, mean, std, total.nan, total.inf, total.zeros, edges, counts)


class _Sums:
    """The sums of the blocks so far."""

    def __init__(self) -> None:
        self.size = self.finite = self.nan = self.inf = self.zeros = 0
        self.min: int | float | None = None
        self.max: int | float | None = None
        self.mean = self.squares = 0.0

    def add(self, values: Array) -> None:
        """Add a block; means and squares are combined as Chan, Golub and LeVeque do."""
        self.size += values.size
        self.zeros += values.size - int(np.count_nonzero(values))
        if values.dtype.kind == "f":
            is_finite = np.isfinite(values)
            if not is_finite.all():
                self.nan += int(np.isnan(values).sum())
                self.inf += int(np.isinf(values).sum())
                values = values[is_finite]
        if not values.size:
            return
        least, most = values.min().item(), values.max().item()
        self.min = least if self.min is None else min(self.min, least)
        self.max = most if self.max is None else max(self.max, most)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(np.mean(values, dtype=np.float64))
            squares = float(np.square(values.astype(np.float64) - mean).sum())
            step, both = mean - self.mean, self.finite + values.size
            self.squares += squares + step * step * (self.finite * values.size / both)
            self.mean += step * (values.size / both)
        self.finite = both


def _real(block: Array) -> Array:
    """The numbers as NumPy's own, and real."""
    if block.dtype.kind == "b":
        return block.view(np.uint8)
    if block.dtype.kind == "c":
        return np.abs(block)
    if block.dtype.kind in "iu" and block.dtype.isbuiltin == 1:
        return block
    return block.astype(np.float32 if block.dtype.itemsize < np.dtype(np.float32).itemsize else np.float64)


def _edges(least: float, most: float, bins: int) -> list[float]:
    if least == most:  # as NumPy's: one bin of width 1 about it
        least, most = least - 0.5, most + 0.5
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.linspace(least, most, bins + 1)
    if not np.isfinite(found).all() or (np.diff(found) <= 0).any():  # the span is larger than any number, or too small
        found = np.array([least * (1 - part) + most * part for part in np.linspace(0, 1, bins + 1)])
        found = np.maximum.accumulate(found)
    return [float(each) for each in found]
