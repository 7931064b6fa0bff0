"""The keys of slices of tensors: numbers and strings as bytes that sort in the same order.

Source: ``tensorflow/core/lib/strings/ordered_code.h`` and ``tensorflow/core/util/saved_tensor_slice_util.cc``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SLICE_MARK = b"\x00"
"""The beginning of keys of slices (the number 0); names of tensors do not begin so."""

_ESCAPES = {b"\0": b"\0\xff", b"\xff": b"\xff\0"}
_END = b"\0\x01"


def _text(text: bytes) -> bytes:
    return re.sub(rb"[\0\xff]", lambda match: _ESCAPES[match[0]], text) + _END


def _unsigned(number: int) -> bytes:
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, "big")


def _signed(number: int) -> bytes:
    """Two's complement, its leading bits flipped: one for each byte, so that longer numbers sort later."""
    length = (~number if number < 0 else number).bit_length() // 7 + 1
    bits = 8 * length
    flipped = (1 << length) - 1 << bits - length
    return ((number & (1 << bits) - 1) ^ flipped).to_bytes(length, "big")


def slice_key(name: bytes, extents: Sequence[tuple[int, int]]) -> bytes:
    """The key of a slice of a tensor.

    Parameters
    ----------
    name : bytes
        The tensor.
    extents : sequence of (int, int)
        Start and length in each dimension; a length of -1 means the whole dimension.
    """
    bounds = b"".join(_signed(number) for extent in extents for number in extent)
    return SLICE_MARK + _text(name) + _unsigned(len(extents)) + bounds
