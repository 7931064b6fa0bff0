"""Convolutions of images in two dimensions, and their derivatives, which are convolutions again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.sliding_windows import ALLOWED, NHWC, four
from hdfsaver.ops.window_rules import Convolution, ConvolutionByFilters, ConvolutionByImages

_NEEDED = {"strides": "list(int)", "padding": "string"}
_ATTRS: dict[str, Any] = {
    "use_cudnn_on_gpu": True,
    "explicit_paddings": [],
    "data_format": NHWC,
    "dilations": [1, 1, 1, 1],
}


@register
class Conv2D(Convolution):
    """The cross-correlation of images and filters (height, width, channels of the images, channels of the result)."""

    type = "Conv2D"
    by_images, by_filters = "Conv2DBackpropInput", "Conv2DBackpropFilter"
    differs = "The channels of the images are those of the filters; TensorFlow takes a multiple of them."
    signature = "input: T, filter: T -> output: T"
    further_types = {"T": frozenset({"int32"})}
    needed = _NEEDED
    allowed = ALLOWED
    attrs = _ATTRS


@register
class Conv2DBackpropInput(ConvolutionByImages):
    """The derivative of `Conv2D` by the images."""

    type = "Conv2DBackpropInput"
    forward, by_filters = "Conv2D", "Conv2DBackpropFilter"
    signature = "input_sizes: int32, filter: T, out_backprop: T -> output: T"
    further_types = {"T": frozenset({"int32"})}
    needed = _NEEDED
    allowed = ALLOWED
    attrs = _ATTRS


@register
class Conv2DBackpropFilter(ConvolutionByFilters):
    """The derivative of `Conv2D` by the filters."""

    type = "Conv2DBackpropFilter"
    forward, by_images = "Conv2D", "Conv2DBackpropInput"
    signature = "input: T, filter_sizes: int32, out_backprop: T -> output: T"
    needed = _NEEDED
    allowed = ALLOWED
    attrs = _ATTRS


def conv2d(
    input: TensorLike,
    filter: TensorLike | None = None,
    strides: int | Sequence[int] | None = None,
    padding: str | Sequence[Sequence[int]] | None = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: int | Sequence[int] | None = (1, 1, 1, 1),
    name: str | None = None,
    filters: TensorLike | None = None,
) -> Tensor:
    """Convolve images with filters, in two dimensions.

    ``output[b, i, j, k] = sum(input[b, strides * i + di, strides * j + dj, q] * filter[di, dj, q, k])`` over di, dj, q
    (source: TensorFlow's documentation of ``tf.nn.conv2d``). It is the cross-correlation: filters are not reversed.

    Parameters
    ----------
    input : Tensor or array_like
        Images of rank 4: batch, height, width, channels, or as ``data_format`` says; float16, bfloat16, float32 or
        float64. float16 and bfloat16 are summed in float32 and rounded once.
    filter, filters : Tensor or array_like
        Height, width, channels of the images, channels of the result; of the dtype of the images. Either name may be
        used.
    strides : int, or sequence of 1, 2 or 4 int
        How far the window moves along height and width; 1 by default.
    padding : {"SAME", "VALID"} or sequence of 4 pairs of int
        ``"SAME"`` adds zeros so that every position has a window, ``"VALID"`` none; pairs say how many zeros are added
        before and after each dimension.
    use_cudnn_on_gpu : bool
        Recorded in the graph, and without effect.
    data_format : {"NHWC", "NCHW"}
        Where the channels are.
    dilations : int, or sequence of 1, 2 or 4 int
        How far the elements of a window are apart along height and width.
    name : str, optional
        Name of the operation, ``Conv2D`` by default.

    Returns
    -------
    Tensor
        Images of the dtype of ``input``, with the channels where ``input`` has them.

    Raises
    ------
    TypeError
        The images are of another dtype, or the padding is missing.
    ValueError
        The filters are missing or of another dtype than the images, a rank is not 4, the channels do not match, the
        window is larger than the images, or strides, padding or format differ from those above. Unlike in TensorFlow,
        the channels of the images may not be a multiple of those of the filters.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> images, filters = tf.ones([1, 5, 5, 3]), tf.ones([3, 3, 3, 8])
    >>> tf.nn.conv2d(images, filters, strides=2, padding="SAME", name="features")
    <tf.Tensor 'features:0' shape=(1, 3, 3, 8) dtype=float32>
    """
    kind, explicit = _padding(padding)
    with scope(name, "Conv2D", input) as full:
        images = convert_to_tensor(input, name="input")
        filters = convert_to_tensor(filter if filters is None else filters, images.dtype.base_dtype, name="filter")
        return apply(
            "Conv2D",
            images,
            filters,
            name=full,
            strides=four(strides, data_format),
            use_cudnn_on_gpu=use_cudnn_on_gpu,
            padding=kind,
            explicit_paddings=explicit,
            data_format=data_format.encode(),
            dilations=four(dilations, data_format),
        )


def _padding(padding: str | Sequence[Sequence[int]] | None) -> tuple[bytes, list[int]]:
    if isinstance(padding, str):
        return padding.upper().encode(), []
    if not isinstance(padding, list | tuple):
        raise TypeError(f"The padding must be 'SAME', 'VALID' or 4 pairs of integers, not {padding!r}.")
    if len(padding) != 4:
        raise ValueError(f"The padding must have a pair of integers for each of the 4 dimensions, not {padding!r}.")
    return b"EXPLICIT", [int(number) for pair in padding for number in pair]


def conv2d_transpose(
    value: TensorLike | None = None,
    filter: TensorLike | None = None,
    output_shape: TensorLike | None = None,
    strides: int | Sequence[int] | None = None,
    padding: str | Sequence[Sequence[int]] = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: TensorLike | None = None,
    filters: TensorLike | None = None,
    dilations: int | Sequence[int] | None = None,
) -> Tensor:
    """The transpose of a convolution, which is its derivative by the images: ``value`` is spread by the filters.

    Parameters
    ----------
    value, input : Tensor or array_like
        Images of rank 4: batch, height, width, channels, or as ``data_format`` says; float16, bfloat16, float32 or
        float64. Either name may be used.
    filter, filters : Tensor or array_like
        Height, width, channels of the result, channels of the images. Either name may be used.
    output_shape : Tensor or sequence of int
        The shape of the result.
    strides : int, or sequence of 1, 2 or 4 int
        How far apart the places of two neighbours of the images are in the result.
    padding : {"SAME", "VALID"} or sequence of 4 pairs of int
        That of the convolution from the result to the images.
    data_format : {"NHWC", "NCHW"}
        Where the channels are.
    name : str, optional
        Name of the operation, ``conv2d_transpose`` by default.
    dilations : int, or sequence of 1, 2 or 4 int, optional
        How far the elements of a window are apart.

    Returns
    -------
    Tensor
        Images of the dtype of ``value``, of the shape ``output_shape``.

    Raises
    ------
    TypeError
        The images are of another dtype.
    ValueError
        The shape of the result is missing, a rank is not 4, or strides, padding or format differ from those above.
    InvalidArgumentError
        When run: the shape of the result does not fit the images.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> images, filters = tf.ones([1, 3, 3, 8]), tf.ones([3, 3, 2, 8])
    >>> tf.nn.conv2d_transpose(images, filters, [1, 6, 6, 2], strides=2, name="larger")
    <tf.Tensor 'larger:0' shape=(1, 6, 6, 2) dtype=float32>
    """
    if output_shape is None:
        raise ValueError("tf.nn.conv2d_transpose needs output_shape, the shape of the result.")
    kind, explicit = _padding(padding)
    images = value if input is None else input
    filters = filter if filters is None else filters
    with scope(name, "conv2d_transpose", images, filters, output_shape) as full:
        images = convert_to_tensor(images, name="value")
        filters = convert_to_tensor(filters, images.dtype.base_dtype, name="filter")
        return apply(
            "Conv2DBackpropInput",
            output_shape,
            filters,
            images,
            name=full,
            strides=four(strides, data_format),
            padding=kind,
            explicit_paddings=explicit,
            data_format=data_format.encode(),
            dilations=four(dilations, data_format),
        )


def conv1d(
    value: TensorLike | None = None,
    filters: TensorLike | None = None,
    stride: int | Sequence[int] | None = None,
    padding: str | None = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: TensorLike | None = None,
    dilations: int | Sequence[int] | None = None,
) -> Tensor:
    """Convolve rows of values with filters, as `conv2d` does with images of height 1.

    Parameters
    ----------
    value, input : Tensor or array_like
        Of rank 3: batch, width, channels, or as ``data_format`` says. Either name may be used.
    filters : Tensor or array_like
        Width, channels of the values, channels of the result.
    stride : int
        How far the window moves.
    padding : {"SAME", "VALID"}
        Whether zeros are added so that every position has a window.
    use_cudnn_on_gpu : bool, optional
        Recorded in the graph, and without effect.
    data_format : {"NWC", "NCW", "NHWC", "NCHW"}, optional
        Where the channels are, last by default.
    name : str, optional
        Name of the operations, ``conv1d`` by default.
    dilations : int, optional
        How far the elements of a window are apart.

    Returns
    -------
    Tensor
        Of rank 3, of the dtype of ``value``.

    Raises
    ------
    TypeError
        The dtype is another one, or the padding is missing.
    ValueError
        The data format is unknown, or as for `conv2d`.
    """
    known = {None: "NHWC", "NWC": "NHWC", "NHWC": "NHWC", "NCW": "NCHW", "NCHW": "NCHW"}
    if data_format not in known:
        raise ValueError(f"The data_format of a convolution of rows is 'NWC' or 'NCW', not {data_format!r}.")
    layout = known[data_format]
    steps, apart = (
        _along_width(numbers, layout, each) for numbers, each in ((stride, "stride"), (dilations, "dilations"))
    )
    axis = 2 if layout == "NCHW" else 1
    rows = value if input is None else input
    with scope(name, "conv1d", rows, filters) as full:
        rows = convert_to_tensor(rows, name="value")
        images = apply("ExpandDims", rows, axis)
        windows = apply("ExpandDims", convert_to_tensor(filters, rows.dtype.base_dtype, name="filters"), 0)
        outputs = conv2d(
            images,
            windows,
            steps,
            padding,
            use_cudnn_on_gpu is not False,
            layout,
            apart,
            name=full,
        )
        return apply("Squeeze", outputs, squeeze_dims=[axis])


def _along_width(numbers: int | Sequence[int] | None, layout: str, argument: str) -> list[int]:
    given = [int(number) for number in np.atleast_1d(1 if numbers is None else numbers)]
    if len(given) not in (1, 3):
        raise ValueError(f"The {argument} of a convolution of rows is one number or three, not {numbers!r}.")
    step = given[0] if len(given) == 1 else given[2 if layout == "NCHW" else 1]
    return [1, 1, 1, step] if layout == "NCHW" else [1, 1, step, 1]
