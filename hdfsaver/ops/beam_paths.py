"""The paths of a search with several candidates, from the end back to the beginning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import integer, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class GatherTree(OpDef):
    """The numbers on the path that leads to each candidate; the end token after the first one of them."""

    type = "GatherTree"
    signature = "step_ids: T, parent_ids: T, max_sequence_lengths: int32, end_token: T -> beams: T"
    types = {"T": frozenset({"int32"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of both first inputs: steps, batch, candidates."""
        steps, parents, lengths, end = node.input_shapes
        merged = shapes.merge(with_rank(steps, 3), with_rank(parents, 3))
        shapes.merge(end, ())
        batch = with_rank(lengths, 1)
        return [shapes.merge(merged, (None, None if batch is None else batch[0], None))]

    def kernel(self, node: Node) -> Kernel:
        return _paths


def _paths(steps: Array, parents: Array, lengths: Array, end: Array) -> Array:
    last = integer(end)
    _check(steps, parents, lengths)
    found = np.full(steps.shape, last, steps.dtype)
    count, batches, beams = steps.shape
    rows = np.arange(batches)[:, None]
    ends = np.minimum(lengths, count)
    parent = np.broadcast_to(np.arange(beams, dtype=parents.dtype), (batches, beams))
    for time in range(count - 1, -1, -1):
        inside = np.broadcast_to((ends > time)[:, None], parent.shape)
        place = np.where(inside, parent, 0)
        wrong = (place < 0) | (place >= beams)
        if wrong.any():
            batch, beam = np.argwhere(wrong)[0]
            raise invalid(
                f"Saw invalid parent id {place[batch, beam]} at (batch, time, beam) == ({batch}, {time}, {beam})"
            )
        found[time] = np.where(inside, steps[time][rows, place], last)
        parent = np.where(inside, parents[time][rows, place], parent)
    ended = np.zeros((batches, beams), bool)
    for time in range(count):
        found[time][ended] = last
        ended |= found[time] == last
    return found


def _check(steps: Array, parents: Array, lengths: Array) -> None:
    if np.shape(steps) != np.shape(parents) or np.ndim(steps) != 3:
        raise invalid(
            "step_ids.shape must match parent_ids.shape, and be of rank 3. The shapes are: "
            f"{shapes.text(np.shape(steps))} and {shapes.text(np.shape(parents))}"
        )
    if np.shape(lengths) != np.shape(steps)[1:2]:
        raise invalid(
            "batch size dimensions step_ids.shape[1] and max_sequence_lengths.shape[0] must match. The shapes are: "
            f"{shapes.text(np.shape(steps))} and {shapes.text(np.shape(lengths))}"
        )


def gather_tree(
    step_ids: TensorLike,
    parent_ids: TensorLike,
    max_sequence_lengths: TensorLike,
    end_token: TensorLike,
    name: str | None = None,
) -> Tensor:
    """The numbers on the path that leads to each candidate of the last step.

    Parameters
    ----------
    step_ids : TensorLike
        The number that each candidate chose, of shape (steps, batch, candidates).
    parent_ids : TensorLike
        The candidate of the step before that each came from.
    max_sequence_lengths : TensorLike
        How many steps are looked at, for each item of the batch.
    end_token : TensorLike
        The number that a path has after its end.
    name : str, optional
        The name of the operation, ``GatherTree`` by default.

    Returns
    -------
    Tensor
        Of the shape of ``step_ids``.

    Raises
    ------
    ValueError
        Shapes do not fit.
    InvalidArgumentError
        When run: there is no such candidate.
    """
    return apply("GatherTree", step_ids, parent_ids, max_sequence_lengths, end_token, name=name)
