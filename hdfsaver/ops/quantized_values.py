"""Quantized numbers: integers that stand for floats between a least and a greatest one.

Every function rounds where TensorFlow's kernels round, and in the same precision, so that integers are the same.
Source: ``tensorflow/core/kernels/quantization_utils.h``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.base import invalid, static_int
from hdfsaver.tensor_info import Array

FLOAT = np.float32
GREATEST = np.finfo(FLOAT).max
_LIMITS_AS_FLOATS = (FLOAT(-2147483648.0), FLOAT(2147483520.0))
"""The floats within which a number can be made an int32."""

_PLACES = 16
"""The bits behind the point where 32 bits are made 8 with integers alone."""


class Interval(NamedTuple):
    """The floats that the lowest and the highest integer stand for."""

    low: np.float32
    high: np.float32


class Integers(NamedTuple):
    """The integers of a quantized dtype."""

    dtype: np.dtype[Any]
    lowest: int
    highest: int

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.highest - self.lowest + 1


def integers(name: str) -> Integers:
    """The integers of a quantized dtype by its name."""
    dtype = dtypes.numpy_dtype(name)
    info = np.iinfo(dtype)
    return Integers(dtype, int(info.min), int(info.max))


def interval(low: Array, high: Array) -> Interval:
    """The floats that two tensors give, each of one element.

    Raises
    ------
    InvalidArgumentError
        A tensor has more elements, or none.
    """
    for what, value in (("least", low), ("greatest", high)):
        if np.size(value) != 1:
            raise invalid(f"The {what} number of a range must be one number, but has shape {np.shape(value)}.")
    return Interval(FLOAT(np.reshape(low, ())), FLOAT(np.reshape(high, ())))


def scalars(*pairs: Array) -> list[Interval]:
    """Ranges of tensors that are given one after the other, each least before its greatest; all of rank 0.

    Raises
    ------
    InvalidArgumentError
        A tensor has another rank.
    """
    for value in pairs:
        if np.ndim(value):
            raise invalid(f"The numbers of a range must be rank 0 but one is rank {np.ndim(value)}.")
    return [interval(low, high) for low, high in zip(pairs[::2], pairs[1::2], strict=True)]


def rounded(values: Any) -> Any:
    """The nearest whole numbers; halves go away from zero."""
    half = np.nextafter(values.dtype.type(0.5), values.dtype.type(0))  # 0.5 would make the number below 0.5 one
    return np.trunc(values + np.copysign(half, values))


def unclamped(value: float, of: Interval, to: Integers) -> int:
    """The integer for a float, which may be outside of the dtype.

    Parameters
    ----------
    value : float
    of : Interval
        The range of floats that the integers of the dtype stand for.
    to : Integers
        The dtype.

    Returns
    -------
    int
    """
    if of.low == of.high:
        return to.lowest
    spread = float(of.high - of.low) * (to.steps / (to.steps - 1.0))
    scale = to.steps / spread
    first, second = (float(rounded(np.float64(number * scale))) for number in (float(value), float(of.low)))
    return int(first - second) + to.lowest


def quantized(value: float, of: Interval, to: Integers) -> int:
    """The integer of the dtype that is nearest to a float.

    Parameters
    ----------
    value : float
    of : Interval
        The range of floats that the integers of the dtype stand for.
    to : Integers
        The dtype.

    Returns
    -------
    int
    """
    return min(max(unclamped(value, of, to), to.lowest), to.highest)


def floating(value: int, of: Interval, given: Integers) -> np.float32:
    """The float that an integer stands for.

    Parameters
    ----------
    value : int
    of : Interval
        The range of floats that the integers of the dtype stand for.
    given : Integers
        The dtype.

    Returns
    -------
    numpy.float32
    """
    if of.low == of.high:
        return of.low
    scale = float(of.high - of.low) * (given.steps / (given.steps - 1.0)) / given.steps
    narrow = FLOAT(scale)
    start = float(rounded(of.low / narrow) * narrow)
    return FLOAT(start + (float(value) - given.lowest) * scale)


def dequantized(values: Array, of: Interval, given: Integers) -> Array:
    """The floats that many integers stand for.

    Parameters
    ----------
    values : ndarray
    of : Interval
        The range of floats that the integers of the dtype stand for.
    given : Integers
        The dtype.

    Returns
    -------
    ndarray
    """
    scale = FLOAT(float(of.high - of.low) / (given.steps - 1.0))
    start = of.low if of.low == of.high else rounded(of.low / scale) * scale
    result: Array = (start - FLOAT(given.lowest) * scale) + values.astype(FLOAT) * scale
    return result


def quantized_all(values: Array, of: Interval, to: Integers) -> Array:
    """The integers that are nearest to many floats.

    Parameters
    ----------
    values : ndarray
    of : Interval
        The range of floats that the integers of the dtype stand for.
    to : Integers
        The dtype.

    Returns
    -------
    ndarray
    """
    scale = FLOAT(0) if of.low == of.high else FLOAT((to.steps - 1.0) / float(of.high - of.low))
    start = rounded(of.low * scale)
    least, most = max(FLOAT(to.lowest), _LIMITS_AS_FLOATS[0]), min(FLOAT(to.highest), _LIMITS_AS_FLOATS[1])
    moved = rounded(values * scale) - (start - FLOAT(to.lowest))
    result: Array = np.clip(moved, least, most).astype(np.int32).astype(to.dtype)
    return result


def requantized(values: Array, of: Interval, given: Integers, wanted: Interval, to: Integers) -> Array:
    """Integers that stand for the same floats in another range and dtype.

    Parameters
    ----------
    values : ndarray
    of : Interval
        Their range.
    given : Integers
        Their dtype.
    wanted : Interval
        The other range.
    to : Integers
        The other dtype.

    Returns
    -------
    ndarray
    """
    if given.steps == 1 << 32 and to == integers("quint8"):
        return _narrowed(values, of, wanted, to)
    return quantized_all(dequantized(values, of, given), wanted, to)


def _narrowed(values: Array, of: Interval, wanted: Interval, to: Integers) -> Array:
    """As `requantized` from 32 bits to 8, with integers alone."""
    spread, other = of.high - of.low, wanted.high - wanted.low
    unit, factor, moved = 1 << _PLACES, 0, 0
    inverse = FLOAT(0)
    if other:
        inverse = FLOAT(255.0 / float(other))
        factor = int(255.0 * unit * float(spread) / float(other))
        moved = int(rounded(np.float64(unit * (float(wanted.low) * 255.0) / float(other))))
    middle = FLOAT(float(of.low + of.high) / 2.0)
    start = int(middle * inverse * FLOAT(unit))
    fixed = ((values.astype(np.int64) * factor) >> 32) + (start - moved + (unit >> 1))
    result: Array = np.clip(fixed >> _PLACES, to.lowest, to.highest).astype(to.dtype)
    return result


def product_range(first: tuple[Interval, Integers], second: tuple[Interval, Integers], result: Integers) -> Interval:
    """The floats that products of two kinds of integers stand for.

    Parameters
    ----------
    first, second : pair of Interval and Integers
        The range and the dtype of each.
    result : Integers
        The dtype of products.

    Returns
    -------
    Interval
    """
    levels = [FLOAT(of.high - of.low) / FLOAT(kind.highest - kind.lowest) for of, kind in (first, second)]
    level = levels[0] * levels[1]
    return Interval(level * FLOAT(result.lowest), level * FLOAT(result.highest))


def centered(values: Array, zero: int) -> Array:
    """Integers minus the one that stands for 0, as int64."""
    return values.astype(np.int64) - zero


def exact_product(a: Array, b: Array) -> Array:
    """The product of two matrices of integers, as int32: what is too large goes on from the other end."""
    if not a.size or not b.size:
        return np.zeros((a.shape[0], b.shape[1]), np.int32)
    largest = max(int(np.abs(a).max()) * int(np.abs(b).max()) * a.shape[1], 1)
    bits = math.frexp(largest)[1]
    if bits > 52:
        return np.asarray(a @ b).astype(np.int32)
    dtype: Any = np.float32 if bits < 24 else np.float64  # floats hold these integers exactly, and are faster
    return np.asarray(a.astype(dtype) @ b.astype(dtype)).astype(np.int64).astype(np.int32)


def positive_axis(axis: int | None, values: TensorLike) -> int:
    """An axis counted from the front, and -1 for none; `ValueError` where it is negative and the rank unknown."""
    if axis is None:
        return -1
    number = static_int(axis, "axis")
    if number >= 0:
        return number
    rank = convert_to_tensor(values).shape.rank if is_tensor(values) else np.ndim(np.asarray(values))
    if rank is None:
        raise ValueError("input should have known rank to use negative axis.")
    return number % rank
