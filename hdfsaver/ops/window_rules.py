"""Rules that convolutions and pools of images and of volumes share: shapes, kernels, derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, OpDef
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import constant_node
from hdfsaver.ops.base import Grads, invalid, shape_of, widened, with_rank
from hdfsaver.ops.products import as_in_one_thread
from hdfsaver.ops.sliding_windows import Windows, window_of, windows_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_FEW = 64
"""The most channels of a result for which a product is made wider; with more it is as fast as it gets."""


class OfWindows(OpDef):
    """An operation with windows that move along two axes or three."""

    rank: ClassVar[int] = 2
    types = {"T": FLOATS}

    def attrs_of(self, op: Operation) -> dict[str, Any]:
        """The attributes of an operation, for those of its derivatives."""
        return {name: op.get_attr(name) for name in (*self.needed, *self.attrs) if name != "T"}


class Convolution(OfWindows):
    """The cross-correlation of images and filters (sizes, channels of the images, channels of the result)."""

    by_images: ClassVar[str]
    by_filters: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, numbers of windows, filter.shape[-1]), or as data_format says."""
        windows = windows_of(node, self.rank)
        images, filters = (with_rank(shape, self.rank + 2) for shape in node.input_shapes)
        unknown = (None,) * (self.rank + 2)
        images, filters = windows.last(images) or unknown, filters or unknown
        if None not in (images[-1], filters[-2]) and images[-1] != filters[-2]:
            raise ValueError(f"Images have {images[-1]} channels, but filters take {filters[-2]}.")
        return [windows.back((images[0], *windows.counts(images[1:-1], filters[:-2]), filters[-1]))]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node, self.rank)

        def convolve(values: Array, filters: Array) -> Array:
            images = windows.images(values)
            if images.shape[-1] != filters.shape[-2]:
                raise invalid(f"Images have {images.shape[-1]} channels, but filters take {filters.shape[-2]}.")
            window, outputs = filters.shape[:-2], filters.shape[-1]
            counts = [count or 0 for count in windows.counts(images.shape[1:-1], window)]
            if self.rank == 3 and windows.strides[0] == 1 < window[0] and outputs <= _FEW:
                return windows.given(_through_slices(windows, windows.padded(images, window), filters, counts))
            result = np.empty((len(images), *counts, outputs), images.dtype)
            matrix = filters.reshape(math.prod(filters.shape[:-1]), outputs)
            for part, rows in windows.rows(windows.padded(images, window), window):
                product = result[part].reshape(len(rows), outputs)
                as_in_one_thread(np.matmul(rows, matrix, out=product), rows, matrix)
            return windows.given(result)

        return widened(node, convolve)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        (images, filters), attrs = op.inputs, self.attrs_of(op)
        return [
            apply(self.by_images, shape_of(images, "Shape"), filters, grads[0], **attrs),
            apply(self.by_filters, images, shape_of(filters, "Shape"), grads[0], **attrs),
        ]


def _through_slices(windows: Windows, padded: Array, filters: Array, counts: Sequence[int]) -> Array:
    """Convolve volumes slice by slice with the filters of all depths at once.

    A product with so few columns as volumes have channels takes two to three times as long for each number, and the
    rows of windows with a depth are as many times longer: here each slice is made rows once.
    """
    depth, outputs = filters.shape[0], filters.shape[-1]
    result = np.zeros((len(padded), *counts, outputs), padded.dtype)
    flat = Windows(windows.strides[1:], windows.dilations[1:], b"VALID", (), channels_second=False)
    matrix = np.ascontiguousarray(np.moveaxis(filters, 0, -2)).reshape(math.prod(filters.shape[1:-1]), depth * outputs)
    slices = padded.reshape(-1, *padded.shape[2:])
    for (some, lines), rows in flat.rows(slices, filters.shape[1:-2]):
        count = some.stop - some.start
        products = (rows @ matrix).reshape(count, lines.stop - lines.start, counts[2], depth, outputs)
        for product, number in zip(products, range(some.start, some.stop), strict=True):
            volume, level = divmod(number, padded.shape[1])
            for place in range(depth):
                top = level - place * windows.dilations[0]
                if 0 <= top < counts[0]:
                    result[volume, top, lines] += product[:, :, place]
    return result


