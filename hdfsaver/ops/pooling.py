"""The greatest or the mean of each window of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, INTEGERS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import NO_DERIVATIVE, ROUNDED_ONCE, Grads, scope, shape_of, widened, with_rank
from hdfsaver.ops.sliding_windows import FORMATS, NHWC, PADDINGS, Pair, Windows, four, window_of, windows_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_NEEDED = {"ksize": "list(int)", "strides": "list(int)", "padding": "string"}
_MINIMUMS = {"ksize": 4, "strides": 4}
_ALLOWED = {"padding": frozenset({b"SAME", b"VALID"}), "data_format": FORMATS}
_ATTRS: dict[str, Any] = {"data_format": NHWC}
_MAX_ALLOWED = {"padding": PADDINGS, "data_format": FORMATS}
_MAX_ATTRS = {**_ATTRS, "explicit_paddings": []}


def _pooled(node: Node) -> Shape:
    windows = windows_of(node)
    shape = windows.last(with_rank(node.input_shapes[0], 4)) or (None,) * 4
    window = window_of(node, windows.is_nchw)
    counts = (windows.count(axis, shape[axis + 1], window[axis]) for axis in (0, 1))
    return windows.back((shape[0], *counts, shape[3]))


def _attrs_of(op: Operation, attrs: dict[str, Any]) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in attrs}


def _views(windows: Windows, window: Pair, values: Array, outside: float) -> Array:
    return windows.over(windows.padded(windows.images(values), window, outside), window)


def _counts(windows: Windows, window: Pair, images: Array) -> Array:
    """The number of elements of each window that are within the images."""
    ones = np.ones((1, *images.shape[1:3], 1), images.dtype)
    counts: Array = windows.over(windows.padded(ones, window), window).sum((4, 5))
    return counts


@register
class MaxPool(OpDef):
    """The greatest of each window."""

    type = "MaxPool"
    signature = "input: T -> output: T"
    types = {"T": FLOATS}
    default_types = {"T": "float32"}
    further_types = {"T": INTEGERS - {"uint32", "uint64"} | {"qint8"}}
    needed = _NEEDED
    allowed = {**_MAX_ALLOWED, "data_format": FORMATS | {b"NCHW_VECT_C"}}
    minimums = _MINIMUMS
    attrs = _MAX_ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, rows of windows, columns of windows, channels), or as data_format says."""
        return [_pooled(node)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        window = window_of(node, windows.is_nchw)
        return widened(node, lambda values: windows.given(_views(windows, window, values, -np.inf).max((4, 5))))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("MaxPoolGrad", op.inputs[0], op.outputs[0], grads[0], **_attrs_of(op, {**_NEEDED, **_MAX_ATTRS}))]


@register
class MaxPoolGrad(OpDef):
    """The derivative of `MaxPool`: it goes to the first greatest of each window."""

    type = "MaxPoolGrad"
    differs = NO_DERIVATIVE
    signature = "orig_input: T, orig_output: T, grad: T -> output: T"
    types = {"T": FLOATS}
    default_types = {"T": "float32"}
    further_types = {"T": INTEGERS}
    needed = _NEEDED
    allowed = _MAX_ALLOWED
    minimums = _MINIMUMS
    attrs = _MAX_ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of orig_input."""
        return [node.input_shapes[0]]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        window = window_of(node, windows.is_nchw)

        def spread(values: Array, _pooled: Array, grad: Array) -> Array:
            images, grad = windows.images(values), windows.images(grad)
            views = _views(windows, window, values, -np.inf)
            first = views.reshape(*views.shape[:4], -1).argmax(-1)
            return windows.given(_spread(windows, window, images, lambda number: np.where(first == number, grad, 0)))

        return widened(node, spread)


def _spread(windows: Windows, window: Pair, images: Array, part: Callable[[int], Array]) -> Array:
    """Add up what all windows give to each element of images; ``part`` is that of one element of a window."""
    padded = windows.padded(np.zeros_like(images), window)
    counts = [windows.count(axis, images.shape[axis + 1], window[axis]) or 0 for axis in (0, 1)]
    for number, (_, _, down, right) in enumerate(windows.places(window, counts)):
        padded[:, down, right, :] += part(number)
    return np.ascontiguousarray(windows.inside(padded, images.shape[1:3], window))


@register
class AvgPool(OpDef):
    """The mean of each window, without the padding."""

    type = "AvgPool"
    differs = ROUNDED_ONCE
    signature = "value: T -> output: T"
    types = {"T": FLOATS}
    needed = _NEEDED
    allowed = _ALLOWED
    minimums = _MINIMUMS
    attrs = _ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, rows of windows, columns of windows, channels), or as data_format says."""
        return [_pooled(node)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        window = window_of(node, windows.is_nchw)

        def mean(values: Array) -> Array:
            total = _views(windows, window, values, 0).sum((4, 5))
            return windows.given(total / _counts(windows, window, windows.images(values)))

        return widened(node, mean)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("AvgPoolGrad", shape_of(op.inputs[0], "Shape"), grads[0], **_attrs_of(op, {**_NEEDED, **_ATTRS}))]


