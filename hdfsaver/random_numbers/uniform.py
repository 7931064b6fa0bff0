"""Numbers that are equally likely: fractions from 0 up to, but without, 1, and integers of a range."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.random_numbers.philox import Stream, words
from hdfsaver.tensor_info import Array

BFLOAT16 = dtypes.numpy_dtype("bfloat16")

# The number 1 as float32 and as float64. A number from 1 up to 2 is made of it and of random bits, and 1 is subtracted,
# which is exact.
_ONE, _DRAWN = 0x3F800000, 2**23 - 1
_LONG_ONE, _LONG_DRAWN = 1023 << 52, 2**20 - 1  # the bits that are drawn of the first word


def _narrow(dtype: np.dtype[Any], bits: int) -> Array:
    found: Array = (np.arange(2**bits) / 2**bits).astype(dtype)
    return found


# All fractions that these dtypes have here, by the bits that are drawn: NumPy's arithmetic in them is slower.
_NARROW = {np.dtype(np.float16): _narrow(np.dtype(np.float16), 10), BFLOAT16: _narrow(BFLOAT16, 7)}


def fractions(stream: Stream, count: int, dtype: np.dtype[Any]) -> Array:
    """Numbers from 0 up to, but without, 1.

    Parameters
    ----------
    stream : Stream
    count : int
    dtype : dtype
        float16, bfloat16, float32 or float64.

    Returns
    -------
    ndarray
        Of one dimension: multiples of 2 to the -10, -7, -23 or -52.
    """
    return fractions_of(words(stream, count * (2 if dtype == np.float64 else 1)), dtype)


def fractions_of(drawn: Array, dtype: np.dtype[Any]) -> Array:
    """Fractions made of words, which may be overwritten; two words each, the higher one first, for float64."""
    if dtype == np.float64:
        pairs = drawn.astype("<u4", copy=False).view("<u8").astype(np.uint64, copy=False)
        bits = pairs & np.uint64(_LONG_DRAWN)
        bits <<= np.uint64(32)
        pairs >>= np.uint64(32)
        bits |= pairs
        bits |= np.uint64(_LONG_ONE)
        fraction: Array = bits.view(np.float64)
    elif dtype == np.float32:
        bits = np.bitwise_and(drawn, np.uint32(_DRAWN), out=drawn)
        bits |= np.uint32(_ONE)
        fraction = bits.view(np.float32)
    else:
        table = _NARROW[dtype]
        found: Array = table[drawn & np.uint32(len(table) - 1)]
        return found
    fraction -= dtype.type(1)
    return fraction


def integers(stream: Stream, count: int, low: int, high: int, dtype: np.dtype[Any]) -> Array:
    """Integers from ``low`` up to, but without, ``high``: remainders, so that the lower ones are a little more likely.

    Parameters
    ----------
    stream : Stream
    count : int
    low, high : int
        ``low`` is less than ``high``.
    dtype : dtype
        int32 or int64.

    Returns
    -------
    ndarray
        Of one dimension.
    """
    unsigned = full_integers(stream, count, np.dtype(f"u{dtype.itemsize}"))
    unsigned %= unsigned.dtype.type(high - low)
    unsigned += unsigned.dtype.type(low % 2 ** (8 * dtype.itemsize))  # wraps around to negative numbers
    return unsigned.view(dtype)


def full_integers(stream: Stream, count: int, dtype: np.dtype[Any]) -> Array:
    """Integers of 32 or 64 bits, all of them equally likely; of two words the lower comes first."""
    if dtype.itemsize == 4:
        return words(stream, count).view(dtype)
    return words(stream, 2 * count).astype("<u4", copy=False).view("<u8").astype(dtype, copy=False)
