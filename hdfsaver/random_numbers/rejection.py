"""Numbers of distributions that take as many words as it needs to accept one: gamma and Poisson.

Each number has words of its own, those of `BLOCKS` blocks, so that it does not depend on the others. The two fractions,
or the two normal numbers, of a block are taken from the last one on.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hdfsaver.random_numbers.normal import normal_of
from hdfsaver.random_numbers.philox import Stream, words_of_blocks
from hdfsaver.random_numbers.uniform import fractions_of
from hdfsaver.tensor_info import Array

BLOCKS = 256
"""The blocks that each number has."""

_FLOAT64 = np.dtype(np.float64)
_PAIR = 2


class _Words:
    """The blocks of many numbers, each of which has come to another block of its own."""

    def __init__(self, stream: Stream, count: int) -> None:
        self._stream = stream
        self._next = np.arange(count, dtype=np.uint64) * np.uint64(BLOCKS)

    def draw(self, places: Array) -> Array:
        """The next block of some of the numbers."""
        found = words_of_blocks(self._stream, self._next[places])
        self._next[places] += np.uint64(1)
        return found


class _Drawn:
    """Pairs made of blocks, and how many of each are left."""

    def __init__(self, words: _Words, count: int, make: Callable[[Array], Array]) -> None:
        self._words, self._make = words, make
        self._pairs = np.empty((count, _PAIR))
        self._left = np.zeros(count, np.intp)

    def take(self, places: Array) -> Array:
        """The next value for some of the numbers."""
        empty = places[self._left[places] == 0]
        if len(empty):
            self._pairs[empty] = self._make(self._words.draw(empty).reshape(-1)).reshape(-1, _PAIR)
            self._left[empty] = _PAIR
        self._left[places] -= 1
        found: Array = self._pairs[places, self._left[places]]
        return found


def _fractions(drawn: Array) -> Array:
    return fractions_of(drawn, _FLOAT64)


def _normals(drawn: Array) -> Array:
    return normal_of(drawn, _FLOAT64)


def _each(function: Callable[..., float], *columns: Array) -> Array:
    """A function of the C library for each element: NumPy's own may differ in the last bit."""
    return np.fromiter(map(function, *(column.tolist() for column in columns)), np.float64, len(columns[0]))


def gamma(stream: Stream, alphas: Array, samples: int) -> Array:
    """Numbers of gamma distributions with scale 1 (G. Marsaglia and W. Tsang, 2000), computed in float64.

    Parameters
    ----------
    stream : Stream
    alphas : ndarray
        Of one dimension.
    samples : int
        How many numbers of each.

    Returns
    -------
    ndarray
        float64, of shape (samples, alphas).
    """
    shapes = np.repeat(alphas.astype(np.float64), samples)
    words = _Words(stream, len(shapes))
    found = np.empty(len(shapes))
    single = np.flatnonzero(shapes == 1)
    found[single] = -_each(math.log1p, -_fractions(words.draw(single).reshape(-1))[1::_PAIR])
    places = np.flatnonzero(shapes != 1)
    normals, fractions = (_Drawn(words, len(shapes), make) for make in (_normals, _fractions))
    depths = shapes + np.where(shapes < 1, 2 / 3, -1 / 3)
    widths = 1 / 3 / np.sqrt(depths)
    while len(places):
        x = normals.take(places)
        v = 1 + widths[places] * x
        some = places[v > 0]
        x, v = x[v > 0], v[v > 0]
        v = v * v * v  # a power would be rounded otherwise
        u = fractions.take(some)
        d = depths[some]
        taken = (u < 1 - 0.0331 * (x * x) * (x * x)) | (np.log(u) < 0.5 * x * x + d * (1 - v + np.log(v)))
        done = some[taken]
        found[done] = d[taken] * v[taken]
        low = done[shapes[done] < 1]
        found[low] *= _each(math.pow, fractions.take(low), 1 / shapes[low])
        places = np.setdiff1d(places, done, assume_unique=True)
    return found.reshape(len(alphas), samples).T


def poisson(stream: Stream, rates: Array, samples: int, largest: float) -> Array:
    """Numbers of Poisson distributions, by multiplication (D. Knuth) or, from 10 on, rejection (W. Hormann, 1993).

    Parameters
    ----------
    stream : Stream
    rates : ndarray
        Of one dimension.
    samples : int
        How many numbers of each.
    largest : float
        The largest number to be accepted, that of the dtype which the result is for.

    Returns
    -------
    ndarray
        float64, of shape (samples, rates).

    Raises
    ------
    ValueError
        A rate is NaN, or so large that no number is small enough.
    """
    means = np.repeat(rates.astype(np.float64), samples)
    found = np.full(len(means), np.inf)
    fractions = _Drawn(_Words(stream, len(means)), len(means), _fractions)
    _poisson_by_products(fractions, means, np.flatnonzero(means < 10), found)
    rest = np.flatnonzero(~(means < 10) & (means != np.inf))
    for _ in range(BLOCKS):
        rest = _poisson_by_rejection(fractions, means, rest, found, largest)
        if not len(rest):
            return found.reshape(len(rates), samples).T
    raise ValueError(f"The rate {means[rest[0]]:g} of a Poisson distribution has no number up to {largest:g}.")


def _poisson_by_products(fractions: _Drawn, means: Array, places: Array, found: Array) -> None:
    limits = _each(math.exp, -means[places])
    products = np.ones(len(places))
    steps = 0
    while len(places):
        products *= fractions.take(places)
        done = products <= limits
        found[places[done]] = steps
        places, limits, products = places[~done], limits[~done], products[~done]
        steps += 1


def _poisson_by_rejection(fractions: _Drawn, means: Array, places: Array, found: Array, largest: float) -> Array:
    """Try once for each place, and give those where the number was not accepted."""
    rate = means[places]
    b = 0.931 + 2.53 * np.sqrt(rate)
    a = -0.059 + 0.02483 * b
    u = fractions.take(places) - 0.5
    v = fractions.take(places)
    shifted = 0.5 - np.abs(u)
    k = np.floor((2 * a / shifted + b) * u + rate + 0.43)
    at_once = (shifted >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    possible = (k <= largest) & (at_once | ((k >= 0) & ~((shifted < 0.013) & (v > shifted))))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (shifted * shifted) + b))
    logs = np.full(len(places), np.inf)
    unsure = possible & ~at_once
    logs[unsure] = -rate[unsure] + k[unsure] * np.log(rate[unsure]) - _each(math.lgamma, k[unsure] + 1)
    taken = possible & (at_once | (ratio <= logs))
    found[places[taken]] = k[taken]
    rest: Array = places[~taken]
    return rest
