"""The scores of candidates: by probability, length, and how much of the memory they have looked at."""

from __future__ import annotations

from typing import Any

from hdfsaver import dtypes
from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.contrib.attention_wrapper import AttentionWrapperState
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.arithmetic import divide, minimum
from hdfsaver.ops.broadcasting import tile
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal
from hdfsaver.ops.elementary import log
from hdfsaver.ops.filling import one_hot, ones_like
from hdfsaver.ops.joining import concat
from hdfsaver.ops.reduction import reduce_mean, reduce_sum
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import expand_dims, reshape
from hdfsaver.ops.shaping import shape as shape_of


class Penalties:
    """How scores depend on lengths and on the memory (Y. Wu et al., 2016).

    Parameters
    ----------
    length : float
        The power of the length by which probabilities are divided.
    coverage : float
        The weight of what was not looked at.
    """

    def __init__(self, length: Any, coverage: Any) -> None:
        self.length = length
        self.coverage = coverage

    def attention_of(self, state: Any) -> Any:
        """How much a state has looked at each step of the memory; None where that does not matter.

        Raises
        ------
        ValueError
            It matters, and there is no `AttentionWrapper`.
        """
        if self.coverage == 0.0:
            return None
        states = [state] if isinstance(state, AttentionWrapperState) else state if isinstance(state, tuple) else ()
        found = [_mean(each.alignments) for each in states if isinstance(each, AttentionWrapperState)]
        if not found:
            raise ValueError("coverage_penalty_weight must be 0.0 if no cell is attentional.")
        return found[0] if len(found) == 1 else _mean(tuple(found))

    def scores(self, log_probs: Any, lengths: Any, finished: Any, looked: Any) -> Any:
        """The scores of all continuations.

        Parameters
        ----------
        log_probs, lengths : Tensor
            Of shape (batch, beams, words).
        finished : Tensor
            Which candidates have ended.
        looked : Tensor or None
            How much they have looked at each step of the memory.

        Returns
        -------
        Tensor

        Raises
        ------
        ValueError
            A weight is not a number.
        """
        scores = log_probs / cast(self._length_penalty(lengths), log_probs.dtype)
        weight: Any = convert_to_tensor(self.coverage, name="coverage_penalty_weight")
        if weight.shape.ndims != 0:
            raise ValueError(f"coverage_penalty_weight should be a scalar, but saw shape: {weight.shape}")
        if get_static_value(weight) == 0.0:
            return scores
        looked = where(equal(looked, 0.0), ones_like(looked), looked)
        penalty: Any = reduce_sum(log(minimum(looked, 1.0)), 2)
        penalty = penalty * cast(finished, "float32")
        return scores + expand_dims(penalty * weight, 2)

    def _length_penalty(self, lengths: Any) -> Any:
        power: Any = convert_to_tensor(self.length, name="penalty_factor")
        power.set_shape(())
        if get_static_value(power) == 0:
            return 1.0
        return divide((5.0 + cast(lengths, "float32")) ** power, (5.0 + 1.0) ** power)


def _mean(alignments: Any) -> Any:
    """The mean of those of several mechanisms."""
    if not isinstance(alignments, tuple):
        return alignments
    return reduce_mean(concat([expand_dims(each, -1) for each in alignments], -1), -1)


def only_end(log_probs: Any, end_token: Any, finished: Any) -> Tensor:
    """The probabilities of words, where a candidate that has ended can only end again.

    Parameters
    ----------
    log_probs : Tensor
        Of shape (batch, beams, words).
    end_token, finished : Tensor

    Returns
    -------
    Tensor
    """
    words = shape_of(log_probs)[2]
    dtype = dtypes.as_dtype(log_probs.dtype)
    row = one_hot(end_token, words, dtype=dtype, on_value=convert_to_tensor(0.0, dtype), off_value=dtype.min)
    ended = tile(reshape(row, [1, 1, -1]), concat([shape_of(finished), [1]], 0))
    mask = tile(expand_dims(finished, 2), [1, 1, words])
    return where(mask, ended, log_probs)
