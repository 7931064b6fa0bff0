"""Roots and reciprocals, each with the operation that is its gradient in TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, Unary, conjugate, like
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Root(Unary):
    """A function whose derivative is a separate operation."""

    types = {"T": FLOATS | COMPLEX}

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply(f"{self.type}Grad", op.outputs[0], grads[0])]


class _RootGrad(OpDef):
    """The derivative by x, given y = f(x) and the derivative by y: where that is 0, so is this."""

    signature = "y: T, dy: T -> z: T"
    types = {"T": FLOATS | COMPLEX}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the inputs share."""
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        zero = np.zeros((), dtype)
        # At y = 0 the derivative is infinite, and 0 times infinity would be NaN.
        return lambda y, dy: np.where(dy == zero, zero, self.derive(np.conjugate(y), dy, dtype))

    @staticmethod
    def derive(y: Array, dy: Array, dtype: np.dtype[Any]) -> Array:
        """The derivative, given the conjugate of y."""
        raise NotImplementedError


@register
class Sqrt(_Root):
    """The square root."""

    type = "Sqrt"
    ufunc = np.sqrt


@register
class SqrtGrad(_RootGrad):
    """``0.5 * dy / conj(y)``."""

    type = "SqrtGrad"

    @staticmethod
    def derive(y: Array, dy: Array, dtype: np.dtype[Any]) -> Array:
        derived: Array = dy * np.array(0.5, dtype) / y
        return derived

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        y = op.inputs[0]
        part = apply("RealDiv", grads[0], y)
        by_y = apply("Neg", apply("Mul", conjugate(part), op.outputs[0]))
        return [by_y, apply("Mul", like(0.5, y), part)]


def sqrt(x: TensorLike, name: str | None = None) -> Tensor:
    """The square root."""
    return apply("Sqrt", x, name=name)


def _reciprocal_root(x: Array) -> Array:
    root: Array = np.reciprocal(np.sqrt(x))
    return root


@register
class Rsqrt(_Root):
    """One divided by the square root."""

    type = "Rsqrt"
    ufunc = _reciprocal_root


@register
class RsqrtGrad(_RootGrad):
    """``-0.5 * dy * conj(y) ** 3``."""

    type = "RsqrtGrad"

    @staticmethod
    def derive(y: Array, dy: Array, dtype: np.dtype[Any]) -> Array:
        derived: Array = dy * np.array(-0.5, dtype) * (y * y * y)
        return derived

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        y, dy = op.inputs
        y = conjugate(y)
        weighted = apply("Mul", apply("Mul", _conjugate(grads[0]), dy), like(-1.5, y))
        return [apply("Mul", weighted, apply("Square", y)), apply("RsqrtGrad", y, grads[0])]


def rsqrt(x: TensorLike, name: str | None = None) -> Tensor:
    """One divided by the square root."""
    return apply("Rsqrt", x, name=name)


@register
class Reciprocal(_Root):
    """One divided by x."""

    type = "Reciprocal"
    further_types = {"T": frozenset({"int8", "int16", "int32", "int64"})}
    ufunc = np.reciprocal


@register
class ReciprocalGrad(_RootGrad):
    """``-dy * conj(y) ** 2``."""

    type = "ReciprocalGrad"

    @staticmethod
    def derive(y: Array, dy: Array, dtype: np.dtype[Any]) -> Array:
        derived: Array = -dy * (y * y)
        return derived

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        y, dy = op.inputs
        y = conjugate(y)
        by_y = apply("Mul", apply("Mul", apply("Mul", _conjugate(grads[0]), like(-2, y)), dy), y)
        return [by_y, apply("ReciprocalGrad", y, grads[0])]


def _conjugate(grad: Tensor | None) -> Tensor:
    """The conjugate of a derivative that is not None."""
    assert grad is not None
    return conjugate(grad)


def reciprocal(x: TensorLike, name: str | None = None) -> Tensor:
    """One divided by x."""
    return apply("Reciprocal", x, name=name)
