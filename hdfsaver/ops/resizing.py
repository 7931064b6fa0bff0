"""Images of another size: by the nearest pixel, and by linear, cubic and area weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Grads, invalid, with_rank
from hdfsaver.schema import AttrValue
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_SAMPLED = REALS - {"uint32", "uint64"}
_PLACES = {"align_corners": False, "half_pixel_centers": False}
_STEPS = 1024
"""How many positions between two pixels the weights of cubic interpolation are known for, as in TensorFlow."""


@dataclass(frozen=True)
class _Grid:
    """How the pixels of a line are placed over those of another one."""

    source: int
    target: int
    align_corners: bool
    half_pixel: bool

    @property
    def scale(self) -> np.float32:
        """The distance of two pixels of the target in the source."""
        if self.align_corners and self.target > 1:
            return np.float32(self.source - 1) / np.float32(self.target - 1)
        return np.float32(self.source) / np.float32(self.target)

    def places(self) -> Array:
        """Where the pixels of the target are in the source."""
        numbers = np.arange(self.target, dtype=np.float32)
        if self.half_pixel:
            return np.asarray((numbers + np.float32(0.5)) * self.scale - np.float32(0.5))
        return np.asarray(numbers * self.scale)

    def nearest(self) -> Array:
        """The number of the nearest pixel, or of the one before."""
        numbers = np.arange(self.target, dtype=np.float32)
        places = (numbers + np.float32(0.5) if self.half_pixel else numbers) * self.scale
        if self.align_corners:
            places = np.floor(places + np.float32(0.5))
        return np.asarray(np.clip(np.floor(places).astype(np.int64), 0, self.source - 1))

    def linear(self) -> tuple[Array, Array, Array]:
        """The pixels before and after, and how much of the second is taken."""
        places = self.places()
        below = np.floor(places)
        first = np.maximum(below.astype(np.int64), 0)
        second = np.minimum(np.ceil(places).astype(np.int64), self.source - 1)
        return first, second, places - below

    def cubic(self) -> tuple[Array, Array]:
        """The four pixels around each place, and their weights."""
        places = self.places()
        below = np.floor(places)
        steps = np.rint((places - below) * np.float32(_STEPS)).astype(np.int64)
        steepness = -0.5 if self.half_pixel else -0.75
        inner, outer = _cubic_weights(steepness)
        weights = np.stack([outer[steps], inner[steps], inner[_STEPS - steps], outer[_STEPS - steps]], 1)
        numbers = below.astype(np.int64)[:, None] + np.arange(-1, 3)
        pixels = np.clip(numbers, 0, self.source - 1)
        if self.half_pixel:  # pixels outside do not count
            weights = np.where(numbers == pixels, weights, np.float32(0))
            weights /= weights.sum(1, keepdims=True)
        return pixels, weights.astype(np.float32)

    def area(self) -> Array:
        """A row of weights for each pixel of the target: how much of a pixel it covers."""
        scale = self.scale
        starts = np.arange(self.target, dtype=np.float32) * scale
        ends = np.arange(1, self.target + 1, dtype=np.float32) * scale
        pixels = np.arange(max(self.source, int(np.ceil(ends[-1]))), dtype=np.float32)
        covered = np.minimum(ends[:, None], pixels + 1) - np.maximum(starts[:, None], pixels)
        weights = np.maximum(covered, np.float32(0)) / scale
        weights[:, self.source - 1] += weights[:, self.source :].sum(1)  # what is outside is like the last pixel
        return np.asarray(weights[:, : self.source])


def _cubic_weights(steepness: float) -> tuple[Array, Array]:
    """The weights of the two pixels beside a place and of the two beyond, by its distance in steps."""
    x = np.arange(_STEPS + 1) / np.float32(_STEPS)
    inner = ((steepness + 2) * x - (steepness + 3)) * x * x + 1
    x = x + 1
    outer = ((steepness * x - 5 * steepness) * x + 8 * steepness) * x - 4 * steepness
    return inner.astype(np.float32), outer.astype(np.float32)


def _check(images: Array, size: Array) -> tuple[int, int]:
    if images.ndim != 4:
        raise invalid(f"input must be 4-dimensional, but has shape {images.shape}.")
    if size.shape != (2,):
        raise invalid(f"shape_t must have two elements, not shape {size.shape}.")
    height, width = (int(number) for number in size)
    if height <= 0 or width <= 0:
        raise invalid(f"output dimensions must be positive, not {height} x {width}.")
    if min(images.shape[1:3]) <= 0:
        raise invalid(f"input image must be of non-zero size, but has shape {images.shape}.")
    return height, width


def _grids(source: Sequence[int], target: Sequence[int], node: Node) -> tuple[_Grid, _Grid]:
    align, half = node.attrs["align_corners"], node.attrs["half_pixel_centers"]
    if align and half:
        raise invalid("If half_pixel_centers is True, align_corners must be False.")
    first, second = (_Grid(old, new, align, half) for old, new in zip(source, target, strict=True))
    return first, second


def _float32(values: Array) -> Array:
    return values if values.dtype == np.float64 else values.astype(np.float32)


def _linear(images: Array, grids: tuple[_Grid, _Grid]) -> Array:
    top, bottom, down = grids[0].linear()
    left, right, across = grids[1].linear()
    across = across[:, None]
    rows = []
    for numbers in (top, bottom):
        row = images[:, numbers].astype(np.float32)
        first = row[:, :, left]
        rows.append(first + (row[:, :, right] - first) * across)
    result: Array = rows[0] + (rows[1] - rows[0]) * down[:, None, None]
    return result


def _cubic(images: Array, grids: tuple[_Grid, _Grid]) -> Array:
    (rows, down), (columns, across) = grids[0].cubic(), grids[1].cubic()
    parts = [images[:, rows[:, k]].astype(np.float32) * down[:, k, None, None] for k in range(4)]
    between = _sum(parts)
    return _sum([between[:, :, columns[:, k]] * across[:, k, None] for k in range(4)])


def _sum(parts: Sequence[Array]) -> Array:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _area(images: Array, grids: tuple[_Grid, _Grid]) -> Array:
    down, across = grids[0].area(), grids[1].area()
    rows = np.tensordot(down, images.astype(np.float32), (1, 1))  # rows, batch, columns, channels
    return np.ascontiguousarray(np.tensordot(rows, across, (2, 1)).transpose(1, 0, 3, 2))


def _added_back(values: Array, numbers: Array, size: int, axis: int) -> Array:
    """Add slices along an axis where they came from."""
    moved = np.moveaxis(values, axis, 0)
    total = np.zeros((size, *moved.shape[1:]), values.dtype)
    np.add.at(total, numbers, moved)
    return np.moveaxis(total, 0, axis)


def _linear_back(grads: Array, grids: tuple[_Grid, _Grid]) -> Array:
    for axis, grid in ((1, grids[0]), (2, grids[1])):
        first, second, part = grid.linear()
        part = part.reshape((-1,) + (1,) * (3 - axis))
        grads = _added_back(grads * (1 - part), first, grid.source, axis) + _added_back(
            grads * part, second, grid.source, axis
        )
    return grads


def _cubic_back(grads: Array, grids: tuple[_Grid, _Grid]) -> Array:
    for axis, grid in ((1, grids[0]), (2, grids[1])):
        pixels, weights = grid.cubic()
        shaped = weights.reshape(weights.shape + (1,) * (3 - axis))
        grads = _sum([_added_back(grads * shaped[:, k], pixels[:, k], grid.source, axis) for k in range(4)])
    return grads


class _Resize(OpDef):
    """Images (batch, height, width, channels) and a size of two numbers."""

    signature = "images: T, size: int32 -> resized_images: float32"
    types = {"T": _SAMPLED}
    attrs: ClassVar[Mapping[str, AttrValue]] = _PLACES

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The batch, the size, and the channels."""
        images = with_rank(node.input_shapes[0], 4) or (None,) * 4
        size = with_rank(node.input_shapes[1], 1)
        if size is not None and size[0] not in (None, 2):
            raise ValueError(f"The size must be two numbers, not {size[0]}.")
        height, width = node.sizes(1) or (None, None)
        return [(images[0], height, width, images[3])]

    def resized(self, images: Array, grids: tuple[_Grid, _Grid]) -> Array:
        """Images of the size of the grids."""
        raise NotImplementedError

    def kernel(self, node: Node) -> Kernel:
        def resize(images: Array, size: Array) -> Array:
            target = _check(images, size)
            return self.resized(images, _grids(images.shape[1:3], target, node))

        return resize


