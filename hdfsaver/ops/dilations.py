"""Grayscale dilation and erosion of images, and their derivatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, invalid, scope, widened, with_rank
from hdfsaver.ops.sliding_windows import Windows
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_NEEDED = {"strides": "list(int)", "rates": "list(int)", "padding": "string"}
_MINIMUMS = {"strides": 4, "rates": 4}
_PADDINGS = {"padding": frozenset({b"SAME", b"VALID"})}


def _windows(node: Node) -> Windows:
    sizes = []
    for key in ("strides", "rates"):
        values = node.attrs[key]
        if len(values) != 4 or values[0] != 1 or values[3] != 1 or min(values) < 1:
            raise ValueError(f"{key} must be four positive numbers, 1 for the batch and the channels, not {values!r}.")
        sizes.append(tuple(values[1:3]))
    return Windows(sizes[0], sizes[1], node.attrs["padding"], [], False)


def _dilated(node: Node) -> Shape:
    """(batch, rows of windows, columns of windows, channels)."""
    windows = _windows(node)
    images = with_rank(node.input_shapes[0], 4) or (None,) * 4
    filters = with_rank(node.input_shapes[1], 3) or (None,) * 3
    if None not in (images[3], filters[2]) and images[3] != filters[2]:
        raise ValueError(f"Images have {images[3]} channels, but filters have {filters[2]}.")
    channels = filters[2] if images[3] is None else images[3]
    return (images[0], *windows.counts(images[1:3], filters[:2]), channels)


def _check(images: Array, filters: Array) -> None:
    if images.shape[3] != filters.shape[2]:
        raise invalid(f"Images have {images.shape[3]} channels, but filters have {filters.shape[2]}.")


Step = tuple[tuple[int, ...], tuple[slice, ...], Array, Array]


def _sums(windows: Windows, images: Array, filters: Array) -> Iterator[Step]:
    """For each element of the filters: its place, that in the padded images, the sums, and which are inside."""
    window = filters.shape[:2]
    padded = windows.padded(images, window)
    inside = windows.padded(np.ones((1, *images.shape[1:3], 1), bool), window)
    counts = [count or 0 for count in windows.counts(images.shape[1:3], window)]
    for place, moved in windows.places(window, counts):
        yield place, moved, padded[moved] + filters[place], inside[moved]


def _lowest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _winners(windows: Windows, images: Array, filters: Array) -> tuple[Array, Array]:
    """The greatest sum of each window, and the number of the first element that gives it."""
    best: Array | None = None
    winner = np.empty(0)
    for number, (_, _, total, inside) in enumerate(_sums(windows, images, filters)):
        if best is None:
            best, winner = np.full(total.shape, _lowest(total.dtype), total.dtype), np.zeros(total.shape, int)
        better = inside & (total > best)
        np.copyto(best, total, where=better)
        winner[better] = number
    return (images, winner) if best is None else (best, winner)


@register
class Dilation2D(OpDef):
    """The greatest sum of each window of each channel with a filter (height, width, channels)."""

    type = "Dilation2D"
    signature = "input: T, filter: T -> output: T"
    types = {"T": REALS}
    needed = _NEEDED
    allowed = _PADDINGS
    minimums = _MINIMUMS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, rows of windows, columns of windows, channels)."""
        return [_dilated(node)]

    def kernel(self, node: Node) -> Kernel:
        windows = _windows(node)

        def dilate(images: Array, filters: Array) -> Array:
            _check(images, filters)
            return _winners(windows, images, filters)[0]

        return widened(node, dilate)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        attrs = {key: op.get_attr(key) for key in _NEEDED}
        return [
            apply("Dilation2DBackpropInput", *op.inputs, grads[0], **attrs),
            apply("Dilation2DBackpropFilter", *op.inputs, grads[0], **attrs),
        ]