class ConvolutionByImages(OfWindows):
    """The derivative of a convolution by the images."""

    forward: ClassVar[str]
    by_filters: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of input_sizes."""
        return [with_rank(node.sizes(0), self.rank + 2)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node, self.rank)

        def spread(sizes: Array, filters: Array, grad: Array) -> Array:
            shape = windows.last(tuple(np.asarray(sizes).tolist())) or ()
            grad, window = windows.images(grad), filters.shape[:-2]
            images = np.zeros([size or 0 for size in shape], grad.dtype)
            padded = windows.padded(images, window)
            by_place = np.ascontiguousarray(np.moveaxis(filters, -1, -2))
            size = by_place[..., 0, :].nbytes
            for part in windows.parts(grad.shape, grad.shape[1:-1], size):
                some, below = grad[part], padded[part[0], part[1].start * windows.strides[0] :]
                flat = some.reshape(math.prod(some.shape[:-1]), some.shape[-1])
                each = as_in_one_thread(flat @ by_place, flat, by_place)
                for place, moved in windows.places(window, some.shape[1:-1]):
                    below[moved] += each[place].reshape(*some.shape[:-1], each.shape[-1])
            return windows.given(np.ascontiguousarray(windows.inside(padded, images.shape[1:-1], window)))

        return lambda sizes, *values: widened(node, lambda *wide: spread(sizes, *wide))(*values)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        _, filters, backprop = op.inputs
        attrs = self.attrs_of(op)
        attrs.pop("Tshape", None)
        return [
            None,
            apply(self.by_filters, grads[0], shape_of(filters, "Shape"), backprop, **attrs),
            apply(self.forward, grads[0], filters, **attrs),
        ]


class ConvolutionByFilters(OfWindows):
    """The derivative of a convolution by the filters."""

    forward: ClassVar[str]
    by_images: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of filter_sizes."""
        return [with_rank(node.sizes(1), self.rank + 2)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node, self.rank)

        def gather(values: Array, sizes: Array, grad: Array) -> Array:
            shape = tuple(np.asarray(sizes).tolist())
            images, grad, window = windows.images(values), windows.images(grad), shape[:-2]
            summed = np.zeros((math.prod(shape[:-1]), shape[-1]), grad.dtype)
            for part, rows in windows.rows(windows.padded(images, window), window):
                slopes = grad[part].reshape(len(rows), shape[-1])
                summed += as_in_one_thread(rows.T @ slopes, rows, slopes)
            return summed.reshape(shape)

        return lambda values, sizes, grad: widened(node, lambda *wide: gather(wide[0], sizes, wide[1]))(values, grad)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        images, _, backprop = op.inputs
        attrs = self.attrs_of(op)
        return [
            apply(self.by_images, shape_of(images, "Shape"), grads[0], backprop, **attrs),
            None,
            apply(self.forward, images, grads[0], **attrs),
        ]


class Pool(OfWindows):
    """One number for each window."""

    backward: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, numbers of windows, channels), or as data_format says."""
        return [self.pooled(node)]

    def pooled(self, node: Node) -> Shape:
        """The shape of the result."""
        windows = windows_of(node, self.rank)
        shape = windows.last(with_rank(node.input_shapes[0], self.rank + 2)) or (None,) * (self.rank + 2)
        counts = windows.counts(shape[1:-1], window_of(node, windows))
        return windows.back((shape[0], *counts, shape[-1]))


class GreatestOfWindows(Pool):
    """The greatest of each window."""

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node, self.rank)
        window = window_of(node, windows)
        return widened(node, lambda values: windows.given(_greatest(windows, window, values)[1]))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply(self.backward, op.inputs[0], op.outputs[0], grads[0], **self.attrs_of(op))]


class GreatestByImages(OfWindows):
    """The derivative of the greatest of each window: it goes to the first greatest."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of orig_input."""
        return [node.input_shapes[0]]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node, self.rank)
        window = window_of(node, windows)

        def spread(values: Array, _pooled: Array, grad: Array) -> Array:
            images, grad = windows.images(values), windows.images(grad)
            padded, greatest = _greatest(windows, window, values)
            free = np.ones(greatest.shape, bool)

            def part(moved: tuple[slice, ...]) -> Array:
                # Only one that is neither less nor greater can be the greatest: the first such, NaN included.
                is_first = (padded[moved] == greatest) | (np.isnan(padded[moved]) if has_nan else False)
                is_first &= free
                np.logical_xor(free, is_first, out=free)
                return grad * is_first if is_finite else np.where(is_first, grad, 0)

            has_nan, is_finite = bool(np.isnan(greatest).any()), bool(np.isfinite(grad).all())
            return windows.given(_spread(windows, window, images, part))

        return widened(node, spread)


