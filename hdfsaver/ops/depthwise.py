"""Convolutions of each channel by itself, and their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import ROUNDED_ONCE, Grads, invalid, scope, shape_of, widened, with_rank
from hdfsaver.ops.sliding_windows import ALLOWED, NHWC, Windows, four, windows_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_NEEDED = {"strides": "list(int)", "padding": "string"}
_ATTRS: dict[str, Any] = {
    "explicit_paddings": [],
    "data_format": NHWC,
    "dilations": [1, 1, 1, 1],
}


def _attrs_of(op: Operation) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in (*_NEEDED, *_ATTRS)}


def _by_channel(grad: Array, channels: Sequence[int]) -> Array:
    """A derivative with the results of each channel of the images in a dimension of their own."""
    return grad.reshape(*grad.shape[:3], *channels)


_FEW_CHANNELS = 256
"""With fewer channels it takes less time to compute whole rows of images than pixels."""


def _correlate(windows: Windows, padded: Array, filters: Array, found: Array) -> None:
    """Put the cross-correlation of each channel with one filter (height, width, channels) into an array.

    A product and its sum are one step of NumPy, on the channels of a pixel or, where windows move by one column, on
    those of a row of pixels.
    """
    images, rows, columns, channels = found.shape
    if channels >= _FEW_CHANNELS or windows.strides[1] > 1 or not found.flags.c_contiguous:
        np.einsum("nijcab,abc->nijc", windows.over(padded, filters.shape[:2]), filters, out=found)
        return
    padded = np.ascontiguousarray(padded)
    image, row, column, element = padded.strides
    view = as_strided(
        padded,
        (images, rows, *filters.shape[:2], columns * channels),
        (image, row * windows.strides[0], row * windows.dilations[0], column * windows.dilations[1], element),
        writeable=False,
    )
    repeated = np.tile(filters, columns)
    np.einsum("niabx,abx->nix", view, repeated, out=found.reshape(images, rows, columns * channels))


@register
class DepthwiseConv2dNative(OpDef):
    """The cross-correlation of each channel with filters of its own (height, width, channels, filters per channel)."""

    type = "DepthwiseConv2dNative"
    differs = ROUNDED_ONCE
    signature = "input: T, filter: T -> output: T"
    types = {"T": FLOATS}
    needed = _NEEDED
    allowed = ALLOWED
    attrs = _ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, rows of windows, columns of windows, filter.shape[2] * filter.shape[3]), or as data_format says."""
        windows = windows_of(node)
        images, filters = (with_rank(shape, 4) for shape in node.input_shapes)
        images = windows.last(images) or (None,) * 4
        rows, columns, depth, times = filters or (None,) * 4
        if images[3] is not None and depth is not None and images[3] != depth:
            raise ValueError(f"Images have {images[3]} channels, but filters take {depth}.")
        counts = windows.counts(images[1:3], (rows, columns))
        channels = None if depth is None or times is None else depth * times
        return [windows.back((images[0], *counts, channels))]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)

        def convolve(values: Array, filters: Array) -> Array:
            images, window = windows.images(values), filters.shape[:2]
            if images.shape[3] != filters.shape[2]:
                raise invalid(f"Images have {images.shape[3]} channels, but filters take {filters.shape[2]}.")
            counts = [windows.count(axis, images.shape[axis + 1], window[axis]) or 0 for axis in (0, 1)]
            padded = windows.padded(images, window)
            found = np.empty((len(images), *counts, *filters.shape[2:]), images.dtype)
            for number in range(filters.shape[3]):
                _correlate(windows, padded, filters[..., number], found[..., number])
            return windows.given(found.reshape(*found.shape[:3], -1))

        return widened(node, convolve)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        (images, filters), attrs = op.inputs, _attrs_of(op)
        return [
            apply("DepthwiseConv2dNativeBackpropInput", shape_of(images, "Shape"), filters, grads[0], **attrs),
            apply("DepthwiseConv2dNativeBackpropFilter", images, shape_of(filters, "Shape"), grads[0], **attrs),
        ]


@register
class DepthwiseConv2dNativeBackpropInput(OpDef):
    """The derivative of `DepthwiseConv2dNative` by the images."""

    type = "DepthwiseConv2dNativeBackpropInput"
    differs = ROUNDED_ONCE
    signature = "input_sizes: int32, filter: T, out_backprop: T -> output: T"
    types = {"T": FLOATS}
    needed = _NEEDED
    allowed = ALLOWED
    attrs = _ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of input_sizes."""
        return [with_rank(node.sizes(0), 4)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)

        def spread(sizes: Array, filters: Array, grad: Array) -> Array:
            shape = windows.last(tuple(np.asarray(sizes).tolist())) or ()
            window = filters.shape[:2]
            parts = _by_channel(windows.images(grad), filters.shape[2:])
            images = np.zeros([size or 0 for size in shape], parts.dtype)
            padded = windows.padded(images, window)
            for place, moved in windows.places(window, parts.shape[1:3]):
                padded[moved] += (parts * filters[place]).sum(-1)
            return windows.given(np.ascontiguousarray(windows.inside(padded, images.shape[1:3], window)))

        return lambda sizes, *values: widened(node, lambda *wide: spread(sizes, *wide))(*values)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        _, filters, backprop = op.inputs
        attrs = _attrs_of(op)
        return [
            None,
            apply("DepthwiseConv2dNativeBackpropFilter", grads[0], shape_of(filters, "Shape"), backprop, **attrs),
            apply("DepthwiseConv2dNative", grads[0], filters, **attrs),
        ]


@register
class DepthwiseConv2dNativeBackpropFilter(OpDef):
    """The derivative of `DepthwiseConv2dNative` by the filters."""

    type = "DepthwiseConv2dNativeBackpropFilter"
    differs = ROUNDED_ONCE
    signature = "input: T, filter_sizes: int32, out_backprop: T -> output: T"
    types = {"T": FLOATS}
    needed = _NEEDED
    allowed = ALLOWED
    attrs = _ATTRS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of filter_sizes."""
        return [with_rank(node.sizes(1), 4)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)

        def gather(values: Array, sizes: Array, grad: Array) -> Array:
            shape = tuple(np.asarray(sizes).tolist())
            parts = _by_channel(windows.images(grad), shape[2:])
            padded = windows.padded(windows.images(values), shape[:2])
            found = np.zeros(shape, parts.dtype)
            for place, moved in windows.places(shape[:2], parts.shape[1:3]):
                found[place] = np.einsum("nijc,nijcm->cm", padded[moved], parts)
            return found

        return lambda values, sizes, grad: widened(node, lambda *wide: gather(wide[0], sizes, wide[1]))(values, grad)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        images, _, backprop = op.inputs
        attrs = _attrs_of(op)
        return [
            apply("DepthwiseConv2dNativeBackpropInput", shape_of(images, "Shape"), grads[0], backprop, **attrs),
            None,
            apply("DepthwiseConv2dNative", images, grads[0], **attrs),
        ]