@register
class AvgPoolGrad(OpDef):
    """The derivative of `AvgPool`."""

    type = "AvgPoolGrad"
    signature = "orig_input_shape: int32, grad: T -> output: T"
    types = {"T": FLOATS}
    needed = _NEEDED
    allowed = _ALLOWED
    minimums = _MINIMUMS
    attrs = _ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of orig_input_shape."""
        return [with_rank(node.sizes(0), 4)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        window = window_of(node, windows.is_nchw)

        def spread(sizes: Array, grad: Array) -> Array:
            shape = windows.last(tuple(np.asarray(sizes).tolist())) or ()
            images = np.zeros([size or 0 for size in shape], grad.dtype)
            part = windows.images(grad) / _counts(windows, window, images)
            return windows.given(_spread(windows, window, images, lambda _number: part))

        return lambda sizes, grad: widened(node, lambda wide: spread(sizes, wide))(grad)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None, apply("AvgPool", grads[0], **_attrs_of(op, {**_NEEDED, **_ATTRS}))]


def max_pool(
    value: TensorLike | None,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
    input: TensorLike | None = None,
) -> Tensor:
    """The greatest value of each window of images.

    Parameters
    ----------
    value : TensorLike
        Images, floating (float16, bfloat16, float32 or float64), of rank 4. TensorFlow takes integers too.
    ksize : int or list of int
        Height and width of a window: one number for both, two, or four as the images have dimensions (the others being
        1).
    strides : int or list of int
        How far windows are apart, in the same form.
    padding : {"SAME", "VALID"}
        Pad images so that ``ceil(size / stride)`` windows fit, or use only windows that are within the images. The
        padding is never the greatest. Lower case works too.
    data_format : {"NHWC", "NCHW"}
        The order of the dimensions: channels last or second.
    name : str, optional
        The name of the operation.
    input : TensorLike, optional
        A newer name of ``value``, which it replaces.

    Returns
    -------
    Tensor
        Images of the same dtype, with a row and column for each window.

    Raises
    ------
    ValueError
        The window is longer than the images, the rank is not 4, a window steps over images or channels, or the padding
        or data format is unknown.
    TypeError
        The dtype is not floating.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    attrs = {"ksize": four(ksize, data_format), "strides": four(strides, data_format)}
    with scope(name, "MaxPool", value if input is None else input) as full:
        images = convert_to_tensor(value if input is None else input, name="input")
        return apply(
            "MaxPool", images, name=full, **attrs, padding=padding.upper().encode(), data_format=data_format.encode()
        )


def avg_pool(
    value: TensorLike | None,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
    input: TensorLike | None = None,
) -> Tensor:
    """The mean of each window of images; elements of the padding do not count.

    Parameters
    ----------
    value : TensorLike
        Images, floating (float16, bfloat16, float32 or float64), of rank 4.
    ksize : int or list of int
        Height and width of a window: one number for both, two, or four as the images have dimensions (the others being
        1).
    strides : int or list of int
        How far windows are apart, in the same form.
    padding : {"SAME", "VALID"}
        Pad images so that ``ceil(size / stride)`` windows fit, or use only windows that are within the images. Lower
        case works too.
    data_format : {"NHWC", "NCHW"}
        The order of the dimensions: channels last or second.
    name : str, optional
        The name of the operation.
    input : TensorLike, optional
        A newer name of ``value``, which it replaces.

    Returns
    -------
    Tensor
        Images of the same dtype, with a row and column for each window. float16 and bfloat16 are added up in float32
        and rounded once.

    Raises
    ------
    ValueError
        The window is longer than the images, the rank is not 4, a window steps over images or channels, or the padding
        or data format is unknown.
    TypeError
        The dtype is not floating.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    attrs = {"ksize": four(ksize, data_format), "strides": four(strides, data_format)}
    with scope(name, "AvgPool", value if input is None else input) as full:
        images = convert_to_tensor(value if input is None else input, name="value")
        return apply(
            "AvgPool", images, name=full, **attrs, padding=padding.upper().encode(), data_format=data_format.encode()
        )
