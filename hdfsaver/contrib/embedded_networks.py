"""Networks of ``tf.contrib.legacy_seq2seq`` whose inputs are rows of a table, and that look at what was read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.contrib.contrib_cells import EmbeddingWrapper, Linear, OutputProjectionWrapper
from hdfsaver.contrib.legacy_networks import LoopFunction, rnn_decoder
from hdfsaver.control_flow.conds import cond
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.structures import filled_with, leaves_of
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.activations import tanh
from hdfsaver.ops.biases import xw_plus_b
from hdfsaver.ops.casting import cast
from hdfsaver.ops.constants import stop_gradient
from hdfsaver.ops.convolutions import conv2d
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.joining import concat, stack
from hdfsaver.ops.losses import softmax
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.scans import argmax
from hdfsaver.ops.shaping import reshape
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.recurrent.cell import CellLike
from hdfsaver.recurrent.static_networks import Scope, static_rnn
from hdfsaver.variables.embeddings import embedding_lookup
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.variable_scope import get_variable_scope, variable_scope

Projection = tuple[Any, Any] | None
"""Weights and biases that make logits of outputs."""

Decoded = tuple[list[Any], Any]
"""A list of outputs, and the last state."""


def _greatest_row(table: Any, projection: Projection, update: bool) -> Callable[[Any, int], Any]:
    """A function that gives the row of the class whose logit was the greatest."""

    def next_input(last: Any, _: int) -> Tensor:
        logits = last if projection is None else xw_plus_b(last, projection[0], projection[1])
        row = embedding_lookup(table, argmax(logits, 1))
        return row if update else stop_gradient(row)

    return next_input


def embedding_rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: CellLike,
    num_symbols: int,
    embedding_size: int,
    output_projection: Projection = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    scope: Scope = None,
) -> Decoded:
    """Apply a cell to rows of a table, those of given classes or of the classes that it has found before.

    Parameters
    ----------
    decoder_inputs : list of Tensor
        Numbers of classes, of shape (batch,) each.
    initial_state : Tensor, or a structure of them
    cell : RNNCell
    num_symbols, embedding_size : int
        The shape of the table, the variable ``embedding``.
    output_projection : tuple, optional
        Weights and biases that make logits of outputs.
    feed_previous : bool
        Whether inputs after the first one are the classes whose logits were the greatest.
    update_embedding_for_previous : bool
        Whether derivatives pass through these.
    scope : str or VariableScope, optional
        ``embedding_rnn_decoder`` by default.

    Returns
    -------
    tuple
        The list of outputs, and the last state.
    """
    with variable_scope(scope or "embedding_rnn_decoder"):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = _greatest_row(table, output_projection, update_embedding_for_previous) if feed_previous else None
        rows = (embedding_lookup(table, given) for given in decoder_inputs)
        return rnn_decoder(rows, initial_state, cell, loop)


def _in_branches(decode: Callable[[bool], Decoded], feed_previous: Any, state: Any, count: int) -> Decoded:
    """Outputs and state of a decoder; where only the run tells what it is fed, of one of two branches."""
    if isinstance(feed_previous, bool):
        return decode(feed_previous)

    def branch(feed: bool) -> list[Any]:
        with variable_scope(get_variable_scope(), reuse=None if feed else True):
            outputs, last = decode(feed)
            return [*outputs, *leaves_of(last)]

    found = cond(feed_previous, lambda: branch(True), lambda: branch(False))
    return found[:count], filled_with(state, found[count:])


def embedding_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: CellLike,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Projection = None,
    feed_previous: Any = False,
    dtype: DTypeLike | None = None,
    scope: Scope = None,
) -> Decoded:
    """Read classes with a copy of a cell, and write with its last state; both have a table of rows.

    Parameters
    ----------
    encoder_inputs, decoder_inputs : list of Tensor
        Numbers of classes, of shape (batch,) each.
    cell : RNNCell
    num_encoder_symbols, num_decoder_symbols, embedding_size : int
        The shapes of the tables.
    output_projection : tuple, optional
        Weights and biases that make logits of outputs; by default the cell is given a projection of its own.
    feed_previous : bool or Tensor
        Whether inputs after the first one are the classes that were found before.
    dtype : DType, optional
        That of the scope by default.
    scope : str or VariableScope, optional
        ``embedding_rnn_seq2seq`` by default.

    Returns
    -------
    tuple
        The list of outputs, and the last state.
    """
    with variable_scope(scope or "embedding_rnn_seq2seq") as outer:
        if dtype is not None:
            outer.set_dtype(dtype)
        reader = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        _, state = static_rnn(reader, encoder_inputs, dtype=outer.dtype)
        writer = OutputProjectionWrapper(cell, num_decoder_symbols) if output_projection is None else cell
        update = isinstance(feed_previous, bool)

        def decode(feed: bool) -> Decoded:
            sizes = num_decoder_symbols, embedding_size
            return embedding_rnn_decoder(decoder_inputs, state, writer, *sizes, output_projection, feed, update)

        return _in_branches(decode, feed_previous, state, len(decoder_inputs))


def attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: CellLike,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: LoopFunction = None,
    dtype: DTypeLike | None = None,
    scope: Scope = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """Apply a cell to a list of inputs, and at each step look at what was read (D. Bahdanau et al., 2015).

    Parameters
    ----------
    decoder_inputs : list of Tensor
        Of shape (batch, size) each.
    initial_state : Tensor, or a structure of them
    attention_states : Tensor
        The outputs that were read, of shape (batch, steps, size).
    cell : RNNCell
    output_size : int, optional
        That of the cell by default.
    num_heads : int
        The number of looks at each step.
    loop_function : callable, optional
        As for `rnn_decoder`.
    dtype : DType, optional
        That of the scope by default.
    scope : str or VariableScope, optional
        ``attention_decoder`` by default.
    initial_state_attention : bool
        Whether a look is taken before the first step; otherwise it has zeros.

    Returns
    -------
    tuple
        The list of outputs, and the last state.

    Raises
    ------
    ValueError
        There are no inputs or heads, or the size of what was read, or of an input, is not known.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    if attention_states.shape.as_list()[2] is None:
        raise ValueError(f"Shape[2] of attention_states must be known: {attention_states.shape}")
    with variable_scope(scope or "attention_decoder", dtype=dtype) as outer:
        batch = shape_tensor(decoder_inputs[0])[0]
        heads = _Heads(attention_states, num_heads, outer.dtype)
        outputs: list[Any] = []
        state, seen = initial_state, heads.nothing(batch)
        if initial_state_attention:
            seen = heads.look(initial_state)
        for number, given in enumerate(decoder_inputs):
            current = given
            if number:
                get_variable_scope().reuse_variables()
            if loop_function is not None and outputs:
                with variable_scope("loop_function", reuse=True):
                    current = loop_function(outputs[-1], number)
            size = current.shape.with_rank(2).as_list()[1]
            if size is None:
                raise ValueError(f"Could not infer input size from input: {current.name}")
            output, state = cell(_product([current, *seen], size, outer.dtype), state)
            again = number == 0 and initial_state_attention
            with variable_scope(get_variable_scope(), reuse=True if again else None):
                seen = heads.look(state)
            with variable_scope("AttnOutputProjection"):
                outputs.append(_product([output, *seen], output_size or cell.output_size, outer.dtype))
        return outputs, state


