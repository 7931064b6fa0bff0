"""Linear chains of tags (conditional random fields): scores of sequences, their logarithms summed up, and the best one.

A score is made of one for each tag at each place (unary), and one for each tag after another (binary, the transitions).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.static_conditions import smart_cond
from hdfsaver.ops.arithmetic import maximum
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import less_equal
from hdfsaver.ops.constants import constant
from hdfsaver.ops.filling import fill, range_, zeros_like
from hdfsaver.ops.grids import gather_nd, sequence_mask
from hdfsaver.ops.indexing import gather
from hdfsaver.ops.joining import concat, stack
from hdfsaver.ops.reduction import reduce_logsumexp, reduce_max, reduce_sum
from hdfsaver.ops.scans import argmax
from hdfsaver.ops.selection import where
from hdfsaver.ops.sequences import reverse_sequence
from hdfsaver.ops.shaping import expand_dims, reshape, squeeze
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.ops.slicing import slice_
from hdfsaver.recurrent.cell import RNNCell
from hdfsaver.recurrent.dynamic_networks import dynamic_rnn
from hdfsaver.variables.get_variable import get_variable

Result = TypeVar("Result")


def crf_sequence_score(
    inputs: TensorLike, tag_indices: TensorLike, sequence_lengths: TensorLike, transition_params: TensorLike
) -> Tensor:
    """The score of each sequence of tags.

    Parameters
    ----------
    inputs : Tensor
        The unary scores, of shape (batch, places, tags).
    tag_indices : Tensor
        The tags, of shape (batch, places).
    sequence_lengths : Tensor
        The number of places of each sequence that count.
    transition_params : Tensor
        The binary scores, of shape (tags, tags): that of the second tag after the first one.

    Returns
    -------
    Tensor
        A number for each sequence.
    """
    scores, tags, lengths = _tensors(inputs, tag_indices, sequence_lengths)
    transitions = convert_to_tensor(transition_params)

    def one_place() -> Tensor:
        count = shape_tensor(scores, out_type=tags.dtype)[0]
        rows = reshape(range_(count, dtype=tags.dtype), [-1, 1])
        found = gather_nd(squeeze(scores, [1]), concat([rows, tags], 1))
        return where(less_equal(lengths, 0), zeros_like(found), found)

    def several() -> Tensor:
        return crf_unary_score(tags, lengths, scores) + crf_binary_score(tags, lengths, transitions)

    return _by_length(scores, one_place, several)


def crf_multitag_sequence_score(
    inputs: TensorLike, tag_bitmap: TensorLike, sequence_lengths: TensorLike, transition_params: TensorLike
) -> Tensor:
    """The logarithm of the summed exponentials of the scores of all sequences whose tags are among those marked.

    Parameters
    ----------
    inputs : Tensor
        The unary scores, of shape (batch, places, tags).
    tag_bitmap : Tensor
        Which tags are possible, bool, of the same shape.
    sequence_lengths : Tensor
        The number of places of each sequence that count.
    transition_params : Tensor
        The binary scores, of shape (tags, tags).

    Returns
    -------
    Tensor
        A number for each sequence.
    """
    scores, marked, lengths = _tensors(inputs, tag_bitmap, sequence_lengths)
    transitions = convert_to_tensor(transition_params)

    def possible() -> Tensor:
        return where(marked, scores, fill(shape_tensor(scores), float("-inf")))

    def one_place() -> Tensor:
        return reduce_logsumexp(possible(), axis=[1, 2], keepdims=False)

    return _by_length(scores, one_place, lambda: crf_log_norm(possible(), lengths, transitions))


def crf_log_norm(inputs: TensorLike, sequence_lengths: TensorLike, transition_params: TensorLike) -> Tensor:
    """The logarithm of the summed exponentials of the scores of all sequences of tags.

    Parameters
    ----------
    inputs : Tensor
        The unary scores, of shape (batch, places, tags).
    sequence_lengths : Tensor
        The number of places of each sequence that count.
    transition_params : Tensor
        The binary scores, of shape (tags, tags).

    Returns
    -------
    Tensor
        A number for each sequence; 0 where no place counts.
    """
    scores, lengths = convert_to_tensor(inputs), convert_to_tensor(sequence_lengths)
    transitions = convert_to_tensor(transition_params)
    first = squeeze(slice_(scores, [0, 0, 0], [-1, 1, -1]), [1])

    def summed(last: Any) -> Tensor:
        norm = reduce_logsumexp(last, [1])
        return where(less_equal(lengths, 0), zeros_like(norm), norm)

    def several() -> Tensor:
        rest = slice_(scores, [0, 1, 0], [-1, -1, -1])
        cell = CrfForwardRnnCell(transitions)
        _, last = dynamic_rnn(cell, rest, _one_less(lengths), first, dtypes.float32)
        return summed(last)

    return _by_length(scores, lambda: summed(first), several)


def crf_log_likelihood(
    inputs: TensorLike,
    tag_indices: TensorLike,
    sequence_lengths: TensorLike,
    transition_params: Any = None,
) -> tuple[Tensor, Any]:
    """The logarithm of the probability of each sequence of tags.

    Parameters
    ----------
    inputs : Tensor
        The unary scores, of shape (batch, places, tags).
    tag_indices : Tensor
        The tags, of shape (batch, places).
    sequence_lengths : Tensor
        The number of places of each sequence that count.
    transition_params : Tensor, optional
        The binary scores, of shape (tags, tags); by default the variable ``transitions``, which is made.

    Returns
    -------
    tuple
        The logarithms, and the binary scores.
    """
    scores, tags, lengths = _tensors(inputs, tag_indices, sequence_lengths)
    transitions = transition_params
    if transitions is None:
        count = scores.shape[2]
        transitions = get_variable("transitions", [count, count])
    score = crf_sequence_score(scores, tags, lengths, transitions)
    return score - crf_log_norm(scores, lengths, transitions), transitions


def crf_unary_score(tag_indices: TensorLike, sequence_lengths: TensorLike, inputs: TensorLike) -> Tensor:
    """The sum of the unary scores of each sequence of tags.

    Parameters
    ----------
    tag_indices, sequence_lengths, inputs : Tensor
        As for `crf_sequence_score`.

    Returns
    -------
    Tensor
        A number for each sequence.
    """
    scores, tags, lengths = _tensors(inputs, tag_indices, sequence_lengths)
    batch, places, count = (shape_tensor(scores)[axis] for axis in range(3))
    flat = reshape(scores, [-1])
    starts: Any = expand_dims(range_(batch) * places * count, 1)
    starts += expand_dims(range_(places) * count, 0)
    if tags.dtype == dtypes.int64:
        starts = cast(starts, dtypes.int64)
    found: Any = reshape(gather(flat, reshape(starts + tags, [-1])), [batch, places])
    return reduce_sum(found * _mask(lengths, tags), 1)


def crf_binary_score(tag_indices: TensorLike, sequence_lengths: TensorLike, transition_params: TensorLike) -> Tensor:
    """The sum of the binary scores of each sequence of tags.

    Parameters
    ----------
    tag_indices, sequence_lengths, transition_params : Tensor
        As for `crf_sequence_score`.

    Returns
    -------
    Tensor
        A number for each sequence.
    """
    tags, lengths = convert_to_tensor(tag_indices), convert_to_tensor(sequence_lengths)
    transitions = convert_to_tensor(transition_params)
    pairs: Any = shape_tensor(tags)[1] - 1
    before: Any = slice_(tags, [0, 0], [-1, pairs])
    after = slice_(tags, [0, 1], [-1, pairs])
    places = before * transitions.shape[0] + after
    found: Any = gather(reshape(transitions, [-1]), places)
    return reduce_sum(found * slice_(_mask(lengths, tags), [0, 1], [-1, -1]), 1)


class _OverTags(RNNCell):
    """A cell whose state has a number for each tag."""

    def __init__(self, transition_params: TensorLike) -> None:
        super().__init__()
        transitions = convert_to_tensor(transition_params)
        self._transition_params: Any = expand_dims(transitions, 0)
        self._num_tags = transitions.shape.as_list()[0]

    @property
    def state_size(self) -> Any:
        """The number of tags."""
        return self._num_tags

    @property
    def output_size(self) -> Any:
        """The number of tags."""
        return self._num_tags


class CrfForwardRnnCell(_OverTags):
    """A cell that adds up, for each tag, the exponentials of the scores of all sequences that end with it.

    Parameters
    ----------
    transition_params : Tensor
        The binary scores, of shape (tags, tags).
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:  # type: ignore[override]  # as for cells
        """The logarithms of the sums, as output and as state."""
        together = expand_dims(state, 2) + self._transition_params
        summed = inputs + reduce_logsumexp(together, [1])
        return summed, summed


