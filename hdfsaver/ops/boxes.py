"""Boxes in images: cut out and resized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Grads, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_METHODS = {"method": frozenset({b"bilinear", b"nearest"})}


def _lines(starts: Array, ends: Array, source: int, target: int) -> Array:
    """For each box the places of the target's pixels in the source, and not a number where they are outside."""
    last = np.float32(source - 1)
    if target > 1:
        steps = (ends - starts) * last / np.float32(target - 1)
        places = starts[:, None] * last + np.arange(target, dtype=np.float32) * steps[:, None]
    else:
        places = (np.float32(0.5) * (starts + ends) * last)[:, None]
    return np.where((places >= 0) & (places <= last), places, np.float32(np.nan))


class _Crop:
    """Where the pixels of each crop come from: four corners with weights, or the nearest pixel."""

    def __init__(self, boxes: Array, numbers: Array, images: Sequence[int], size: Sequence[int], method: bytes) -> None:
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise invalid(f"boxes must be of shape (count, 4), not {boxes.shape}.")
        wrong = (numbers < 0) | (numbers >= images[0])
        if wrong.any():
            raise invalid(f"box_index {numbers[wrong][0]} has a value outside the range [0, {images[0]}).")
        down = _lines(boxes[:, 0], boxes[:, 2], images[1], size[0])[:, :, None]
        across = _lines(boxes[:, 1], boxes[:, 3], images[2], size[1])[:, None, :]
        self.outside = np.isnan(down) | np.isnan(across)
        self.images = np.asarray(numbers, np.int64)[:, None, None]
        self.down, self.across = np.nan_to_num(down), np.nan_to_num(across)
        self.method = method

    def corners(self) -> list[tuple[tuple[Array, Array, Array], Array]]:
        """The places of pixels in the images, and their weights."""
        if self.method == b"nearest":
            rows, columns = np.floor(self.down + np.float32(0.5)), np.floor(self.across + np.float32(0.5))
            return [self._corner(rows, columns, np.ones_like(self.down * self.across))]
        top, left = np.floor(self.down), np.floor(self.across)
        part_down, part_across = self.down - top, self.across - left
        found = []
        for rows, by_row in ((top, 1 - part_down), (np.ceil(self.down), part_down)):
            for columns, by_column in ((left, 1 - part_across), (np.ceil(self.across), part_across)):
                found.append(self._corner(rows, columns, by_row * by_column))
        return found

    def _corner(self, rows: Array, columns: Array, weight: Array) -> tuple[tuple[Array, Array, Array], Array]:
        kept = np.where(self.outside, np.float32(0), weight)
        return (self.images, rows.astype(np.int64), columns.astype(np.int64)), kept[..., None]


def _crop_size(size: Array) -> tuple[int, int]:
    if size.shape != (2,) or (size <= 0).any():
        raise invalid(f"crop_size must be two positive numbers, not {size.tolist()}.")
    return int(size[0]), int(size[1])


