"""String tensors of bundles."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.interop.bundle import string_tensors


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_strings_are_restored(texts: list[bytes]) -> None:
    """All bytes survive, and the checksum is that of the writer."""
    data, crc = string_tensors.encode(texts)
    array, found = string_tensors.decode(memoryview(data), (len(texts),), "little")
    assert texts == array.tolist()
    assert crc == found


def test_every_flipped_byte_is_noticed() -> None:
    """No byte of a string tensor can be changed."""
    data, crc = string_tensors.encode([b"one", b"", b"x" * 200])
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x41
        with contextlib.suppress(ValueError):
            assert crc != string_tensors.decode(memoryview(damaged), (3,), "little")[1]


def test_more_strings_than_bytes_are_refused() -> None:
    """A shape that claims a terabyte of strings takes no memory."""
    with pytest.raises(ValueError, match="1000000000000 strings need more"):
        string_tensors.decode(memoryview(bytes(100)), (10**6, 10**6), "little")


def test_scalars_have_no_dimensions() -> None:
    """The shape is that which was asked for."""
    array, _crc = string_tensors.decode(memoryview(string_tensors.encode([b"one"])[0]), (), "little")
    assert () == array.shape
    assert [b"one"] == array.reshape(1).tolist()
    assert np.dtype(object) == array.dtype
