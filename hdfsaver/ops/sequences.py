"""Batches of sequences of different lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class ReverseSequence(OpDef):
    """For each element of a batch the first values of its sequence in reverse, as many as its length says."""

    type = "ReverseSequence"
    signature = "input: T, seq_lengths: Tlen -> output: T"
    types = {"Tlen": INDICES}
    needed = {"seq_dim": "int"}
    attrs = {"batch_dim": 0}
    default_types = {"Tlen": "int64"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input."""
        shape, lengths = node.input_shapes[0], with_rank(node.input_shapes[1], 1)
        if shape is None:
            return [None]
        steps, batch = node.attrs["seq_dim"], node.attrs["batch_dim"]
        if steps >= len(shape):
            raise ValueError(f"seq_dim must be < input rank: {steps} vs. {len(shape)}")
        if batch >= len(shape):
            raise ValueError(f"batch_dim must be < input rank: {batch} vs. {len(shape)}")
        length = lengths[0] if lengths else None
        if shape[batch] is None:
            return [(*shape[:batch], length, *shape[batch + 1 :])]
        if length not in (None, shape[batch]):
            raise ValueError(f"Dimensions must be equal, but are {shape[batch]} and {length}: one length each.")
        return [shape]

    def kernel(self, node: Node) -> Kernel:
        steps, batch = node.attrs["seq_dim"], node.attrs["batch_dim"]

        def turned(values: Array, lengths: Array) -> Array:
            if steps == batch:
                raise invalid(f"batch_dim == seq_dim == {steps}")
            if len(lengths) != values.shape[batch]:
                raise invalid(
                    f"Length of seq_lengths != input.dims({batch}), ({len(lengths)} vs. {values.shape[batch]})"
                )
            longest = values.shape[steps]
            if np.any(lengths < 0) or np.any(lengths > longest):
                raise invalid(
                    f"seq_lengths are from 0 to input.dims({steps}), which is {longest}, not {lengths.tolist()}."
                )
            step = np.arange(longest)
            ends = lengths[:, None]
            places = np.where(step < ends, ends - 1 - step, step)  # of each element of the batch
            shape = [1] * values.ndim
            shape[steps], shape[batch] = longest, len(lengths)
            return np.take_along_axis(values, (places if batch < steps else places.T).reshape(shape), steps)

        return turned

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        steps, batch = op.get_attr("seq_dim"), op.get_attr("batch_dim")
        return [apply("ReverseSequence", grads[0], op.inputs[1], seq_dim=steps, batch_dim=batch), None]


def reverse_sequence(
    input: TensorLike,
    seq_lengths: TensorLike,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """Reverse the first values of each sequence of a batch, and leave those after its end.

    Parameters
    ----------
    input : TensorLike
        Of any dtype, and of rank 2 or more.
    seq_lengths : TensorLike
        A vector of int32 or int64: how many values of each sequence are reversed.
    seq_axis : int
        The axis of the steps.
    batch_axis : int, optional
        The axis of the batch, 0 by default.
    name : str, optional
        The name of the operation.
    seq_dim, batch_dim : int, optional
        Older names of ``seq_axis`` and ``batch_axis``.

    Returns
    -------
    Tensor
        Of the same dtype and shape.

    Raises
    ------
    ValueError
        An axis is missing, given by both names, or out of range, or the numbers of lengths and sequences differ.
    InvalidArgumentError
        When run: a length is out of range.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis=1))
    array([[2, 1, 3],
           [6, 5, 4]], dtype=int32)
    """
    steps = _axis("seq", seq_axis, seq_dim)
    batch = _axis("batch", batch_axis, batch_dim)
    if steps is None:
        raise ValueError("reverse_sequence needs the axis of the steps, seq_axis.")
    return apply("ReverseSequence", input, seq_lengths, seq_dim=steps, batch_dim=batch or 0, name=name)


def _axis(what: str, axis: int | None, older: int | None) -> int | None:
    if axis is not None and older is not None:
        raise ValueError(f"Cannot specify both '{what}_axis' and '{what}_dim'.")
    return older if axis is None else axis
