"""Numbers of buckets by FarmHash's fingerprint of 64 bits, a published method (`farmhashna`, version 1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_MASK = 2**64 - 1
_K0 = 0xC3A5C85C97CB3127
_K1 = 0xB492B66FBE98F273
_K2 = 0x9AE16A3B2F90404F
_SEED = 81


def _word(text: bytes, place: int, size: int = 8) -> int:
    return int.from_bytes(text[place : place + size], "little")


def _rotated(word: int, count: int) -> int:
    word &= _MASK
    return (word >> count | word << (64 - count)) & _MASK


def _folded(word: int) -> int:
    word &= _MASK
    return word ^ word >> 47


def _joined(low: int, high: int, factor: int) -> int:
    """The hash of two words."""
    first = _folded(((low ^ high) & _MASK) * factor)
    second = _folded(((high ^ first) & _MASK) * factor)
    return second * factor & _MASK


def _of_16(text: bytes) -> int:
    size = len(text)
    if size >= 8:
        factor = _K2 + size * 2
        first, last = _word(text, 0) + _K2, _word(text, size - 8)
        low = _rotated(last, 37) * factor + first
        return _joined(low, (_rotated(first, 25) + last) * factor, factor)
    if size >= 4:
        return _joined(size + (_word(text, 0, 4) << 3), _word(text, size - 4, 4), _K2 + size * 2)
    if size:
        low = text[0] + (text[size >> 1] << 8)
        high = size + (text[-1] << 2)
        return _folded(low * _K2 ^ high * _K0) * _K2 & _MASK
    return _K2


def _of_32(text: bytes) -> int:
    size = len(text)
    factor = _K2 + size * 2
    first, second = _word(text, 0) * _K1, _word(text, 8)
    third, fourth = _word(text, size - 8) * factor, _word(text, size - 16) * _K2
    low = _rotated(first + second, 43) + _rotated(third, 30) + fourth
    return _joined(low, first + _rotated(second + _K2, 18) + third, factor)


def _of_64(text: bytes) -> int:
    size = len(text)
    factor = _K2 + size * 2
    first, second = _word(text, 0) * _K2, _word(text, 8)
    third, fourth = _word(text, size - 8) * factor, _word(text, size - 16) * _K2
    low = _rotated(first + second, 43) + _rotated(third, 30) + fourth
    high = _joined(low, first + _rotated(second + _K2, 18) + third, factor)
    fifth, sixth = _word(text, 16) * factor, _word(text, 24)
    seventh = (low + _word(text, size - 32)) * factor
    eighth = (high + _word(text, size - 24)) * factor
    low = _rotated(fifth + sixth, 43) + _rotated(seventh, 30) + eighth
    return _joined(low, fifth + _rotated(sixth + first, 18) + seventh, factor)


def _pair(text: bytes, place: int, low: int, high: int) -> tuple[int, int]:
    """Two words, mixed with 32 bytes."""
    first, second, third, last = (_word(text, place + 8 * index) for index in range(4))
    low += first
    high = _rotated(high + low + last, 21)
    whole = low + second + third
    return whole + last & _MASK, high + _rotated(whole, 44) + low & _MASK


class _State:
    """The words that are mixed with each 64 bytes of a long string."""

    __slots__ = ("one", "two", "x", "y", "z")

    def __init__(self, text: bytes) -> None:
        self.y = _SEED * _K1 + 113 & _MASK
        self.z = _folded(self.y * _K2 + 113) * _K2 & _MASK
        self.x = _SEED * _K2 + _word(text, 0) & _MASK
        self.one = self.two = (0, 0)

    def mix(self, text: bytes, place: int, factor: int, weight: int) -> None:
        """Mix in the 64 bytes at a place."""
        x = _rotated(self.x + self.y + self.one[0] + _word(text, place + 8), 37) * factor
        y = _rotated(self.y + self.one[1] + _word(text, place + 48), 42) * factor
        x ^= self.two[1] * weight
        y += self.one[0] * weight + _word(text, place + 40)
        z = _rotated(self.z + self.two[0], 33) * factor
        self.one = _pair(text, place, self.one[1] * factor, x + self.two[0])
        self.two = _pair(text, place + 32, z + self.two[1], y + _word(text, place + 16))
        self.x, self.y, self.z = z & _MASK, y & _MASK, x & _MASK


def fingerprint(text: bytes) -> int:
    """The fingerprint of a string, from 0 to below 2**64."""
    size = len(text)
    if size <= 16:
        return _of_16(text)
    if size <= 32:
        return _of_32(text)
    if size <= 64:
        return _of_64(text)
    state = _State(text)
    for place in range(0, (size - 1) // 64 * 64, 64):
        state.mix(text, place, _K1, 1)
    factor = _K1 + ((state.z & 0xFF) << 1)
    second = state.two[0] + ((size - 1) & 63)
    first = state.one[0] + second
    state.one, state.two = (first, state.one[1]), (second + first, state.two[1])
    state.mix(text, size - 64, factor, 9)
    low = _joined(state.one[0], state.two[0], factor) + _folded(state.y) * _K0 + state.z
    return _joined(low, _joined(state.one[1], state.two[1], factor) + state.x, factor)


@register
class StringToHashBucketFast(Flat):
    """A bucket for each string, by its fingerprint."""

    type = "StringToHashBucketFast"
    signature = "input: string -> output: int64"
    needed = {"num_buckets": "int"}
    minimums = {"num_buckets": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        count = node.attrs["num_buckets"]

        def buckets(values: Any) -> Array:
            items = np.ravel(np.asarray(values, object)).tolist()
            return np.array([fingerprint(item) % count for item in items], np.int64).reshape(np.shape(values))

        return buckets


def string_to_hash_bucket_fast(input: TensorLike, num_buckets: int, name: str | None = None) -> Tensor:
    """The number of a bucket for each string, by FarmHash's fingerprint: the same in every program.

    Parameters
    ----------
    input : TensorLike
        Strings.
    num_buckets : int
        At least 1.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of int64, from 0 to below ``num_buckets``.

    Raises
    ------
    ValueError
        There is no bucket.
    """
    return apply("StringToHashBucketFast", input, num_buckets=num_buckets, name=name)
