"""Networks of two parts over lists of steps, as ``tf.contrib.legacy_seq2seq`` has them: one reads, the other writes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.contrib.sequence_losses import LossFunction, sequence_loss_by_example, sequence_loss_of_lists
from hdfsaver.dtypes import DTypeLike
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.recurrent.cell import CellLike
from hdfsaver.recurrent.static_networks import Scope, static_rnn
from hdfsaver.variables.variable_scope import get_variable_scope, variable_scope

LoopFunction = Callable[[Any, int], Any] | None
"""A function of the last output and the number of the step, which gives the next input."""


def rnn_decoder(
    decoder_inputs: Iterable[Any],
    initial_state: Any,
    cell: CellLike,
    loop_function: LoopFunction = None,
    scope: Scope = None,
) -> tuple[list[Any], Any]:
    """Apply a cell to a list of inputs, or to what a function makes of its outputs.

    Parameters
    ----------
    decoder_inputs : list of Tensor
        Of shape (batch, size) each.
    initial_state : Tensor, or a structure of them
    cell : RNNCell
    loop_function : callable, optional
        Of the last output and the number of the step it makes the next input, in the place of that of the list; the
        first input is that of the list.
    scope : str or VariableScope, optional
        ``rnn_decoder`` by default.

    Returns
    -------
    tuple
        The list of outputs, and the last state.
    """
    outputs: list[Any] = []
    state = initial_state
    with variable_scope(scope or "rnn_decoder"):
        for number, given in enumerate(decoder_inputs):
            current = given
            if loop_function is not None and outputs:
                with variable_scope("loop_function", reuse=True):
                    current = loop_function(outputs[-1], number)
            if number:
                get_variable_scope().reuse_variables()
            output, state = cell(current, state)
            outputs.append(output)
    return outputs, state


def basic_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: CellLike,
    dtype: DTypeLike = dtypes.float32,
    scope: Scope = None,
) -> tuple[list[Any], Any]:
    """Read a list of inputs with a copy of a cell, and begin to write with its last state.

    Parameters
    ----------
    encoder_inputs, decoder_inputs : list of Tensor
        Of shape (batch, size) each.
    cell : RNNCell
    dtype : DType
        Of the first state.
    scope : str or VariableScope, optional
        ``basic_rnn_seq2seq`` by default.

    Returns
    -------
    tuple
        The list of outputs, and the last state.
    """
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def tied_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: CellLike,
    loop_function: LoopFunction = None,
    dtype: DTypeLike = dtypes.float32,
    scope: Scope = None,
) -> tuple[list[Any], Any]:
    """`basic_rnn_seq2seq` with the same variables for reading and writing.

    Parameters
    ----------
    encoder_inputs, decoder_inputs, cell, dtype : object
        As for `basic_rnn_seq2seq`.
    loop_function : callable, optional
        As for `rnn_decoder`.
    scope : str or VariableScope, optional
        ``tied_rnn_seq2seq`` by default, in the scope ``combined_tied_rnn_seq2seq``.

    Returns
    -------
    tuple
        The list of outputs, and the last state.
    """
    with variable_scope("combined_tied_rnn_seq2seq"):
        inner = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=inner)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function, inner)


def model_with_buckets(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    buckets: Sequence[tuple[int, int]],
    seq2seq: Callable[[Any, Any], tuple[Any, Any]],
    softmax_loss_function: LossFunction = None,
    per_example_loss: bool = False,
    name: str | None = None,
) -> tuple[list[Any], list[Any]]:
    """A network for each of some lengths, with the same variables, and its loss.

    Parameters
    ----------
    encoder_inputs, decoder_inputs, targets, weights : list of Tensor
    buckets : list of tuple of (int, int)
        Numbers of inputs and of outputs, the greatest at the end.
    seq2seq : callable
        A function of the inputs of both parts, which gives outputs and a state.
    softmax_loss_function : callable, optional
        As for `sequence_loss_by_example`.
    per_example_loss : bool
        Whether there is a loss for each sequence of the batch.
    name : str, optional
        The name of the operations, ``model_with_buckets`` by default.

    Returns
    -------
    tuple
        A list of outputs, and a loss, for each of the lengths.

    Raises
    ------
    ValueError
        A list is shorter than the greatest length.
    """
    for what, given, wanted in (
        ("encoder_inputs", encoder_inputs, buckets[-1][0]),
        ("targets", targets, buckets[-1][1]),
        ("weights", weights, buckets[-1][1]),
    ):
        if len(given) < wanted:
            raise ValueError(f"Length of {what} ({len(given)}) must be at least that of last bucket ({wanted}).")
    loss = sequence_loss_by_example if per_example_loss else sequence_loss_of_lists
    losses, outputs = [], []
    with name_scope(name, "model_with_buckets", *encoder_inputs, *decoder_inputs, *targets, *weights):
        for number, (read, written) in enumerate(buckets):
            with variable_scope(get_variable_scope(), reuse=True if number else None):
                found, _ = seq2seq(encoder_inputs[:read], decoder_inputs[:written])
                outputs.append(found)
                steps = targets[:written], weights[:written]
                losses.append(loss(found, *steps, softmax_loss_function=softmax_loss_function))
    return outputs, losses
