"""String tensors in a bundle: all lengths, their checksum, then all bytes.

Source: ``WriteStringTensor`` and ``ReadStringTensor`` of ``tensorflow/core/util/tensor_bundle/tensor_bundle.cc``. The
checksum takes each length as a number of four bytes (of eight where four are too few) in the byte order of the bundle,
not as the varint that is stored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from hdfsaver.interop.table import checksum, varint
from hdfsaver.tensor_info import Array

ByteOrder = Literal["little", "big"]

_WIDE = 2**32
_CHECKSUM = 4


def encode(texts: Sequence[bytes]) -> tuple[bytes, int]:
    """The bytes of a string tensor, and their masked checksum."""
    lengths = [len(text) for text in texts]
    crc = checksum.extend(0, _fixed(lengths, "little"))
    stored = checksum.mask(crc).to_bytes(_CHECKSUM, "little")
    data = b"".join(texts)
    crc = checksum.extend(checksum.extend(crc, stored), data)
    return b"".join(map(varint.encode, lengths)) + stored + data, checksum.mask(crc)


def decode(data: memoryview, shape: tuple[int, ...], order: ByteOrder) -> tuple[Array, int]:
    """The string tensor that some bytes stand for, and its masked checksum, which the caller compares.

    Raises
    ------
    ValueError
        The bytes are too few or too many, or the checksum of the lengths does not hold.
    """
    lengths, position = _lengths(data, math.prod(shape))
    stored = data[position : position + _CHECKSUM]
    start = position + _CHECKSUM
    if start + sum(lengths) != len(data):
        raise ValueError(f"its texts take {sum(lengths)} bytes, and {len(data) - start} are there")
    crc = checksum.extend(0, _fixed(lengths, order))
    if checksum.mask(crc) != int.from_bytes(stored, order):
        raise ValueError("the checksum of its lengths does not hold")
    crc = checksum.extend(checksum.extend(crc, stored), data[start:])
    return _array(data[start:], lengths, shape), checksum.mask(crc)


def _lengths(data: memoryview, count: int) -> tuple[list[int], int]:
    if count + _CHECKSUM > len(data):
        raise ValueError(f"{count} texts need more than its {len(data)} bytes")
    lengths, position = [], 0
    for _ in range(count):
        length, position = varint.decode(data, position)
        lengths.append(length)
    return lengths, position


def _fixed(lengths: Sequence[int], order: ByteOrder) -> bytes:
    return b"".join(length.to_bytes(4 if length < _WIDE else 8, order) for length in lengths)


def _array(data: memoryview, lengths: Sequence[int], shape: tuple[int, ...]) -> Array:
    flat = np.empty(len(lengths), dtype=object)
    position = 0
    for index, length in enumerate(lengths):
        flat[index] = bytes(data[position : position + length])
        position += length
    return flat.reshape(shape)
