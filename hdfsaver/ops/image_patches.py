"""Windows of images laid out as vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import COMPLEX, FLOATS, INTEGERS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_LISTS = ("ksizes", "strides", "rates")


def _pair(node: Node, name: str) -> tuple[int, int]:
    values = node.attrs[name]
    if len(values) != 4 or values[0] != 1 or values[3] != 1 or min(values) < 1:
        raise ValueError(f"The attribute {name} must be [1, rows, columns, 1], all positive, not {list(values)}.")
    return values[1], values[2]


def _count(size: int | None, window: int, stride: int, padding: bytes) -> int | None:
    if size is None:
        return None
    return -(-size // stride) if padding == b"SAME" else max(-(-(size - window + 1) // stride), 0)


@register
class ExtractImagePatches(OpDef):
    """Each window of the images as one vector of its pixels and channels; pixels outside are 0."""

    type = "ExtractImagePatches"
    signature = "images: T -> patches: T"
    types = {"T": FLOATS | INTEGERS | COMPLEX | {"bool"}}
    needed = {**dict.fromkeys(_LISTS, "list(int)"), "padding": "string"}
    minimums = dict.fromkeys(_LISTS, 4)
    allowed = {"padding": frozenset({b"SAME", b"VALID"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, rows of windows, columns of windows, pixels of a window * channels)."""
        shape = with_rank(node.input_shapes[0], 4) or (None,) * 4
        kernel, strides, rates = (_pair(node, name) for name in _LISTS)
        windows = [(size - 1) * rate + 1 for size, rate in zip(kernel, rates, strict=True)]
        padding = node.attrs["padding"]
        counts = [_count(shape[axis + 1], windows[axis], strides[axis], padding) for axis in (0, 1)]
        depth = None if shape[3] is None else shape[3] * kernel[0] * kernel[1]
        return [(shape[0], *counts, depth)]

    def kernel(self, node: Node) -> Kernel:
        kernel, strides, rates = (_pair(node, name) for name in _LISTS)
        windows = [(size - 1) * rate + 1 for size, rate in zip(kernel, rates, strict=True)]
        padding = node.attrs["padding"]

        def extract(images: Array) -> Array:
            if images.ndim != 4:
                raise invalid(f"input must be 4-dimensional, but has shape {images.shape}.")
            before_after = [(0, 0)]
            for axis in (0, 1):
                missing = 0
                if padding == b"SAME":
                    count = -(-images.shape[axis + 1] // strides[axis])
                    missing = max((count - 1) * strides[axis] + windows[axis] - images.shape[axis + 1], 0)
                before_after.append((missing // 2, missing - missing // 2))
            padded = np.pad(images, [*before_after, (0, 0)])
            if padded.shape[1] < windows[0] or padded.shape[2] < windows[1]:
                rows, columns = (
                    _count(padded.shape[axis + 1], windows[axis], strides[axis], b"VALID") or 0 for axis in (0, 1)
                )
                return np.zeros((len(images), rows, columns, kernel[0] * kernel[1] * images.shape[3]), images.dtype)
            views = sliding_window_view(padded, tuple(windows), (1, 2))
            views = views[:, :: strides[0], :: strides[1], :, :: rates[0], :: rates[1]].transpose(0, 1, 2, 4, 5, 3)
            return np.ascontiguousarray(views).reshape(*views.shape[:3], -1)

        return extract

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [_added_back(op, grads[0])]


def _added_back(op: Operation, grad: Tensor | None) -> Tensor:
    """Add each pixel of the windows where it came from: pixels have numbers from 1, and 0 is outside."""
    image = op.inputs[0]
    shape = apply("Shape", image)
    batch, height, width, channels = (shape[number] for number in range(4))
    pixels = height * width
    numbers = apply("Reshape", apply("Range", 1, pixels + 1, 1), apply("Pack", [1, height, width, 1]))
    attrs = {name: op.get_attr(name) for name in (*_LISTS, "padding")}
    places = apply("Reshape", apply("ExtractImagePatches", numbers, **attrs), [-1])
    split = apply("Reshape", grad, apply("Pack", [batch, -1, channels]))
    total = apply("UnsortedSegmentSum", apply("Transpose", split, [1, 0, 2]), places - 1, pixels)
    images = apply("Reshape", apply("Transpose", total, [1, 0, 2]), shape)
    images.set_shape(image.shape)
    return images


def extract_image_patches(
    images: TensorLike | None = None,
    ksizes: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    rates: Sequence[int] | None = None,
    padding: str | None = None,
    name: str | None = None,
    sizes: Sequence[int] | None = None,
) -> Tensor:
    """Each window of images as one vector.

    Parameters
    ----------
    images : TensorLike
        (batch, rows, columns, channels).
    ksizes : sequence of int
        The size of a window, [1, rows, columns, 1].
    strides : sequence of int
        How far a window moves, [1, rows, columns, 1].
    rates : sequence of int
        How far the pixels of a window are apart, [1, rows, columns, 1].
    padding : {"SAME", "VALID"}
        Whether windows may begin and end outside, where pixels are 0.
    name : str, optional
        The name of the operation.
    sizes : sequence of int, optional
        Another name of ``ksizes``.

    Returns
    -------
    Tensor
        (batch, rows of windows, columns of windows, pixels of a window times channels).

    Raises
    ------
    ValueError
        The images do not have four dimensions, or a list is not as described.
    """
    if ksizes is not None and sizes is not None:
        raise ValueError("Cannot specify both 'sizes' and 'ksizes'.")
    return apply(
        "ExtractImagePatches",
        images,
        name=name,
        ksizes=ksizes if sizes is None else sizes,
        strides=strides,
        rates=rates,
        padding=padding.encode() if isinstance(padding, str) else padding,
    )
