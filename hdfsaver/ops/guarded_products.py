"""Products and quotients that are 0 where a factor is."""

from __future__ import annotations

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Binary, Grads, like, scope, sum_to_inputs, widened
from hdfsaver.tensor_info import Array


class _Guarded(Binary):
    """A function of two numbers that is 0 where the first one is 0."""

    types = {"T": FLOATS | COMPLEX}

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        """The function where x is not 0."""
        raise NotImplementedError

    def kernel(self, node: Node) -> Kernel:
        function = type(self).function

        def compute(x: Array, y: Array) -> Array:
            with np.errstate(all="ignore"):
                found: Array = function(x, y)
                return np.where(x == 0, np.zeros((), found.dtype), found)

        return widened(node, compute)

    def parts(self, x: Tensor, y: Tensor, is_there: Tensor) -> tuple[Tensor, Tensor]:
        """The derivatives by x and by y; the third is 1 where x is not 0."""
        raise NotImplementedError

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        grad, (x, y) = grads[0], op.inputs
        assert grad is not None
        with op.graph.control_dependencies([grad.op]):  # it may be large, and is not needed before
            is_there = apply("Cast", apply("NotEqual", x, like(0, x)), DstT=x.dtype.base_dtype.name)
            by_x, by_y = self.parts(x, y, is_there)
            return sum_to_inputs(x, y, apply("Mul", by_x, grad, name="mul"), apply("Mul", by_y, grad, name="mul"))


@register
class Xlogy(_Guarded):
    """x * log(y), and 0 where x is 0."""

    type = "Xlogy"

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return x * np.log(y)

    def parts(self, x: Tensor, y: Tensor, is_there: Tensor) -> tuple[Tensor, Tensor]:
        return apply("Xlogy", is_there, y), apply("Xdivy", x, y)


@register
class Xlog1py(_Guarded):
    """x * log(1 + y), and 0 where x is 0."""

    type = "Xlog1py"

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return x * np.log1p(y)

    def parts(self, x: Tensor, y: Tensor, is_there: Tensor) -> tuple[Tensor, Tensor]:
        return apply("Xlog1py", is_there, y), apply("Xdivy", x, apply("AddV2", y, like(1, y)))


@register
class Xdivy(_Guarded):
    """x / y, and 0 where x is 0."""

    type = "Xdivy"

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return np.true_divide(x, y)

    def parts(self, x: Tensor, y: Tensor, is_there: Tensor) -> tuple[Tensor, Tensor]:
        return apply("Xdivy", is_there, y), apply("Xdivy", apply("Neg", x), apply("Pow", y, like(2, y)))


@register
class MulNoNan(Binary):
    """x * y, and 0 where y is 0, even where x is NaN."""

    type = "MulNoNan"
    types = {"T": FLOATS | COMPLEX}

    def kernel(self, node: Node) -> Kernel:
        def multiply(x: Array, y: Array) -> Array:
            with np.errstate(all="ignore"):
                found = np.multiply(x, y)
                return np.where(y == 0, np.zeros((), found.dtype), found)

        return multiply

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, y = op.inputs
        return sum_to_inputs(x, y, apply("MulNoNan", grads[0], y), apply("MulNoNan", x, grads[0]))


def xlogy(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """``x * log(y)``, and 0 where ``x`` is 0.

    Parameters
    ----------
    x, y : TensorLike
        Of one dtype, float or complex, of shapes that broadcast together.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Xlogy", x, y, name=name)


def xlog1py(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """``x * log(1 + y)``, and 0 where ``x`` is 0.

    Parameters
    ----------
    x, y : TensorLike
        Of one dtype, float or complex, of shapes that broadcast together.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    ValueError
        The shapes do not broadcast together.
    """
    with scope(name, "xlog1py", x):
        return apply("Xlog1py", x, y)


def xdivy(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """``x / y``, and 0 where ``x`` is 0.

    Parameters
    ----------
    x, y : TensorLike
        Of one dtype, float or complex, of shapes that broadcast together.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    ValueError
        The shapes do not broadcast together.
    """
    with scope(name, "xdivy", x):
        return apply("Xdivy", x, y)


def multiply_no_nan(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """``x * y``, and 0 where ``y`` is 0, even where ``x`` is NaN or an infinity.

    Parameters
    ----------
    x, y : TensorLike
        Of one dtype, float or complex, of shapes that broadcast together.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ.
    """
    with scope(name, "multiply_no_nan", x, y) as full:
        first = convert_to_tensor(x, name="x")
        return apply("MulNoNan", first, convert_to_tensor(y, first.dtype.base_dtype, name="y"), name=full)


def reciprocal_no_nan(x: TensorLike, name: str | None = None) -> Tensor:
    """``1 / x``, and 0 where ``x`` is 0; any float or complex dtype."""
    with scope(name, "reciprocal_no_nan", x) as full:
        number = convert_to_tensor(x, name="x")
        return apply("DivNoNan", convert_to_tensor(1, number.dtype.base_dtype, name="one"), number, name=full)
