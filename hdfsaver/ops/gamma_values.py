"""Values of the gamma function's relatives in float64, computed with NumPy for whole arrays.

The formulas are those of the Digital Library of Mathematical Functions, https://dlmf.nist.gov, whose sections are named
beside each function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from hdfsaver.tensor_info import Array

_REACH = 10.0
"""From here on the series for large numbers is exact in float64."""

_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
"""The coefficients of the digamma function for large numbers: Bernoulli's numbers B(2n), divided by 2n."""

_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
"""Bernoulli's numbers B(2n), divided by 2n (2n - 1)."""

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
"""Bernoulli's numbers B(2n)."""

_MOST_TERMS = 20000
"""At most this many terms of a series or of a fraction are computed."""

_SMALLEST = 1e-17
"""A term that is smaller than this part of a sum does not change it."""

_FARTHEST = 10000
"""From this far below zero the recurrence of the zeta function takes too long."""


def each(function: Callable[[float], float], x: Array) -> Array:
    """A function of Python's floats, element by element."""
    return np.asarray(np.frompyfunc(function, 1, 1)(x), np.float64)


def polynomial(coefficients: Sequence[float], x: Array) -> Array:
    """The polynomial whose coefficients are given from the constant on."""
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def _lgamma(x: float) -> float:
    if math.isnan(x) or math.isinf(x):
        return abs(x)
    try:
        return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)
    except OverflowError:
        return math.inf


def lgamma(x: Array) -> Array:
    """The logarithm of the absolute value of the gamma function."""
    return each(_lgamma, x)


def digamma(x: Array) -> Array:
    """By the recurrence up to large numbers (5.5.2), the series there (5.11.2), and reflection (5.5.4)."""
    below = x <= 0
    with np.errstate(all="ignore"):
        place = np.where(below, 1 - x, x)
        turned = np.where(below, np.pi / np.tan(np.pi * (x - np.floor(x))), 0.0)
        result = np.zeros_like(place)
        for _ in range(int(_REACH)):
            small = place < _REACH
            result = np.where(small, result - 1 / place, result)
            place = np.where(small, place + 1, place)
        square = 1 / np.square(place)
        result += np.log(place) - 0.5 / place - square * polynomial(_SERIES, square)
        whole = below & (x == np.floor(x))
        return np.where(whole, np.nan, result - turned)


def _density(a: Array, x: Array) -> Array:
    """x ** a * exp(-x) / gamma(a + 1); for large a by Stirling's series (5.11.1), so that little cancels out."""
    small = np.exp(a * np.log(x) - x - lgamma(a + 1))
    relative = (x - a) / a
    logarithm = np.where(np.abs(relative) < 0.5, np.log1p(relative), np.log(x / a))
    exponent = a * (relative - logarithm) + polynomial(_STIRLING, 1 / np.square(a)) / a
    return np.where(a < _REACH, small, np.exp(-exponent) / np.sqrt(2 * np.pi * a))


def _lower_series(a: Array, x: Array) -> tuple[Array, Array]:
    """The series of the lower function divided by the density (8.11.4), and its derivative by a."""
    term, total = np.ones_like(a), np.ones_like(a)
    slope, slopes = np.zeros_like(a), np.zeros_like(a)
    for number in range(1, _MOST_TERMS):
        factor = x / (a + number)
        slope = (slope - term / (a + number)) * factor
        term = term * factor
        total, slopes = total + term, slopes + slope
        if not (np.abs(term) > _SMALLEST * np.abs(total)).any():
            break
    return total, slopes


def _upper_fraction(a: Array, x: Array) -> tuple[Array, Array]:
    """The continued fraction of the upper function divided by x ** a * exp(-x) (8.9.2), and its derivative by a."""
    count = min(_MOST_TERMS, 120 + int(12 * np.sqrt(a.max(initial=0.0))))
    value, slope = x + 2 * count + 1 - a, -np.ones_like(a)
    for number in range(count, 0, -1):
        part = number * (number - a)
        slope = -1 - (-number * value - part * slope) / np.square(value)
        value = x + 2 * number - 1 - a - part / value
    return 1 / value, -slope / np.square(value)


def incomplete_gamma(a: Array, x: Array) -> tuple[Array, Array, Array]:
    """The regularized lower and upper incomplete gamma functions, and the derivative of the lower one by a.

    Parameters
    ----------
    a, x : ndarray
        Of one shape.

    Returns
    -------
    (ndarray, ndarray, ndarray)
        NaN where ``a`` is not positive or ``x`` is negative; the first and the third are 0 where ``x`` is 0.
    """
    with np.errstate(all="ignore"):
        lower, upper, slope = np.zeros_like(a), np.ones_like(a), np.zeros_like(a)
        finite = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
        is_low = finite & ((x <= 1) | (x <= a))
        is_high = finite & ~is_low
        if is_low.any():
            low_a, low_x = a[is_low], x[is_low]
            total, slopes = _lower_series(low_a, low_x)
            density = _density(low_a, low_x)
            lower[is_low] = density * total
            upper[is_low] = 1 - density * total
            slope[is_low] = density * ((np.log(low_x) - digamma(low_a + 1)) * total + slopes)
        if is_high.any():
            high_a, high_x = a[is_high], x[is_high]
            fraction, slopes = _upper_fraction(high_a, high_x)
            density = _density(high_a, high_x) * high_a
            upper[is_high] = density * fraction
            lower[is_high] = 1 - density * fraction
            slope[is_high] = -density * ((np.log(high_x) - digamma(high_a)) * fraction + slopes)
        at_end = (a > 0) & np.isposinf(x) & np.isfinite(a)
        lower, upper = np.where(at_end, 1.0, lower), np.where(at_end, 0.0, upper)
        upper = np.where(np.isposinf(a) & np.isposinf(x), 0.0, upper)  # as TensorFlow has it
        wrong = ~((a > 0) & (x >= 0))
        of_lower = wrong & (x != 0)
        return np.where(of_lower, np.nan, lower), np.where(wrong, np.nan, upper), np.where(of_lower, np.nan, slope)


