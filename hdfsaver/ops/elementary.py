"""Functions of one number, element by element: squares, exponentials, angles.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, NUMBERS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Gradient, Grads, Unary, conjugate, like, scope
from hdfsaver.ops.indexed_slices import on_values

_SIGNED = NUMBERS - {"uint8", "uint16", "uint32", "uint64"}


@register
class Neg(Unary):
    """-x."""

    type = "Neg"
    types = {"T": _SIGNED}
    ufunc = np.negative

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return [on_values(grads[0], lambda values: apply("Neg", values))]


def negative(x: TensorLike, name: str | None = None) -> Tensor:
    """-x, element by element; any float, complex or signed integer dtype."""
    return apply("Neg", x, name=name)


@register
class Abs(Unary):
    """The absolute value."""

    type = "Abs"
    types = {"T": _SIGNED - COMPLEX}
    ufunc = np.absolute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Mul", grads[0], apply("Sign", op.inputs[0]), name="mul")]


def abs(x: TensorLike, name: str | None = None) -> Tensor:
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


def sign(x: TensorLike, name: str | None = None) -> Tensor:
    """The sign -1, 0 or 1, element by element; x / abs(x) for complex numbers."""
    return apply("Sign", x, name=name)


class _Analytic(Unary):
    """A function whose derivative is another operation of its input, ``dy * conj(derivative(x))``."""

    types = {"T": FLOATS | COMPLEX}
    product: ClassVar[str] = "mul"
    """The name of the operation that multiplies by the derivative."""

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        """The derivative at x, where the function is y."""
        raise NotImplementedError

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad = grads[0]
        assert grad is not None
        with op.graph.control_dependencies([grad.op]):  # it may be large, and is not needed before
            slope = conjugate(self.derivative(op.inputs[0], op.outputs[0]))
            return [apply("Mul", grad, slope, name=self.product)]


@register
class Square(_Analytic):
    """x squared."""

    type = "Square"
    types = {"T": NUMBERS}
    product = "Mul"
    ufunc = np.square

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Mul", x, like(2, x))


def square(x: TensorLike, name: str | None = None) -> Tensor:
    """x squared, element by element; any float, complex or integer dtype."""
    return apply("Square", x, name=name)


@register
class Exp(_Analytic):
    """e to the power of x."""

    type = "Exp"
    ufunc = np.exp

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return y


def exp(x: TensorLike, name: str | None = None) -> Tensor:
    """e to the power of x, element by element; any float or complex dtype."""
    return apply("Exp", x, name=name)


@register
class Expm1(_Analytic):
    """e to the power of x, less 1; exact for small x."""

    type = "Expm1"
    ufunc = np.expm1

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Exp", x)


def expm1(x: TensorLike, name: str | None = None) -> Tensor:
    """e to the power of x, less 1, exact for small x; any float or complex dtype."""
    return apply("Expm1", x, name=name)


@register
class Log(_Analytic):
    """The natural logarithm."""

    type = "Log"
    ufunc = np.log

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Reciprocal", x)


def log(x: TensorLike, name: str | None = None) -> Tensor:
    """The natural logarithm, element by element; any float or complex dtype."""
    return apply("Log", x, name=name)


@register
class Log1p(_Analytic):
    """The natural logarithm of 1 + x, exact for small x."""

    type = "Log1p"
    ufunc = np.log1p
    differs = "At the complex number -1 the imaginary part is 0; TensorFlow gives NaN."

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Reciprocal", apply("AddV2", like(1, x), x))


def log1p(x: TensorLike, name: str | None = None) -> Tensor:
    """The natural logarithm of 1 + x, exact for small x; any float or complex dtype."""
    return apply("Log1p", x, name=name)


@register
class Sin(_Analytic):
    """The sine of an angle in radians."""

    type = "Sin"
    ufunc = np.sin

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Cos", x)


def sin(x: TensorLike, name: str | None = None) -> Tensor:
    """The sine of angles in radians; any float or complex dtype."""
    return apply("Sin", x, name=name)


@register
class Cos(_Analytic):
    """The cosine of an angle in radians."""

    type = "Cos"
    ufunc = np.cos

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Neg", apply("Sin", x))


def cos(x: TensorLike, name: str | None = None) -> Tensor:
    """The cosine of angles in radians; any float or complex dtype."""
    return apply("Cos", x, name=name)


@register
class Tan(_Analytic):
    """The tangent of an angle in radians."""

    type = "Tan"
    ufunc = np.tan

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Square", apply("Reciprocal", apply("Cos", x)))


def tan(x: TensorLike, name: str | None = None) -> Tensor:
    """The tangent of angles in radians; any float or complex dtype."""
    return apply("Tan", x, name=name)


@register
class Asin(_Analytic):
    """The inverse sine in radians, from -pi/2 to pi/2."""

    type = "Asin"
    ufunc = np.arcsin

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Rsqrt", apply("Sub", like(1, x), apply("Square", x)))


def asin(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse sine in radians, from -pi/2 to pi/2; any float or complex dtype."""
    return apply("Asin", x, name=name)


@register
class Acos(_Analytic):
    """The inverse cosine in radians, from 0 to pi."""

    type = "Acos"
    ufunc = np.arccos

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Neg", apply("Rsqrt", apply("Sub", like(1, x), apply("Square", x))))


def acos(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse cosine in radians, from 0 to pi; any float or complex dtype."""
    return apply("Acos", x, name=name)


@register
class Atan(_Analytic):
    """The inverse tangent in radians, from -pi/2 to pi/2."""

    type = "Atan"
    ufunc = np.arctan

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Reciprocal", apply("AddV2", like(1, x), apply("Square", x)))


def atan(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse tangent in radians, from -pi/2 to pi/2; any float or complex dtype."""
    return apply("Atan", x, name=name)


@register
class Sinh(_Analytic):
    """The hyperbolic sine."""

    type = "Sinh"
    ufunc = np.sinh

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Cosh", x)


def sinh(x: TensorLike, name: str | None = None) -> Tensor:
    """The hyperbolic sine, element by element; any float or complex dtype."""
    return apply("Sinh", x, name=name)


@register
class Cosh(_Analytic):
    """The hyperbolic cosine."""

    type = "Cosh"
    ufunc = np.cosh

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Sinh", x)


def cosh(x: TensorLike, name: str | None = None) -> Tensor:
    """The hyperbolic cosine, element by element; any float or complex dtype."""
    return apply("Cosh", x, name=name)


_erf = np.frompyfunc(math.erf, 1, 1)


@register
class Erf(_Analytic):
    """The error function, computed in float64."""

    type = "Erf"
    types = {"T": FLOATS}
    differs = "1 at an infinity and at the greatest numbers of float64, where TensorFlow 2.21 gives NaN."

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        return lambda x: np.asarray(_erf(np.asarray(x, np.float64)), dtype)

    def derivative(self, x: Tensor, y: Tensor) -> Tensor:
        return apply("Mul", like(2 / math.sqrt(math.pi), x), apply("Exp", apply("Neg", apply("Square", x))))


def erf(x: TensorLike, name: str | None = None) -> Tensor:
    """The error function, element by element; float16, bfloat16, float32 or float64."""
    return apply("Erf", x, name=name)