class CrfDecodeForwardRnnCell(_OverTags):
    """A cell that finds, for each tag, the best sequence that ends with it.

    Parameters
    ----------
    transition_params : Tensor
        The binary scores, of shape (tags, tags).
    """

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:  # type: ignore[override]  # as for cells
        """The tags before, and the scores."""
        together = expand_dims(state, 2) + self._transition_params
        best = inputs + reduce_max(together, [1])
        return cast(argmax(together, 1), dtypes.int32), best


class CrfDecodeBackwardRnnCell(RNNCell):
    """A cell that follows the tags before from the last one.

    Parameters
    ----------
    num_tags : int
    """

    def __init__(self, num_tags: int | None) -> None:
        super().__init__()
        self._num_tags = num_tags

    @property
    def state_size(self) -> int:
        """A tag."""
        return 1

    @property
    def output_size(self) -> int:
        """A tag."""
        return 1

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:  # type: ignore[override]  # as for cells
        """The tag before, as output and as state."""
        last = squeeze(state, [1])
        rows = range_(shape_tensor(inputs)[0])
        before = expand_dims(gather_nd(inputs, stack([rows, last], 1)), -1)
        return before, before


def viterbi_decode(score: npt.ArrayLike, transition_params: npt.ArrayLike) -> tuple[list[Any], Any]:
    """The best sequence of tags, by NumPy.

    Parameters
    ----------
    score : array_like
        The unary scores, of shape (places, tags).
    transition_params : array_like
        The binary scores, of shape (tags, tags).

    Returns
    -------
    tuple
        The list of tags, and their score.
    """
    unary = np.asarray(score)
    reached = np.zeros_like(unary)
    before = np.zeros_like(unary, dtype=np.int32)
    reached[0] = unary[0]
    for place in range(1, len(unary)):
        ways = reached[place - 1][:, None] + np.asarray(transition_params)
        reached[place] = unary[place] + ways.max(0)
        before[place] = ways.argmax(0)
    tags = [reached[-1].argmax()]
    for row in before[:0:-1]:
        tags.append(row[tags[-1]])
    return tags[::-1], reached[-1].max()