def _product(values: Sequence[Any], size: int, dtype: DTypeLike) -> Tensor:
    given = [cast(value, dtype) for value in values]
    return Linear(given, size)(given)


class _Heads:
    """Looks at what was read: each has a matrix and a vector of its own."""

    def __init__(self, states: Any, count: int, dtype: DTypeLike) -> None:
        self._dtype = dtype
        length = states.shape.as_list()[1]
        self._length: Any = shape_tensor(states)[1] if length is None else length
        self._size: int = states.shape.as_list()[2]
        self._hidden: Any = reshape(states, [-1, self._length, 1, self._size])
        self._features: list[Any] = []
        self._vectors: list[Any] = []
        for head in range(count):
            kernel = get_variable(f"AttnW_{head}", [1, 1, self._size, self._size], dtype=dtype)
            self._features.append(conv2d(self._hidden, kernel, [1, 1, 1, 1], "SAME"))
            self._vectors.append(get_variable(f"AttnV_{head}", [self._size], dtype=dtype))

    def nothing(self, batch: Any) -> list[Any]:
        """Zeros, which are seen before the first look."""
        sizes = stack([batch, self._size])
        found = [zeros(sizes, dtype=self._dtype) for _ in self._features]
        for value in found:
            value.set_shape([None, self._size])
        return found

    def look(self, state: Any) -> list[Any]:
        """The tensors that the heads see for a state."""
        query = concat(list(leaves_of(state)), 1) if isinstance(state, list | tuple) else state
        found = []
        for head, (features, vector) in enumerate(zip(self._features, self._vectors, strict=True)):
            with variable_scope(f"Attention_{head}"):
                asked: Any = cast(reshape(Linear(query, self._size)(query), [-1, 1, 1, self._size]), self._dtype)
                scores = reduce_sum(vector * tanh(features + asked), [2, 3])
                shares = cast(softmax(cast(scores, dtypes.float32)), self._dtype)
                summed = reduce_sum(reshape(shares, [-1, self._length, 1, 1]) * self._hidden, [1, 2])
                found.append(reshape(summed, [-1, self._size]))
        return found