class MeanOfWindows(Pool):
    """The mean of each window, without the padding."""

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node, self.rank)
        window = window_of(node, windows)

        def mean(values: Array) -> Array:
            total = _views(windows, window, values, 0).sum(windows.elements)
            return windows.given(total / _counts(windows, window, windows.images(values)))

        return widened(node, mean)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply(self.backward, shape_of(op.inputs[0], "Shape"), grads[0], **self.attrs_of(op))]


class MeanByImages(OfWindows):
    """The derivative of the mean of each window."""

    forward: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of orig_input_shape."""
        return [with_rank(node.sizes(0), self.rank + 2)]

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node, self.rank)
        window = window_of(node, windows)

        def spread(sizes: Array, grad: Array) -> Array:
            shape = windows.last(tuple(np.asarray(sizes).tolist())) or ()
            images = np.zeros([size or 0 for size in shape], grad.dtype)
            part = windows.images(grad) / _counts(windows, window, images)
            return windows.given(_spread(windows, window, images, lambda _moved: part))

        return lambda sizes, grad: widened(node, lambda wide: spread(sizes, wide))(grad)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None, apply(self.forward, grads[0], **self.attrs_of(op))]


def _views(windows: Windows, window: Sequence[int], values: Array, outside: float) -> Array:
    return windows.over(windows.padded(windows.images(values), window, outside), window)


def _greatest(windows: Windows, window: Sequence[int], values: Array) -> tuple[Array, Array]:
    """The padded images, and the greatest of each window; NaN is greater than all."""
    padded = windows.padded(windows.images(values), window, -np.inf)
    greatest: Array | None = None
    counts = [count or 0 for count in windows.counts(windows.images(values).shape[1:-1], window)]
    for _, moved in windows.places(window, counts):
        greatest = padded[moved].copy() if greatest is None else np.maximum(greatest, padded[moved], out=greatest)
    return padded, greatest if greatest is not None else padded


def _counts(windows: Windows, window: Sequence[int], images: Array) -> Array:
    """The number of elements of each window that are within the images."""
    ones = np.ones((1, *images.shape[1:-1], 1), images.dtype)
    counts: Array = windows.over(windows.padded(ones, window), window).sum(windows.elements)
    return counts


def _spread(
    windows: Windows, window: Sequence[int], images: Array, part: Callable[[tuple[slice, ...]], Array]
) -> Array:
    """Add up what all windows give to each element of images; ``part`` is that of one element of all windows."""
    padded = windows.padded(np.zeros_like(images), window)
    counts = [count or 0 for count in windows.counts(images.shape[1:-1], window)]
    for _, moved in windows.places(window, counts):
        padded[moved] += part(moved)
    return np.ascontiguousarray(windows.inside(padded, images.shape[1:-1], window))


def nothing_of(tensor: Tensor) -> Tensor:
    """Zeros of the shape of a tensor: a constant where it is known."""
    sizes = [size for size in tensor.shape.as_list() if size is not None] if tensor.shape.is_fully_defined() else None
    if sizes is None:
        return apply("ZerosLike", tensor)
    dtype = tensor.dtype.name
    return constant_node(np.zeros(sizes, dtypes.numpy_dtype(dtype)), dtype, "zeros_like")
