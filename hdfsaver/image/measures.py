"""Numbers about images: differences of neighbours, and how alike two images are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.image.color_changes import convert_image_dtype
from hdfsaver.ops.arithmetic import squared_difference, subtract
from hdfsaver.ops.base import scope
from hdfsaver.ops.broadcasting import tile
from hdfsaver.ops.casting import cast
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.elementary import log
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.joining import concat, stack, unstack
from hdfsaver.ops.padding import pad
from hdfsaver.ops.reduction import reduce_mean, reduce_sum
from hdfsaver.ops.shaping import reshape
from hdfsaver.ops.shaping import shape as shape_tensor

_SOBEL = np.array([[[-1, -2, -1], [0, 0, 0], [1, 2, 1]], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]], np.float32)


def total_variation(images: TensorLike, name: str | None = None) -> Tensor:
    """The sum of the absolute differences of neighbouring pixels.

    Parameters
    ----------
    images : TensorLike
        (height, width, channels), or a batch of such images.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        A number for each image.

    Raises
    ------
    ValueError
        The images have another rank.
    """
    with scope(name, "total_variation"):
        tensor = convert_to_tensor(images)
        if tensor.shape.ndims == 3:
            down, across = tensor[1:, :, :] - tensor[:-1, :, :], tensor[:, 1:, :] - tensor[:, :-1, :]
            return reduce_sum(absolute(down)) + reduce_sum(absolute(across))
        if tensor.shape.ndims != 4:
            raise ValueError("'images' must be either 3 or 4-dimensional.")
        down = tensor[:, 1:, :, :] - tensor[:, :-1, :, :]
        across = tensor[:, :, 1:, :] - tensor[:, :, :-1, :]
        return reduce_sum(absolute(down), axis=[1, 2, 3]) + reduce_sum(absolute(across), axis=[1, 2, 3])


def image_gradients(image: TensorLike) -> tuple[Tensor, Tensor]:
    """The differences of each pixel from the one below and from the one to the right.

    Parameters
    ----------
    image : TensorLike
        (batch, height, width, channels).

    Returns
    -------
    (Tensor, Tensor)
        Both of the shape of the images; the last row and the last column are 0.

    Raises
    ------
    ValueError
        The images have another rank.
    """
    tensor = convert_to_tensor(image)
    if tensor.shape.ndims != 4:
        raise ValueError(f"image_gradients expects a 4D tensor [batch_size, h, w, d], not {tensor.shape}.")
    whole = shape_tensor(tensor)
    batch, height, width, depth = unstack(whole)
    down = tensor[:, 1:, :, :] - tensor[:, :-1, :, :]
    across = tensor[:, :, 1:, :] - tensor[:, :, :-1, :]
    rows = concat([down, zeros(stack([batch, 1, width, depth]), tensor.dtype)], 1)
    columns = concat([across, zeros(stack([batch, height, 1, depth]), tensor.dtype)], 2)
    return reshape(rows, whole), reshape(columns, whole)


def sobel_edges(image: TensorLike) -> Tensor:
    """Edges by Sobel's filters.

    Parameters
    ----------
    image : TensorLike
        (batch, height, width, channels), float32.

    Returns
    -------
    Tensor
        (batch, height, width, channels, 2): down and across.

    Raises
    ------
    ValueError
        The images have another rank.
    """
    tensor = convert_to_tensor(image)
    known, whole = tensor.shape, shape_tensor(tensor)
    kernels = convert_to_tensor(_SOBEL.transpose(1, 2, 0)[:, :, None])
    filters = tile(kernels, stack([1, 1, whole[3], 1]), name="sobel_filters")
    padded = pad(tensor, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = apply("DepthwiseConv2dNative", padded, filters, name="depthwise", strides=[1, 1, 1, 1], padding=b"VALID")
    result = reshape(edges, concat([whole, [2]], 0))
    result.set_shape(known.concatenate([2]))
    return result


def psnr(a: TensorLike, b: TensorLike, max_val: Any, name: str | None = None) -> Tensor:
    """How alike images are, in decibels: the peak signal-to-noise ratio.

    Parameters
    ----------
    a, b : TensorLike
        (..., height, width, channels), of one dtype.
    max_val : float
        The range of the pixels, 255 for uint8.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        A number for each pair of images, float32.

    Raises
    ------
    ValueError
        The shapes do not fit each other.
    """
    with scope(name, "PSNR", a, b):
        first, second = convert_to_tensor(a), convert_to_tensor(b)
        most = convert_image_dtype(cast(max_val, first.dtype), "float32")
        first, second = convert_image_dtype(first, "float32"), convert_image_dtype(second, "float32")
        _check_pair(first, second)
        error = reduce_mean(squared_difference(first, second), [-3, -2, -1])
        peak = 20 * log(most) / np.float32(math.log(10.0))
        return subtract(peak, np.float32(10 / math.log(10)) * log(error), name="psnr")


def _check_pair(first: Tensor, second: Tensor) -> None:
    for tensor in (first, second):
        if tensor.shape.ndims is not None and tensor.shape.ndims < 3:
            raise ValueError(f"Images need at least three dimensions, not the shape {tensor.shape}.")
    if not first.shape[-3:].is_compatible_with(second.shape[-3:]):
        raise ValueError(f"Cannot compare images of shapes {first.shape} and {second.shape}.")


def ssim(
    img1: TensorLike,
    img2: TensorLike,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """How alike images are in their structure, from -1 to 1.

    Parameters
    ----------
    img1, img2 : TensorLike
        (..., height, width, channels), of one dtype.
    max_val : float
        The range of the pixels, 255 for uint8.
    filter_size : int
        The size of the window that is compared.
    filter_sigma : float
        How fast its weights fall.
    k1, k2 : float
        The constants of the formula.

    Returns
    -------
    Tensor
        A number for each pair of images, float32.

    Raises
    ------
    ValueError
        The shapes do not fit each other.
    """
    with scope(None, "SSIM", img1, img2):
        first, second = convert_to_tensor(img1, name="img1"), convert_to_tensor(img2, name="img2")
        most = convert_image_dtype(cast(max_val, first.dtype), "float32")
        first, second = convert_image_dtype(first, "float32"), convert_image_dtype(second, "float32")
        _check_pair(first, second)
        weights = _gaussian(filter_size, filter_sigma, first.shape.as_list()[-1] or 1)
        mean1, mean2 = _blurred(first, weights), _blurred(second, weights)
        c1, c2 = (k1 * most) ** 2, (k2 * most) ** 2
        products = mean1 * mean2 * 2.0
        squares = mean1 * mean1 + mean2 * mean2
        luminance = (products + c1) / (squares + c1)
        both = _blurred(first * second, weights) * 2.0
        each = _blurred(first * first + second * second, weights)
        contrast = (both - products + c2) / (each - squares + c2)
        return reduce_mean(reduce_mean(luminance * contrast, [-3, -2]), [-1])


def _gaussian(size: int, sigma: float, channels: int) -> Tensor:
    places = np.arange(size) - (size - 1) / 2
    line = -0.5 * np.square(places) / sigma**2
    window = np.exp(line[:, None] + line)
    kernel = (window / window.sum()).astype(np.float32)
    return convert_to_tensor(np.tile(kernel[:, :, None, None], (1, 1, channels, 1)))


def _blurred(images: Tensor, weights: Tensor) -> Tensor:
    whole = shape_tensor(images)
    flat = reshape(images, concat([[-1], whole[-3:]], 0))
    blurred = apply("DepthwiseConv2dNative", flat, weights, strides=[1, 1, 1, 1], padding=b"VALID")
    return reshape(blurred, concat([whole[:-3], shape_tensor(blurred)[1:]], 0))
