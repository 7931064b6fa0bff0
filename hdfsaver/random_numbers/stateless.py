"""The streams of operations whose seeds are inputs."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.random_numbers.philox import Stream, words

# The key under which TensorFlow encrypts the two seeds: without it, the numbers would be others.
_SCRAMBLING_KEY = 0x3EC8F720 | 0x02461E29 << 32


def scrambled(seeds: Sequence[int]) -> Stream:
    """The stream of two seeds: their encryption gives a key, and the upper half of the counter.

    Parameters
    ----------
    seeds : sequence of int
        Two, of at most 64 bits each.
    """
    low, high = (seed % 2**64 for seed in seeds)
    k0, k1, c2, c3 = words(Stream(_SCRAMBLING_KEY, low | high << 64), 4).tolist()
    return Stream(k0 | k1 << 32, (c2 | c3 << 32) << 64)
