"""How far the numbers of two arrays are from each other: as numbers, and in units in the last place."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hdfsaver.tensor_info import Array

_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


class Distance(NamedTuple):
    """How far two arrays of one shape are from each other.

    Attributes
    ----------
    size : int
        The number of elements.
    unequal : int
        Elements that differ at all; NaN is equal to NaN.
    beyond : int
        Elements that differ by more than the tolerances.
    largest, total : float
        The largest absolute difference of two numbers, and the sum of all; infinite if a number is compared with
        infinity, NaN if one is compared with NaN. 0 for strings.
    ulps : int or None
        The largest difference in units in the last place, of numbers that are not NaN; None where the dtypes differ or
        are not of real floating-point numbers.
    """

    size: int = 0
    unequal: int = 0
    beyond: int = 0
    largest: float = 0.0
    total: float = 0.0
    ulps: int | None = None

    @property
    def mean(self) -> float:
        """The mean absolute difference."""
        return self.total / self.size if self.size else 0.0

    def joined(self, other: Distance) -> Distance:
        """That of two parts together."""
        ulps = [each.ulps for each in (self, other) if each.ulps is not None]
        return Distance(
            self.size + other.size,
            self.unequal + other.unequal,
            self.beyond + other.beyond,
            _larger(self.largest, other.largest),
            self.total + other.total,
            max(ulps, default=None),
        )


def _larger(one: float, other: float) -> float:
    return float(np.maximum(one, other))  # NaN if one of them is


def distance(a: Array, b: Array, rtol: float, atol: float) -> Distance:
    """How far two arrays of one shape are from each other.

    Parameters
    ----------
    a, b : ndarray
        Numbers of any two dtypes, or strings.
    rtol, atol : float
        Two numbers differ by more than the tolerances if ``abs(a - b) > atol + rtol * abs(b)``.

    Returns
    -------
    Distance
    """
    if a.dtype.kind == "O" or b.dtype.kind == "O":
        unequal = int(np.count_nonzero(a.astype(object) != b.astype(object)))
        return Distance(a.size, unequal, unequal)
    if a.dtype == b.dtype and _bytes_equal(a, b):
        return Distance(a.size, ulps=0 if _ordered_dtype(a.dtype) else None)
    wide_a, wide_b = _wide(a), _wide(b)
    with np.errstate(all="ignore"):
        both_nan = np.isnan(wide_a) & np.isnan(wide_b)
        differs = (wide_a != wide_b) & ~both_nan if a.dtype != b.dtype else _unequal(a, b) & ~both_nan
        if not differs.any():
            return Distance(a.size, ulps=0 if a.dtype == b.dtype and _ordered_dtype(a.dtype) else None)
        apart = np.abs(_differences(a, b, wide_a, wide_b)[differs])
        beyond = ~(apart <= atol + rtol * np.abs(wide_b[differs]))
        beyond |= np.isinf(wide_a[differs]) | np.isinf(wide_b[differs])
        return Distance(
            a.size,
            int(differs.sum()),
            int(beyond.sum()),
            float(apart.max()),
            float(apart.sum()),
            _ulps(a[differs], b[differs]) if a.dtype == b.dtype else None,
        )


def _bytes_equal(a: Array, b: Array) -> bool:
    # NaN among them are equal too, where they have the same bits.
    return bool(np.array_equal(_bits(a), _bits(b)))


def _bits(value: Array) -> Array:
    return np.ascontiguousarray(value).reshape(-1).view(np.uint8)


def _unequal(a: Array, b: Array) -> Array:
    return np.asarray(a != b, bool)


def _wide(value: Array) -> Array:
    if value.dtype.kind == "c":
        return value.astype(np.complex128, copy=False)
    return value.astype(np.float64, copy=False)


def _differences(a: Array, b: Array, wide_a: Array, wide_b: Array) -> Array:
    """The differences as numbers of 64 bits: whole numbers are subtracted as such, so that large ones are exact."""
    if a.dtype.kind in "iu" and b.dtype == a.dtype and a.dtype.isbuiltin == 1:
        more, less = np.maximum(a, b), np.minimum(a, b)
        unsigned = _UNSIGNED[a.dtype.itemsize]
        # The difference of two numbers of n bits has n bits, without a sign.
        found: Array = np.subtract(more.view(unsigned), less.view(unsigned)).astype(np.float64)
        return found
    return wide_a - wide_b


def _ordered_dtype(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of a dtype are in the order of their bits, apart from the sign, as IEEE 754 has them."""
    return dtype.itemsize in _UNSIGNED and (dtype.kind == "f" or dtype.name.startswith(("bfloat", "float")))


def _ulps(a: Array, b: Array) -> int | None:
    if not _ordered_dtype(a.dtype) or "e8m0" in a.dtype.name:
        return None
    numbers = ~(np.isnan(_wide(a)) | np.isnan(_wide(b)))
    if not numbers.any():
        return None
    one, other = (_in_order(value[numbers]) for value in (a, b))
    return int((np.maximum(one, other) - np.minimum(one, other)).max())


def _in_order(value: Array) -> Array:
    """Unsigned numbers in the order of floating-point numbers, in which neighbours differ by 1, and both zeros by 0."""
    kind: Any = _UNSIGNED[value.dtype.itemsize]
    bits = np.ascontiguousarray(value).view(kind)
    sign = kind(1 << (value.dtype.itemsize * 8 - 1))
    magnitude = bits & ~sign
    found: Array = np.where(bits & sign, sign - magnitude, sign + magnitude)
    return found
