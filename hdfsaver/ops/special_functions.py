"""Special functions of probability: complements and inverses of the error function, and the gamma function."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, Unary, like
from hdfsaver.tensor_info import Array

_REACH = 10.0
"""From here on the series for large numbers is exact in float64."""

_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
"""The coefficients of the digamma function for large numbers: Bernoulli's numbers B(2n), divided by 2n."""


class _Special(Unary):
    """A function of real numbers, computed in float64 and rounded once."""

    types = {"T": FLOATS}

    def kernel(self, node: Node) -> Kernel:
        dtype, function = dtypes.numpy_dtype(node.attrs["T"]), type(self).function
        return lambda x: np.asarray(function(np.asarray(x, np.float64))).astype(dtype)

    @staticmethod
    def function(x: Array) -> Array:
        """The function of numbers in float64."""
        raise NotImplementedError


class _Differentiable(_Special):
    """A function whose derivative is made of other operations, ``dy * derivative(x)``."""

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        """The derivative at x, where the function is y."""
        raise NotImplementedError

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad = grads[0]
        assert grad is not None
        with op.graph.control_dependencies([grad.op]):  # it may be large, and is not needed before
            return [apply("Mul", grad, self.derivative(op.inputs[0], op.outputs[0]), name="mul")]


def _each(function: Callable[[float], float], x: Array) -> Array:
    return np.asarray(np.frompyfunc(function, 1, 1)(x), np.float64)


@register
class Erfc(_Differentiable):
    """1 less the error function, also where that is nearly 1."""

    type = "Erfc"

    @staticmethod
    def function(x: Array) -> Array:
        return _each(math.erfc, x)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Mul", like(-2 / math.sqrt(math.pi), x), apply("Exp", apply("Neg", apply("Square", x))))


def erfc(x: TensorLike, name: str | None = None) -> Tensor:
    """1 less the error function, element by element; float16, bfloat16, float32 or float64."""
    return apply("Erfc", x, name=name)


def _quantile(x: float) -> float:
    if not 0 < x < 1:
        return -math.inf if x == 0 else math.inf if x == 1 else math.nan
    return NormalDist().inv_cdf(x)


@register
class Ndtri(_Differentiable):
    """The number below which a standard normal number is with a given probability."""

    type = "Ndtri"

    @staticmethod
    def function(x: Array) -> Array:
        return _each(_quantile, x)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        root = like(math.sqrt(2 * math.pi), x)
        return apply("Mul", root, apply("Exp", apply("RealDiv", apply("Square", y), like(2, x))))


def ndtri(x: TensorLike, name: str | None = None) -> Tensor:
    """The quantile function of the standard normal distribution, element by element; any float dtype."""
    return apply("Ndtri", x, name=name)


def _lgamma(x: float) -> float:
    if math.isnan(x) or math.isinf(x):
        return abs(x)
    try:
        return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)
    except OverflowError:
        return math.inf


@register
class Lgamma(_Differentiable):
    """The logarithm of the absolute value of the gamma function."""

    type = "Lgamma"

    @staticmethod
    def function(x: Array) -> Array:
        return _each(_lgamma, x)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Digamma", x)


def lgamma(x: TensorLike, name: str | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function; float16, bfloat16, float32 or float64."""
    return apply("Lgamma", x, name=name)


def _digamma(x: Array) -> Array:
    """By the recurrence up to large numbers, the series there, and the reflection for negative numbers."""
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
        result += np.log(place) - 0.5 / place - square * _polynomial(_SERIES, square)
        whole = below & (x == np.floor(x))
        return np.where(whole, np.nan, result - turned)


def _polynomial(coefficients: Sequence[float], x: Array) -> Array:
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


@register
class Digamma(_Special):
    """The derivative of the logarithm of the gamma function."""

    type = "Digamma"
    function = staticmethod(_digamma)
    differs = NO_DERIVATIVE


def digamma(x: TensorLike, name: str | None = None) -> Tensor:
    """The derivative of the logarithm of the gamma function; float16, bfloat16, float32 or float64."""
    return apply("Digamma", x, name=name)
