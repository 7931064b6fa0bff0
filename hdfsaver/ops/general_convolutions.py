"""Convolutions of inputs of any rank, with gaps, and transposed ones of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.convolutions import conv1d, conv2d, conv2d_transpose
from hdfsaver.ops.volumes import conv3d


def convolution(
    input: TensorLike,
    filter: TensorLike | None,
    padding: str,
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] | None = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: TensorLike | None = None,
    dilations: int | Sequence[int] | None = None,
) -> Tensor:
    """Convolve rows, images or volumes, as the rank of the inputs says; see `conv2d`.

    Parameters
    ----------
    input : TensorLike
        Of rank 3, 4 or 5.
    filter, filters : TensorLike
        Either name may be used.
    padding : {"SAME", "VALID"}
    strides, dilation_rate, dilations : int or sequence of int, optional
        For each axis between the batch and the channels; 1 by default. Either name of the last may be used.
    name : str, optional
        ``convolution`` by default.
    data_format : str, optional
        Channels come last by default, and second if it begins with ``"NC"``.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The rank is another or unknown, or as for `conv2d`.
    """
    with scope(name, "convolution", input, filter):
        tensor = convert_to_tensor(input, name="input")
        kernel = filter if filters is None else filters
        gaps = dilation_rate if dilations is None else dilations
        rank = tensor.shape.ndims
        layout = data_format or {3: "NWC", 4: "NHWC", 5: "NDHWC"}.get(rank or 0, "")
        if rank == 3:
            stride, gap = (None if given is None else int(np.ravel(given)[0]) for given in (strides, gaps))
            return conv1d(tensor, kernel, stride, padding, data_format=layout, dilations=gap, name=None)
        if rank == 4:
            return conv2d(tensor, kernel, strides, padding, data_format=layout, dilations=gaps)
        if rank == 5:
            return conv3d(tensor, kernel, strides, padding, layout, gaps)
        raise ValueError(f"A convolution needs inputs of rank 3, 4 or 5, not {tensor.shape}.")


def atrous_conv2d(value: TensorLike, filters: TensorLike, rate: int, padding: str, name: str | None = None) -> Tensor:
    """Convolve images with filters whose elements are apart; see `conv2d`.

    Parameters
    ----------
    value : TensorLike
        Images of rank 4, channels last.
    filters : TensorLike
    rate : int
        How far the elements of a window are apart.
    padding : {"SAME", "VALID"}
    name : str, optional
        ``convolution`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `conv2d`.
    """
    return convolution(value, filters, padding, dilation_rate=rate, name=name)


def atrous_conv2d_transpose(
    value: TensorLike,
    filters: TensorLike,
    output_shape: TensorLike,
    rate: int,
    padding: str,
    name: str | None = None,
) -> Tensor:
    """The transpose of `atrous_conv2d`; see `conv2d_transpose`.

    Parameters
    ----------
    value : TensorLike
        Images of rank 4, channels last.
    filters : TensorLike
        Height, width, channels of the result, channels of the images.
    output_shape : TensorLike
        The shape of the result.
    rate : int
        How far the elements of a window are apart.
    padding : {"SAME", "VALID"}
    name : str, optional
        ``atrous_conv2d_transpose`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `conv2d_transpose`.
    """
    with scope(name, "atrous_conv2d_transpose", value, filters, output_shape):
        return conv2d_transpose(value, filters, output_shape, 1, padding, dilations=rate)


def conv1d_transpose(
    input: TensorLike,
    filters: TensorLike,
    output_shape: TensorLike,
    strides: int | Sequence[int],
    padding: str = "SAME",
    data_format: str = "NWC",
    dilations: int | Sequence[int] | None = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of a convolution of rows; see `conv2d_transpose`.

    Parameters
    ----------
    input : TensorLike
        Of rank 3: batch, width, channels, or as ``data_format`` says.
    filters : TensorLike
        Width, channels of the result, channels of the input.
    output_shape : TensorLike
        The shape of the result, of three numbers.
    strides : int
        How far apart the places of two neighbours of the input are in the result.
    padding : {"SAME", "VALID"}
    data_format : {"NWC", "NCW"}
    dilations : int, optional
        How far the elements of a window are apart.
    name : str, optional
        ``conv1d_transpose`` by default.

    Returns
    -------
    Tensor
        Of rank 3.

    Raises
    ------
    ValueError
        The format is unknown, or as for `conv2d_transpose`.
    """
    known = {"NWC": "NHWC", "NCW": "NCHW"}
    if data_format not in known:
        raise ValueError(f"The data_format of a convolution of rows is 'NWC' or 'NCW', not {data_format!r}.")
    axis = 2 if data_format == "NCW" else 1
    with scope(name, "conv1d_transpose", input, filters, output_shape):
        rows = convert_to_tensor(input, name="input")
        windows = apply("ExpandDims", convert_to_tensor(filters, rows.dtype.base_dtype, name="filters"), 0)
        shape = convert_to_tensor(output_shape, "int32", name="output_shape")
        parts = shape[:axis], [1], shape[axis:]
        step, gap = (int(np.ravel(1 if given is None else given)[-1]) for given in (strides, dilations))
        outputs = conv2d_transpose(
            apply("ExpandDims", rows, axis),
            windows,
            apply("ConcatV2", list(parts), 0),
            (1, step),
            padding,
            known[data_format],
            dilations=(1, gap),
        )
        return apply("Squeeze", outputs, squeeze_dims=[axis])
