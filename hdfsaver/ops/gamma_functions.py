"""Relatives of the gamma function of two or three numbers: incomplete gamma and beta functions, zeta and polygamma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Binary, Gradient, Grads, invalid, like, scope, sum_to_inputs
from hdfsaver.ops.gamma_values import incomplete_beta, incomplete_gamma, random_gamma_slope
from hdfsaver.ops.gamma_values import polygamma as polygamma_of
from hdfsaver.ops.gamma_values import zeta as zeta_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_WIDE = frozenset({"float32", "float64"})


class _Special(Binary):
    """A function of two real numbers, computed in float64 and rounded once."""

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        """The function of numbers in float64."""
        raise NotImplementedError

    def kernel(self, node: Node) -> Kernel:
        dtype, function = dtypes.numpy_dtype(node.attrs["T"]), type(self).function

        def compute(x: Array, y: Array) -> Array:
            first, second = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
            found = function(first.reshape(-1), second.reshape(-1))
            with np.errstate(over="ignore"):  # a result may be too large for the narrower dtype
                return found.reshape(first.shape).astype(dtype)

        return compute


def _behind(op: Operation, grad: Gradient) -> Sequence[Operation]:
    """The operation that the derivative waits for: it may be large, and is not needed before."""
    assert grad is not None
    return [grad.op]


def _by_x(a: Tensor, x: Tensor) -> Tensor:
    """The derivative of the lower incomplete gamma function by x."""
    powers = apply("Mul", apply("Sub", a, like(1, a)), apply("Log", x))
    return apply("Exp", apply("Sub", apply("AddV2", apply("Neg", x), powers), apply("Lgamma", a)))


def _gradient_of_lower(op: Operation, grad: Gradient) -> tuple[Tensor, Tensor]:
    a, x = op.inputs
    with op.graph.control_dependencies(_behind(op, grad)):
        return apply("Mul", apply("IgammaGradA", a, x), grad), apply("Mul", _by_x(a, x), grad)


@register
class Igamma(_Special):
    """The lower regularized incomplete gamma function: the integral from 0 to x, divided by the whole."""

    type = "Igamma"
    signature = "a: T, x: T -> z: T"
    types = {"T": FLOATS}

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return incomplete_gamma(x, y)[0]

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        a, x = op.inputs
        by_a, by_x = _gradient_of_lower(op, grads[0])
        return sum_to_inputs(a, x, by_a, by_x)


@register
class Igammac(_Special):
    """The upper regularized incomplete gamma function: the integral from x on, divided by the whole."""

    type = "Igammac"
    signature = "a: T, x: T -> z: T"
    types = {"T": FLOATS}

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return incomplete_gamma(x, y)[1]

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        a, x = op.inputs
        by_a, by_x = (apply("Neg", part) for part in _gradient_of_lower(op, grads[0]))
        return sum_to_inputs(a, x, by_a, by_x)


@register
class IgammaGradA(_Special):
    """The derivative of `Igamma` by a."""

    type = "IgammaGradA"
    signature = "a: T, x: T -> z: T"
    types = {"T": _WIDE}

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return incomplete_gamma(x, y)[2]


@register
class RandomGammaGrad(_Special):
    """The derivative of a number drawn from a gamma distribution by the distribution's alpha."""

    type = "RandomGammaGrad"
    signature = "alpha: T, sample: T -> output: T"
    types = {"T": _WIDE}

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return random_gamma_slope(x, y)


@register
class Zeta(_Special):
    """Hurwitz's zeta function, the sum of (q + k) ** -x."""

    type = "Zeta"
    signature = "x: T, q: T -> z: T"
    types = {"T": _WIDE}
    differs = "NaN for q below -10000."

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return zeta_of(x, y)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, q = op.inputs
        with op.graph.control_dependencies(_behind(op, grads[0])):
            slope = apply("Mul", apply("Neg", x), apply("Zeta", apply("AddV2", x, like(1, x)), q))
            return sum_to_inputs(x, q, None, apply("Mul", slope, grads[0]))


@register
class Polygamma(_Special):
    """The derivative of order a of the digamma function."""

    type = "Polygamma"
    signature = "a: T, x: T -> z: T"
    types = {"T": _WIDE}
    differs = "NaN for x below -10000."

    @staticmethod
    def function(x: Array, y: Array) -> Array:
        return polygamma_of(x, y)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        order, x = op.inputs
        with op.graph.control_dependencies(_behind(op, grads[0])):
            slope = apply("Polygamma", apply("AddV2", order, like(1, order)), x)
            return sum_to_inputs(order, x, None, apply("Mul", slope, grads[0]))


