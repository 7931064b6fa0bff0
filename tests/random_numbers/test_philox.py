"""Philox: words of known blocks, and the same words however they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from hdfsaver.random_numbers import philox
from hdfsaver.random_numbers.philox import Stream

KNOWN = [
    (Stream(0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    (Stream(2**64 - 1, 2**128 - 1), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        Stream(0x299F31D0A4093822, 0x0370734413198A2E85A308D3243F6A88),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("stream", "expected"), KNOWN)
def test_known_blocks(stream: Stream, expected: str) -> None:
    """Blocks have the words that the authors of the generator publish as test vectors."""
    (by_number,) = philox.words_of_blocks(stream, np.array([0], np.uint64))
    for found in (philox.words(stream, 4), by_number):
        assert expected == " ".join(f"{word:08x}" for word in found.tolist())


@pytest.mark.parametrize("first", [0, 2**32 - 3, 2**40, 2**64 - 9, 2**128 - 9])
def test_many_words(first: int) -> None:
    """Words are the same in one piece, in several, and by the numbers of their blocks, over any limit within."""
    stream = Stream(5, first)
    count = 4 * philox._TOGETHER + 30
    found = philox.words(stream, count)
    assert count == len(found)
    offsets = np.arange(-(-count // 4), dtype=np.uint64)
    np.testing.assert_array_equal(philox.words_of_blocks(stream, offsets).reshape(-1)[:count], found)
    np.testing.assert_array_equal(philox.words(stream.after(3), 5), found[12:17])


def test_two_zeros_seed_a_stream_of_its_own() -> None:
    """Without seeds no two streams are the same; with one of them they are."""
    assert philox.seeded(0, 0) != philox.seeded(0, 0)
    assert philox.seeded(0, 1) == philox.seeded(0, 1)
    assert Stream(2**64 - 1, 3 << 64) == philox.seeded(-1, 3)
