"""Activation functions of neural networks, and the operations that are their derivatives.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import ROUNDED_ONCE, Grads, Unary, conjugate, like, scope, widened
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Backward(OpDef):
    """The derivative by the features, given that by the activations."""

    signature = "gradients: T, features: T -> backprops: T"
    types = {"T": FLOATS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the inputs share."""
        return [shapes.merge(*node.input_shapes)]


class _Gate(_Backward):
    """A derivative that is passed on or not, depending on the sign of the features; constant to their derivative."""

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply(self.type, grads[0], op.inputs[1]), None]


@register
class Relu(Unary):
    """max(features, 0)."""

    type = "Relu"
    overwrites = (0,)
    signature = "features: T -> activations: T"
    types = {"T": REALS}
    further_types = {"T": frozenset({"qint8"})}

    def kernel(self, node: Node) -> Kernel:
        zero = np.zeros((), dtypes.numpy_dtype(node.attrs["T"]))
        return lambda features, out=None: np.maximum(features, zero, out=out)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("ReluGrad", grads[0], op.outputs[0])]


@register
class ReluGrad(_Gate):
    """The derivative of `Relu`."""

    type = "ReluGrad"
    overwrites = (0,)
    types = {"T": REALS}

    def kernel(self, node: Node) -> Kernel:
        zero = np.zeros((), dtypes.numpy_dtype(node.attrs["T"]))
        return lambda gradients, features, out=None: np.multiply(
            gradients, (features > zero).astype(zero.dtype), out=out
        )


def relu(features: TensorLike, name: str | None = None) -> Tensor:
    """The feature where it is positive, and 0 elsewhere; any float or integer dtype."""
    return apply("Relu", features, name=name)


@register
class Relu6(Unary):
    """min(max(features, 0), 6)."""

    type = "Relu6"
    overwrites = (0,)
    signature = "features: T -> activations: T"
    types = {"T": REALS}

    def kernel(self, node: Node) -> Kernel:
        zero, six = np.array([0, 6]).astype(dtypes.numpy_dtype(node.attrs["T"]))
        if zero.dtype == "bfloat16":  # of which NumPy's function knows nothing
            return lambda features: np.minimum(np.maximum(features, zero), six)
        return lambda features, out=None: np.clip(features, zero, six, out=out)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Relu6Grad", grads[0], op.outputs[0])]


@register
class Relu6Grad(_Gate):
    """The derivative of `Relu6`."""

    type = "Relu6Grad"
    overwrites = (0,)
    types = {"T": REALS}

    def kernel(self, node: Node) -> Kernel:
        zero, six = np.array([0, 6]).astype(dtypes.numpy_dtype(node.attrs["T"]))

        def passed_on(gradients: Array, features: Array, out: Array | None = None) -> Array:
            passes = features > zero
            passes &= features < six
            found: Array = np.multiply(gradients, passes.astype(zero.dtype), out=out)
            return found

        return passed_on


def relu6(features: TensorLike, name: str | None = None) -> Tensor:
    """The feature where it is positive, up to 6, and 0 elsewhere; any float or integer dtype."""
    return apply("Relu6", features, name=name)


@register
class LeakyRelu(Unary):
    """The feature where it is positive, and ``alpha`` times it elsewhere."""

    type = "LeakyRelu"
    signature = "features: T -> activations: T"
    types = {"T": FLOATS}
    default_types = {"T": "float32"}
    attrs = {"alpha": 0.2}

    def kernel(self, node: Node) -> Kernel:
        alpha = np.float32(node.attrs["alpha"]).astype(dtypes.numpy_dtype(node.attrs["T"]))
        return lambda features: np.where(features > 0, features, features * alpha)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("LeakyReluGrad", grads[0], op.inputs[0], alpha=op.get_attr("alpha"))]


@register
class LeakyReluGrad(_Backward):
    """The derivative of `LeakyRelu`."""

    type = "LeakyReluGrad"
    default_types = {"T": "float32"}
    attrs = {"alpha": 0.2}

    def kernel(self, node: Node) -> Kernel:
        alpha = np.float32(node.attrs["alpha"]).astype(dtypes.numpy_dtype(node.attrs["T"]))
        return lambda gradients, features: np.where(features > 0, gradients, gradients * alpha)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("LeakyReluGrad", grads[0], op.inputs[1], alpha=op.get_attr("alpha")), None]


