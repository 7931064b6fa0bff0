"""Layers of cells in both directions: each layer gets what both directions of the one below give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.ops.joining import concat
from hdfsaver.recurrent.cell import CellLike
from hdfsaver.recurrent.dynamic_networks import bidirectional_dynamic_rnn
from hdfsaver.recurrent.static_networks import Scope, static_bidirectional_rnn
from hdfsaver.variables.variable_scope import variable_scope

States = Sequence[Any] | None


def stack_bidirectional_rnn(
    cells_fw: Sequence[CellLike],
    cells_bw: Sequence[CellLike],
    inputs: Sequence[Any],
    initial_states_fw: States = None,
    initial_states_bw: States = None,
    dtype: DTypeLike | None = None,
    sequence_length: TensorLike | None = None,
    scope: Scope = None,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Layers of cells in both directions, on a list of inputs.

    Parameters
    ----------
    cells_fw, cells_bw : list of RNNCell
        One for each layer.
    inputs : list of Tensor
    initial_states_fw, initial_states_bw : list, optional
        One for each layer, zeros by default.
    dtype : DType, optional
    sequence_length : TensorLike, optional
    scope : str or VariableScope, optional
        ``stack_bidirectional_rnn`` by default.

    Returns
    -------
    tuple
        The outputs of the last layer, and the last states of all, forward and backward.

    Raises
    ------
    ValueError
        There are no cells, or not one of each kind for each layer.
    """
    layers = _layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states: list[tuple[Any, Any]] = []
    outputs: Any = inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for number, (ahead, back, start_ahead, start_back) in enumerate(layers):
            with variable_scope(f"cell_{number}") as own:
                outputs, *last = static_bidirectional_rnn(
                    ahead,
                    back,
                    outputs,
                    start_ahead,
                    start_back,
                    dtype=dtype,
                    sequence_length=sequence_length,
                    scope=own,
                )
            states.append((last[0], last[1]))
    return outputs, tuple(state for state, _ in states), tuple(state for _, state in states)


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[CellLike],
    cells_bw: Sequence[CellLike],
    inputs: Any,
    initial_states_fw: States = None,
    initial_states_bw: States = None,
    dtype: DTypeLike | None = None,
    sequence_length: TensorLike | None = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Scope = None,
    swap_memory: bool = False,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Layers of cells in both directions, on a tensor.

    Parameters
    ----------
    cells_fw, cells_bw : list of RNNCell
        One for each layer.
    inputs : Tensor
    initial_states_fw, initial_states_bw : list, optional
        One for each layer, zeros by default.
    dtype, sequence_length, parallel_iterations, time_major : object
        As for `tf.nn.dynamic_rnn`.
    scope : str or VariableScope, optional
        ``stack_bidirectional_rnn`` by default.
    swap_memory : bool

    Returns
    -------
    tuple
        The outputs of the last layer, and the last states of all, forward and backward.

    Raises
    ------
    ValueError
        There are no cells, or not one of each kind for each layer.
    """
    layers = _layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states: list[tuple[Any, Any]] = []
    outputs: Any = inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for number, (ahead, back, start_ahead, start_back) in enumerate(layers):
            with variable_scope(f"cell_{number}"):
                both, last = bidirectional_dynamic_rnn(
                    ahead,
                    back,
                    outputs,
                    sequence_length,
                    start_ahead,
                    start_back,
                    dtype=dtype,
                    parallel_iterations=parallel_iterations,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                outputs = concat(both, 2)
            states.append(last)
    return outputs, tuple(state for state, _ in states), tuple(state for _, state in states)


def _layers(ahead: Any, back: Any, states_ahead: States, states_back: States) -> list[tuple[Any, ...]]:
    """The cells and first states of each layer."""
    for what, cells in (("fw", ahead), ("bw", back)):
        if not cells:
            raise ValueError(f"Must specify at least one {what} cell for BidirectionalRNN.")
        if not isinstance(cells, list):
            raise ValueError(f"cells_{what} must be a list of RNNCells (one per layer).")
    if len(ahead) != len(back):
        raise ValueError("Forward and Backward cells must have the same depth.")
    for what, states in (("fw", states_ahead), ("bw", states_back)):
        if states is not None and (not isinstance(states, list) or len(states) != len(ahead)):
            raise ValueError(f"initial_states_{what} must be a list of state tensors (one per layer).")
    nothing = [None] * len(ahead)
    return list(zip(ahead, back, states_ahead or nothing, states_back or nothing, strict=True))