def depthwise_conv2d(
    input: TensorLike,
    filter: TensorLike | None = None,
    strides: int | Sequence[int] | None = None,
    padding: str | None = None,
    rate: int | Sequence[int] | None = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: int | Sequence[int] | None = None,
) -> Tensor:
    """Convolve each channel of images with filters of its own; see `conv2d`.

    ``output[b, i, j, k * m + q] = sum(input[b, i + rate * di, j + rate * dj, k] * filter[di, dj, k, q])`` over di and
    dj, with m filters per channel, for strides of 1 (source: TensorFlow's documentation of ``tf.nn.depthwise_conv2d``).

    Parameters
    ----------
    input : Tensor or array_like
        Images of rank 4: batch, height, width, channels, or as ``data_format`` says; float16, bfloat16, float32 or
        float64. float16 and bfloat16 are summed in float32 and rounded once.
    filter : Tensor or array_like
        Height, width, channels of the images, number of filters per channel; of the dtype of the images.
    strides : int, or sequence of 1, 2 or 4 int
        How far the window moves along height and width; 1 by default.
    padding : {"SAME", "VALID"}
        Whether zeros are added so that every position has a window.
    rate, dilations : int, or sequence of 1 or 2 int, optional
        How far the elements of a window are apart along height and width; ``rate`` counts if both are given. With
        strides above 1 as well TensorFlow's result is another one.
    name : str, optional
        Name of the operation, ``depthwise`` by default.
    data_format : {"NHWC", "NCHW"}, optional
        Where the channels are, ``"NHWC"`` by default.

    Returns
    -------
    Tensor
        Images of the dtype of ``input``, with channels * m channels.

    Raises
    ------
    TypeError
        The images are of another dtype, or the padding is not a string.
    ValueError
        The filters are missing or of another dtype than the images, a rank is not 4, the channels do not match, the
        window is larger than the images, or strides, padding or format differ from those above.
    """
    layout = data_format or "NHWC"
    apart = dilations if rate is None else rate
    if not isinstance(padding, str):
        raise TypeError(f"The padding must be 'SAME' or 'VALID', not {padding!r}.")
    with scope(name, "depthwise", input, filter) as full:
        images = convert_to_tensor(input, name="tensor_in")
        filters = convert_to_tensor(filter, images.dtype.base_dtype, name="filter_in")
        return apply(
            "DepthwiseConv2dNative",
            images,
            filters,
            name=full,
            strides=four(strides, layout),
            padding=padding.upper().encode(),
            data_format=layout.encode(),
            dilations=four(apart, layout),
        )


def separable_conv2d(
    input: TensorLike,
    depthwise_filter: TensorLike,
    pointwise_filter: TensorLike,
    strides: int | Sequence[int],
    padding: str,
    rate: int | Sequence[int] | None = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: int | Sequence[int] | None = None,
) -> Tensor:
    """Convolve each channel of images with filters of its own, and then mix the channels.

    Parameters
    ----------
    input : Tensor or array_like
        Images of rank 4, as for `depthwise_conv2d`.
    depthwise_filter : Tensor or array_like
        Height, width, channels of the images, number of filters per channel.
    pointwise_filter : Tensor or array_like
        1, 1, the number of channels after the first convolution, channels of the result.
    strides, padding, rate, data_format, dilations : object
        Of the first convolution; see `depthwise_conv2d`.
    name : str, optional
        Name of the operations, ``separable_conv2d`` by default.

    Returns
    -------
    Tensor
        Images of the dtype of ``input``.

    Raises
    ------
    TypeError
        The images are of another dtype.
    ValueError
        Shapes or options do not fit.
    """
    layout = data_format or "NHWC"
    with scope(name, "separable_conv2d", input, depthwise_filter, pointwise_filter) as full:
        images = convert_to_tensor(input, name="tensor_in")
        mixing = convert_to_tensor(pointwise_filter, images.dtype.base_dtype, name="pointwise_filter")
        apart = dilations if rate is None else rate
        each = depthwise_conv2d(
            images, depthwise_filter, strides, padding, apart, name="depthwise", data_format=data_format
        )
        return apply(
            "Conv2D",
            each,
            mixing,
            name=full,
            strides=[1, 1, 1, 1],
            padding=b"VALID",
            data_format=layout.encode(),
        )