def leaky_relu(features: TensorLike, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """Each feature where it is positive, and ``alpha`` times it elsewhere.

    Parameters
    ----------
    features : Tensor or array_like
        Of any shape; float16, bfloat16, float32 or float64. Integers are cast to float32.
    alpha : float
        The slope for negative features; rounded to the dtype of the features.
    name : str, optional
        Name of the operation, ``LeakyRelu`` by default.

    Returns
    -------
    Tensor
        Of the shape and dtype of the features (float32 for integers).

    Raises
    ------
    TypeError
        The features are bools, strings or complex.
    """
    with scope(name, "LeakyRelu", features) as full:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = apply("Cast", features, DstT="float32")
        return apply("LeakyRelu", features, name=full, alpha=float(alpha))


@register
class Elu(Unary):
    """The feature where it is positive, and its exponential less 1 elsewhere."""

    type = "Elu"
    differs = ROUNDED_ONCE
    signature = "features: T -> activations: T"
    types = {"T": FLOATS}

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda features: np.where(features < 0, np.expm1(features), features))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("EluGrad", grads[0], op.outputs[0])]


@register
class EluGrad(OpDef):
    """The derivative of `Elu`, computed from its result."""

    type = "EluGrad"
    signature = "gradients: T, outputs: T -> backprops: T"
    types = {"T": FLOATS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the inputs share."""
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        one = np.ones((), dtypes.numpy_dtype(node.attrs["T"]))
        return lambda gradients, outputs: np.where(outputs < 0, gradients * (outputs + one), gradients)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        gradients, outputs = op.inputs
        is_curved = apply("Less", outputs, apply("ZerosLike", outputs))
        by_outputs = apply("Mul", grads[0], gradients)
        return [
            apply("EluGrad", grads[0], outputs),
            apply("SelectV2", is_curved, by_outputs, apply("ZerosLike", by_outputs)),
        ]


def elu(features: TensorLike, name: str | None = None) -> Tensor:
    """The feature where it is positive, and its exponential less 1 elsewhere; floats of 16 to 64 bits."""
    return apply("Elu", features, name=name)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
"""G. Klambauer and others, "Self-normalizing neural networks", 2017: they keep the mean 0 and the variance 1."""


@register
class Selu(Unary):
    """The feature times a scale where it is positive, and a multiple of its exponential less 1 elsewhere."""

    type = "Selu"
    differs = ROUNDED_ONCE
    signature = "features: T -> activations: T"
    types = {"T": FLOATS}

    def kernel(self, node: Node) -> Kernel:
        def scaled(features: Array) -> Array:
            return _SELU_SCALE * np.where(features < 0, _SELU_ALPHA * np.expm1(features), features)

        return widened(node, scaled)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("SeluGrad", grads[0], op.outputs[0])]


@register
class SeluGrad(OpDef):
    """The derivative of `Selu`, computed from its result."""

    type = "SeluGrad"
    signature = "gradients: T, outputs: T -> backprops: T"
    types = {"T": FLOATS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the inputs share."""
        return [shapes.merge(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        edge = _SELU_SCALE * _SELU_ALPHA
        return widened(node, lambda gradients, outputs: gradients * np.where(outputs < 0, outputs + edge, _SELU_SCALE))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        gradients, outputs = op.inputs
        is_curved = apply("Less", outputs, apply("ZerosLike", outputs))
        by_outputs = apply("Mul", grads[0], gradients)
        return [
            apply("SeluGrad", grads[0], outputs),
            apply("SelectV2", is_curved, by_outputs, apply("ZerosLike", by_outputs)),
        ]


def selu(features: TensorLike, name: str | None = None) -> Tensor:
    """A scaled exponential linear unit, which keeps mean and variance; floats of 16 to 64 bits."""
    return apply("Selu", features, name=name)


@register
class Softsign(Unary):
    """features / (1 + |features|)."""

    type = "Softsign"
    differs = ROUNDED_ONCE
    signature = "features: T -> activations: T"
    types = {"T": FLOATS}

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda features: features / (1 + np.abs(features)))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("SoftsignGrad", grads[0], op.inputs[0])]


@register
class SoftsignGrad(_Backward):
    """The derivative of `Softsign`."""

    type = "SoftsignGrad"
    differs = ROUNDED_ONCE

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda gradients, features: gradients / np.square(1 + np.abs(features)))


def softsign(features: TensorLike, name: str | None = None) -> Tensor:
    """The feature divided by 1 more than its absolute value; floats of 16 to 64 bits."""
    return apply("Softsign", features, name=name)


def swish(features: TensorLike, beta: TensorLike = 1.0) -> Tensor:
    """The feature times its logistic function: ``features * sigmoid(beta * features)``.

    P. Ramachandran, B. Zoph and Q. V. Le, "Searching for activation functions", 2017.
    """
    tensor = convert_to_tensor(features, name="features")
    return apply("Mul", tensor, apply("Sigmoid", apply("Mul", like(beta, tensor), tensor)))


@register
class Softplus(Unary):
    """The logarithm of 1 + the exponential."""

    type = "Softplus"
    differs = ROUNDED_ONCE
    signature = "features: T -> activations: T"
    types = {"T": FLOATS}

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda features: np.logaddexp(features, np.zeros((), features.dtype)))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("SoftplusGrad", grads[0], op.inputs[0])]


