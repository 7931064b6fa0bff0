"""Convolutions and pools of volumes, which have three axes between the batch and the channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, INDICES, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import NO_DERIVATIVE, ROUNDED_ONCE, scope
from hdfsaver.ops.sliding_windows import NDHWC, VOLUME_ALLOWED, each_axis
from hdfsaver.ops.window_rules import (
    Convolution,
    ConvolutionByFilters,
    ConvolutionByImages,
    GreatestByImages,
    GreatestOfWindows,
    MeanByImages,
    MeanOfWindows,
)

_NEEDED = {"strides": "list(int)", "padding": "string"}
_MINIMUMS = {"strides": 5}
_ATTRS: dict[str, Any] = {"data_format": NDHWC, "dilations": [1, 1, 1, 1, 1]}
_POOL_NEEDED = {"ksize": "list(int)", **_NEEDED}
_POOL_MINIMUMS = {"ksize": 5, **_MINIMUMS}
_POOL_ATTRS: dict[str, Any] = {"data_format": NDHWC}
_SINGLE = FLOATS - {"float64"}


@register
class Conv3D(Convolution):
    """The cross-correlation of volumes and filters (depth, height, width, their channels, those of the result)."""

    type = "Conv3D"
    rank = 3
    by_images, by_filters = "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"
    signature = "input: T, filter: T -> output: T"
    needed = _NEEDED
    allowed = VOLUME_ALLOWED
    minimums = _MINIMUMS
    attrs = _ATTRS


@register
class Conv3DBackpropInputV2(ConvolutionByImages):
    """The derivative of `Conv3D` by the volumes."""

    type = "Conv3DBackpropInputV2"
    rank = 3
    forward, by_filters = "Conv3D", "Conv3DBackpropFilterV2"
    signature = "input_sizes: Tshape, filter: T, out_backprop: T -> output: T"
    types = {"T": FLOATS, "Tshape": INDICES}
    default_types = {"Tshape": "int32"}
    needed = _NEEDED
    allowed = VOLUME_ALLOWED
    minimums = _MINIMUMS
    attrs = _ATTRS


@register
class Conv3DBackpropFilterV2(ConvolutionByFilters):
    """The derivative of `Conv3D` by the filters."""

    type = "Conv3DBackpropFilterV2"
    rank = 3
    forward, by_images = "Conv3D", "Conv3DBackpropInputV2"
    signature = "input: T, filter_sizes: int32, out_backprop: T -> output: T"
    needed = _NEEDED
    allowed = VOLUME_ALLOWED
    minimums = _MINIMUMS
    attrs = _ATTRS


@register
class MaxPool3D(GreatestOfWindows):
    """The greatest of each window of volumes."""

    type = "MaxPool3D"
    rank = 3
    backward = "MaxPool3DGrad"
    signature = "input: T -> output: T"
    types = {"T": _SINGLE}
    needed = _POOL_NEEDED
    allowed = VOLUME_ALLOWED
    minimums = _POOL_MINIMUMS
    attrs = _POOL_ATTRS


@register
class MaxPool3DGrad(GreatestByImages):
    """The derivative of `MaxPool3D`: it goes to the first greatest of each window."""

    type = "MaxPool3DGrad"
    rank = 3
    differs = NO_DERIVATIVE
    signature = "orig_input: TInput, orig_output: TInput, grad: T -> output: T"
    types = {"T": _SINGLE, "TInput": _SINGLE}
    default_types = {"T": "float32", "TInput": "float32"}
    needed = _POOL_NEEDED
    allowed = VOLUME_ALLOWED
    minimums = _POOL_MINIMUMS
    attrs = _POOL_ATTRS


@register
class AvgPool3D(MeanOfWindows):
    """The mean of each window of volumes, without the padding."""

    type = "AvgPool3D"
    rank = 3
    backward = "AvgPool3DGrad"
    differs = ROUNDED_ONCE
    signature = "input: T -> output: T"
    needed = _POOL_NEEDED
    allowed = VOLUME_ALLOWED
    minimums = _POOL_MINIMUMS
    attrs = _POOL_ATTRS


@register
class AvgPool3DGrad(MeanByImages):
    """The derivative of `AvgPool3D`."""

    type = "AvgPool3DGrad"
    rank = 3
    forward = "AvgPool3D"
    signature = "orig_input_shape: int32, grad: T -> output: T"
    needed = _POOL_NEEDED
    allowed = VOLUME_ALLOWED
    minimums = _POOL_MINIMUMS
    attrs = _POOL_ATTRS


def conv3d(
    input: TensorLike,
    filter: TensorLike | None = None,
    strides: int | Sequence[int] | None = None,
    padding: str | None = None,
    data_format: str = "NDHWC",
    dilations: int | Sequence[int] | None = (1, 1, 1, 1, 1),
    name: str | None = None,
    filters: TensorLike | None = None,
) -> Tensor:
    """Convolve volumes with filters, as `conv2d` does with images.

    Parameters
    ----------
    input : Tensor or array_like
        Volumes of rank 5: batch, depth, height, width, channels, or as ``data_format`` says; float16, bfloat16, float32
        or float64.
    filter, filters : Tensor or array_like
        Depth, height, width, channels of the volumes, channels of the result. Either name may be used.
    strides : int, or sequence of 1, 3 or 5 int
        How far the window moves; 1 by default.
    padding : {"SAME", "VALID"}
        Whether zeros are added so that every position has a window.
    data_format : {"NDHWC", "NCDHW"}
        Where the channels are.
    dilations : int, or sequence of 1, 3 or 5 int
        How far the elements of a window are apart.
    name : str, optional
        Name of the operation, ``Conv3D`` by default.

    Returns
    -------
    Tensor
        Volumes of the dtype of ``input``.

    Raises
    ------
    TypeError
        The volumes are of another dtype, or the padding is missing.
    ValueError
        A rank is not 5, the channels do not match, the window is larger than the volumes, or strides, padding or format
        differ from those above.
    """
    if not isinstance(padding, str):
        raise TypeError(f"The padding must be 'SAME' or 'VALID', not {padding!r}.")
    with scope(name, "Conv3D", input) as full:
        volumes = convert_to_tensor(input, name="input")
        kernel = convert_to_tensor(filter if filters is None else filters, volumes.dtype.base_dtype, name="filter")
        return apply(
            "Conv3D",
            volumes,
            kernel,
            name=full,
            strides=each_axis(strides, data_format, 3),
            padding=padding.upper().encode(),
            data_format=data_format.encode(),
            dilations=each_axis(dilations, data_format, 3),
        )


def conv3d_transpose(
    value: TensorLike | None,
    filter: TensorLike | None = None,
    output_shape: TensorLike | None = None,
    strides: int | Sequence[int] | None = None,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    input: TensorLike | None = None,
    filters: TensorLike | None = None,
    dilations: int | Sequence[int] | None = None,
) -> Tensor:
    """The transpose of a convolution of volumes, which is its derivative by the volumes; see `conv2d_transpose`.

    Parameters
    ----------
    value, input : Tensor or array_like
        Volumes of rank 5: batch, depth, height, width, channels, or as ``data_format`` says. Either name may be used.
    filter, filters : Tensor or array_like
        Depth, height, width, channels of the result, channels of the volumes. Either name may be used.
    output_shape : Tensor or sequence of int
        The shape of the result.
    strides : int, or sequence of 1, 3 or 5 int
        How far apart the places of two neighbours of the volumes are in the result.
    padding : {"SAME", "VALID"}
        That of the convolution from the result to the volumes.
    data_format : {"NDHWC", "NCDHW"}
        Where the channels are.
    name : str, optional
        Name of the operation, ``conv3d_transpose`` by default.
    dilations : int, or sequence of 1, 3 or 5 int, optional
        How far the elements of a window are apart.

    Returns
    -------
    Tensor
        Volumes of the dtype of ``value``, of the shape ``output_shape``.

    Raises
    ------
    TypeError
        The volumes are of another dtype.
    ValueError
        The shape of the result is missing, a rank is not 5, or strides, padding or format differ from those above.
    InvalidArgumentError
        When run: the shape of the result does not fit the volumes.
    """
    if output_shape is None:
        raise ValueError("tf.nn.conv3d_transpose needs output_shape, the shape of the result.")
    given, kernel = value if input is None else input, filter if filters is None else filters
    with scope(name, "conv3d_transpose", given, kernel, output_shape) as full:
        volumes = convert_to_tensor(given, name="value")
        kernel = convert_to_tensor(kernel, volumes.dtype.base_dtype, name="filter")
        return apply(
            "Conv3DBackpropInputV2",
            output_shape,
            kernel,
            volumes,
            name=full,
            strides=each_axis(strides, data_format, 3),
            padding=padding.upper().encode(),
            data_format=data_format.encode(),
            dilations=each_axis(dilations, data_format, 3),
        )


def max_pool3d(
    input: TensorLike,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The greatest of each window of volumes; see `max_pool`.

    Parameters
    ----------
    input : TensorLike
        Volumes of rank 5; float16, bfloat16 or float32.
    ksize, strides : int, or sequence of 1, 3 or 5 int
        The sizes of a window, and how far windows are apart.
    padding : {"SAME", "VALID"}
    data_format : {"NDHWC", "NCDHW"}
        Where the channels are.
    name : str, optional
        Name of the operation, ``MaxPool3D`` by default.

    Returns
    -------
    Tensor
        Volumes of the same dtype.

    Raises
    ------
    ValueError
        The window is longer than the volumes, the rank is not 5, or an option differs from those above.
    TypeError
        The dtype is another.
    """
    return _pooled("MaxPool3D", input, ksize, strides, padding, data_format, name)


