"""Layers of frozen graphs that are no longer made: an older batch normalization, and padding with a convolution.

Source: ``tensorflow/core/kernels/batch_norm_op.h`` and ``conv_ops_fused_image_transform.cc``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.definition import FLOATS, NUMBERS, QUANTIZED, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, invalid, with_rank
from hdfsaver.ops.sliding_windows import windows_of
from hdfsaver.ops.window_rules import Convolution
from hdfsaver.shapes import Shape, merge
from hdfsaver.tensor_info import Array

_NEEDED = {"variance_epsilon": "float", "scale_after_normalization": "bool"}
_TYPES = {"T": frozenset({"float32", "float64"})}
_FURTHER = {"T": (NUMBERS | QUANTIZED) - _TYPES["T"]}


def _merged_channels(image: Shape, vectors: Sequence[Shape]) -> tuple[Shape, Shape]:
    """The shape of images and that of their channels, of which each vector has one number."""
    whole = with_rank(image, 4)
    channels: Shape = (None if whole is None else whole[3],)
    for vector in vectors:
        channels = merge(channels, with_rank(vector, 1))
    return (*(whole[:3] if whole is not None else (None,) * 3), *(channels or (None,))), channels


def _check_channels(image: Array, *vectors: Array) -> None:
    if image.ndim != 4:
        raise invalid(f"input must be 4-dimensional, not of shape {image.shape}.")
    for vector in vectors:
        if vector.shape != image.shape[3:]:
            raise invalid(f"A vector must have one number for each of {image.shape[3]} channels, not {vector.shape}.")


@register
class BatchNormWithGlobalNormalization(OpDef):
    """Each channel normalized by a mean and a variance that are given, scaled and shifted; found in older graphs."""

    type = "BatchNormWithGlobalNormalization"
    signature = "t: T, m: T, v: T, beta: T, gamma: T -> result: T"
    types = _TYPES
    further_types = _FURTHER
    needed = _NEEDED

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of t, of rank 4."""
        return [_merged_channels(node.input_shapes[0], node.input_shapes[1:])[0]]

    def kernel(self, node: Node) -> Kernel:
        small, scaled = node.attrs["variance_epsilon"], node.attrs["scale_after_normalization"]

        def normalize(image: Array, mean: Array, variance: Array, beta: Array, gamma: Array) -> Array:
            _check_channels(image, mean, variance, beta, gamma)
            factor = 1 / np.sqrt(variance + image.dtype.type(small))
            if scaled:
                factor = factor * gamma
            result: Array = image * factor + (beta - mean * factor)
            return result

        return normalize

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        image, mean, variance, _, gamma = op.inputs
        attrs = {name: op.get_attr(name) for name in _NEEDED}
        found = apply_list("BatchNormWithGlobalNormalizationGrad", image, mean, variance, gamma, grads[0], **attrs)
        by_image, by_mean, by_variance, by_shift, by_scale = found
        return [by_image, by_mean, by_variance, by_shift, by_scale]


@register
class BatchNormWithGlobalNormalizationGrad(OpDef):
    """The derivatives of `BatchNormWithGlobalNormalization`."""

    type = "BatchNormWithGlobalNormalizationGrad"
    signature = "t: T, m: T, v: T, gamma: T, backprop: T -> dx: T, dm: T, dv: T, db: T, dg: T"
    types = _TYPES
    further_types = _FURTHER
    needed = _NEEDED
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of t, and four times (channels,)."""
        image = merge(with_rank(node.input_shapes[0], 4), node.input_shapes[4])
        whole, channels = _merged_channels(image, node.input_shapes[1:4])
        return [whole, *[channels] * 4]

    def kernel(self, node: Node) -> Kernel:
        small, scaled = node.attrs["variance_epsilon"], node.attrs["scale_after_normalization"]

        def back(image: Array, mean: Array, variance: Array, gamma: Array, grad: Array) -> tuple[Array, ...]:
            _check_channels(image, mean, variance, gamma)
            if grad.shape != image.shape:
                raise invalid(f"backprop must be of shape {image.shape}, not {grad.shape}.")
            moved = variance + image.dtype.type(small)
            root = 1 / np.sqrt(moved)
            factor = root * gamma if scaled else root
            by_shift, along = grad.sum((0, 1, 2)), (grad * (image - mean)).sum((0, 1, 2))
            by_scale = along * root if scaled else np.zeros_like(gamma)
            return grad * factor, -by_shift * factor, along * factor / moved / -2, by_shift, by_scale

        return back


@register
class FusedPadConv2D(Convolution):
    """Images that go on as in a mirror, convolved; a rewritten graph has it."""

    type = "FusedPadConv2D"
    differs = "Of several images each is padded; TensorFlow computes the first one right, and not the others."
    signature = "input: T, paddings: int32, filter: T -> output: T"
    types = {"T": FLOATS}
    needed = {"mode": "string", "strides": "list(int)", "padding": "string"}
    allowed = {"mode": frozenset({b"REFLECT", b"SYMMETRIC"}), "padding": frozenset({b"SAME", b"VALID"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, numbers of windows, filter.shape[3])."""
        image, filters = with_rank(node.input_shapes[0], 4), with_rank(node.input_shapes[2], 4) or (None,) * 4
        paddings, windows = node.constant(1), windows_of(node)
        if image is None or paddings is None:
            return [(None,) * 3 + filters[3:]]
        wide = [None if size is None else size + int(sum(pair)) for size, pair in zip(image, paddings, strict=True)]
        return [(wide[0], *windows.counts(wide[1:3], filters[:2]), filters[3])]

    def kernel(self, node: Node) -> Kernel:
        convolve, mode = super().kernel(node), node.attrs["mode"]
        how: Any = "reflect" if mode == b"REFLECT" else "symmetric"

        def padded(image: Array, paddings: Array, filters: Array) -> Any:
            if image.ndim != 4 or paddings.shape != (4, 2):
                raise invalid(f"paddings must be of shape (4, 2), not {paddings.shape}, and images of rank 4.")
            most = np.array(image.shape) - (mode == b"REFLECT")
            if (paddings < 0).any() or (paddings.max(1) > most).any():
                raise invalid(f"paddings must be between 0 and {most.tolist()}, not {paddings.tolist()}.")
            return convolve(np.pad(image, paddings.tolist(), how), filters)

        return padded

    gradient = OpDef.gradient  # type: ignore[assignment] # none, as in TensorFlow
