"""Local response normalization: each channel of images is divided by those beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, widened, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_ATTRS = {"depth_radius": 5, "bias": 1.0, "alpha": 1.0, "beta": 0.5}
_TYPES = FLOATS - {"float64"}


def _beside(values: Array, radius: int) -> Array:
    """The sum of each channel and of those beside it, as far as the radius."""
    length = values.shape[-1]
    sums = np.concatenate([np.zeros_like(values[..., :1]), np.cumsum(values, -1, np.float64)], -1, dtype=np.float64)
    places = np.arange(length)
    last, first = np.minimum(places + radius + 1, length), np.maximum(places - radius, 0)
    found: Array = (sums[..., last] - sums[..., first]).astype(values.dtype)
    return found


@register
class LRN(OpDef):
    """input / (bias + alpha * the sum of the squares of the channels beside it) ** beta."""

    type = "LRN"
    signature = "input: T -> output: T"
    types = {"T": _TYPES}
    default_types = {"T": "float32"}
    attrs = _ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the input, which has rank 4."""
        return [with_rank(node.input_shapes[0], 4)]

    def kernel(self, node: Node) -> Kernel:
        radius, bias, alpha, beta = (node.attrs[name] for name in _ATTRS)
        return widened(node, lambda images: images * (bias + alpha * _beside(images * images, radius)) ** -beta)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        attrs = {name: op.get_attr(name) for name in _ATTRS}
        return [apply("LRNGrad", grads[0], op.inputs[0], op.outputs[0], **attrs)]


@register
class LRNGrad(OpDef):
    """The derivative of `LRN`."""

    type = "LRNGrad"
    signature = "input_grads: T, input_image: T, output_image: T -> output: T"
    types = {"T": _TYPES}
    default_types = {"T": "float32"}
    attrs = _ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input_image."""
        first, second, third = node.input_shapes
        return [shapes.merge(shapes.merge(first, second), third)]

    def kernel(self, node: Node) -> Kernel:
        radius, bias, alpha, beta = (node.attrs[name] for name in _ATTRS)

        def spread(grad: Array, images: Array, outputs: Array) -> Array:
            norm = bias + alpha * _beside(images * images, radius)
            through = _beside(grad * outputs / norm, radius)
            found: Array = grad * norm**-beta - 2 * alpha * beta * images * through
            return found

        return widened(node, spread)


def local_response_normalization(
    input: TensorLike,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """Divide each channel of images by a power of the squares of the channels beside it.

    A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional neural networks",
    2012, section 3.3.

    Parameters
    ----------
    input : TensorLike
        Images of rank 4, channels last; float16, bfloat16 or float32.
    depth_radius : int
        How many channels on each side count.
    bias, alpha, beta : float
        ``input / (bias + alpha * sum of squares) ** beta``.
    name : str, optional
        Name of the operation, ``LRN`` by default.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    TypeError
        The dtype is another.
    ValueError
        The rank is not 4.
    """
    attrs = {"depth_radius": depth_radius, "bias": float(bias), "alpha": float(alpha), "beta": float(beta)}
    return apply("LRN", input, name=name, **attrs)