def avg_pool3d(
    input: TensorLike,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The mean of each window of volumes; see `avg_pool`.

    Parameters
    ----------
    input : TensorLike
        Volumes of rank 5; float16, bfloat16, float32 or float64.
    ksize, strides : int, or sequence of 1, 3 or 5 int
        The sizes of a window, and how far windows are apart.
    padding : {"SAME", "VALID"}
    data_format : {"NDHWC", "NCDHW"}
        Where the channels are.
    name : str, optional
        Name of the operation, ``AvgPool3D`` by default.

    Returns
    -------
    Tensor
        Volumes of the same dtype.

    Raises
    ------
    ValueError
        The window is longer than the volumes, the rank is not 5, or an option differs from those above.
    TypeError
        The dtype is another.
    """
    return _pooled("AvgPool3D", input, ksize, strides, padding, data_format, name)


def _pooled(
    op_type: str,
    volumes: TensorLike,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str,
    name: str | None,
) -> Tensor:
    attrs = {"ksize": each_axis(ksize, data_format, 3), "strides": each_axis(strides, data_format, 3)}
    with scope(name, op_type, volumes) as full:
        tensor = convert_to_tensor(volumes, name="input")
        return apply(
            op_type, tensor, name=full, **attrs, padding=padding.upper().encode(), data_format=data_format.encode()
        )
