"""Special functions of probability: complements and inverses of the error function, and the gamma function."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, Unary, like, scope
from hdfsaver.ops.gamma_values import digamma as digamma_of
from hdfsaver.ops.gamma_values import each
from hdfsaver.ops.gamma_values import lgamma as lgamma_of
from hdfsaver.tensor_info import Array

_TAIL = 0.5
"""From here on the inverse of the error function is computed from the distance to 1."""

_LINEAR = 1e-6
"""Below this the error function is a straight line."""


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


@register
class Erfc(_Differentiable):
    """1 less the error function, also where that is nearly 1."""

    type = "Erfc"

    @staticmethod
    def function(x: Array) -> Array:
        return each(math.erfc, x)

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
        return each(_quantile, x)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        root = like(math.sqrt(2 * math.pi), x)
        return apply("Mul", root, apply("Exp", apply("RealDiv", apply("Square", y), like(2, x))))


def _inverse_erf(x: float) -> float:
    """From the quantile of the tail, which is exact; near 0 with one step of Newton's method (DLMF 7.17)."""
    if not -1 < x < 1:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    if abs(x) >= _TAIL:
        return math.copysign(-NormalDist().inv_cdf((1 - abs(x)) / 2) / math.sqrt(2), x)
    near = NormalDist().inv_cdf(0.5 + x / 2) / math.sqrt(2) if abs(x) > _LINEAR else x * math.sqrt(math.pi) / 2
    return near - (math.erf(near) - x) * math.sqrt(math.pi) / 2 * math.exp(near * near)


@register
class Erfinv(_Differentiable):
    """The inverse of the error function."""

    type = "Erfinv"

    @staticmethod
    def function(x: Array) -> Array:
        return each(_inverse_erf, x)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Mul", like(math.sqrt(math.pi) / 2, x), apply("Exp", apply("Square", y)))


def erfinv(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse of the error function, element by element; any float dtype."""
    with scope(name, "erfinv", x):
        return apply("Erfinv", x)


def ndtri(x: TensorLike, name: str | None = None) -> Tensor:
    """The quantile function of the standard normal distribution, element by element; any float dtype."""
    with scope(name, "ndtri", x):
        return apply("Ndtri", x)


@register
class Lgamma(_Differentiable):
    """The logarithm of the absolute value of the gamma function."""

    type = "Lgamma"

    @staticmethod
    def function(x: Array) -> Array:
        return lgamma_of(x)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Digamma", x)


def lgamma(x: TensorLike, name: str | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function; float16, bfloat16, float32 or float64."""
    return apply("Lgamma", x, name=name)


@register
class Digamma(_Differentiable):
    """The derivative of the logarithm of the gamma function."""

    type = "Digamma"
    function = staticmethod(digamma_of)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Polygamma", like(1, x), x)


def digamma(x: TensorLike, name: str | None = None) -> Tensor:
    """The derivative of the logarithm of the gamma function; float16, bfloat16, float32 or float64."""
    return apply("Digamma", x, name=name)
