"""Parts of images, and images as parts of larger ones."""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.image.image_shapes import Size, as_batch, as_before, check_rank, checked, is_known, sizes_of
from hdfsaver.ops.arithmetic import maximum, minimum
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.joining import stack
from hdfsaver.ops.padding import pad
from hdfsaver.ops.shaping import reshape
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.ops.slicing import slice_


def central_crop(image: TensorLike, central_fraction: Any) -> Tensor:
    """Cut out the middle of images.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    central_fraction : float
        How much of the height and width is left, above 0 and at most 1.

    Returns
    -------
    Tensor
        The images themselves for a fraction of 1.

    Raises
    ------
    ValueError
        The fraction is out of range, or the images have another rank.
    """
    with scope(None, "central_crop", image):
        tensor = convert_to_tensor(image, name="image")
        if not 0.0 < central_fraction <= 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            return tensor
        rank = check_rank(tensor).shape.ndims
        if rank is None:
            raise ValueError("The rank of the images must be known.")
        sizes = sizes_of(tensor)
        begins: list[Size] = [0] * rank
        extents: list[Size] = [-1] * rank
        for axis in (rank - 3, rank - 2):
            begins[axis] = _margin(sizes[axis], central_fraction)
            extents[axis] = sizes[axis] - begins[axis] * 2
        result = slice_(tensor, stack(begins), stack(extents))
        result.set_shape([None if is_tensor(size) else size for size in (*sizes[:-3], *extents[-3:-1], sizes[-1])])
        return result


def _margin(size: Size, fraction: float) -> Size:
    if is_known(size):
        return int((float(size) - float(size) * fraction) / 2)
    return _scaled_margin(size, fraction)


def _scaled_margin(size: TensorLike, fraction: float) -> Tensor:
    whole = cast(size, "float64")
    return cast((whole - whole * fraction) / 2, "int32")


def crop_to_bounding_box(
    image: TensorLike, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Cut a box out of images.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    offset_height, offset_width : int or Tensor
        The upper left corner of the box.
    target_height, target_width : int or Tensor
        The size of the box.

    Returns
    -------
    Tensor
        Of that size.

    Raises
    ------
    ValueError
        The images have another rank, or the box is not in them.
    """
    with scope(None, "crop_to_bounding_box", image):
        images, is_batch = as_batch(image)
        _, height, width, depth = sizes_of(images)
        images = checked(
            images,
            [
                (offset_width >= 0, "offset_width must be >= 0."),
                (offset_height >= 0, "offset_height must be >= 0."),
                (target_width > 0, "target_width must be > 0."),
                (target_height > 0, "target_height must be > 0."),
                (width >= target_width + offset_width, "width must be >= target + offset."),
                (height >= target_height + offset_height, "height must be >= target + offset."),
            ],
        )
        begin = stack([0, offset_height, offset_width, 0])
        extent = stack([shape_tensor(images)[0], target_height, target_width, shape_tensor(images)[3]])
        cropped = slice_(images, begin, extent)
        cropped.set_shape([_known(images.shape.as_list()[0]), *map(_known, (target_height, target_width, depth))])
        return as_before(cropped, is_batch)


def _known(size: Any) -> int | None:
    return int(size) if is_known(size) else None


def pad_to_bounding_box(
    image: TensorLike, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """Put images into larger ones, which are 0 elsewhere.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    offset_height, offset_width : int or Tensor
        The rows above and the columns left of the images.
    target_height, target_width : int or Tensor
        The size of the larger images.

    Returns
    -------
    Tensor
        Of that size.

    Raises
    ------
    ValueError
        The images have another rank, or do not fit.
    """
    with scope(None, "pad_to_bounding_box", image):
        images, is_batch = as_batch(image)
        _, height, width, depth = sizes_of(images)
        after_width = target_width - offset_width - width
        after_height = target_height - offset_height - height
        images = checked(
            images,
            [
                (offset_height >= 0, "offset_height must be >= 0"),
                (offset_width >= 0, "offset_width must be >= 0"),
                (after_width >= 0, "width must be <= target - offset"),
                (after_height >= 0, "height must be <= target - offset"),
            ],
        )
        amounts = stack([0, 0, offset_height, after_height, offset_width, after_width, 0, 0])
        padded = pad(images, reshape(amounts, [4, 2]))
        padded.set_shape([_known(images.shape.as_list()[0]), *map(_known, (target_height, target_width, depth))])
        return as_before(padded, is_batch)


def resize_image_with_crop_or_pad(image: TensorLike, target_height: Any, target_width: Any) -> Tensor:
    """Cut out the middle of images, or surround them with zeros, to give them a size.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    target_height, target_width : int or Tensor
        The size.

    Returns
    -------
    Tensor
        Of that size.

    Raises
    ------
    ValueError
        The images have another rank, or the size is not positive.
    """
    with scope(None, "resize_image_with_crop_or_pad", image):
        images, is_batch = as_batch(image)
        wanted = {"target_width": target_width, "target_height": target_height}
        images = checked(images, [(size > 0, f"{what} must be > 0.") for what, size in wanted.items()])
        _, height, width, _ = sizes_of(images)
        left_crop, left_pad = _both_ways(target_width - width)
        top_crop, top_pad = _both_ways(target_height - height)
        rows, columns = _least(target_height, height), _least(target_width, width)
        cropped = crop_to_bounding_box(images, top_crop, left_crop, rows, columns)
        resized = checked(pad_to_bounding_box(cropped, top_pad, left_pad, target_height, target_width), [])
        return as_before(resized, is_batch)


def _both_ways(missing: Size) -> tuple[Size, Size]:
    """How much is cut off and how much is added at the beginning."""
    half_less, half_more = -missing // 2, missing // 2
    if is_known(missing):
        return max(half_less, 0), max(half_more, 0)
    return maximum(half_less, 0), maximum(half_more, 0)


def _least(first: Size, second: Size) -> Size:
    return min(first, second) if is_known(first) and is_known(second) else minimum(first, second)


def crop_and_resize(
    image: TensorLike,
    boxes: TensorLike,
    box_ind: TensorLike | None = None,
    crop_size: TensorLike | None = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: TensorLike | None = None,
) -> Tensor:
    """Cut boxes out of images, and resize them to one size.

    Parameters
    ----------
    image : TensorLike
        (batch, height, width, channels).
    boxes : TensorLike
        A row for each box: its upper, left, lower and right end as parts of the image's size, float32.
    box_ind : TensorLike
        The image of each box, int32.
    crop_size : TensorLike
        The height and width of the result, int32.
    method : {"bilinear", "nearest"}
        How the pixels are found.
    extrapolation_value : float
        The value of pixels outside the image.
    name : str, optional
        The name of the operation.
    box_indices : TensorLike, optional
        Another name of ``box_ind``.

    Returns
    -------
    Tensor
        (boxes, height, width, channels), float32.

    Raises
    ------
    ValueError
        Shapes are other than described, or ``box_ind`` is given twice.
    """
    if box_ind is not None and box_indices is not None:
        raise ValueError("Cannot specify both 'box_indices' and 'box_ind'.")
    numbers = box_ind if box_indices is None else box_indices
    attrs = {"method": method.encode(), "extrapolation_value": float(extrapolation_value)}
    return apply("CropAndResize", image, boxes, numbers, crop_size, name=name, **attrs)
