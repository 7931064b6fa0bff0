"""Images turned and mirrored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.control_flow.conds import case, cond
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.image.image_shapes import check_rank
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal
from hdfsaver.ops.rounding import round as round_
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.ops.shaping import reshape, transpose
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.ops.slicing import reverse


def flip_left_right(image: TensorLike) -> Tensor:
    """Mirror images left to right; (height, width, channels), or a batch of such images."""
    return _flipped(image, 1, "flip_left_right")


def flip_up_down(image: TensorLike) -> Tensor:
    """Mirror images top to bottom; (height, width, channels), or a batch of such images."""
    return _flipped(image, 0, "flip_up_down")


def _flipped(image: TensorLike, axis: int, name: str) -> Tensor:
    with scope(None, name, image):
        tensor = check_rank(image)
        return _reversed(tensor, axis)


def _reversed(image: Tensor, axis: int) -> Tensor:
    return reverse(image, [axis if image.shape.ndims == 3 else axis + 1])


def random_flip_left_right(image: TensorLike, seed: int | None = None) -> Tensor:
    """Mirror each image left to right, or not, by chance.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    seed : int, optional
        The operation's own seed.

    Returns
    -------
    Tensor
        Of the shape of the images.

    Raises
    ------
    ValueError
        The images have another rank.
    """
    return _flipped_by_chance(image, 1, seed, "random_flip_left_right")


def random_flip_up_down(image: TensorLike, seed: int | None = None) -> Tensor:
    """Mirror each image top to bottom, or not, by chance.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    seed : int, optional
        The operation's own seed.

    Returns
    -------
    Tensor
        Of the shape of the images.

    Raises
    ------
    ValueError
        The images have another rank.
    """
    return _flipped_by_chance(image, 0, seed, "random_flip_up_down")


def _flipped_by_chance(image: TensorLike, axis: int, seed: int | None, name: str) -> Tensor:
    with scope(None, name, image) as full:
        tensor = check_rank(image)
        if tensor.shape.ndims == 4:
            return _each_by_chance(tensor, axis, seed)
        chance = random_uniform([], 0, 1.0, seed=seed)
        result: Tensor = cond(chance < 0.5, lambda: _reversed(tensor, axis), lambda: tensor, name=full)
        result.set_shape(tensor.shape)
        return result


def _each_by_chance(images: Tensor, axis: int, seed: int | None) -> Tensor:
    count = shape_tensor(images)[0]
    chances = random_uniform([count], 0, 1.0, seed=seed)
    flips = cast(round_(reshape(chances, [count, 1, 1, 1])), images.dtype)
    flipped = _reversed(images, axis)
    return flips * flipped + (1 - flips) * images


def rot90(image: TensorLike, k: Any = 1, name: str | None = None) -> Tensor:
    """Turn images to the left by quarters of a circle.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    k : int or Tensor
        The number of quarters.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        The turned images.

    Raises
    ------
    ValueError
        The images have another rank.
    """
    with scope(name, "rot90", image, k) as full:
        tensor = check_rank(image)
        quarters = convert_to_tensor(k, "int32", name="k") % 4
        turned: list[tuple[Tensor, Callable[[], Tensor]]] = [
            (equal(quarters, 1), lambda: _swapped(_reversed(tensor, 1))),
            (equal(quarters, 2), lambda: _upside_down(tensor)),
            (equal(quarters, 3), lambda: _reversed(_swapped(tensor), 1)),
        ]
        result: Tensor = case(turned, default=lambda: tensor, exclusive=True, name=full)
        sizes = tensor.shape.as_list()
        result.set_shape([*sizes[:-3], None, None, sizes[-1]])
        return result


def _upside_down(image: Tensor) -> Tensor:
    first = 0 if image.shape.ndims == 3 else 1
    return reverse(image, [first, first + 1])


def _swapped(image: Tensor) -> Tensor:
    return transpose(image, [1, 0, 2] if image.shape.ndims == 3 else [0, 2, 1, 3])


def transpose_image(image: TensorLike) -> Tensor:
    """Exchange height and width; (height, width, channels), or a batch of such images."""
    with scope(None, "transpose", image):
        return _swapped(check_rank(image))
