"""Decoders, which write sequences step by step in a loop of the graph: ``Decoder`` and ``dynamic_decode``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.control_flow.loops import while_loop
from hdfsaver.control_flow.tensor_arrays import TensorArray
from hdfsaver.graph.structures import check_same, filled_with, is_array, leaves_of, mapped
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.comparison import logical_not, logical_or
from hdfsaver.ops.constants import constant
from hdfsaver.ops.filling import fill, zeros_like
from hdfsaver.ops.reduction import reduce_all
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.recurrent.dynamic_networks import swap_batch_and_time
from hdfsaver.recurrent.static_networks import Scope, cache_variables
from hdfsaver.recurrent.zero_states import zeros_of
from hdfsaver.shapes import TensorShape
from hdfsaver.variables.variable_scope import variable_scope


class Decoder(ABC):
    """Writes a batch of sequences: a class of one's own says how it begins and what a step is.

    It has the properties ``batch_size``, ``output_size`` and ``output_dtype``, and the methods ``initialize`` and
    ``step``.
    """

    @property
    def batch_size(self) -> Any:
        """The number of sequences: an int or a tensor."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """The sizes of what a step gives: numbers and shapes, or a structure of them."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """The dtypes of what a step gives, in the same structure."""
        raise NotImplementedError

    @abstractmethod
    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        """Begin.

        Parameters
        ----------
        name : str, optional

        Returns
        -------
        tuple
            Which sequences have ended, the first inputs, and the first state.
        """

    @abstractmethod
    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> tuple[Any, Any, Any, Any]:
        """Take a step; it is called once, to make the operations.

        Parameters
        ----------
        time : Tensor
            The number of the step.
        inputs, state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        tuple
            The outputs, the next state, the next inputs, and which sequences have ended.
        """

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        """Change the results at the end; a decoder that does not do so leaves this method out.

        Parameters
        ----------
        outputs : Tensor, or a structure of them
            All steps, the steps first.
        final_state : Tensor, or a structure of them
        sequence_lengths : Tensor

        Returns
        -------
        tuple
            The outputs and the state.
        """
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """Whether a step tells all sequences that have ended, not only those that end in it."""
        return False


def dynamic_decode(
    decoder: Decoder,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: TensorLike | None = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Scope = None,
) -> tuple[Any, Any, Any]:
    """Take the steps of a decoder until all sequences have ended.

    Parameters
    ----------
    decoder : Decoder
    output_time_major : bool
        Give outputs whose first axis is that of the steps.
    impute_finished : bool
        Give zeros after the end of a sequence, and keep its state.
    maximum_iterations : int or Tensor, optional
        The most steps that are taken.
    parallel_iterations : int
        Kept in the graph. Iterations run one after the other.
    swap_memory : bool
        Kept in the graph.
    scope : str or VariableScope, optional
        ``decoder`` by default.

    Returns
    -------
    tuple
        The outputs of all steps, the last state, and the length of each sequence.

    Raises
    ------
    TypeError
        ``decoder`` is not a `Decoder`.
    ValueError
        ``maximum_iterations`` is not a scalar.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> table, first = tf.one_hot([1, 2, 0], 3), tf.zeros([2], tf.int32)
    >>> helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(table, first, end_token=2)
    >>> cell = tf.nn.rnn_cell.BasicRNNCell(3)
    >>> decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
    >>> outputs, state, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=5)
    >>> outputs.rnn_output, lengths.dtype
    (<tf.Tensor 'decoder/transpose:0' shape=(2, ?, 3) dtype=float32>, tf.int32)
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(f"Expected decoder to be type Decoder, but saw: {type(decoder)}")
    with variable_scope(scope, "decoder") as entered:
        cache_variables(entered)
        limit = None
        if maximum_iterations is not None:
            limit = convert_to_tensor(maximum_iterations, "int32", name="maximum_iterations")
            if limit.shape.ndims != 0:
                raise ValueError("maximum_iterations must be a scalar")
        loop = _Decoding(decoder, impute_finished, limit)
        outputs, state, lengths = loop.run(parallel_iterations, swap_memory)
        if not output_time_major:
            outputs = mapped(swap_batch_and_time, outputs)
    return outputs, state, lengths