@register
class CropAndResize(OpDef):
    """Parts of images, each resized to one size."""

    type = "CropAndResize"
    signature = "image: T, boxes: float32, box_ind: int32, crop_size: int32 -> crops: float32"
    types = {"T": REALS - {"uint32", "uint64", "bfloat16"}}
    attrs = {"method": b"bilinear", "extrapolation_value": 0.0}
    allowed = _METHODS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(boxes, rows, columns, channels)."""
        image, boxes, numbers = (
            with_rank(node.input_shapes[position], rank) for position, rank in ((0, 4), (1, 2), (2, 1))
        )
        count = boxes[0] if boxes is not None and boxes[0] is not None else numbers[0] if numbers is not None else None
        height, width = node.sizes(3) or (None, None)
        return [(count, height, width, image[3] if image is not None else None)]

    def kernel(self, node: Node) -> Kernel:
        method, beyond = node.attrs["method"], np.float32(node.attrs["extrapolation_value"])

        def crop(image: Array, boxes: Array, numbers: Array, size: Array) -> Array:
            found = _Crop(boxes, numbers, image.shape, _crop_size(size), method)
            total: Any = np.float32(0)
            for places, weight in found.corners():
                total = total + image[places].astype(np.float32) * weight
            return np.where(found.outside[..., None], beyond, total)

        return crop

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        image, boxes, numbers, _ = op.inputs
        method = op.get_attr("method")
        known = image.shape
        size = known.as_list() if known.is_fully_defined() else apply("Shape", image)
        by_image = None
        if image.dtype.is_floating:
            target = image.dtype.base_dtype.name
            by_image = apply("CropAndResizeGradImage", grads[0], boxes, numbers, size, T=target, method=method)
        by_boxes = apply("CropAndResizeGradBoxes", grads[0], image, boxes, numbers)
        return [by_image, by_boxes, None, None]


@register
class CropAndResizeGradImage(OpDef):
    """The derivative of `CropAndResize` by the images."""

    type = "CropAndResizeGradImage"
    signature = "grads: float32, boxes: float32, box_ind: int32, image_size: int32 -> output: T"
    types = {"T": frozenset({"float16", "float32", "float64"})}
    attrs = {"method": b"bilinear"}
    allowed = _METHODS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of image_size."""
        return [node.sizes(3) or (None,) * 4]

    def kernel(self, node: Node) -> Kernel:
        method, dtype = node.attrs["method"], dtypes.numpy_dtype(node.attrs["T"])

        def back(grads: Array, boxes: Array, numbers: Array, size: Array) -> Array:
            total = np.zeros(size.tolist(), np.float32)
            for places, weight in _Crop(boxes, numbers, total.shape, grads.shape[1:3], method).corners():
                np.add.at(total, places, grads * weight)
            return total.astype(dtype)

        return back


@register
class CropAndResizeGradBoxes(OpDef):
    """The derivative of `CropAndResize` by the boxes."""

    type = "CropAndResizeGradBoxes"
    signature = "grads: float32, image: T, boxes: float32, box_ind: int32 -> output: float32"
    types = {"T": REALS - {"uint32", "uint64", "bfloat16"}}
    attrs = {"method": b"bilinear"}
    allowed = {"method": frozenset({b"bilinear"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the boxes."""
        return [node.input_shapes[2]]

    def kernel(self, node: Node) -> Kernel:
        return _by_boxes


def _by_boxes(grads: Array, image: Array, boxes: Array, numbers: Array) -> Array:
    target = grads.shape[1:3]
    crop = _Crop(boxes, numbers, image.shape, target, b"bilinear")
    pixels = [image[places].astype(np.float32) for places, _ in crop.corners()]
    down, across = ((part - np.floor(part))[..., None] for part in (crop.down, crop.across))
    slope_down = (1 - across) * (pixels[2] - pixels[0]) + across * (pixels[3] - pixels[1])
    slope_across = (1 - down) * (pixels[1] - pixels[0]) + down * (pixels[3] - pixels[2])
    inside = np.where(crop.outside[..., None], np.float32(0), grads)
    rows, columns = (_shares(image.shape[axis + 1], target[axis]) for axis in (0, 1))
    by_row, by_column = (inside * slope_down).sum(-1), (inside * slope_across).sum(-1)
    return np.stack(
        [
            (by_row * rows[0][:, None]).sum((1, 2)),
            (by_column * columns[0]).sum((1, 2)),
            (by_row * rows[1][:, None]).sum((1, 2)),
            (by_column * columns[1]).sum((1, 2)),
        ],
        1,
    ).astype(np.float32)


def _shares(source: int, target: int) -> tuple[Array, Array]:
    """How much the place of each pixel moves with the first and with the second end of a box."""
    last = np.float32(source - 1)
    if target == 1:
        half = np.full(1, 0.5 * last, np.float32)
        return half, half
    part = np.arange(target, dtype=np.float32) / np.float32(target - 1)
    return (1 - part) * last, part * last
