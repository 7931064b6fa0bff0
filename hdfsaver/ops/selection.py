"""Choosing between values by conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.brackets import mask_functions
from hdfsaver.graph.definition import NUMBERS, QUANTIZED, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Flat, Grads, invalid, scope, shape_of, sum_to
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class Select(OpDef):
    """t where the condition is true and e elsewhere; a vector of conditions chooses rows, a single one everything."""

    type = "Select"
    signature = "condition: bool, t: T, e: T -> output: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that t and e share; condition has it too, is (t.shape[0],) or ()."""
        condition, first, second = node.input_shapes
        whole = shapes.merge(first, second)
        if condition is not None and len(condition) > 1:
            whole = shapes.merge(whole, condition)
        elif condition is not None and len(condition) == 1 and whole is not None:
            shapes.merge(whole[:1], condition)
        return [whole]

    def kernel(self, node: Node) -> Kernel:
        return _select

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        condition = op.inputs[0]
        zeros = apply("ZerosLike", grads[0])
        return [None, apply("Select", condition, grads[0], zeros), apply("Select", condition, zeros, grads[0])]


def _select(condition: Array, first: Array, second: Array) -> Array:
    rank, shape = np.ndim(condition), np.shape(first)
    if shape != np.shape(second) or np.shape(condition) not in ((), shape, shape[:1]):
        raise invalid(f"The shapes of condition {np.shape(condition)}, t {shape} and e {np.shape(second)} do not fit.")
    if condition.size == 1:  # steps of a network with one row: copied, which takes a third of the time
        return np.array(first if condition.item() else second)
    if rank == 1:
        condition = np.reshape(condition, (-1,) + (1,) * (np.ndim(first) - 1))
    return np.where(condition, first, second)


@register
class SelectV2(OpDef):
    """t where the condition is true and e elsewhere, all three broadcast."""

    type = "SelectV2"
    signature = "condition: bool, t: T, e: T -> output: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The broadcast shape of the inputs."""
        condition, first, second = node.input_shapes
        return [shapes.broadcast(condition, shapes.broadcast(first, second))]

    def kernel(self, node: Node) -> Kernel:
        return np.where

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        condition, first, second = op.inputs
        grad = grads[0]
        assert grad is not None
        zeros = apply("ZerosLike", grad)
        by_first = sum_to(first, grad, apply("SelectV2", condition, grad, zeros))
        return [None, by_first, sum_to(second, grad, apply("SelectV2", condition, zeros, grad))]


@register
class Where(Flat):
    """The indices of the elements that are true or not zero, a row for each, in row-major order."""

    type = "Where"
    signature = "input: T -> index: int64"
    types = {"T": NUMBERS | {"bool"}}
    default_types = {"T": "bool"}
    further_types = {"T": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(number of true elements, rank of input)."""
        shape = node.input_shapes[0]
        return [(None, None if shape is None else len(shape))]

    def kernel(self, node: Node) -> Kernel:
        return lambda condition: np.argwhere(condition).astype(np.int64, copy=False)


def where(
    condition: TensorLike, x: TensorLike | None = None, y: TensorLike | None = None, name: str | None = None
) -> Tensor:
    """Choose from ``x`` where a condition is true and from ``y`` elsewhere; without them, the indices of true elements.

    Parameters
    ----------
    condition : TensorLike
        bool: of the shape of ``x`` and ``y``, a vector that chooses rows, or a single value. Without them also numbers,
        of which those that are not 0 count as true.
    x, y : TensorLike, optional
        Of one dtype (any) and one shape; nothing is broadcast (see `where_v2`).
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the dtype and shape of ``x``; or int64 of shape (number of true elements, rank of the condition), in
        row-major order.

    Raises
    ------
    ValueError
        Only one of ``x`` and ``y`` is given, or the shapes do not fit.
    TypeError
        The condition is not bool, or the dtypes of ``x`` and ``y`` differ.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    return _where("Select", condition, x, y, name)


def where_v2(
    condition: TensorLike, x: TensorLike | None = None, y: TensorLike | None = None, name: str | None = None
) -> Tensor:
    """As `where`, but the condition, ``x`` and ``y`` are broadcast to each other.

    Parameters
    ----------
    condition : TensorLike
        bool. Without ``x`` and ``y`` also numbers, of which those that are not 0 count as true.
    x, y : TensorLike, optional
        Of one dtype (any) and of shapes that broadcast.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the dtype of ``x`` and the broadcast shape; or int64 of shape (number of true elements, rank of the
        condition), in row-major order.

    Raises
    ------
    ValueError
        Only one of ``x`` and ``y`` is given, or the shapes do not broadcast.
    TypeError
        The condition is not bool, or the dtypes of ``x`` and ``y`` differ.
    InvalidArgumentError
        In the run: shapes that were unknown before do not broadcast.
    """
    return _where("SelectV2", condition, x, y, name)


def _where(op_type: str, condition: TensorLike, x: TensorLike | None, y: TensorLike | None, name: str | None) -> Tensor:
    if (x is None) != (y is None):
        raise ValueError("tf.where needs both x and y, or neither.")
    if x is not None:
        return apply(op_type, condition, x, y, name=name)
    with scope(name, "Where", condition) as full:
        return apply("Where", convert_to_tensor(condition, name="condition"), name=full)


def boolean_mask(tensor: TensorLike, mask: TensorLike, name: str = "boolean_mask", axis: int | None = None) -> Tensor:
    """The parts of a tensor where a mask is true.

    Parameters
    ----------
    tensor : TensorLike
        Of any dtype.
    mask : TensorLike
        bool (numbers count as true where they are not 0), of known rank K of at least 1; its shape is that of the
        dimensions ``axis`` to ``axis + K`` of the tensor.
    name : str
        The name of the operations.
    axis : int, optional
        The first dimension that the mask stands for, 0 by default; negative ones are not supported.

    Returns
    -------
    Tensor
        Of the same dtype; the K dimensions of the mask become one, as long as the mask has true elements.

    Raises
    ------
    ValueError
        The mask's rank is 0 or unknown, or its shape does not fit.
    TypeError
        The mask holds strings.
    """
    axis = axis or 0
    with scope(name, "boolean_mask", tensor, mask):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        rank = mask.shape.rank
        if not rank:
            raise ValueError("mask cannot be scalar." if rank == 0 else "The rank of mask must be known.")
        tensor.shape[axis : axis + rank].assert_is_compatible_with(mask.shape)
        masked = apply("Prod", shape_of(tensor, "Shape")[axis : axis + rank], [0])
        before, after = shape_of(tensor, "Shape")[:axis], shape_of(tensor, "Shape")[axis + rank :]
        flat = apply("Reshape", tensor, apply("ConcatV2", [before, [masked], after], 0, name="concat"))
        indices = apply("Squeeze", apply("Where", apply("Reshape", mask, [-1])), squeeze_dims=[1])
        return apply("GatherV2", flat, indices, axis)


mask_functions.append(boolean_mask)
