"""CRC-32C, and the mask that TensorFlow stores it under.

A checksum that is stored among the bytes that another checksum covers would weaken that one, so it is rotated and
offset first. Source: ``tensorflow/core/lib/hash/crc32c.h``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hdfsaver.files.extras import library

Buffer: TypeAlias = "bytes | bytearray | memoryview"

_DELTA = 0xA282EAD8
_BITS = 0xFFFFFFFF

_crc32c: Callable[..., int] = library("crc32c").crc32c


def extend(crc: int, data: Buffer) -> int:
    """The CRC-32C of what ``crc`` is the CRC-32C of, followed by ``data``; other threads run meanwhile."""
    return _crc32c(data, crc)


def mask(crc: int) -> int:
    """How a checksum is stored."""
    return ((crc >> 15 | crc << 17) + _DELTA) & _BITS


def masked(data: Buffer) -> int:
    """The CRC-32C of some bytes, as it is stored."""
    crc = _crc32c(data)  # spelt out, as thousands of small tensors need it
    return ((crc >> 15 | crc << 17) + _DELTA) & _BITS
