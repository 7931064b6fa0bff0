"""Philox 4x32-10: a generator of 32-bit words that gives any block of its sequence at once.

J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). A block of four words
is a function of a key and of its number. `numpy.random.Philox` is another member of the family, 4x64-10, whose words
are 64 bits wide: it gives other numbers for the same key and counter, so that it cannot be used for this.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from hdfsaver.tensor_info import Array

WORDS = 4
"""The words of a block."""

_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85  # the golden ratio, and the square root of 3 less 1
_ROUNDS = 10

_LOW, _LONG, _FULL = 2**32 - 1, 2**64 - 1, 2**128 - 1
_SHIFT = np.uint64(32)

# Blocks that are computed together: their arrays stay in the processor's cache, and calls cost little.
_TOGETHER = 16384


class Stream(NamedTuple):
    """A place in the sequence of blocks of a key.

    Attributes
    ----------
    key : int
        64 bits.
    counter : int
        128 bits: the number of the block to begin with.
    """

    key: int
    counter: int

    def after(self, blocks: int) -> Stream:
        """The place that many blocks later."""
        return Stream(self.key, (self.counter + blocks) & _FULL)


def seeded(seed: int, seed2: int) -> Stream:
    """The stream of an operation with these attributes; with two zeros one that no operation has had before.

    The second one is the upper half of the counter, so that a stream has 2**64 blocks.
    """
    if seed == seed2 == 0:
        seed, seed2 = int.from_bytes(os.urandom(8)), int.from_bytes(os.urandom(8))
    return Stream(seed & _LONG, (seed2 & _LONG) << 64)


def words(stream: Stream, count: int) -> Array:
    """The first words of a stream, in order.

    Parameters
    ----------
    stream : Stream
    count : int

    Returns
    -------
    ndarray
        uint32, new.
    """
    blocks = -(-count // WORDS)
    found = np.empty((blocks, WORDS), np.uint32)
    for first in range(0, blocks, _TOGETHER):
        piece = found[first : first + _TOGETHER]
        start = stream.after(first)
        upper = start.counter >> 32
        if upper == start.after(len(piece) - 1).counter >> 32:
            numbers = np.arange(len(piece), dtype=np.uint64) + np.uint64(start.counter & _LOW)
            _blocks_of_one_upper_part(stream.key, numbers, upper, piece)
        else:
            piece[:] = words_of_blocks(start, np.arange(len(piece), dtype=np.uint64))
    return found.reshape(-1)[:count]


def words_of_blocks(stream: Stream, offsets: Array) -> Array:
    """The words of any blocks from the place of a stream on.

    Parameters
    ----------
    stream : Stream
    offsets : ndarray
        uint64, of one dimension: how many blocks after that place each of them comes.

    Returns
    -------
    ndarray
        uint32, a row of four for each block.
    """
    found = np.empty((len(offsets), WORDS), np.uint32)
    keys = _round_keys(stream.key)
    low, upper = stream.counter & _LONG, stream.counter >> 64
    for first in range(0, len(offsets), _TOGETHER):
        numbers = offsets[first : first + _TOGETHER] + np.uint64(low)  # wraps around
        high = (numbers < np.uint64(low)).astype(np.uint64) + np.uint64(upper)
        counters = (numbers & np.uint64(_LOW), numbers >> _SHIFT, high & np.uint64(_LOW), high >> _SHIFT)
        _rounds(keys, counters, found[first : first + _TOGETHER])
    return found


def _round_keys(key: int) -> list[tuple[int, int]]:
    low, high = key & _LOW, key >> 32
    step, high_step = _KEY_STEPS
    return [((low + n * step) & _LOW, (high + n * high_step) & _LOW) for n in range(_ROUNDS)]


def _rounds(keys: list[tuple[int, int]], counters: tuple[Array, Array, Array, Array], found: Array) -> None:
    """Apply rounds to the four words of the counters, in place; each is in the lower half of a uint64."""
    c0, c1, c2, c3 = counters
    first, second = (np.uint64(factor) for factor in _MULTIPLIERS)
    low = np.uint64(_LOW)
    product, other = np.empty_like(c0), np.empty_like(c0)
    for key, other_key in keys:
        np.multiply(c0, first, out=product)
        np.multiply(c2, second, out=other)
        np.right_shift(other, _SHIFT, out=c0)
        np.bitwise_xor(c0, c1, out=c0)
        np.bitwise_xor(c0, np.uint64(key), out=c0)
        np.bitwise_and(other, low, out=c1)
        np.right_shift(product, _SHIFT, out=c2)
        np.bitwise_xor(c2, c3, out=c2)
        np.bitwise_xor(c2, np.uint64(other_key), out=c2)
        np.bitwise_and(product, low, out=c3)
    for place, word in enumerate((c0, c1, c2, c3)):
        found[:, place] = word


def _blocks_of_one_upper_part(key: int, numbers: Array, upper: int, found: Array) -> None:
    """Fill an array with the words of blocks whose numbers differ in their lowest 32 bits only.

    Three of the four words of the counter are the same in all of them: with numbers for these the first two rounds are
    shorter, which saves a seventh of the time.
    """
    keys = _round_keys(key)
    first, second = _MULTIPLIERS
    low = np.uint64(_LOW)
    (key, other_key), (next_key, next_other) = keys[:2]
    c1, c2, c3 = upper & _LOW, (upper >> 32) & _LOW, upper >> 64
    product = numbers * np.uint64(first)
    single = c2 * second
    c0, c1 = (single >> 32) ^ c1 ^ key, single & _LOW
    other = ((product >> _SHIFT) ^ np.uint64(c3 ^ other_key)) * np.uint64(second)
    single = c0 * first
    counters = (
        (other >> _SHIFT) ^ np.uint64(c1 ^ next_key),
        other & low,
        (product & low) ^ np.uint64((single >> 32) ^ next_other),
        np.full_like(numbers, single & _LOW),
    )
    _rounds(keys[2:], counters, found)