def random_gamma_slope(a: Array, x: Array) -> Array:
    """The derivative by a of x, a number drawn from the gamma distribution of a: by both of the lower function."""
    with np.errstate(all="ignore"):
        slope: Array = -incomplete_gamma(a, x)[2] / (_density(a, x) * a / x)
        return slope


def zeta(s: Array, q: Array) -> Array:
    """Hurwitz's zeta function by Euler's and Maclaurin's formula (25.2.9, 25.11.5); NaN where it is not real.

    Parameters
    ----------
    s, q : ndarray
        Of one shape. Where ``q`` is a negative number, ``s`` must be an integer.

    Returns
    -------
    ndarray
        An infinity where ``s`` is 1, or even and ``q`` is 0 or a negative integer.
    """
    with np.errstate(all="ignore"):
        place = np.where(np.isfinite(q) & (q > -_FARTHEST), q, 1.0)
        total = np.zeros_like(place)
        reach = _REACH + np.clip(np.nan_to_num(s), 0, 50)
        while (small := place < reach).any():
            total = np.where(small, total + np.power(place, -s), total)
            place = np.where(small, place + 1, place)
        power = np.power(place, -s)
        total = total + power * (place / (s - 1) + 0.5)
        factor, divisor = s * power / place, 2.0
        for number, bernoulli in enumerate(_BERNOULLI, 1):
            total = total + bernoulli / divisor * factor
            factor = factor * (s + 2 * number - 1) * (s + 2 * number) / np.square(place)
            divisor *= (2 * number + 1) * (2 * number + 2)
        total = np.where(np.isposinf(q) & (s > 1), 0.0, total)
        total = np.where((q <= 0) & (q != np.floor(q)) & (s != np.floor(s)), np.nan, total)
        total = np.where((q <= 0) & (q == np.floor(q)), np.where(s % 2 == 0, np.inf, np.nan), total)
        total = np.where(np.isposinf(s), np.where(q == 1, 1.0, np.where(q > 1, 0.0, np.inf)), total)
        far = (q <= -_FARTHEST) & (q != np.floor(q))
        total = np.where((s < 1) | np.isnan(s) | np.isnan(q) | far, np.nan, total)
        return np.where(s == 1, np.inf, total)


def polygamma(n: Array, x: Array) -> Array:
    """The derivative of order n of the digamma function (25.11.12); NaN where n is not a natural number."""
    with np.errstate(all="ignore"):
        sign = np.where(n % 2 == 0, -1.0, 1.0)
        exact = np.where((n < 19) & (n >= 0), each(_factorial, n), np.exp(lgamma(n + 1)))
        higher = sign * exact * zeta(n + 1, x)
        found = np.where(n == 0, digamma(x), higher)
        return np.where((n < 0) | (n != np.floor(n)), np.nan, found)


def _factorial(n: float) -> float:
    return float(math.factorial(int(n))) if 0 <= n < 19 else 0.0


def _beta_fraction(a: Array, b: Array, x: Array) -> Array:
    """The continued fraction of the incomplete beta function (8.17.22), from the end."""
    count = min(_MOST_TERMS, 120 + int(8 * np.sqrt(np.maximum(a, b).max(initial=0.0))))
    value = np.ones_like(x)
    for number in range(count, 0, -1):
        odd = -(a + number) * (a + b + number) * x / ((a + 2 * number) * (a + 2 * number + 1))
        even = number * (b - number) * x / ((a + 2 * number - 1) * (a + 2 * number))
        value = 1 + even / (1 + odd / value)
    whole: Array = 1 - (a + b) * x / (a + 1) / value
    return 1 / whole


def _log_beta(a: Array, b: Array) -> Array:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def incomplete_beta(a: Array, b: Array, x: Array) -> Array:
    """The regularized incomplete beta function; NaN where a or b is not positive, or x is not from 0 to 1.

    Parameters
    ----------
    a, b, x : ndarray
        Of one shape.

    Returns
    -------
    ndarray
    """
    with np.errstate(all="ignore"):
        at_end = (x == 0) | (x == 1)  # where TensorFlow does not ask whether a or b is NaN
        wrong = ~((x >= 0) & (x <= 1)) | (a <= 0) | (b <= 0) | (~at_end & (np.isnan(a) | np.isnan(b)))
        turned = x > (a + 1) / (a + b + 2)
        first, second = np.where(turned, b, a), np.where(turned, a, b)
        place = np.where(turned, 1 - x, x)
        inner = ~wrong & (place > 0) & np.isfinite(a) & np.isfinite(b)
        one, two, at = first[inner], second[inner], place[inner]
        found = np.zeros_like(x)
        power = np.exp(one * np.log(at) + two * np.log1p(-at) - _log_beta(one, two))
        found[inner] = power / one * _beta_fraction(one, two, at)
        found = np.where(at_end, x, np.where(turned, 1 - found, found))
        return np.where(wrong, np.nan, found)