@register
class SoftplusGrad(_Backward):
    """The derivative of `Softplus`."""

    type = "SoftplusGrad"

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda gradients, features: gradients * _sigmoid(features))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        gradients, features = op.inputs
        by_features = apply("SigmoidGrad", apply("Sigmoid", features), apply("Mul", grads[0], gradients))
        return [apply("SoftplusGrad", grads[0], features), by_features]


def softplus(features: TensorLike, name: str | None = None) -> Tensor:
    """The logarithm of 1 + the exponential of each feature; floats of 16 to 64 bits."""
    return apply("Softplus", features, name=name)


def _sigmoid(x: Array) -> Array:
    one = np.ones((), x.dtype)
    power = np.asarray(np.negative(x))
    np.exp(power, out=power)
    power += one
    fraction: Array = np.divide(one, power, out=power)
    return fraction


class _ByOutput(OpDef):
    """A derivative that is computed from the result y of the function."""

    signature = "y: T, dy: T -> z: T"
    types = {"T": FLOATS | COMPLEX}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the inputs share."""
        return [shapes.merge(*node.input_shapes)]


@register
class Sigmoid(Unary):
    """1 / (1 + exp(-x))."""

    type = "Sigmoid"
    differs = ROUNDED_ONCE
    types = {"T": FLOATS | COMPLEX}

    def kernel(self, node: Node) -> Kernel:
        return widened(node, _sigmoid)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("SigmoidGrad", conjugate(op.outputs[0]), grads[0])]


@register
class SigmoidGrad(_ByOutput):
    """The derivative of `Sigmoid`, ``dy * (y * (1 - y))``; where complex, y is conjugated first."""

    type = "SigmoidGrad"
    overwrites = (1,)

    def kernel(self, node: Node) -> Kernel:
        one = np.ones((), dtypes.numpy_dtype(node.attrs["T"]))
        return lambda y, dy, out=None: np.multiply(dy, y * (one - y), out=out)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        y, dy = (conjugate(tensor) for tensor in op.inputs)
        product = apply("Mul", grads[0], dy)
        by_y = apply("Sub", product, apply("Mul", apply("Mul", like(2, y), product), y))
        return [by_y, apply("SigmoidGrad", y, grads[0])]


def sigmoid(x: TensorLike, name: str | None = None) -> Tensor:
    """1 / (1 + exp(-x)), element by element; any float or complex dtype."""
    return apply("Sigmoid", x, name=name)


def log_sigmoid(x: TensorLike, name: str | None = None) -> Tensor:
    """The logarithm of the sigmoid, computed so that it is exact where the sigmoid is tiny; floats of 16 to 64 bits."""
    with scope(name, "LogSigmoid", x) as full:
        x = convert_to_tensor(x, name="x")
        return apply("Neg", apply("Softplus", apply("Neg", x)), name=full)


@register
class Tanh(Unary):
    """The hyperbolic tangent."""

    type = "Tanh"
    types = {"T": FLOATS | COMPLEX}
    ufunc = np.tanh

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("TanhGrad", conjugate(op.outputs[0]), grads[0])]


@register
class TanhGrad(_ByOutput):
    """The derivative of `Tanh`, ``dy * (1 - y * y)``; where complex, y is conjugated first."""

    type = "TanhGrad"
    overwrites = (1,)

    def kernel(self, node: Node) -> Kernel:
        one = np.ones((), dtypes.numpy_dtype(node.attrs["T"]))
        return lambda y, dy, out=None: np.multiply(dy, one - y * y, out=out)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        y, dy = (conjugate(tensor) for tensor in op.inputs)
        by_y = apply("Mul", apply("Mul", apply("Mul", like(-2, y), grads[0]), dy), y)
        return [by_y, apply("TanhGrad", y, grads[0])]


def tanh(x: TensorLike, name: str | None = None) -> Tensor:
    """The hyperbolic tangent, element by element; any float or complex dtype."""
    return apply("Tanh", x, name=name)


def crelu(features: TensorLike, name: str | None = None, axis: int = -1) -> Tensor:
    """The rectified features and, after them along an axis, the rectified negative features.

    Parameters
    ----------
    features : TensorLike
        Floating-point or integers.
    name : str, optional
        The name of the operations, ``CRelu`` by default.
    axis : int

    Returns
    -------
    Tensor
        Twice as long as the features along the axis.

    Raises
    ------
    ValueError
        The axis is out of range.
    """
    with scope(name, "CRelu", features) as full:
        features = convert_to_tensor(features, name="features")
        return apply("Relu", apply("ConcatV2", [features, apply("Neg", features)], axis, name=full))
