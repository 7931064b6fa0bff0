"""A decoder that follows the best of several candidates: ``BeamSearchDecoder``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.contrib.basic_decoder import check_layer, size_of_outputs
from hdfsaver.contrib.beam_arrays import sorted_array
from hdfsaver.contrib.beam_scores import Penalties, only_end
from hdfsaver.contrib.decoder import Decoder
from hdfsaver.contrib.helpers import Embedding, embedding_function, tokens
from hdfsaver.control_flow.conds import cond
from hdfsaver.dtypes import DType
from hdfsaver.graph.structures import filled_with, is_array, leaves_of, mapped
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.layers.layer import Layer
from hdfsaver.ops.arithmetic import floormod
from hdfsaver.ops.base import scope
from hdfsaver.ops.beam_paths import gather_tree
from hdfsaver.ops.broadcasting import tile
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal, logical_not, logical_or
from hdfsaver.ops.filling import fill, one_hot, range_, zeros
from hdfsaver.ops.indexing import gather
from hdfsaver.ops.joining import concat
from hdfsaver.ops.losses import log_softmax
from hdfsaver.ops.ranking import top_k
from hdfsaver.ops.reduction import reduce_all, reduce_max
from hdfsaver.ops.shaping import expand_dims, reshape
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.shaping import size as size_of
from hdfsaver.recurrent.cell import CellLike, check_cell
from hdfsaver.shapes import TensorShape


class BeamSearchDecoderState(NamedTuple):
    """The state of a `BeamSearchDecoder`.

    Attributes
    ----------
    cell_state : Tensor, or a structure of them
        Of shape (batch, beams, ...).
    log_probs : Tensor
        The logarithm of the probability of each candidate.
    finished : Tensor
        Which candidates have ended.
    lengths : Tensor
        How many numbers each has.
    accumulated_attention_probs : Tensor or ()
        How much each has looked at the memory, where that is asked for.
    """

    cell_state: Any
    log_probs: Any
    finished: Any
    lengths: Any
    accumulated_attention_probs: Any


class BeamSearchDecoderOutput(NamedTuple):
    """The results of a step of a `BeamSearchDecoder`.

    Attributes
    ----------
    scores : Tensor
        The score of each candidate.
    predicted_ids : Tensor
        The number that it chose.
    parent_ids : Tensor
        The candidate of the step before that it came from.
    """

    scores: Any
    predicted_ids: Any
    parent_ids: Any


class FinalBeamSearchDecoderOutput(NamedTuple):
    """The results of a `BeamSearchDecoder` at the end.

    Attributes
    ----------
    predicted_ids : Tensor
        The sequences, of shape (batch, steps, beams), the best first.
    beam_search_decoder_output : BeamSearchDecoderOutput
        The results of all steps.
    """

    predicted_ids: Any
    beam_search_decoder_output: Any


class BeamSearchDecoder(Decoder):
    """Follows the best candidates: in each step those of all continuations of those before.

    With an `AttentionWrapper` its memory, lengths and state go through `tile_batch` first.

    Parameters
    ----------
    cell : RNNCell
    embedding : callable or Tensor
        A function of numbers that gives inputs, or a table of rows.
    start_tokens : TensorLike
        The first number of each sequence.
    end_token : TensorLike
        The number that ends a sequence.
    initial_state : Tensor, or a structure of them
        For ``beam_width`` times the batch.
    beam_width : int
        The number of candidates.
    output_layer : Layer, optional
        Applied to the outputs of the cell.
    length_penalty_weight : float
        How much long sequences are preferred; not at all at 0.
    coverage_penalty_weight : float
        How much it costs not to look at the whole memory; nothing at 0.
    reorder_tensor_arrays : bool
        Whether arrays in the state are sorted by the paths of the candidates at the end.

    Raises
    ------
    TypeError
        The cell is not like a cell, or the layer not a layer.
    ValueError
        ``start_tokens`` is not a vector, ``end_token`` not a scalar, or the state has another batch.
    """

    def __init__(
        self,
        cell: CellLike,
        embedding: Embedding,
        start_tokens: TensorLike,
        end_token: TensorLike,
        initial_state: Any,
        beam_width: int,
        output_layer: Layer | None = None,
        length_penalty_weight: float = 0.0,
        coverage_penalty_weight: float = 0.0,
        reorder_tensor_arrays: bool = True,
    ) -> None:
        check_cell("cell", cell)
        check_layer(output_layer)
        self._cell = cell
        self._output_layer = output_layer
        self._beam_width = beam_width
        self._penalties = Penalties(length_penalty_weight, coverage_penalty_weight)
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._embedding_fn = embedding_function(embedding)
        first, self._end_token = tokens(start_tokens, end_token)
        self._batch_size = size_of(start_tokens)
        self._initial_cell_state = self._with_sizes(self._split, initial_state)
        self._start_tokens = tile(expand_dims(first, 1), [1, beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)
        self._finished = one_hot(
            zeros([self._batch_size], dtype="int32"), depth=beam_width, on_value=False, off_value=True, dtype="bool"
        )

    @property
    def batch_size(self) -> Any:
        """The number of sequences, without regard to candidates."""
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        """True, since candidates change their places."""
        return True

    @property
    def output_size(self) -> BeamSearchDecoderOutput:
        """The number of candidates for each part."""
        shape = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(shape, shape, shape)

    @property
    def output_dtype(self) -> BeamSearchDecoderOutput:
        """The dtype of the state for scores, int32 for numbers."""
        sizes = size_of_outputs(self._cell, self._output_layer)
        return BeamSearchDecoderOutput(mapped(lambda _: self._dtype, sizes), "int32", "int32")

    @property
    def _dtype(self) -> DType:
        found: DType = next(leaves_of(self._initial_cell_state)).dtype
        return found

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        """Begin with one candidate of each sequence; see `Decoder`."""
        dtype = self._dtype
        log_probs = one_hot(
            zeros([self._batch_size], dtype="int32"),
            depth=self._beam_width,
            on_value=convert_to_tensor(0.0, dtype),
            off_value=convert_to_tensor(-np.inf, dtype),
            dtype=dtype,
        )
        seen = self._penalties.attention_of(self._initial_cell_state)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=log_probs,
            finished=self._finished,
            lengths=zeros([self._batch_size, self._beam_width], dtype="int64"),
            accumulated_attention_probs=() if seen is None else seen,
        )
        return self._finished, self._start_inputs, state

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> tuple[Any, Any, Any, Any]:
        """Choose the best continuations; see `Decoder`.

        Parameters
        ----------
        time : Tensor
        inputs : Tensor
        state : BeamSearchDecoderState
        name : str, optional
            The name of the operations, ``BeamSearchDecoderStep`` by default.

        Returns
        -------
        tuple
        """
        with scope(name, "BeamSearchDecoderStep", time, *leaves_of(inputs), *leaves_of(state)):
            inputs = mapped(lambda part: self._merged(part, part.shape[2:]), inputs)
            cell_state = self._with_sizes(self._merge, state.cell_state)
            outputs, after = self._cell(inputs, cell_state)
            outputs = mapped(lambda part: self._divided(part, part.shape[1:]), outputs)
            after = self._with_sizes(self._split, after)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            output, next_state = self._chosen(time, outputs, after, state)
            finished = next_state.finished
            next_inputs = cond(
                reduce_all(finished),
                lambda: self._start_inputs,
                lambda: self._embedding_fn(output.predicted_ids),
            )
        return output, next_state, next_inputs, finished

    def _chosen(
        self, time: Any, logits: Any, after: Any, state: BeamSearchDecoderState
    ) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState]:
        """The best continuations of all candidates."""
        width, running = self._beam_width, logical_not(state.finished)
        known_batch = _known(self._batch_size)
        step_probs = only_end(log_softmax(logits), self._end_token, state.finished)
        total = expand_dims(state.log_probs, 2) + step_probs
        words = logits.shape.as_list()[-1] or shape_of(logits)[-1]
        longer: Any = one_hot(
            fill([self._batch_size, width], self._end_token),
            depth=words,
            on_value=np.int64(0),
            off_value=np.int64(1),
            dtype="int64",
        )
        longer = longer * expand_dims(cast(running, "int64"), 2)
        lengths = longer + expand_dims(state.lengths, 2)
        looked: Any = self._penalties.attention_of(after)
        if looked is not None:
            looked = state.accumulated_attention_probs + looked * expand_dims(cast(running, "float32"), 2)
        scores = self._penalties.scores(total, lengths, state.finished, looked)
        convert_to_tensor(time, name="time")
        flat = reshape(scores, [self._batch_size, -1])
        best, places = top_k(flat, k=convert_to_tensor(width, "int32", name="beam_width"))
        best.set_shape([known_batch, width])
        places.set_shape([known_batch, width])
        probs = self._rows(total, places, width * words, [-1], "next_beam_probs")
        word_ids = cast(floormod(places, words, name="next_beam_word_ids"), "int32")
        parents = cast(places / words, "int32", name="next_beam_parent_ids")
        before = self._rows(state.finished, parents, width, [-1])
        finished = logical_or(before, equal(word_ids, self._end_token), name="next_beam_finished")
        grown = cast(logical_not(before), "int64")
        new_lengths = self._rows(state.lengths, parents, width, [-1]) + grown
        whole = [self._batch_size * width, -1]
        new_looked: Any = ()
        if looked is not None:
            new_looked = self._rows(looked, parents, width, whole, "next_accumulated_attention_probs")

        def moved(part: Any) -> Any:
            if is_array(part):
                return part
            _check_rank(part)
            return self._rows(part, parents, width, whole) if part.shape.ndims >= len(whole) else part

        next_state = BeamSearchDecoderState(
            cell_state=mapped(moved, after, whole=True),
            log_probs=probs,
            finished=finished,
            lengths=new_lengths,
            accumulated_attention_probs=new_looked,
        )
        return BeamSearchDecoderOutput(best, word_ids, parents), next_state

    def _rows(self, values: Any, places: Any, width: Any, shape: list[Any], name: str | None = None) -> Any:
        """The values of the candidates that places name, for each sequence of the batch."""
        with scope(name, "tensor_gather_helper", values, places):
            first = expand_dims(range_(self._batch_size) * width, 1)
            flat = reshape(places + first, [-1])
            found = gather(reshape(values, shape), flat)
            result = reshape(found, shape_of(values)[: 1 + len(shape)], name="output")
            rest = values.shape[1 : 1 + len(shape)]
            result.set_shape(TensorShape([_known(self._batch_size)]).concatenate(rest))
            return result

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        """Follow the paths of the candidates from the end; see `Decoder`.

        Parameters
        ----------
        outputs : BeamSearchDecoderOutput
        final_state : BeamSearchDecoderState
        sequence_lengths : Tensor
            Not looked at: the state has the lengths.

        Returns
        -------
        tuple
            A `FinalBeamSearchDecoderOutput`, and the state.
        """
        longest = cast(reduce_max(final_state.lengths, axis=1), "int32")
        predicted = gather_tree(
            outputs.predicted_ids, outputs.parent_ids, max_sequence_lengths=longest, end_token=self._end_token
        )
        if self._reorder_tensor_arrays:
            ordered = mapped(
                lambda part: (
                    sorted_array(part, outputs.parent_ids, final_state.lengths, self._batch_size, self._beam_width)
                    if is_array(part)
                    else part
                ),
                final_state.cell_state,
                whole=True,
            )
            final_state = final_state._replace(cell_state=ordered)
        return FinalBeamSearchDecoderOutput(predicted, outputs), final_state

    # -- from (batch, beams, ...) to (batch * beams, ...), and back ---------------------------------------------------

    def _with_sizes(self, function: Callable[[Any, Any], Any], state: Any) -> Any:
        """A function applied to each part of a state of the cell and its size."""
        parts = list(leaves_of(state, whole=True))
        sizes = list(_sizes_like(state, self._cell.state_size))
        return filled_with(state, [function(*pair) for pair in zip(parts, sizes, strict=True)], whole=True)

    def _split(self, part: Any, size: Any) -> Any:
        if is_array(part):
            return part
        _check_rank(part)
        return self._divided(part, size) if part.shape.ndims >= 1 else part

    def _merge(self, part: Any, size: Any) -> Any:
        if is_array(part):
            return part
        _check_rank(part)
        return self._merged(part, size) if part.shape.ndims >= 2 else part

    def _merged(self, part: Any, size: Any) -> Any:
        shape = shape_of(part)
        found = reshape(part, concat(([self._batch_size * self._beam_width], shape[2:]), 0))
        batch = _known(self._batch_size)
        rows = None if batch is None else batch * self._beam_width
        found.set_shape(TensorShape([rows]).concatenate(_static(size)))
        return found

    def _divided(self, part: Any, size: Any) -> Any:
        shape = shape_of(part)
        found = reshape(part, concat(([self._batch_size, self._beam_width], shape[1:]), 0))
        wanted = TensorShape([_known(self._batch_size), self._beam_width]).concatenate(_static(size))
        if not found.shape.is_compatible_with(wanted):
            raise ValueError(
                "Unexpected behavior when reshaping between beam width and batch size.  The reshaped tensor has shape: "
                f"{found.shape}.  We expected it to have shape (batch_size, beam_width, depth) == {wanted}.  Perhaps "
                "you forgot to create a zero_state with batch_size=encoder_batch_size * beam_width?"
            )
        found.set_shape(wanted)
        return found


def _sizes_like(state: Any, sizes: Any) -> Any:
    """The sizes of the parts of a state; shapes among them stay whole."""
    if isinstance(state, list | tuple) and not isinstance(sizes, TensorShape):
        for part, size in zip(state, sizes, strict=True):
            yield from _sizes_like(part, size)
    else:
        yield sizes


def _static(size: Any) -> TensorShape:
    if is_tensor(size):
        value = get_static_value(size)
        return TensorShape(None) if value is None else TensorShape(np.atleast_1d(value).tolist())
    return TensorShape([size] if isinstance(size, int) else size)


def _known(batch_size: Any) -> int | None:
    found = get_static_value(batch_size)
    return None if found is None else int(found)


def _check_rank(part: Any) -> None:
    if part.shape.ndims is None:
        raise ValueError(f"Expected tensor ({part}) to have known rank, but ndims == None.")


def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """Each row of a batch several times, one after the other.

    Parameters
    ----------
    t : Tensor, or a structure of them
        Of shape (batch, ...).
    multiplier : int
    name : str, optional
        The name of the operations, ``tile_batch`` by default.

    Returns
    -------
    Tensor, or a structure of them
        Of shape (batch * multiplier, ...).

    Raises
    ------
    ValueError
        The rank is not known, or 0.
    """

    def tiled(given: Any) -> Tensor:
        tensor = convert_to_tensor(given, name="t")
        shape = shape_of(tensor)
        if not tensor.shape.ndims:
            raise ValueError("t must have statically known rank")
        times = [1] * (tensor.shape.ndims + 1)
        times[1] = multiplier
        rows = tensor.shape.as_list()[0]
        repeated = tile(expand_dims(tensor, 1), times)
        found = reshape(repeated, concat(([shape[0] * multiplier], shape[1:]), 0))
        found.set_shape(TensorShape([None if rows is None else rows * multiplier]).concatenate(tensor.shape[1:]))
        return found

    with scope(name, "tile_batch", *leaves_of(t), multiplier):
        return mapped(tiled, t)
