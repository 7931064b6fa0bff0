"""Colors and brightness of images, and the dtypes of pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.assertions.comparisons import assert_non_negative
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default_graph_functions import control_dependencies
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.image.image_shapes import check_rank
from hdfsaver.ops.arithmetic import add, maximum, multiply
from hdfsaver.ops.base import scope
from hdfsaver.ops.broadcasting import tile
from hdfsaver.ops.casting import cast, saturate_cast
from hdfsaver.ops.constants import identity
from hdfsaver.ops.elementary import square
from hdfsaver.ops.linalg_ops import tensordot
from hdfsaver.ops.reduction import reduce_mean, reduce_prod
from hdfsaver.ops.roots import rsqrt, sqrt
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.ops.shaping import expand_dims
from hdfsaver.ops.shaping import shape as shape_tensor

_GREY = [0.2989, 0.5870, 0.1140]
_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
_FROM_YIQ = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
_FROM_YUV = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


def convert_image_dtype(image: TensorLike, dtype: DTypeLike, saturate: bool = False, name: str | None = None) -> Tensor:
    """Images in another dtype: floats from 0 to 1 become integers up to the greatest of the dtype, and back.

    Parameters
    ----------
    image : TensorLike
        Of a float or integer dtype.
    dtype : DTypeLike
        The dtype of the result.
    saturate : bool
        Whether numbers beyond the dtype become the nearest that it has; otherwise they may be any.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the shape of the images.

    Raises
    ------
    AttributeError
        The dtype is neither of floats nor of integers.
    """
    tensor, wanted = convert_to_tensor(image, name="image"), dtypes.as_dtype(dtype)
    if not wanted.is_floating and not wanted.is_integer:
        raise AttributeError("dtype must be either floating point or integer")
    if not tensor.dtype.is_floating and not tensor.dtype.is_integer:
        raise AttributeError("image dtype must be either floating point or integer")
    if wanted == tensor.dtype:
        return identity(tensor, name=name)
    limited: Callable[..., Tensor] = saturate_cast if saturate else cast
    with scope(name, "convert_image", tensor) as full:
        if tensor.dtype.is_integer and wanted.is_integer:
            return _between_integers(tensor, wanted, limited, full)
        if tensor.dtype.is_floating and wanted.is_floating:
            return cast(tensor, wanted, name=full)
        if tensor.dtype.is_integer:
            return multiply(cast(tensor, wanted), 1.0 / float(tensor.dtype.max), name=full)
        scaled = multiply(tensor, float(wanted.max) + 0.5)
        return limited(scaled, wanted, name=full)


def _between_integers(image: Tensor, wanted: Any, limited: Callable[..., Tensor], name: str) -> Tensor:
    most, target = int(image.dtype.max), int(wanted.max)
    if most > target:
        scaled = apply("FloorDiv", image, (most + 1) // (target + 1))
        return limited(scaled, wanted, name=name)
    if most == target:
        return limited(image, wanted, name=name)
    return multiply(limited(image, wanted), (target + 1) // (most + 1), name=name)


def _in_float32(image: Tensor) -> Tensor:
    return image if image.dtype.name in ("float16", "float32") else convert_image_dtype(image, "float32")


def adjust_brightness(image: TensorLike, delta: Any) -> Tensor:
    """Add a number to all pixels, which are from 0 to 1 for floats and are scaled like that for integers.

    Parameters
    ----------
    image : TensorLike
        Of any shape.
    delta : float
        The number.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    AttributeError
        The dtype is neither of floats nor of integers.
    """
    with scope(None, "adjust_brightness", image, delta) as full:
        tensor = convert_to_tensor(image, name="image")
        whole = _in_float32(tensor)
        return convert_image_dtype(add(whole, cast(delta, whole.dtype), name=full), tensor.dtype, saturate=True)


def random_brightness(image: TensorLike, max_delta: float, seed: int | None = None) -> Tensor:
    """Add a random number to all pixels; see `adjust_brightness`.

    Parameters
    ----------
    image : TensorLike
        Of any shape.
    max_delta : float
        The number is between this one and its negative.
    seed : int, optional
        The operation's own seed.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        ``max_delta`` is negative.
    """
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def adjust_contrast(images: TensorLike, contrast_factor: Any) -> Tensor:
    """Multiply the distance of each pixel from the mean of its channel.

    Parameters
    ----------
    images : TensorLike
        (..., height, width, channels).
    contrast_factor : float
        The factor.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        The images have less than three dimensions.
    """
    with scope(None, "adjust_contrast", images, contrast_factor) as full:
        tensor = convert_to_tensor(images, name="images")
        adjusted = apply("AdjustContrastv2", _in_float32(tensor), contrast_factor, name=full)
        return convert_image_dtype(adjusted, tensor.dtype, saturate=True)


def random_contrast(image: TensorLike, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """Change the contrast by a random factor; see `adjust_contrast`.

    Parameters
    ----------
    image : TensorLike
        (..., height, width, channels).
    lower, upper : float
        The factor is between them.
    seed : int, optional
        The operation's own seed.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        The bounds are negative or not in order.
    """
    return adjust_contrast(image, _factor(lower, upper, seed))


def _factor(lower: float, upper: float, seed: int | None) -> Tensor:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return random_uniform([], lower, upper, seed=seed)


def adjust_gamma(image: TensorLike, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """Raise each pixel to a power, and multiply it.

    Parameters
    ----------
    image : TensorLike
        Of any shape.
    gamma : float
        The power, not negative.
    gain : float
        The factor.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        ``gamma`` is negative.
    """
    with scope(None, "adjust_gamma", image, gamma, gain):
        tensor = convert_to_tensor(image, name="image")
        whole = _in_float32(tensor)
        if not is_tensor(gamma) and gamma < 0:
            raise ValueError("Gamma should be a non-negative real number.")
        if is_tensor(gamma):
            with control_dependencies(
                [assert_non_negative(gamma, message="Gamma should be a non-negative real number.")]
            ):
                gamma = identity(gamma)
        return convert_image_dtype(gain * whole**gamma, tensor.dtype, saturate=True)


def adjust_hue(image: TensorLike, delta: Any, name: str | None = None) -> Tensor:
    """Turn the circle of hues.

    Parameters
    ----------
    image : TensorLike
        (..., height, width, 3).
    delta : float
        How far, from -1 to 1.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        The images have less than three dimensions, or the last is not 3.
    """
    with scope(name, "adjust_hue", image):
        return _in_colors("AdjustHue", image, delta)


def random_hue(image: TensorLike, max_delta: float, seed: int | None = None) -> Tensor:
    """Turn the circle of hues by chance; see `adjust_hue`.

    Parameters
    ----------
    image : TensorLike
        (..., height, width, 3).
    max_delta : float
        The number is between this one and its negative; at most 0.5.
    seed : int, optional
        The operation's own seed.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        ``max_delta`` is out of range.
    """
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


def adjust_saturation(image: TensorLike, saturation_factor: Any, name: str | None = None) -> Tensor:
    """Multiply the saturation.

    Parameters
    ----------
    image : TensorLike
        (..., height, width, 3).
    saturation_factor : float
        The factor.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        The images have less than three dimensions, or the last is not 3.
    """
    with scope(name, "adjust_saturation", image):
        return _in_colors("AdjustSaturation", image, saturation_factor)


def random_saturation(image: TensorLike, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """Multiply the saturation by a random factor; see `adjust_saturation`.

    Parameters
    ----------
    image : TensorLike
        (..., height, width, 3).
    lower, upper : float
        The factor is between them.
    seed : int, optional
        The operation's own seed.

    Returns
    -------
    Tensor
        Of the dtype and shape of the images.

    Raises
    ------
    ValueError
        The bounds are negative or not in order.
    """
    return adjust_saturation(image, _factor(lower, upper, seed))


def _in_colors(op_type: str, image: TensorLike, number: Any) -> Tensor:
    tensor = convert_to_tensor(image, name="image")
    last = tensor.shape.as_list()[-1] if tensor.shape.ndims else None
    if last is not None and last != 3:
        raise ValueError(f"The last dimension must have 3 colors, not {last}.")
    return convert_image_dtype(apply(op_type, _in_float32(tensor), number), tensor.dtype)


def rgb_to_grayscale(images: TensorLike, name: str | None = None) -> Tensor:
    """Grey images of colored ones.

    Parameters
    ----------
    images : TensorLike
        (..., 3).
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        (..., 1), of the dtype of the images.

    Raises
    ------
    ValueError
        The last dimension is not 3.
    """
    with scope(name, "rgb_to_grayscale", images) as full:
        tensor = convert_to_tensor(images, name="images")
        whole = convert_image_dtype(tensor, "float32")
        grey = expand_dims(tensordot(whole, _GREY, [-1, -1]), -1)
        return convert_image_dtype(grey, tensor.dtype, name=full)


def grayscale_to_rgb(images: TensorLike, name: str | None = None) -> Tensor:
    """Images with three equal colors out of grey ones.

    Parameters
    ----------
    images : TensorLike
        (..., 1).
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        (..., 3), of the dtype of the images.

    Raises
    ------
    ValueError
        The rank is not known, or the last dimension is not 1.
    """
    with scope(name, "grayscale_to_rgb", images) as full:
        tensor = convert_to_tensor(images, name="images")
        rank = tensor.shape.ndims
        if not rank:
            raise ValueError("A grayscale image must be at least two-dimensional.")
        if tensor.shape.as_list()[-1] not in (None, 1):
            raise ValueError("Last dimension of a grayscale image should be size 1.")
        return tile(tensor, np.array([1] * (rank - 1) + [3], np.int32), name=full)


def _mixed(images: TensorLike, kernel: list[Any]) -> Tensor:
    tensor = convert_to_tensor(images, name="images")
    matrix = convert_to_tensor(kernel, tensor.dtype, name="kernel")
    return tensordot(tensor, matrix, [[(tensor.shape.ndims or 1) - 1], [0]])


def rgb_to_yiq(images: TensorLike) -> Tensor:
    """The colors of the YIQ system for red, green and blue in the last dimension."""
    return _mixed(images, _YIQ)


def yiq_to_rgb(images: TensorLike) -> Tensor:
    """Red, green and blue for the colors of the YIQ system in the last dimension."""
    return _mixed(images, _FROM_YIQ)


def rgb_to_yuv(images: TensorLike) -> Tensor:
    """The colors of the YUV system for red, green and blue in the last dimension."""
    return _mixed(images, _YUV)


def yuv_to_rgb(images: TensorLike) -> Tensor:
    """Red, green and blue for the colors of the YUV system in the last dimension."""
    return _mixed(images, _FROM_YUV)


def rgb_to_hsv(images: TensorLike, name: str | None = None) -> Tensor:
    """Hue, saturation and value for red, green and blue in the last dimension, all from 0 to 1."""
    return apply("RGBToHSV", images, name=name)


def hsv_to_rgb(images: TensorLike, name: str | None = None) -> Tensor:
    """Red, green and blue for hue, saturation and value in the last dimension, all from 0 to 1."""
    return apply("HSVToRGB", images, name=name)


def per_image_standardization(image: TensorLike) -> Tensor:
    """Images with mean 0 and variance 1; one whose pixels are all equal becomes 0.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.

    Returns
    -------
    Tensor
        float32 where the images are integers, otherwise of their dtype.

    Raises
    ------
    ValueError
        The images have another rank.
    """
    with scope(None, "per_image_standardization", image) as full:
        tensor = _in_float32(check_rank(image))
        count = reduce_prod(shape_tensor(tensor)[-3:])
        mean = reduce_mean(tensor, [-1, -2, -3], keepdims=True)
        with scope(None, "reduce_std", tensor):
            with scope(None, "reduce_variance", tensor):
                distance = tensor - reduce_mean(tensor, [-1, -2, -3], keepdims=True)
                variance = reduce_mean(square(distance), [-1, -2, -3], keepdims=True)
            deviation = sqrt(variance)
        bounded = maximum(deviation, rsqrt(cast(count, tensor.dtype)))
        return apply("RealDiv", tensor - mean, bounded, name=full)
