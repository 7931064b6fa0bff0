"""Repeat values to a shape or a number of times, and the axes that derivatives are summed over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat, Grads, invalid, sum_to, with_rank
from hdfsaver.shapes import Shape, ShapeLike, TensorShape
from hdfsaver.tensor_info import Array


@register
class BroadcastTo(OpDef):
    """The tensor repeated along dimensions of length 1, and along new ones in front, to a shape."""

    type = "BroadcastTo"
    signature = "input: T, shape: Tidx -> output: T"
    types = {"Tidx": INDICES}
    default_types = {"Tidx": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape."""
        given, wanted = node.input_shapes[0], node.sizes(1)
        whole = shapes.broadcast(given, wanted)
        if whole is None or wanted is None:
            return [wanted]
        return [shapes.merge(whole, wanted)]

    def kernel(self, node: Node) -> Kernel:
        return lambda values, shape: np.broadcast_to(values, tuple(shape.tolist()))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        assert grads[0] is not None
        return [sum_to(op.inputs[0], op.outputs[0], grads[0]), None]


def broadcast_to(input: TensorLike, shape: TensorLike, name: str | None = None) -> Tensor:
    """Repeat a tensor along dimensions of length 1, and along new ones in front, to a given shape.

    Parameters
    ----------
    input : Tensor or array_like
        Of any dtype.
    shape : Tensor, TensorShape or sequence of int
        The shape of the result, int32 or int64; every length is that of ``input`` or ``input`` has 1 there.
    name : str, optional
        Name of the operation, ``BroadcastTo`` by default.

    Returns
    -------
    Tensor
        Of the given shape and the dtype of ``input``. When run, it is a view that takes no memory of its own.

    Raises
    ------
    TypeError
        The shape is not of int32 or int64.
    ValueError
        The tensor cannot be broadcast to that shape.
    InvalidArgumentError
        When run: the same, for shapes that are not known before.
    """
    return apply("BroadcastTo", input, shape, name=name)


@register
class BroadcastArgs(Flat):
    """The shape that two shapes are broadcast to."""

    type = "BroadcastArgs"
    signature = "s0: T, s1: T -> r0: T"
    types = {"T": INDICES}
    default_types = {"T": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(rank of the longer shape,)."""
        first, second = (with_rank(shape, 1) for shape in node.input_shapes)
        if first is None or second is None or None in first + second:
            return [(None,)]
        return [(max(first[0] or 0, second[0] or 0),)]

    def kernel(self, node: Node) -> Kernel:
        return lambda s0, s1: np.array(np.broadcast_shapes(tuple(s0.tolist()), tuple(s1.tolist())), s0.dtype)

    def sizes(self, node: Node) -> Shape:
        return shapes.broadcast(node.sizes(0), node.sizes(1))


def broadcast_dynamic_shape(shape_x: TensorLike, shape_y: TensorLike) -> Tensor:
    """The shape, as a tensor, that two shapes are broadcast to; both are vectors of int32 or of int64."""
    return apply("BroadcastArgs", shape_x, shape_y)


def broadcast_static_shape(shape_x: ShapeLike, shape_y: ShapeLike) -> TensorShape:
    """The shape, as a TensorShape, that two shapes are broadcast to; `ValueError` where they are incompatible."""
    return shapes.TensorShape(shapes.broadcast(shapes.as_shape(shape_x), shapes.as_shape(shape_y)))


@register
class BroadcastGradientArgs(Flat):
    """For each of two shapes, the axes over which a derivative of their broadcast shape is summed."""

    type = "BroadcastGradientArgs"
    signature = "s0: T, s1: T -> r0: T, r1: T"
    types = {"T": INDICES}
    default_types = {"T": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Two vectors, whose lengths are known only when run."""
        return [(None,), (None,)]

    def kernel(self, node: Node) -> Kernel:
        return _repeated_axes


def _repeated_axes(s0: Array, s1: Array) -> tuple[Array, Array]:
    rank = max(len(s0), len(s1))
    sizes0 = [1] * (rank - len(s0)) + s0.tolist()
    sizes1 = [1] * (rank - len(s1)) + s1.tolist()
    axes0 = [axis for axis in range(rank) if sizes0[axis] == 1]
    axes1 = [axis for axis in range(rank) if sizes1[axis] == 1]
    return np.array(axes0, s0.dtype), np.array(axes1, s0.dtype)


@register
class Tile(OpDef):
    """The whole tensor repeated a number of times along each dimension."""

    type = "Tile"
    signature = "input: T, multiples: Tmultiples -> output: T"
    types = {"Tmultiples": INDICES}
    default_types = {"Tmultiples": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(input.shape[i] * multiples[i], ...)."""
        shape, multiples = node.input_shapes[0], node.sizes(1)
        if shape is None:
            return [None if multiples is None else (None,) * len(multiples)]
        if multiples is None:
            return [(None,) * len(shape)]
        if len(multiples) != len(shape):
            raise ValueError(f"A tensor of rank {len(shape)} takes {len(shape)} multiples, not {len(multiples)}.")
        return [tuple(None if None in (a, b) else (a or 0) * (b or 0) for a, b in zip(shape, multiples, strict=True))]

    def kernel(self, node: Node) -> Kernel:
        return _tile

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        # Each dimension is taken apart into the copies and the length of one, and the copies are summed.
        tensor, multiples = op.inputs
        sizes = apply("Shape", tensor, out_type=multiples.dtype.base_dtype.name)
        apart = apply("Reshape", apply("Pack", [multiples, sizes], axis=1), [-1])
        copies = apply("Range", 0, apply("Size", apart), 2)
        summed = apply("Sum", apply("Reshape", grads[0], apart), copies)
        return [apply("Reshape", summed, sizes), None]


def _tile(values: Array, multiples: Array) -> Array:
    counts = multiples.tolist()
    if len(counts) != np.ndim(values):
        raise invalid(f"A tensor of rank {np.ndim(values)} takes {np.ndim(values)} multiples, not {len(multiples)}.")
    if min(counts, default=0) < 0:
        raise invalid(f"Multiples must not be negative: {counts}.")
    if values.size == 1 and counts:
        repeated = np.empty(counts, values.dtype)
        repeated[...] = values
        return repeated
    return np.tile(values, counts)


def tile(input: TensorLike, multiples: TensorLike, name: str | None = None) -> Tensor:
    """Repeat a whole tensor a number of times along each dimension.

    Parameters
    ----------
    input : Tensor or array_like
        Of any dtype.
    multiples : Tensor or array_like
        How many times, a vector of int32 or int64 with one number per dimension of ``input``.
    name : str, optional
        Name of the operation, ``Tile`` by default.

    Returns
    -------
    Tensor
        Of the dtype of ``input``; dimension i has length ``input.shape[i] * multiples[i]``.

    Raises
    ------
    TypeError
        The multiples are not of int32 or int64.
    ValueError
        There are more or fewer multiples than dimensions.
    InvalidArgumentError
        When run: a multiple is negative.
    """
    return apply("Tile", input, multiples, name=name)