def _attrs_of(op: Operation) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in _PLACES}


@register
class ResizeBilinear(_Resize):
    """Each pixel by the four around its place, weighted linearly."""

    type = "ResizeBilinear"

    def resized(self, images: Array, grids: tuple[_Grid, _Grid]) -> Array:
        return _linear(images, grids)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("ResizeBilinearGrad", grads[0], op.inputs[0], **_attrs_of(op)), None]


@register
class ResizeBicubic(_Resize):
    """Each pixel by the sixteen around its place, weighted by cubic functions."""

    type = "ResizeBicubic"

    def resized(self, images: Array, grids: tuple[_Grid, _Grid]) -> Array:
        return _cubic(images, grids)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        if op.inputs[0].dtype.base_dtype.name not in ("float32", "float64"):
            return [None, None]
        return [apply("ResizeBicubicGrad", grads[0], op.inputs[0], **_attrs_of(op)), None]


@register
class ResizeArea(_Resize):
    """Each pixel by those that it covers, weighted by how much of them it covers."""

    type = "ResizeArea"
    attrs = {"align_corners": False}

    def kernel(self, node: Node) -> Kernel:
        align = node.attrs["align_corners"]

        def resize(images: Array, size: Array) -> Array:
            target = _check(images, size)
            down, across = (_Grid(*pair, align, False) for pair in zip(images.shape[1:3], target, strict=True))
            return _area(images, (down, across))

        return resize


