"""HDF5's Fletcher32 filter: a checksum after the bytes of a chunk, checked without the HDF5 library."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from hdfsaver.storage.chunks.chunk_codecs import Buffer

LENGTH = 4
"""Bytes of the checksum."""

_MODULUS = 0xFFFF
_WORDS = 1 << 16
"""Words that are summed at once: the weighted sum, below 2**48, is exact in float64, which NumPy sums fastest."""


def fletcher32(data: Buffer) -> int:
    """The checksum that HDF5 computes: big-endian words of 16 bits, a last odd byte followed by a zero."""
    view = memoryview(data).cast("B")
    whole = len(view) // 2 * 2
    # The same state as HDF5's: sums modulo 65535, of which 0 stands for "nothing but zeros so far".
    low = high = 0
    for start in range(0, whole, 2 * _WORDS):
        words = np.frombuffer(view[start : min(start + 2 * _WORDS, whole)], ">u2").astype(np.float64)
        weighted = np.einsum("i,i->", words, _weights()[_WORDS - len(words) :])  # without the threads of BLAS
        low, high = low + int(words.sum()), high + len(words) * low + int(weighted)
        low, high = _reduced(low), _reduced(high)
    if whole < len(view):
        low += view[whole] << 8
        high += low
    return _reduced(high) << 16 | _reduced(low)


@cache
def _weights() -> npt.NDArray[np.float64]:
    return np.arange(_WORDS, 0, -1, dtype=np.float64)


def _reduced(total: int) -> int:
    return (total - 1) % _MODULUS + 1 if total else 0


def without_checksum(data: Buffer) -> memoryview | None:
    """The bytes before the checksum; None if it is missing or wrong."""
    view = memoryview(data).cast("B")
    if len(view) < LENGTH:
        return None
    content, stored = view[:-LENGTH], bytes(view[-LENGTH:])
    right = fletcher32(content).to_bytes(LENGTH, "little")
    # Before version 1.6.3, HDF5 swapped the bytes of each half on little-endian machines; it still accepts that.
    swapped = bytes((right[1], right[0], right[3], right[2]))
    return content if stored in (right, swapped) else None
