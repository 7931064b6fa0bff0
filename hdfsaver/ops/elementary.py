"""Functions of one number, element by element: squares, exponentials, angles.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.conversion import convert_to_tensor
from hdfsaver.graph.definition import COMPLEX, FLOATS, NUMBERS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Grads, Unary, conjugate, like, scope

_SIGNED = NUMBERS - {"uint8", "uint16", "uint32", "uint64"}


@register
class Neg(Unary):
    """-x."""

    type = "Neg"
    types = {"T": _SIGNED}
    ufunc = np.negative

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Neg", grads[0])]


def negative(x: Any, name: str | None = None) -> Any:
    """-x, element by element; any float, complex or signed integer dtype."""
    return apply("Neg", x, name=name)


@register
class Abs(Unary):
    """The absolute value."""

    type = "Abs"
    types = {"T": _SIGNED - COMPLEX}
    ufunc = np.absolute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Mul", grads[0], apply("Sign", op.inputs[0]))]


def abs(x: Any, name: str | None = None) -> Any:
    """The absolute value, element by element; a float for a complex number."""
    with scope(name, "Abs", x) as full:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex:
            return apply("ComplexAbs", x, name=full, Tout=x.dtype.real_dtype.name)
        return apply("Abs", x, name=full)


@register
class Sign(Unary):
    """-1, 0 or 1; x / abs(x) for complex numbers."""

    type = "Sign"
    types = {"T": _SIGNED}
    ufunc = np.sign

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None if op.inputs[0].dtype.is_complex else apply("ZerosLike", op.inputs[0])]


def sign(x: Any, name: str | None = None) -> Any:
    """The sign -1, 0 or 1, element by element; x / abs(x) for complex numbers."""
    return apply("Sign", x, name=name)


class _Analytic(Unary):
    """A function whose derivative is another operation of its input, ``dy * conj(derivative(x))``."""

    types = {"T": FLOATS | COMPLEX}

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        """The derivative at x, where the function is y."""
        raise NotImplementedError

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Mul", grads[0], conjugate(self.derivative(op.inputs[0], op.outputs[0])))]


@register
class Square(_Analytic):
    """x squared."""

    type = "Square"
    types = {"T": NUMBERS}
    ufunc = np.square

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        doubled: Tensor = apply("Mul", x, like(2, x))
        return doubled


def square(x: Any, name: str | None = None) -> Any:
    """x squared, element by element; any float, complex or integer dtype."""
    return apply("Square", x, name=name)


@register
class Exp(_Analytic):
    """e to the power of x."""

    type = "Exp"
    ufunc = np.exp

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return y


def exp(x: Any, name: str | None = None) -> Any:
    """e to the power of x, element by element; any float or complex dtype."""
    return apply("Exp", x, name=name)


@register
class Expm1(_Analytic):
    """e to the power of x, less 1; exact for small x."""

    type = "Expm1"
    ufunc = np.expm1

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Exp", x)
        return derived


def expm1(x: Any, name: str | None = None) -> Any:
    """e to the power of x, less 1, exact for small x; any float or complex dtype."""
    return apply("Expm1", x, name=name)


@register
class Log(_Analytic):
    """The natural logarithm."""

    type = "Log"
    ufunc = np.log

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Reciprocal", x)
        return derived


def log(x: Any, name: str | None = None) -> Any:
    """The natural logarithm, element by element; any float or complex dtype."""
    return apply("Log", x, name=name)


@register
class Log1p(_Analytic):
    """The natural logarithm of 1 + x, exact for small x."""

    type = "Log1p"
    ufunc = np.log1p

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Reciprocal", apply("AddV2", like(1, x), x))
        return derived


def log1p(x: Any, name: str | None = None) -> Any:
    """The natural logarithm of 1 + x, exact for small x; any float or complex dtype."""
    return apply("Log1p", x, name=name)


@register
class Sin(_Analytic):
    """The sine of an angle in radians."""

    type = "Sin"
    ufunc = np.sin

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Cos", x)
        return derived


def sin(x: Any, name: str | None = None) -> Any:
    """The sine of angles in radians; any float or complex dtype."""
    return apply("Sin", x, name=name)


@register
class Cos(_Analytic):
    """The cosine of an angle in radians."""

    type = "Cos"
    ufunc = np.cos

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Neg", apply("Sin", x))
        return derived


def cos(x: Any, name: str | None = None) -> Any:
    """The cosine of angles in radians; any float or complex dtype."""
    return apply("Cos", x, name=name)


@register
class Tan(_Analytic):
    """The tangent of an angle in radians."""

    type = "Tan"
    ufunc = np.tan

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Square", apply("Reciprocal", apply("Cos", x)))
        return derived


def tan(x: Any, name: str | None = None) -> Any:
    """The tangent of angles in radians; any float or complex dtype."""
    return apply("Tan", x, name=name)


@register
class Asin(_Analytic):
    """The inverse sine in radians, from -pi/2 to pi/2."""

    type = "Asin"
    ufunc = np.arcsin

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Rsqrt", apply("Sub", like(1, x), apply("Square", x)))
        return derived


def asin(x: Any, name: str | None = None) -> Any:
    """The inverse sine in radians, from -pi/2 to pi/2; any float or complex dtype."""
    return apply("Asin", x, name=name)


@register
class Acos(_Analytic):
    """The inverse cosine in radians, from 0 to pi."""

    type = "Acos"
    ufunc = np.arccos

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Neg", apply("Rsqrt", apply("Sub", like(1, x), apply("Square", x))))
        return derived


def acos(x: Any, name: str | None = None) -> Any:
    """The inverse cosine in radians, from 0 to pi; any float or complex dtype."""
    return apply("Acos", x, name=name)


@register
class Atan(_Analytic):
    """The inverse tangent in radians, from -pi/2 to pi/2."""

    type = "Atan"
    ufunc = np.arctan

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Reciprocal", apply("AddV2", like(1, x), apply("Square", x)))
        return derived


def atan(x: Any, name: str | None = None) -> Any:
    """The inverse tangent in radians, from -pi/2 to pi/2; any float or complex dtype."""
    return apply("Atan", x, name=name)


@register
class Sinh(_Analytic):
    """The hyperbolic sine."""

    type = "Sinh"
    ufunc = np.sinh

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Cosh", x)
        return derived


def sinh(x: Any, name: str | None = None) -> Any:
    """The hyperbolic sine, element by element; any float or complex dtype."""
    return apply("Sinh", x, name=name)


@register
class Cosh(_Analytic):
    """The hyperbolic cosine."""

    type = "Cosh"
    ufunc = np.cosh

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Sinh", x)
        return derived


def cosh(x: Any, name: str | None = None) -> Any:
    """The hyperbolic cosine, element by element; any float or complex dtype."""
    return apply("Cosh", x, name=name)


_erf = np.frompyfunc(math.erf, 1, 1)


@register
class Erf(_Analytic):
    """The error function, computed in float64."""

    type = "Erf"
    types = {"T": FLOATS}

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        return lambda x: np.asarray(_erf(np.asarray(x, np.float64)), dtype)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        derived: Tensor = apply("Mul", like(2 / math.sqrt(math.pi), x), apply("Exp", apply("Neg", apply("Square", x))))
        return derived


def erf(x: Any, name: str | None = None) -> Any:
    """The error function, element by element; float16, bfloat16, float32 or float64."""
    return apply("Erf", x, name=name)
