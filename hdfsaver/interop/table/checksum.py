"""CRC-32C, and the mask that TensorFlow applies to stored checksums.

A stored checksum within data that another checksum covers would weaken the other one, so it is rotated and offset
first. Source: ``tensorflow/core/lib/hash/crc32c.h``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy.typing as npt

from hdfsaver.files.extras import library

Buffer: TypeAlias = "bytes | bytearray | memoryview"

Contents: TypeAlias = "Buffer | npt.NDArray[Any]"
"""The data of a checksum; of an array, contiguous and of any dtype, they are its bytes."""

_DELTA = 0xA282EAD8
_BITS = 0xFFFFFFFF


def _first(*args: Any) -> int:
    """The first checksum: only then is the library needed, so that commands on other files work without it."""
    global _crc32c  # noqa: PLW0603 - every later call goes to the library itself
    _crc32c = library("crc32c").crc32c
    return _crc32c(*args)


_crc32c: Callable[..., int] = _first


def extend(crc: int, data: Buffer) -> int:
    """Extend the CRC-32C of some data by more data; other threads run meanwhile."""
    return _crc32c(data, crc)


def mask(crc: int) -> int:
    """The stored form of a checksum."""
    return ((crc >> 15 | crc << 17) + _DELTA) & _BITS


def masked(data: Contents) -> int:
    """The CRC-32C of some bytes in its stored form."""
    crc = _crc32c(data)  # not `mask(extend(...))`, because thousands of small tensors need it
    return ((crc >> 15 | crc << 17) + _DELTA) & _BITS