@register
class Betainc(OpDef):
    """The regularized incomplete beta function: the integral from 0 to x, divided by that from 0 to 1."""

    type = "Betainc"
    signature = "a: T, b: T, x: T -> z: T"
    types = {"T": _WIDE}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of those inputs that are not single numbers, which all of them share."""
        found: Shape = ()
        known = node.input_shapes
        for shape in known:
            if shape is not None and shape != ():
                found = shape if found == () else shapes.merge(found, shape)
        return [None if found == () and None in known else found]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])

        def compute(*numbers: Array) -> Array:
            sizes = {np.shape(each) for each in numbers} - {()}
            if len(sizes) > 1:
                raise invalid(f"Shapes of a, b and x must match, or be those of single numbers, not {sorted(sizes)}.")
            whole = sizes.pop() if sizes else ()
            a, b, x = (np.broadcast_to(np.asarray(each, np.float64), whole).reshape(-1) for each in numbers)
            return incomplete_beta(a, b, x).reshape(whole).astype(dtype)

        return compute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        a, b, x = op.inputs
        whole = apply(
            "Sub", apply("AddV2", apply("Lgamma", a), apply("Lgamma", b)), apply("Lgamma", apply("AddV2", a, b))
        )
        right = apply("Xlog1py", apply("Sub", b, like(1, b)), apply("Neg", x))
        left = apply("Xlogy", apply("Sub", a, like(1, a)), x)
        slope = apply("Exp", apply("Sub", apply("AddV2", right, left), whole))
        return [None, None, sum_to_inputs(op.outputs[0], x, None, apply("Mul", slope, grads[0]))[1]]


def igamma(a: TensorLike, x: TensorLike, name: str | None = None) -> Tensor:
    """The lower regularized incomplete gamma function: the integral from 0 to ``x``, divided by the whole.

    Parameters
    ----------
    a, x : TensorLike
        Floats of one dtype, of shapes that broadcast together; NaN where ``a`` is not positive or ``x`` is negative.
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
    return apply("Igamma", a, x, name=name)


def igammac(a: TensorLike, x: TensorLike, name: str | None = None) -> Tensor:
    """The upper regularized incomplete gamma function: the integral from ``x`` on, divided by the whole.

    Parameters
    ----------
    a, x : TensorLike
        Floats of one dtype, of shapes that broadcast together; NaN where ``a`` is not positive or ``x`` is negative.
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
    return apply("Igammac", a, x, name=name)


def zeta(x: TensorLike, q: TensorLike, name: str | None = None) -> Tensor:
    """Hurwitz's zeta function, the sum of ``(q + k) ** -x`` over all natural numbers k.

    Parameters
    ----------
    x, q : TensorLike
        float32 or float64, of shapes that broadcast together; NaN where ``x`` is less than 1.
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
    return apply("Zeta", x, q, name=name)


def polygamma(a: TensorLike, x: TensorLike, name: str | None = None) -> Tensor:
    """The derivative of order ``a`` of the digamma function.

    Parameters
    ----------
    a, x : TensorLike
        float32 or float64, of shapes that broadcast together; NaN where ``a`` is not a natural number.
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
    return apply("Polygamma", a, x, name=name)


def betainc(a: TensorLike, b: TensorLike, x: TensorLike, name: str | None = None) -> Tensor:
    """The regularized incomplete beta function: the integral from 0 to ``x``, divided by that from 0 to 1.

    Parameters
    ----------
    a, b, x : TensorLike
        float32 or float64, of one shape, or single numbers; NaN where ``a`` or ``b`` is not positive, or ``x`` is not
        from 0 to 1.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and the shape of those that are not single numbers.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    return apply("Betainc", a, b, x, name=name)


def lbeta(x: TensorLike, name: str | None = None) -> Tensor:
    """The logarithm of the absolute value of the beta function of the numbers along the last dimension."""
    with scope(name, "lbeta", x):
        numbers = convert_to_tensor(x, name="x")
        products = apply("Sum", apply("Lgamma", numbers), [-1])
        total = apply("Lgamma", apply("Sum", numbers, [-1], name="Sum_1"))
        return apply("Sub", products, total, name="sub")
