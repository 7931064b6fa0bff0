"""Colors of images: contrast, hue and saturation; red, green and blue as hue, saturation and value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.definition import FLOATS, Kernel, Node, OpDef, register
from hdfsaver.ops.base import NO_DERIVATIVE, Unary, at_least, invalid, widened, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _check_colors(shape: Shape) -> Shape:
    if at_least(shape, 1) is not None and shape is not None and shape[-1] not in (None, 3):
        raise ValueError(f"The last dimension must have 3 colors, not {shape[-1]}.")
    return shape


def _hue_of(colors: Array) -> Array:
    red, green, blue = (colors[..., number] for number in range(3))
    value = colors.max(-1)
    spread = value - colors.min(-1)
    with np.errstate(all="ignore"):
        saturation = np.where(value > 0, spread / value, 0)
        sixth = 1 / (6 * spread)
        by_blue = np.where(value == green, sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6)
        hue = np.where(value == red, sixth * (green - blue), by_blue)
        hue = np.where(spread > 0, hue, 0)
        hue = np.where(hue < 0, hue + 1, hue)
    return np.stack([hue, saturation, value], -1).astype(colors.dtype)


def _colors_of(parts: Array) -> Array:
    hue, saturation, value = (parts[..., number] for number in range(3))
    sixths = hue * 6
    red = np.clip(np.abs(sixths - 3) - 1, 0, 1)
    green = np.clip(2 - np.abs(sixths - 2), 0, 1)
    blue = np.clip(2 - np.abs(sixths - 4), 0, 1)
    grey = 1 - saturation
    return np.stack([(grey + saturation * part) * value for part in (red, green, blue)], -1).astype(parts.dtype)


class _Colors(Unary):
    """Three numbers in the last dimension become three others."""

    types = {"T": FLOATS}
    default_types = {"T": "float32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return [_check_colors(node.input_shapes[0])]


def _three(colors: Array) -> Array:
    if colors.ndim < 1 or colors.shape[-1] != 3:
        raise invalid(f"input must have 3 channels but input has shape {colors.shape}.")
    return colors


@register
class RGBToHSV(_Colors):
    """Red, green and blue as hue, saturation and value, all from 0 to 1."""

    type = "RGBToHSV"
    signature = "images: T -> output: T"
    differs = NO_DERIVATIVE

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda colors: _hue_of(_three(colors)))


@register
class HSVToRGB(_Colors):
    """Hue, saturation and value as red, green and blue."""

    type = "HSVToRGB"
    signature = "images: T -> output: T"

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda parts: _colors_of(_three(parts)))


class _Adjusting(OpDef):
    """Images, and a number that says how much they change."""

    types = {"T": frozenset({"float16", "float32"})}
    default_types = {"T": "float32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the images."""
        with_rank(node.input_shapes[1], 0)
        return [at_least(node.input_shapes[0], 3)]

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda images, number: self.adjusted(images, np.asarray(number, images.dtype)))

    def adjusted(self, images: Array, number: Array) -> Array:
        """The images, changed."""
        raise NotImplementedError


@register
class AdjustContrastv2(_Adjusting):
    """The distance of each pixel from the mean of its channel, multiplied."""

    type = "AdjustContrastv2"
    signature = "images: T, contrast_factor: float32 -> output: T"

    def adjusted(self, images: Array, number: Array) -> Array:
        mean = images.mean((-3, -2), keepdims=True, dtype=np.float64).astype(images.dtype)
        result: Array = (images - mean) * number + mean
        return result


@register
class AdjustHue(_Adjusting):
    """A number added to the hue, which is a circle."""

    type = "AdjustHue"
    signature = "images: T, delta: float32 -> output: T"

    def adjusted(self, images: Array, number: Array) -> Array:
        parts = _hue_of(_three(images))
        parts[..., 0] = np.mod(parts[..., 0] + number, 1)
        return _colors_of(parts)


@register
class AdjustSaturation(_Adjusting):
    """The saturation, multiplied; it stays between 0 and 1."""

    type = "AdjustSaturation"
    signature = "images: T, scale: float32 -> output: T"

    def adjusted(self, images: Array, number: Array) -> Array:
        parts = _hue_of(_three(images))
        parts[..., 1] = np.clip(parts[..., 1] * number, 0, 1)
        return _colors_of(parts)