@register
class ResizeNearestNeighbor(_Resize):
    """Each pixel as the nearest one, or the one before; of the dtype of the images."""

    type = "ResizeNearestNeighbor"
    signature = "images: T, size: int32 -> resized_images: T"

    def resized(self, images: Array, grids: tuple[_Grid, _Grid]) -> Array:
        rows, columns = grids[0].nearest(), grids[1].nearest()
        return images[:, rows[:, None], columns]

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        image = op.inputs[0]
        sizes = image.shape[1:3]
        size = sizes.as_list() if sizes.is_fully_defined() else apply("Shape", image)[1:3]
        return [apply("ResizeNearestNeighborGrad", grads[0], size, **_attrs_of(op)), None]


class _Back(OpDef):
    """The derivative of a resized image by the image."""

    signature = "grads: float32, original_image: T -> output: T"
    types = {"T": FLOATS}
    attrs = _PLACES

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the original image."""
        return [node.input_shapes[1]]

    def back(self, grads: Array, grids: tuple[_Grid, _Grid]) -> Array:
        """The derivative by images of the size of the grids."""
        raise NotImplementedError

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])

        def back(grads: Array, image: Array) -> Array:
            found = self.back(_float32(grads), _grids(image.shape[1:3], grads.shape[1:3], node))
            return found.astype(dtype)

        return back


@register
class ResizeBilinearGrad(_Back):
    """The derivative of `ResizeBilinear`."""

    type = "ResizeBilinearGrad"

    def back(self, grads: Array, grids: tuple[_Grid, _Grid]) -> Array:
        return _linear_back(grads, grids)


@register
class ResizeBicubicGrad(_Back):
    """The derivative of `ResizeBicubic`."""

    type = "ResizeBicubicGrad"
    types = {"T": frozenset({"float32", "float64"})}

    def back(self, grads: Array, grids: tuple[_Grid, _Grid]) -> Array:
        return _cubic_back(grads, grids)


@register
class ResizeNearestNeighborGrad(OpDef):
    """The derivative of `ResizeNearestNeighbor`."""

    type = "ResizeNearestNeighborGrad"
    signature = "grads: T, size: int32 -> output: T"
    types = {"T": FLOATS | {"uint8", "int8", "int32"}}
    attrs = _PLACES

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The batch, the size, and the channels."""
        grads = with_rank(node.input_shapes[0], 4) or (None,) * 4
        height, width = node.sizes(1) or (None, None)
        return [(grads[0], height, width, grads[3])]

    def kernel(self, node: Node) -> Kernel:
        def back(grads: Array, size: Array) -> Array:
            grids = _grids(_check(grads, size), grads.shape[1:3], node)
            for axis, grid in ((1, grids[0]), (2, grids[1])):
                grads = _added_back(grads, grid.nearest(), grid.source, axis)
            return grads

        return back