@register
class Dilation2DBackpropInput(OpDef):
    """The derivative of `Dilation2D` by the images: it goes to the first greatest of each window."""

    type = "Dilation2DBackpropInput"
    signature = "input: T, filter: T, out_backprop: T -> in_backprop: T"
    types = {"T": REALS}
    needed = _NEEDED
    allowed = _PADDINGS
    minimums = _MINIMUMS
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input."""
        return [node.input_shapes[0]]

    def kernel(self, node: Node) -> Kernel:
        windows = _windows(node)

        def spread(images: Array, filters: Array, grad: Array) -> Array:
            _check(images, filters)
            winner = _matching(_winners(windows, images, filters)[1], grad)
            padded = windows.padded(np.zeros_like(images), filters.shape[:2])
            for number, (_, moved, _, _) in enumerate(_sums(windows, images, filters)):
                padded[moved] += np.where(winner == number, grad, 0)
            return np.ascontiguousarray(windows.inside(padded, images.shape[1:3], filters.shape[:2]))

        return widened(node, spread)


@register
class Dilation2DBackpropFilter(OpDef):
    """The derivative of `Dilation2D` by the filters."""

    type = "Dilation2DBackpropFilter"
    signature = "input: T, filter: T, out_backprop: T -> filter_backprop: T"
    types = {"T": REALS}
    needed = _NEEDED
    allowed = _PADDINGS
    minimums = _MINIMUMS
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of filter."""
        return [node.input_shapes[1]]

    def kernel(self, node: Node) -> Kernel:
        windows = _windows(node)

        def gather(images: Array, filters: Array, grad: Array) -> Array:
            _check(images, filters)
            winner = _matching(_winners(windows, images, filters)[1], grad)
            found = np.zeros_like(filters)
            for number, (place, _, _, _) in enumerate(_sums(windows, images, filters)):
                found[place] = np.where(winner == number, grad, 0).sum((0, 1, 2))
            return found

        return widened(node, gather)


def _matching(winner: Array, grad: Array) -> Array:
    if winner.shape != grad.shape:
        raise invalid(f"out_backprop has shape {grad.shape}, but the result has {winner.shape}.")
    return winner


def _one_of(older: str, old: Any, newer: str, new: Any) -> Any:
    if old is not None and new is not None:
        raise ValueError(f"Cannot specify both '{older}' and '{newer}'; the latter is the newer name.")
    return old if new is None else new


def dilation2d(
    input: TensorLike,
    filter: TensorLike | None = None,
    strides: Sequence[int] | None = None,
    rates: Sequence[int] | None = None,
    padding: str | None = None,
    name: str | None = None,
    filters: TensorLike | None = None,
    dilations: Sequence[int] | None = None,
) -> Tensor:
    """The greatest sum of each window of images with a filter: grayscale dilation.

    Parameters
    ----------
    input : TensorLike
        Images of rank 4, channels last, of any dtype of real numbers.
    filter, filters : TensorLike
        Height, width, channels. Either name may be used.
    strides : list of int
        How far windows are apart: four numbers, the first and the last 1.
    rates, dilations : list of int
        How far elements of a window are apart, in the same form. Either name may be used.
    padding : {"SAME", "VALID"}
        Whether windows may reach out of the images; what is outside is never the greatest.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Images of the same dtype.

    Raises
    ------
    ValueError
        An argument is missing, given twice, or does not fit.
    """
    kernel = _one_of("filter", filter, "filters", filters)
    apart = _one_of("rates", rates, "dilations", dilations)
    if padding is None or strides is None or apart is None or kernel is None:
        raise ValueError("dilation2d needs filters, strides, rates and padding.")
    attrs = {"strides": list(strides), "rates": list(apart), "padding": padding.encode()}
    return apply("Dilation2D", input, kernel, name=name, **attrs)


def erosion2d(
    value: TensorLike,
    kernel: TensorLike,
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
    name: str | None = None,
) -> Tensor:
    """The smallest difference of each window of images and a filter: grayscale erosion.

    Parameters
    ----------
    value : TensorLike
        Images of rank 4, channels last, of any dtype of real numbers.
    kernel : TensorLike
        Height, width, channels.
    strides, rates : list of int
        As for `dilation2d`.
    padding : {"SAME", "VALID"}
    name : str, optional
        ``erosion2d`` by default.

    Returns
    -------
    Tensor
        Images of the same dtype.

    Raises
    ------
    ValueError
        An argument does not fit.
    """
    with scope(name, "erosion2d", value, kernel) as full:
        negative = apply("Neg", convert_to_tensor(value))
        turned = apply("ReverseV2", convert_to_tensor(kernel), [0, 1])
        return apply("Neg", dilation2d(negative, turned, strides, rates, padding, full))