def crf_decode(
    potentials: TensorLike, transition_params: TensorLike, sequence_length: TensorLike
) -> tuple[Tensor, Tensor]:
    """The best sequence of tags for each sequence of scores.

    Parameters
    ----------
    potentials : Tensor
        The unary scores, of shape (batch, places, tags).
    transition_params : Tensor
        The binary scores, of shape (tags, tags).
    sequence_length : Tensor
        The number of places of each sequence that count.

    Returns
    -------
    tuple of Tensor
        The tags, int32, of shape (batch, places), and their scores.
    """
    scores, lengths = convert_to_tensor(potentials), convert_to_tensor(sequence_length)
    transitions = convert_to_tensor(transition_params)

    def one_place() -> tuple[Tensor, Tensor]:
        flat = squeeze(scores, [1])
        tags, best = expand_dims(argmax(flat, axis=1), 1), reduce_max(flat, axis=1)
        return cast(tags, dtypes.int32), best

    def several() -> tuple[Tensor, Tensor]:
        return _best(scores, transitions, lengths)

    return _by_length(scores, one_place, several)


def _best(scores: Tensor, transitions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    forward = CrfDecodeForwardRnnCell(transitions)
    first = squeeze(slice_(scores, [0, 0, 0], [-1, 1, -1]), [1])
    rest = slice_(scores, [0, 1, 0], [-1, -1, -1])
    fewer = _one_less(lengths)
    before, reached = dynamic_rnn(forward, rest, fewer, first, dtypes.int32, time_major=False)
    before = reverse_sequence(before, fewer, seq_axis=1)
    backward = CrfDecodeBackwardRnnCell(scores.shape.as_list()[2])
    last = expand_dims(cast(argmax(reached, axis=1), dtypes.int32), -1)
    tags, _ = dynamic_rnn(backward, before, fewer, last, dtypes.int32, time_major=False)
    together = concat([last, squeeze(tags, [2])], 1)
    return reverse_sequence(together, lengths, seq_axis=1), reduce_max(reached, axis=1)


def _tensors(*values: TensorLike) -> list[Tensor]:
    return [convert_to_tensor(value) for value in values]


def _one_less(lengths: Tensor) -> Tensor:
    return maximum(constant(0, lengths.dtype), lengths - 1)


def _mask(lengths: Tensor, tags: Tensor) -> Tensor:
    return sequence_mask(lengths, shape_tensor(tags)[1], dtypes.float32)


def _by_length(scores: Tensor, one_place: Callable[[], Result], several: Callable[[], Result]) -> Result:
    """The result of one of two functions: whether there is one place may only be known in the run."""
    places = scores.shape.as_list()[1] or shape_tensor(scores)[1]
    found: Result = smart_cond(apply("Equal", places, 1), one_place, several)
    return found