class _Decoding:
    """The steps of a decoder in a loop."""

    def __init__(self, decoder: Decoder, impute_finished: bool, limit: Tensor | None) -> None:
        self.decoder = decoder
        self.impute_finished = impute_finished
        self.limit = limit

    def run(self, parallel_iterations: int, swap_memory: bool) -> tuple[Any, Any, Any]:
        """The outputs of all steps, the steps first, the last state and the lengths."""
        finished, inputs, state = self.decoder.initialize()
        sizes, kinds = self.decoder.output_size, list(leaves_of(self.decoder.output_dtype))
        pairs = list(zip(leaves_of(_as_leaves(sizes)), kinds, strict=True))
        zeros = filled_with(
            _as_leaves(sizes), [zeros_of(size.size, self.decoder.batch_size, kind) for size, kind in pairs]
        )
        if self.limit is not None:
            finished = logical_or(finished, self.limit <= 0)
        lengths = zeros_like(finished, dtype="int32")
        time = constant(0, "int32")
        arrays = filled_with(_as_leaves(sizes), [self._array(size.size, kind) for size, kind in pairs])

        def step(time: Any, arrays: Any, state: Any, inputs: Any, finished: Any, lengths: Any) -> Any:
            outputs, next_state, next_inputs, ended = self.decoder.step(time, inputs, state)
            if not self.decoder.tracks_own_finished:
                ended = logical_or(ended, finished)
            lengths = where(logical_not(finished), fill(shape_of(lengths), time + 1), lengths)
            check_same(state, next_state, "The states of a decoder")
            check_same(arrays, outputs, "The outputs of a decoder and its output_size")
            check_same(inputs, next_inputs, "The inputs of a decoder")
            if self.impute_finished:
                outputs = _replaced(outputs, zeros, lambda value, zero: where(finished, zero, value))
                next_state = _replaced(next_state, state, lambda new, old: _kept(finished, new, old))
            written = [
                array.write(time, value)
                for array, value in zip(leaves_of(arrays, whole=True), leaves_of(outputs), strict=True)
            ]
            return time + 1, filled_with(arrays, written, whole=True), next_state, next_inputs, ended, lengths

        _, arrays, state, _, _, lengths = while_loop(
            lambda time, arrays, state, inputs, finished, lengths: logical_not(reduce_all(finished)),
            step,
            (time, arrays, state, inputs, finished, lengths),
            parallel_iterations=parallel_iterations,
            maximum_iterations=self.limit,
            swap_memory=swap_memory,
        )
        outputs = mapped(lambda array: array.stack(), arrays, whole=True)
        with suppress(NotImplementedError):  # of a decoder without a last step
            outputs, state = self.decoder.finalize(outputs, state, lengths)
        return outputs, state, lengths

    def _array(self, size: Any, dtype: Any) -> TensorArray:
        known = None
        if isinstance(size, TensorShape) and size.ndims != 0:
            batch = get_static_value(convert_to_tensor(self.decoder.batch_size, name="batch_size"))
            known = TensorShape([None if batch is None else int(batch)]).concatenate(size)
        return TensorArray(dtype, 0, dynamic_size=True, element_shape=known)


class _Size:
    """A size in a structure of them, where a shape is not to be taken for a list."""

    def __init__(self, size: Any) -> None:
        self.size = size


def _as_leaves(sizes: Any) -> Any:
    return mapped(_Size, sizes)


def _replaced(values: Any, others: Any, function: Any) -> Any:
    pairs = zip(leaves_of(values, whole=True), leaves_of(others, whole=True), strict=True)
    return filled_with(values, [function(*pair) for pair in pairs], whole=True)


def _kept(finished: Tensor, new: Any, old: Any) -> Any:
    """The old state of sequences that have ended; what is not one for each sequence is always new."""
    if is_array(old):
        return new
    new.set_shape(old.shape)
    return new if new.shape.ndims == 0 else where(finished, old, new)
