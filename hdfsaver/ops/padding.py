"""Padding: adding values before and after a tensor in each dimension."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, added, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _padded(node: Node) -> Shape:
    shape, paddings = node.input_shapes[0], node.constant(1)
    with_rank(node.input_shapes[1], 2)
    if paddings is None:
        return None if shape is None else (None,) * len(shape)
    if (paddings < 0).any():
        raise ValueError(f"Paddings must not be negative: {paddings.tolist()}.")
    if shape is None:
        return (None,) * len(paddings)
    if paddings.shape != (len(shape), 2):
        raise ValueError(f"Paddings must have shape ({len(shape)}, 2), not {paddings.shape}.")
    return tuple(added(size, int(sum(pair))) for size, pair in zip(shape, paddings.tolist(), strict=True))


def _pad(values: Array, paddings: Array, constant: npt.ArrayLike) -> Array:
    pairs, shape = np.asarray(paddings).tolist(), np.shape(values)
    if len(pairs) != len(shape) or any(number < 0 for pair in pairs for number in pair):
        raise invalid(
            f"Paddings must be a pair of numbers for each of the {len(shape)} dimensions, none of them negative, "
            f"not {pairs}."
        )
    sizes = [size + before + after for size, (before, after) in zip(shape, pairs, strict=True)]
    padded = np.full(sizes, constant, values.dtype)
    padded[tuple(slice(before, before + size) for size, (before, _) in zip(shape, pairs, strict=True))] = values
    return padded


def _without_padding(op: Operation, grad: Tensor | None) -> Tensor:
    values, paddings = op.inputs[:2]
    index = paddings.dtype.base_dtype.name
    sizes = apply("Shape", values, out_type=index)
    begin = apply("GatherV2", paddings, 0, 1)
    return apply("Slice", grad, begin, sizes)


@register
class Pad(OpDef):
    """A tensor with zeros before and after it in each dimension."""

    type = "Pad"
    signature = "input: T, paddings: Tpaddings -> output: T"
    types = {"Tpaddings": INDICES}
    default_types = {"Tpaddings": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(input.shape[i] + paddings[i, 0] + paddings[i, 1], ...)."""
        return [_padded(node)]

    def kernel(self, node: Node) -> Kernel:
        zero = b"" if node.attrs["T"] == "string" else 0
        return lambda values, paddings: _pad(values, paddings, zero)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [_without_padding(op, grads[0]), None]


@register
class PadV2(OpDef):
    """A tensor with a value before and after it in each dimension."""

    type = "PadV2"
    signature = "input: T, paddings: Tpaddings, constant_values: T -> output: T"
    types = {"Tpaddings": INDICES}
    default_types = {"Tpaddings": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(input.shape[i] + paddings[i, 0] + paddings[i, 1], ...)."""
        return [_padded(node)]

    def kernel(self, node: Node) -> Kernel:
        return _pad

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        inside = _without_padding(op, grads[0])
        total, kept = (apply("Sum", part, apply("Range", 0, apply("Rank", part), 1)) for part in (grads[0], inside))
        return [inside, None, apply("Sub", total, kept)]


@register
class MirrorPad(OpDef):
    """A tensor with its own mirror image before and after it in each dimension."""

    type = "MirrorPad"
    differs = NO_DERIVATIVE
    signature = "input: T, paddings: Tpaddings -> output: T"
    types = {"Tpaddings": INDICES}
    default_types = {"Tpaddings": "int32"}
    needed = {"mode": "string"}
    allowed = {"mode": frozenset({b"REFLECT", b"SYMMETRIC"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(input.shape[i] + paddings[i, 0] + paddings[i, 1], ...)."""
        return [_padded(node)]

    def kernel(self, node: Node) -> Kernel:
        mode = "reflect" if node.attrs["mode"] == b"REFLECT" else "symmetric"
        most = 1 if mode == "reflect" else 0

        def mirror(values: Array, paddings: Array) -> Array:
            pairs = np.asarray(paddings).tolist()
            if any(max(pair) > size - most for pair, size in zip(pairs, np.shape(values), strict=True)):
                raise invalid(
                    f"Paddings {pairs} are longer than the mirror image of a tensor of shape {np.shape(values)}."
                )
            return np.asarray(np.pad(values, pairs, mode=mode))  # type: ignore[call-overload]  # NumPy wants a literal

        return mirror


def pad(
    tensor: TensorLike,
    paddings: TensorLike,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: TensorLike = 0,
) -> Tensor:
    """Add values before and after a tensor in each dimension.

    Parameters
    ----------
    tensor : TensorLike
        Of any dtype and a rank n.
    paddings : TensorLike
        int32 or int64, shape (n, 2): how much is added before and after each dimension, none of it negative.
    mode : {"CONSTANT", "REFLECT", "SYMMETRIC"}
        Add one value, or the tensor's mirror image without or with its border element; lower case works too.
    name : str, optional
        The name of the operation.
    constant_values : TensorLike
        The value to add, of the tensor's dtype; 0 stands for False and empty strings too.

    Returns
    -------
    Tensor
        Of the same dtype and rank. There is no derivative for the modes "REFLECT" and "SYMMETRIC".

    Raises
    ------
    ValueError
        The mode is unknown, or the paddings are negative or of another shape.
    TypeError
        The paddings are not integers, or the value is of another dtype.
    InvalidArgumentError
        In the run: the paddings do not fit, or are longer than the mirror image.
    """
    mode = mode.upper()
    if mode in ("REFLECT", "SYMMETRIC"):
        return apply("MirrorPad", tensor, paddings, name=name, mode=mode.encode())
    if mode != "CONSTANT":
        raise ValueError(f"The mode of a padding must be CONSTANT, REFLECT or SYMMETRIC, not {mode!r}.")
    if isinstance(constant_values, int | float) and constant_values == 0:
        return apply("Pad", tensor, paddings, name=name)
    return apply("PadV2", tensor, paddings, constant_values, name=name)
