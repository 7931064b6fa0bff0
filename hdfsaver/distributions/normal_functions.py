"""The standard normal distribution's function and its logarithm, exact far away from 0 as well."""

from __future__ import annotations

import math

from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.arithmetic import maximum, minimum
from hdfsaver.ops.base import scope
from hdfsaver.ops.constants import constant
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.elementary import erf, log, square
from hdfsaver.ops.filling import zeros_like
from hdfsaver.ops.selection import where_v2
from hdfsaver.ops.special_functions import erfc

_SWITCHES = {"float32": (-10.0, 5.0), "float64": (-20.0, 8.0)}
"""Below the first number the logarithm is a series, and above the second the function is nearly 1."""

_TERMS = 3
"""How many terms the series has."""


def ndtr(x: Tensor) -> Tensor:
    """The probability that a standard normal number is not greater than ``x``."""
    with scope(None, "ndtr", x):
        return _ndtr(x)


def _ndtr(x: Tensor) -> Tensor:
    half_sqrt_2 = constant(0.5 * math.sqrt(2.0), x.dtype, name="half_sqrt_2")
    scaled = x * half_sqrt_2
    size = absolute(scaled)
    near = size < half_sqrt_2
    middle = 1.0 + erf(scaled)
    return 0.5 * where_v2(near, middle, where_v2(scaled > 0.0, 2.0 - erfc(size), erfc(size)))


def log_ndtr(x: Tensor) -> Tensor:
    """The logarithm of `ndtr`.

    Raises
    ------
    TypeError
        The dtype is neither float32 nor float64.
    """
    if x.dtype.base_dtype.name not in _SWITCHES:
        raise TypeError(f"x.dtype={x.dtype} is not supported: float32 or float64 is needed.")
    lower, upper = _SWITCHES[x.dtype.base_dtype.name]
    with scope(None, "log_ndtr", x):
        nearly_one = x > upper
        complement = -_ndtr(-x)
        return where_v2(nearly_one, complement, _at_most(x, lower))


def _at_most(x: Tensor, lower: float) -> Tensor:
    by_function = x > lower
    direct = log(_ndtr(maximum(x, lower)))
    return where_v2(by_function, direct, _series(minimum(x, lower)))


def _series(x: Tensor) -> Tensor:
    """The asymptotic series for very negative numbers."""
    scale = -0.5 * square(x) - log(-x) - 0.5 * math.log(2.0 * math.pi)
    squared = square(x)
    even, odd = zeros_like(x), zeros_like(x)
    power, factorial = squared, 1.0
    for term in range(1, _TERMS + 1):
        factorial *= 2 * term - 1
        part = factorial / power
        if term % 2:
            odd += part
        else:
            even += part
        power *= squared
    return scale + log(1.0 + even - odd)
