"""Modified Bessel functions of the first kind, of the orders 0 and 1.

The formulas are those of the Digital Library of Mathematical Functions, https://dlmf.nist.gov, chapter 10.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, Unary, like, scope
from hdfsaver.tensor_info import Array

_FAR = 30.0
"""From here on the series for large numbers is exact in float64; below, the power series has `_TERMS` terms."""

_TERMS = 80

_FAR_TERMS = 30

_AT_INFINITIES = "An infinity at an infinity, where TensorFlow 2.21 gives NaN."


def _power_series(x: Array, order: int) -> Array:
    """The power series (10.25.2), whose terms are all positive, scaled by exp(-x)."""
    quarter = np.square(x) / 4
    term = np.where(order, x / 2, 1.0) * np.exp(-x)
    total = term.copy()
    for number in range(1, _TERMS):
        term = term * quarter / (number * (number + order))
        total += term
    return total


def _far_series(x: Array, order: int) -> Array:
    """The series for large numbers (10.40.1), scaled by exp(-x)."""
    term = np.ones_like(x)
    total = term.copy()
    for number in range(1, _FAR_TERMS):
        term = term * ((2 * number - 1) ** 2 - 4 * order) / (8 * number * x)
        total += term
    return total / np.sqrt(2 * np.pi * x)


def _scaled(x: Array, order: int) -> Array:
    """The function times exp(-abs(x))."""
    with np.errstate(all="ignore"):
        size = np.abs(x)
        found = np.where(
            size < _FAR, _power_series(np.minimum(size, _FAR), order), _far_series(np.maximum(size, _FAR), order)
        )
    return np.copysign(found, x) if order else found


class _Bessel(Unary):
    """A modified Bessel function, computed in float64 and rounded once."""

    types = {"T": FLOATS}
    order: ClassVar[int]
    is_scaled: ClassVar[bool]

    def kernel(self, node: Node) -> Kernel:
        dtype, order, is_scaled = dtypes.numpy_dtype(node.attrs["T"]), self.order, self.is_scaled

        def compute(x: Array) -> Array:
            wide = np.asarray(x, np.float64)
            found = _scaled(wide, order)
            with np.errstate(over="ignore", invalid="ignore"):
                if not is_scaled:
                    half = np.exp(np.abs(wide) / 2)  # twice, since the whole may be too large where the product is not
                    found = np.where(np.isinf(wide), np.abs(wide) if order == 0 else wide, found * half * half)
                return found.astype(dtype)

        return compute

    def slope(self, x: Tensor, y: Tensor) -> Tensor:
        """The derivative at x, where the function is y."""
        raise NotImplementedError

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad = grads[0]
        assert grad is not None
        with op.graph.control_dependencies([grad.op]):  # it may be large, and is not needed before
            return [apply("Mul", grad, self.slope(op.inputs[0], op.outputs[0]), name="mul")]


def _filled_at_zero(x: Tensor, value: float, elsewhere: Tensor) -> Tensor:
    return apply("SelectV2", apply("Equal", x, like(0, x)), like(value, x), elsewhere)


@register
class BesselI0(_Bessel):
    """The modified Bessel function of the first kind of order 0."""

    type = "BesselI0"
    order, is_scaled = 0, False
    differs = _AT_INFINITIES

    def slope(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("BesselI1", x)


@register
class BesselI1(_Bessel):
    """The modified Bessel function of the first kind of order 1."""

    type = "BesselI1"
    order, is_scaled = 1, False
    differs = _AT_INFINITIES

    def slope(self, x: Tensor, y: Tensor) -> Tensor:
        return _filled_at_zero(x, 1, apply("Sub", apply("BesselI0", x), apply("RealDiv", y, x)))


@register
class BesselI0e(_Bessel):
    """The modified Bessel function of the first kind of order 0, times exp(-abs(x))."""

    type = "BesselI0e"
    order, is_scaled = 0, True

    def slope(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Sub", apply("BesselI1e", x), apply("Mul", apply("Sign", x), y))


@register
class BesselI1e(_Bessel):
    """The modified Bessel function of the first kind of order 1, times exp(-abs(x))."""

    type = "BesselI1e"
    order, is_scaled = 1, True

    def slope(self, x: Tensor, y: Tensor) -> Tensor:
        rest = apply("Mul", y, apply("AddV2", apply("Sign", x), apply("Reciprocal", x)))
        return _filled_at_zero(x, 0.5, apply("Sub", apply("BesselI0e", x), rest))


def bessel_i0(x: TensorLike, name: str | None = None) -> Tensor:
    """The modified Bessel function of the first kind of order 0, element by element; any float dtype."""
    with scope(name, "bessel_i0", x):
        return apply("BesselI0", x)


def bessel_i0e(x: TensorLike, name: str | None = None) -> Tensor:
    """The modified Bessel function of order 0 times ``exp(-abs(x))``, element by element; any float dtype."""
    with scope(name, "bessel_i0e", x):
        return apply("BesselI0e", x)


def bessel_i1(x: TensorLike, name: str | None = None) -> Tensor:
    """The modified Bessel function of the first kind of order 1, element by element; any float dtype."""
    with scope(name, "bessel_i1", x):
        return apply("BesselI1", x)


def bessel_i1e(x: TensorLike, name: str | None = None) -> Tensor:
    """The modified Bessel function of order 1 times ``exp(-abs(x))``, element by element; any float dtype."""
    with scope(name, "bessel_i1e", x):
        return apply("BesselI1e", x)
