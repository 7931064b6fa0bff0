"""Inverses of hyperbolic functions, and angles of points and of complex numbers."""

from __future__ import annotations

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import ROUNDED_ONCE, Binary, Grads, Unary, conjugate, like, sum_to_inputs, widened

_PARTS = frozenset({"float32", "float64"})


class _Inverse(Unary):
    """An inverse function; narrow floats are computed in float32."""

    types = {"T": FLOATS | COMPLEX}
    differs = ROUNDED_ONCE

    def kernel(self, node: Node) -> Kernel:
        return widened(node, type(self).ufunc)

    def result(self, grad: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The derivative by x, given that by y, and both conjugated."""
        raise NotImplementedError

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad = grads[0]
        assert grad is not None
        with op.graph.control_dependencies([grad.op]):  # it may be large, and is not needed before
            return [self.result(grad, conjugate(op.inputs[0]), conjugate(op.outputs[0]))]


@register
class Acosh(_Inverse):
    """The inverse hyperbolic cosine; NaN for a real number below 1."""

    type = "Acosh"
    ufunc = np.arccosh

    def result(self, grad: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return apply("RealDiv", grad, apply("Sinh", y), name="truediv")


def acosh(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse hyperbolic cosine, element by element; any float or complex dtype."""
    return apply("Acosh", x, name=name)


@register
class Asinh(_Inverse):
    """The inverse hyperbolic sine."""

    type = "Asinh"
    ufunc = np.arcsinh

    def result(self, grad: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return apply("RealDiv", grad, apply("Cosh", y), name="truediv")


def asinh(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse hyperbolic sine, element by element; any float or complex dtype."""
    return apply("Asinh", x, name=name)


@register
class Atanh(_Inverse):
    """The inverse hyperbolic tangent; NaN for a real number beyond -1 and 1."""

    type = "Atanh"
    ufunc = np.arctanh

    def result(self, grad: Tensor, x: Tensor, y: Tensor) -> Tensor:
        slope = apply("Reciprocal", apply("Sub", like(1, x), apply("Square", x)))
        return apply("Mul", grad, slope, name="mul")


def atanh(x: TensorLike, name: str | None = None) -> Tensor:
    """The inverse hyperbolic tangent, element by element; any float or complex dtype."""
    return apply("Atanh", x, name=name)


@register
class Atan2(Binary):
    """The angle of the point (x, y) in radians, from -pi to pi."""

    type = "Atan2"
    signature = "y: T, x: T -> z: T"
    types = {"T": FLOATS}
    differs = ROUNDED_ONCE

    def kernel(self, node: Node) -> Kernel:
        return widened(node, np.arctan2)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad, (y, x) = grads[0], op.inputs
        assert grad is not None
        with op.graph.control_dependencies([grad.op]):
            square = apply("AddV2", apply("Square", x), apply("Square", y))
            part = apply("RealDiv", grad, square, name="truediv")
            return sum_to_inputs(y, x, apply("Mul", x, part), apply("Mul", apply("Neg", y), part))


def atan2(y: TensorLike, x: TensorLike, name: str | None = None) -> Tensor:
    """The angles of points in radians, from -pi to pi.

    Parameters
    ----------
    y, x : TensorLike
        Both coordinates, floats of one dtype, of shapes that broadcast together.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Atan2", y, x, name=name)


@register
class Angle(Unary):
    """The angle of a complex number in radians, from -pi to pi."""

    type = "Angle"
    signature = "input: T -> output: Tout"
    types = {"T": COMPLEX, "Tout": _PARTS}
    default_types = {"T": "complex64"}
    attrs = {"Tout": "float32"}
    ufunc = np.angle

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad, x = grads[0], op.inputs[0]
        assert grad is not None
        whole, part = x.dtype.base_dtype.name, grad.dtype.base_dtype.name
        with op.graph.control_dependencies([grad.op]):
            parts = apply("Imag", x, Tout=part), apply("Real", x, Tout=part)
            turned = apply("Reciprocal", apply("Complex", *parts, Tout=whole))
            given = apply("Complex", grad, like(0, grad), Tout=whole)
            return [apply("Mul", apply("Neg", given), turned)]
