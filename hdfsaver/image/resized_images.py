"""Images of another size."""

from __future__ import annotations

from typing import Any

from hdfsaver.assertions.static_values import constant_value
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.image.image_shapes import as_batch, as_before, checked, sizes_of
from hdfsaver.image.regions import pad_to_bounding_box
from hdfsaver.ops.arithmetic import maximum, minimum
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.joining import stack
from hdfsaver.ops.rounding import floor
from hdfsaver.ops.rounding import round as round_


class ResizeMethod:
    """How `resize_images` finds the pixels."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


_TYPES = {
    ResizeMethod.BILINEAR: "ResizeBilinear",
    ResizeMethod.NEAREST_NEIGHBOR: "ResizeNearestNeighbor",
    ResizeMethod.BICUBIC: "ResizeBicubic",
    ResizeMethod.AREA: "ResizeArea",
    "bilinear": "ResizeBilinear",
    "nearest": "ResizeNearestNeighbor",
    "bicubic": "ResizeBicubic",
    "area": "ResizeArea",
}


def resize_images(
    images: TensorLike,
    size: TensorLike,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Tensor:
    """Resize images.

    Parameters
    ----------
    images : TensorLike
        (height, width, channels), or a batch of such images.
    size : TensorLike
        The new height and width, int32.
    method : int or str
        One of `ResizeMethod`.
    align_corners : bool
        Whether the corners of the images stay corners.
    preserve_aspect_ratio : bool
        Whether the images become only as large as the size allows without distorting them.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        float32, but of the dtype of the images for the nearest pixel and where the size is unchanged.

    Raises
    ------
    ValueError
        The images have another rank, the size is not two numbers, or the method is unknown.
    """
    with scope(name, "resize", images, size):
        batch, is_batch = _as_images(images)
        wanted = convert_to_tensor(size, "int32", name="size")
        if not wanted.shape.is_compatible_with([2]):
            raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
        if preserve_aspect_ratio:
            wanted = _largest_within(batch, wanted)
        known = constant_value(wanted)
        if known is not None and batch.shape.as_list()[1:3] == known.tolist():
            return as_before(batch, is_batch)
        if method not in _TYPES:
            raise ValueError("Resize method is not implemented.")
        return as_before(apply(_TYPES[method], batch, wanted, align_corners=align_corners), is_batch)


def _as_images(images: TensorLike) -> tuple[Tensor, bool]:
    tensor = convert_to_tensor(images, name="images")
    if tensor.shape.ndims is None:
        raise ValueError("'images' contains no shape.")
    if tensor.shape.ndims not in (3, 4):
        raise ValueError("'images' must have either 3 or 4 dimensions.")
    return as_batch(tensor)


def _largest_within(images: Tensor, size: Tensor) -> Tensor:
    """The greatest size with the proportions of the images."""
    _, height, width, _ = sizes_of(images)
    down = _float(size[0]) / _float(height)
    across = _float(size[1]) / _float(width)
    factor = minimum(down, across)
    rows = cast(round_(factor * _float(height)), "int32")
    columns = cast(round_(factor * _float(width)), "int32")
    return stack([rows, columns], name="size")


def _float(value: TensorLike) -> Tensor:
    return cast(value, "float32")


def _resized(op_type: str, images: TensorLike, size: TensorLike, name: str | None, **attrs: bool) -> Tensor:
    return apply(op_type, images, size, name=name, **attrs)


def resize_bilinear(
    images: TensorLike,
    size: TensorLike,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """Resize a batch of images by linear weights.

    Parameters
    ----------
    images : TensorLike
        (batch, height, width, channels).
    size : TensorLike
        The new height and width, int32.
    align_corners : bool
        Whether the corners of the images stay corners.
    name : str, optional
        The name of the operation.
    half_pixel_centers : bool
        Whether a pixel is at the middle of its square.

    Returns
    -------
    Tensor
        float32.

    Raises
    ------
    ValueError
        The images have another rank, or the size is not two numbers.
    """
    attrs = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return _resized("ResizeBilinear", images, size, name, **attrs)


def resize_nearest_neighbor(
    images: TensorLike,
    size: TensorLike,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """Resize a batch of images by taking the nearest pixel, or the one before.

    Parameters
    ----------
    images : TensorLike
        (batch, height, width, channels).
    size : TensorLike
        The new height and width, int32.
    align_corners : bool
        Whether the corners of the images stay corners, and the nearest pixel is taken.
    name : str, optional
        The name of the operation.
    half_pixel_centers : bool
        Whether a pixel is at the middle of its square.

    Returns
    -------
    Tensor
        Of the dtype of the images.

    Raises
    ------
    ValueError
        The images have another rank, or the size is not two numbers.
    """
    attrs = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return _resized("ResizeNearestNeighbor", images, size, name, **attrs)


def resize_bicubic(
    images: TensorLike,
    size: TensorLike,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """Resize a batch of images by cubic weights.

    Parameters
    ----------
    images : TensorLike
        (batch, height, width, channels).
    size : TensorLike
        The new height and width, int32.
    align_corners : bool
        Whether the corners of the images stay corners.
    name : str, optional
        The name of the operation.
    half_pixel_centers : bool
        Whether a pixel is at the middle of its square.

    Returns
    -------
    Tensor
        float32.

    Raises
    ------
    ValueError
        The images have another rank, or the size is not two numbers.
    """
    attrs = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return _resized("ResizeBicubic", images, size, name, **attrs)


def resize_area(images: TensorLike, size: TensorLike, align_corners: bool = False, name: str | None = None) -> Tensor:
    """Resize a batch of images by the areas that the new pixels cover.

    Parameters
    ----------
    images : TensorLike
        (batch, height, width, channels).
    size : TensorLike
        The new height and width, int32.
    align_corners : bool
        Whether the corners of the images stay corners.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        float32.

    Raises
    ------
    ValueError
        The images have another rank, or the size is not two numbers.
    """
    return _resized("ResizeArea", images, size, name, align_corners=align_corners)


def resize_image_with_pad(
    image: TensorLike,
    target_height: Any,
    target_width: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
) -> Tensor:
    """Resize images without distorting them, and pad them with zeros to a size.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), or a batch of such images.
    target_height, target_width : int or Tensor
        The size.
    method : int or str
        One of `ResizeMethod`.
    align_corners : bool
        Whether the corners of the images stay corners.

    Returns
    -------
    Tensor
        Of that size.

    Raises
    ------
    ValueError
        The images have another rank, or the size is not positive.
    """
    with scope(None, "resize_image_with_pad", image):
        images, is_batch = as_batch(image)
        sizes = {"target_width": target_width, "target_height": target_height}
        images = checked(images, [(size > 0, f"{what} must be > 0.") for what, size in sizes.items()])
        _, height, width, _ = sizes_of(images)
        rows, columns = _float(height), _float(width)
        wide, high = _float(target_width), _float(target_height)
        ratio = maximum(columns / wide, rows / high)
        new_rows, new_columns = rows / ratio, columns / ratio
        size = stack([cast(floor(part), "int32") for part in (new_rows, new_columns)])
        top = maximum(0, cast(floor((high - new_rows) / 2), "int32"))
        left = maximum(0, cast(floor((wide - new_columns) / 2), "int32"))
        resized = resize_images(images, size, method, align_corners)
        padded = pad_to_bounding_box(resized, top, left, target_height, target_width)
        if not is_tensor(target_height) and not is_tensor(target_width):
            padded.set_shape([None, target_height, target_width, None])
        return as_before(padded, is_batch)