def embedding_attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: CellLike,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: Projection = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    dtype: DTypeLike | None = None,
    scope: Scope = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """`attention_decoder` with rows of a table as inputs, as `embedding_rnn_decoder` has them.

    Parameters
    ----------
    decoder_inputs, num_symbols, embedding_size, output_projection, feed_previous : object
        As for `embedding_rnn_decoder`.
    update_embedding_for_previous : bool
        As for `embedding_rnn_decoder`.
    initial_state, attention_states, cell, num_heads, output_size, dtype, initial_state_attention : object
        As for `attention_decoder`.
    scope : str or VariableScope, optional
        ``embedding_attention_decoder`` by default.

    Returns
    -------
    tuple
        The list of outputs, and the last state.
    """
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = _greatest_row(table, output_projection, update_embedding_for_previous) if feed_previous else None
        rows = [embedding_lookup(table, given) for given in decoder_inputs]
        return attention_decoder(
            rows,
            initial_state,
            attention_states,
            cell,
            output_size or cell.output_size,
            num_heads,
            loop,
            initial_state_attention=initial_state_attention,
        )


def embedding_attention_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: CellLike,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Projection = None,
    feed_previous: Any = False,
    dtype: DTypeLike | None = None,
    scope: Scope = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """`embedding_rnn_seq2seq` that looks at what was read, as `attention_decoder` does.

    Parameters
    ----------
    encoder_inputs, decoder_inputs, cell, num_encoder_symbols, num_decoder_symbols, embedding_size : object
        As for `embedding_rnn_seq2seq`.
    output_projection, feed_previous, dtype : object
        As for `embedding_rnn_seq2seq`.
    num_heads, initial_state_attention : object
        As for `attention_decoder`.
    scope : str or VariableScope, optional
        ``embedding_attention_seq2seq`` by default.

    Returns
    -------
    tuple
        The list of outputs, and the last state.
    """
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as outer:
        reader = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        read, state = static_rnn(reader, encoder_inputs, dtype=outer.dtype)
        states = concat([reshape(output, [-1, 1, cell.output_size]) for output in read], 1)
        own = output_projection is None
        writer = OutputProjectionWrapper(cell, num_decoder_symbols) if own else cell
        update = isinstance(feed_previous, bool)

        def decode(feed: bool) -> Decoded:
            return embedding_attention_decoder(
                decoder_inputs,
                state,
                states,
                writer,
                num_decoder_symbols,
                embedding_size,
                num_heads,
                num_decoder_symbols if own else None,
                output_projection,
                feed,
                update,
                initial_state_attention=initial_state_attention,
            )

        return _in_branches(decode, feed_previous, state, len(decoder_inputs))
