"""Keys of slices."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.interop.table.ordered_code import slice_key

BOUND = st.integers(-(2**63), 2**63 - 1)


def test_the_key_of_a_slice_is_that_of_tensorflow() -> None:
    """Rows 4 to 6 of a tensor of six columns, as in a bundle written by TensorFlow."""
    assert b"\0part\0\1\1\2\x84\x83\x80\x86" == slice_key(b"part", [(4, 3), (0, 6)])
    assert b"\0v\0\1\1\1\x80\x7f" == slice_key(b"v", [(0, -1)])
    assert b"\0s\0\1\0" == slice_key(b"s", [])
    assert b"\0a\0\xffb\xff\0c\0\1\0" == slice_key(b"a\0b\xffc", [])


def test_long_numbers_have_longer_codes() -> None:
    """The number of leading ones is that of the bytes."""
    expected = {63: "bf", 64: "c040", -64: "40", -65: "3fbf", 8191: "dfff", 8192: "e02000", 2**62: "ffc040" + "00" * 7}
    assert expected == {number: slice_key(b"", [(number, 0)])[5:-1].hex() for number in expected}


@given(BOUND, BOUND)
def test_keys_sort_as_the_numbers_do(one: int, other: int) -> None:
    """The order of two keys is the order of what they say."""
    assert (one < other) == (slice_key(b"v", [(one, 0)]) < slice_key(b"v", [(other, 0)]))
