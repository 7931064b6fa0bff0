"""One step of a batch of sequences of different lengths, and sequences in reverse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hdfsaver import dtypes
from hdfsaver.control_flow.conds import cond
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.structures import check_same, filled_with, leaves_of
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.joining import stack, unstack
from hdfsaver.ops.reduction import reduce_max, reduce_min
from hdfsaver.ops.selection import where
from hdfsaver.ops.sequences import reverse_sequence
from hdfsaver.shapes import TensorShape

Step = Callable[[], tuple[Any, Any]]
"""A call of a cell, which gives its output and the next state."""


class Lengths:
    """The lengths of the sequences of a batch, and what stands in for outputs after their ends.

    Parameters
    ----------
    lengths : Tensor
        int32, one for each sequence.
    zero_output : Tensor, or a structure of them
        Zeros of the shape of an output.
    """

    def __init__(self, lengths: Tensor, zero_output: Any) -> None:
        self.lengths = lengths
        self.zero_output = zero_output
        self.least = reduce_min(lengths)
        self.greatest = reduce_max(lengths)

    def step(self, time: Any, state: Any, call_cell: Step, *, always: bool = False) -> tuple[Any, Any]:
        """A step for those sequences that are long enough.

        Parameters
        ----------
        time : int or Tensor
            The number of the step.
        state : Tensor, or a structure of them
        call_cell : callable
        always : bool
            Call the cell also if all sequences have ended.

        Returns
        -------
        tuple
            Where a sequence has ended: zeros, and the state as it was.
        """
        zeros, states = list(leaves_of(self.zero_output)), list(leaves_of(state))
        ended = time >= self.lengths

        def flat() -> list[Any]:
            output, after = call_cell()
            check_same(self.zero_output, output, "The outputs of a cell and its output_size")
            check_same(state, after, "The states of a cell and its state_size")
            return [*leaves_of(output), *leaves_of(after)]

        def kept(found: Sequence[Any]) -> list[Any]:
            return [_unless(ended, old, new) for old, new in zip([*zeros, *states], found, strict=True)]

        def some() -> Any:
            found = flat()
            return cond(time < self.least, lambda: found, partial(kept, found))

        if always:
            results = kept(flat())
        else:
            results = cond(time >= self.greatest, lambda: [*zeros, *states], some, strict=True)
        for result, old in zip(results, [*zeros, *states], strict=True):
            if isinstance(result, Tensor):
                result.set_shape(old.shape)
        return filled_with(self.zero_output, results[: len(zeros)]), filled_with(state, results[len(zeros) :])


def _unless(ended: Tensor, old: Any, new: Any) -> Any:
    """The old value where a sequence has ended; scalars and arrays of tensors are those of all sequences."""
    if not isinstance(old, Tensor) or old.shape.ndims == 0:
        return new
    with get_default_graph().colocate_with(new.op):
        return where(ended, old, new)


def state_dtype(dtype: DTypeLike | None, state: Any) -> DType:
    """The dtype that was given, or else that of a state.

    Raises
    ------
    ValueError
        The state has several dtypes, or is empty.
    """
    if dtype is not None:
        return dtypes.as_dtype(dtype)
    found = list(dict.fromkeys(leaf.dtype for leaf in leaves_of(state)))
    if not found:
        raise ValueError(f"Unable to infer dtype from argument state={state}.")
    if len(found) > 1:
        raise ValueError(f"State has tensors of different inferred dtypes, so that none can be chosen: {found}")
    own: DType = found[0]
    return own


def reversed_steps(inputs: Sequence[Any], lengths: TensorLike | None) -> list[Any]:
    """A sequence in reverse, as far as each element of the batch is long; all of it without lengths.

    Parameters
    ----------
    inputs : list of Tensor
        A step each; or structures of tensors.
    lengths : TensorLike, optional

    Returns
    -------
    list
    """
    if lengths is None:
        return list(reversed(inputs))
    parts = []
    for sequence in zip(*(leaves_of(step) for step in inputs), strict=True):
        rank = TensorShape(None if sequence[0].shape.ndims is None else [None] * sequence[0].shape.ndims)
        for step in sequence:
            rank.assert_is_compatible_with(step.shape)
        parts.append(unstack(reverse_sequence(stack(sequence), lengths, 0, 1)))
    return [filled_with(like, steps) for like, steps in zip(inputs, zip(*parts, strict=True), strict=True)]
