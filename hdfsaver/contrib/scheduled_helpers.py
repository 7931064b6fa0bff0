"""Helpers for training that now and then take what was written in the place of what is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.contrib.helpers import Embedding, TrainingHelper, embedding_function, unstacked
from hdfsaver.contrib.samples import bernoulli_sample, categorical_sample
from hdfsaver.control_flow.conds import cond
from hdfsaver.graph.structures import leaves_of
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import logical_not, logical_or
from hdfsaver.ops.filling import fill
from hdfsaver.ops.grids import gather_nd
from hdfsaver.ops.indexing import scatter_nd
from hdfsaver.ops.joining import concat
from hdfsaver.ops.reduction import reduce_all, reduce_any
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.recurrent.dynamic_networks import swap_batch_and_time


class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """Draws a number with some probability, and gives its row as the next input; otherwise what is given.

    Where nothing was drawn, the number is -1.

    Parameters
    ----------
    inputs, sequence_length : TensorLike
        As for `TrainingHelper`.
    embedding : callable or Tensor
        A function of numbers, or a table of rows.
    sampling_probability : TensorLike
        A number, or one for each sequence.
    time_major : bool
        Whether the first axis of the inputs is that of the steps.
    seed, scheduling_seed : int, optional
        Those of the numbers, and of whether they are drawn.
    name : str, optional

    Raises
    ------
    ValueError
        The probability is neither a scalar nor a vector.
    """

    def __init__(
        self,
        inputs: TensorLike,
        sequence_length: TensorLike,
        embedding: Embedding,
        sampling_probability: TensorLike,
        time_major: bool = False,
        seed: int | None = None,
        scheduling_seed: int | None = None,
        name: str | None = None,
    ) -> None:
        with scope(name, "ScheduledEmbeddingSamplingWrapper", inputs, sampling_probability):
            self._embedding_fn = embedding_function(embedding)
            self._probability = _probability(sampling_probability)
            self._seed = seed
            self._scheduling_seed = scheduling_seed
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """The numbers that are drawn, or -1; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        Tensor
        """
        values = (time, *leaves_of(outputs), *leaves_of(state))
        with scope(name, "ScheduledEmbeddingTrainingHelperSample", *values):
            drawn = bernoulli_sample(self._probability, "bool", self.batch_size, self._scheduling_seed)
            return where(drawn, categorical_sample(outputs, self._seed), fill([self.batch_size], -1))

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None) -> Any:
        """The rows of the numbers, or what is given; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        sample_ids : Tensor
        name : str, optional

        Returns
        -------
        tuple
        """
        values = (time, *leaves_of(outputs), *leaves_of(state), sample_ids)
        with scope(name, "ScheduledEmbeddingTrainingHelperNextInputs", *values):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids, name)

            def mixed() -> Any:
                chosen = cast(where(sample_ids > -1), "int32")
                others = cast(where(sample_ids <= -1), "int32")
                numbers = gather_nd(sample_ids, chosen)
                kept = gather_nd(given, others)
                return _put_together(given, chosen, self._embedding_fn(numbers), others, kept)

            return finished, cond(reduce_all(finished), lambda: given, mixed), state


class ScheduledOutputTrainingHelper(TrainingHelper):
    """Takes the outputs with some probability as the next inputs; otherwise what is given.

    It chooses True for the sequences whose outputs are taken.

    Parameters
    ----------
    inputs, sequence_length : TensorLike
        As for `TrainingHelper`.
    sampling_probability : TensorLike
        A number, or one for each sequence.
    time_major : bool
        Whether the first axis of the inputs is that of the steps.
    seed : int, optional
    next_inputs_fn : callable, optional
        Makes inputs of the outputs.
    auxiliary_inputs : TensorLike, optional
        Joined to the inputs, and to the outputs that are taken.
    name : str, optional

    Raises
    ------
    ValueError
        The probability is neither a scalar nor a vector.
    """

    def __init__(
        self,
        inputs: TensorLike,
        sequence_length: TensorLike,
        sampling_probability: TensorLike,
        time_major: bool = False,
        seed: int | None = None,
        next_inputs_fn: Callable[[Any], Any] | None = None,
        auxiliary_inputs: TensorLike | None = None,
        name: str | None = None,
    ) -> None:
        with scope(name, "ScheduledOutputTrainingHelper", inputs, auxiliary_inputs, sampling_probability):
            self._probability = _probability(sampling_probability)
            self._further = None
            if auxiliary_inputs is not None:
                inputs = convert_to_tensor(inputs, name="inputs")
                further = convert_to_tensor(auxiliary_inputs, name="auxiliary_inputs")
                inputs = concat((inputs, further), -1)
                self._further = unstacked(further if time_major else swap_batch_and_time(further))
            self._seed = seed
            self._next_inputs_fn = next_inputs_fn
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """Whose outputs are taken; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        Tensor
        """
        with scope(name, "ScheduledOutputTrainingHelperSample", time, *leaves_of(outputs), *leaves_of(state)):
            return bernoulli_sample(self._probability, sample_shape=self.batch_size, seed=self._seed)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None) -> Any:
        """The outputs that are taken, and otherwise what is given; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        sample_ids : Tensor
        name : str, optional

        Returns
        -------
        tuple
        """
        values = (time, *leaves_of(outputs), *leaves_of(state), sample_ids)
        with scope(name, "ScheduledOutputTrainingHelperNextInputs", *values):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids, name)
            taken = cast(sample_ids, "bool")

            def mixed() -> Any:
                if self._next_inputs_fn is None:
                    return where(taken, self._joined(time, outputs), given)
                chosen = cast(where(taken), "int32")
                others = cast(where(logical_not(taken)), "int32")
                picked = gather_nd(outputs, chosen)
                kept = gather_nd(given, others)
                made = self._joined(time, self._next_inputs_fn(picked), chosen)
                return _put_together(given, chosen, made, others, kept)

            all_finished = reduce_all(finished)
            none_taken = logical_not(reduce_any(taken))
            return finished, cond(logical_or(all_finished, none_taken), lambda: given, mixed), state

    def _joined(self, time: Any, outputs: Any, places: Tensor | None = None) -> Any:
        if self._further is None:
            return outputs
        further = self._further.read(time + 1)
        return concat((outputs, further if places is None else gather_nd(further, places)), -1)


def _probability(given: TensorLike) -> Tensor:
    probability = convert_to_tensor(given, name="sampling_probability")
    if probability.shape.ndims not in (0, 1):
        raise ValueError(f"sampling_probability must be either a scalar or a vector. saw shape: {probability.shape}")
    return probability


def _put_together(like: Any, chosen: Any, made: Any, others: Any, kept: Any) -> Any:
    """Rows of two kinds in their places."""
    shape = shape_of(like)
    return scatter_nd(chosen, made, shape) + scatter_nd(others, kept, shape)
