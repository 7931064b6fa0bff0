"""String tensors in a bundle: all lengths, their checksum, then all bytes.

Source: ``WriteStringTensor`` and ``ReadStringTensor`` of ``tensorflow/core/util/tensor_bundle/tensor_bundle.cc``. The
checksum covers each length as an integer of four bytes (eight for a larger length) in the byte order of the bundle, not
the stored varint.
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


def encode(strings: Sequence[bytes]) -> tuple[bytes, int]:
    """Encode a string tensor; return its bytes and their masked checksum."""
    lengths = [len(text) for text in strings]
    crc = checksum.extend(0, _fixed(lengths, "little"))
    stored = checksum.mask(crc).to_bytes(_CHECKSUM, "little")
    data = b"".join(strings)
    crc = checksum.extend(checksum.extend(crc, stored), data)
    return b"".join(map(varint.encode, lengths)) + stored + data, checksum.mask(crc)


def decode(data: memoryview, shape: tuple[int, ...], order: ByteOrder) -> tuple[Array, int]:
    """Decode a string tensor.

    Parameters
    ----------
    data : memoryview
        Its bytes.
    shape : tuple of int
        Its shape.
    order : str
        ``"little"`` or ``"big"``, the byte order of the bundle.

    Returns
    -------
    ndarray
        Dtype object, of bytes.
    int
        The masked checksum of the bytes, which the caller compares.

    Raises
    ------
    ValueError
        The bytes are too few or too many, or the checksum of the lengths does not match.
    """
    lengths, position = _lengths(data, math.prod(shape))
    stored = data[position : position + _CHECKSUM]
    start = position + _CHECKSUM
    if start + sum(lengths) != len(data):
        raise ValueError(f"its strings take {sum(lengths)} bytes, but there are {len(data) - start}")
    crc = checksum.extend(0, _fixed(lengths, order))
    if checksum.mask(crc) != int.from_bytes(stored, order):
        raise ValueError("the checksum of its lengths does not match")
    crc = checksum.extend(checksum.extend(crc, stored), data[start:])
    return _array(data[start:], lengths, shape), checksum.mask(crc)


def _lengths(data: memoryview, count: int) -> tuple[list[int], int]:
    if count + _CHECKSUM > len(data):
        raise ValueError(f"{count} strings need more than its {len(data)} bytes")
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
