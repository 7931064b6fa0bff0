"""Numbers of a normal distribution: two of two fractions (G. Box and M. Muller, 1958), also without those beyond 2."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from hdfsaver.random_numbers.philox import WORDS, Stream, words, words_of_blocks
from hdfsaver.random_numbers.uniform import fractions_of
from hdfsaver.tensor_info import Array

TRUNCATED = 2.0
"""Numbers of a truncated normal distribution are nearer to 0 than this."""

_GROUP_BLOCKS = 64  # the blocks from one group of truncated numbers to the next, for each number of a group

_LEAST = 1e-7  # the logarithm of smaller fractions is not taken

# How far the C library's logarithm of a float32 is from the exact one before it is rounded, below and from 0.7 on: for
# glibc's, which computes in float64, found by trying all fractions. A library that rounds correctly is within them too.
_BELOW, _LOG_ERROR_BELOW, _LOG_ERROR = np.float32(0.7), 2.5e-9, 5e-10


def normal(stream: Stream, count: int, dtype: np.dtype[Any]) -> Array:
    """Numbers of the normal distribution with mean 0 and standard deviation 1.

    Parameters
    ----------
    stream : Stream
    count : int
    dtype : dtype
        float16, bfloat16, float32 or float64. The 16-bit ones are rounded from float32.

    Returns
    -------
    ndarray
        Of one dimension.
    """
    even = -(-count // 2) * 2
    drawn = words(stream, even * (2 if dtype == np.float64 else 1))
    return normal_of(drawn, dtype)[:count].astype(dtype, copy=False)


def truncated_normal(stream: Stream, count: int, dtype: np.dtype[Any]) -> Array:
    """As `normal`, without the numbers beyond 2.

    The numbers of a block of words are a group. A group whose numbers are not all within the bounds goes on with the
    words of the blocks that follow, which no other group uses.

    Parameters
    ----------
    stream : Stream
    count : int
    dtype : dtype
        As for `normal`.

    Returns
    -------
    ndarray
        Of one dimension.
    """
    size = WORDS // 2 if dtype == np.float64 else WORDS
    groups = -(-count // size)
    firsts = np.arange(groups, dtype=np.uint64) * np.uint64(_GROUP_BLOCKS * size)
    found = np.empty((groups, size), np.float64 if dtype == np.float64 else np.float32)
    filled = np.zeros(groups, np.intp)
    open_groups = np.arange(groups)
    while len(open_groups):
        drawn = normal_of(words_of_blocks(stream, firsts[open_groups]).reshape(-1), dtype).reshape(-1, size)
        kept = np.abs(drawn) < TRUNCATED
        places = kept.cumsum(axis=1) + (filled[open_groups] - 1)[:, np.newaxis]
        kept &= places < size
        rows, columns = np.nonzero(kept)
        found[open_groups[rows], places[rows, columns]] = drawn[rows, columns]
        filled[open_groups] += kept.sum(axis=1)
        firsts[open_groups] += np.uint64(1)
        open_groups = open_groups[filled[open_groups] < size]
    return found.reshape(-1)[:count].astype(dtype, copy=False)


def normal_of(drawn: Array, dtype: np.dtype[Any]) -> Array:
    """Numbers of a normal distribution made of words, in float64 or, for all other dtypes, in float32.

    The numbers of words are a multiple of a pair of fractions. Of the two numbers of a pair the sine comes first.
    """
    if dtype == np.float64:
        pairs = fractions_of(drawn, dtype).reshape(-1, 2)
        return _pairs(_logarithms(np.maximum(pairs[:, 0], _LEAST)), _sine_and_cosine(2 * np.pi * pairs[:, 1]))
    fractions = fractions_of(drawn, np.dtype(np.float32)).reshape(-1, 2)
    # The product with 2 pi is rounded once.
    angles = (2 * np.pi * fractions[:, 1].astype(np.float64)).astype(np.float32)
    return _pairs(
        _float32_logarithms(np.maximum(fractions[:, 0], np.float32(_LEAST))), _float32_sine_and_cosine(angles)
    )


def _pairs(logarithms: Array, directions: Array) -> Array:
    radii = np.sqrt(-2 * logarithms)
    directions *= radii[:, np.newaxis]
    return directions.reshape(-1)


def _sine_and_cosine(angles: Array) -> Array:
    found = np.empty((len(angles), 2))
    np.sin(angles, out=found[:, 0])
    np.cos(angles, out=found[:, 1])
    return found


def _float32_sine_and_cosine(angles: Array) -> Array:
    """As the C library has them: `numpy.sin` of float32 is another function, which differs in the last bits."""
    exponents = np.zeros(len(angles), np.complex64)
    exponents.imag = angles
    return np.exp(exponents).view(np.float32).reshape(-1, 2)[:, ::-1]


def _logarithms(fractions: Array) -> Array:
    """As the C library has them; `numpy.log` differs in the last bit where a processor has AVX512."""
    return np.fromiter(map(math.log, fractions.tolist()), np.float64, len(fractions))


def _float32_logarithms(fractions: Array) -> Array:
    """As the C library has them.

    Nearly all are the exact ones, rounded. The library is asked for those so close to the middle between two numbers
    that it may round to the other one; NumPy does not call it for float32.
    """
    exact = np.log(fractions.astype(np.float64))
    found = exact.astype(np.float32)
    function = _c_logarithm()
    if function is not None:
        halfway = np.abs(np.abs(exact - found) - np.spacing(np.abs(found)) / 2)
        unsure = np.flatnonzero(halfway < np.where(fractions < _BELOW, _LOG_ERROR_BELOW, _LOG_ERROR))
        found[unsure] = np.fromiter(map(function, fractions[unsure].tolist()), np.float32, len(unsure))
    return found


@cache
def _c_logarithm() -> Callable[[float], float] | None:
    """The C library's logarithm of a float32; None where it is not found, and about one in 200 differs by a bit."""
    for name in (None, "libm.so.6") if os.name == "posix" else ("ucrtbase",):
        try:
            function = ctypes.CDLL(name).logf
        except (OSError, AttributeError):
            continue
        function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
        found: Callable[[float], float] = function
        return found
    return None
