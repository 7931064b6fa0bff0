"""Shapes of images: their sizes as numbers where they are known, and checks that are made at once or in the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdfsaver.control_flow.conds import Assert_
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.constants import with_dependencies
from hdfsaver.ops.joining import unstack
from hdfsaver.ops.shaping import expand_dims, squeeze
from hdfsaver.ops.shaping import shape as shape_tensor

Size = Any
"""A number, or a tensor where the number is not known."""


def sizes_of(image: Tensor) -> list[Size]:
    """The size of each dimension of a tensor of known rank."""
    known = image.shape.as_list()
    if None not in known:
        return known
    parts = unstack(shape_tensor(image), len(known))
    return [part if size is None else size for size, part in zip(known, parts, strict=True)]


def as_batch(image: TensorLike, name: str = "image") -> tuple[Tensor, bool]:
    """Images with four dimensions, and whether they were a batch.

    Raises
    ------
    ValueError
        The rank is neither 3 nor 4.
    """
    tensor = convert_to_tensor(image, name=name)
    if tensor.shape.ndims == 3:
        return expand_dims(tensor, 0), False
    if tensor.shape.ndims is None:
        return needs_rank(tensor, 4), True
    if tensor.shape.ndims != 4:
        raise ValueError(f"'image' (shape {tensor.shape}) must have either 3 or 4 dimensions.")
    return tensor, True


def needs_rank(image: Tensor, rank: int) -> Tensor:
    """The tensor, taken to have a rank that is not known."""
    image.set_shape([None] * rank)
    return image


def as_before(images: Tensor, is_batch: bool) -> Tensor:
    """Images without the dimension that `as_batch` has added."""
    return images if is_batch else squeeze(images, axis=[0])


def checked(image: Tensor, conditions: list[tuple[Any, str]]) -> Tensor:
    """The images, behind conditions that must hold.

    Parameters
    ----------
    image : Tensor
        The images.
    conditions : list of (bool or Tensor, str)
        What must be true, and the message where it is not.

    Returns
    -------
    Tensor
        An identity that waits for the checks of the run.

    Raises
    ------
    ValueError
        A condition is known, and false.
    """
    checks: list[Operation] = []
    for condition, message in conditions:
        if is_tensor(condition):
            checks.append(Assert_(condition, [message]))
        elif not condition:
            raise ValueError(message)
    return with_dependencies([check for check in checks if check is not None], image)


def is_known(value: Any) -> bool:
    """Whether a size or an offset is a plain number."""
    return isinstance(value, int | float | np.integer | np.floating)


def check_rank(image: TensorLike) -> Tensor:
    """An image of three dimensions, or a batch of four; `ValueError` for any other rank."""
    tensor = convert_to_tensor(image, name="image")
    if tensor.shape.ndims not in (None, 3, 4):
        raise ValueError(f"'image' (shape {tensor.shape}) must have either 3 or 4 dimensions.")
    return checked(tensor, [])
