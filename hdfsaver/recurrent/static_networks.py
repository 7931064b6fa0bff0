"""Cells applied to a list of inputs, with operations for each step: ``static_rnn`` and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.contexts import current_context
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.loop_contexts import WhileContext
from hdfsaver.graph.structures import filled_with, leaves_of, mapped
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.casting import cast
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.joining import concat
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.recurrent.cell import CellLike, check_cell
from hdfsaver.recurrent.steps import Lengths, reversed_steps, state_dtype
from hdfsaver.recurrent.zero_states import joined_shape, joined_sizes
from hdfsaver.variables.variable_scope import VariableScope, variable_scope

Scope = str | VariableScope | None


def static_rnn(
    cell: CellLike,
    inputs: Sequence[Any],
    initial_state: Any = None,
    dtype: DTypeLike | None = None,
    sequence_length: TensorLike | None = None,
    scope: Scope = None,
) -> tuple[list[Any], Any]:
    """Apply a cell to each input of a list, from the first to the last.

    Parameters
    ----------
    cell : RNNCell
    inputs : list of Tensor
        A step each, of shape (batch, size), or structures of such tensors.
    initial_state : Tensor, or a structure of them, optional
        Zeros by default, which need ``dtype``.
    dtype : DType, optional
    sequence_length : TensorLike, optional
        The length of each sequence of the batch: after its end its outputs are zeros, and its state stays.
    scope : str or VariableScope, optional
        ``rnn`` by default.

    Returns
    -------
    tuple
        The list of outputs, and the last state.

    Raises
    ------
    TypeError
        The cell is not like a cell, or ``inputs`` is not a list.
    ValueError
        There are no inputs, sizes are unknown or differ, or there is neither a state nor a dtype.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, [None, 28, 10])
    >>> outputs, state = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(16), tf.unstack(x, axis=1), dtype=tf.float32)
    >>> len(outputs), state.h
    (28, <tf.Tensor 'rnn/basic_lstm_cell/Mul_83:0' shape=(?, 16) dtype=float32>)
    """
    check_cell("cell", cell)
    _check_inputs(inputs)
    outputs = []
    with variable_scope(scope or "rnn") as entered:
        cache_variables(entered)
        static, batch_size = _batch(inputs)
        state = first_state(cell, initial_state, batch_size, dtype)
        lengths = None
        if sequence_length is not None:
            lengths = _lengths(cell, sequence_length, static, batch_size, state_dtype(dtype, state))
        for time, step in enumerate(inputs):
            if time:
                entered.reuse_variables()
            call = partial(cell, step, state)
            output, state = call() if lengths is None else lengths.step(time, state, call)
            outputs.append(output)
    return outputs, state


def static_state_saving_rnn(
    cell: CellLike,
    inputs: Sequence[Any],
    state_saver: Any,
    state_name: Any,
    sequence_length: TensorLike | None = None,
    scope: Scope = None,
) -> tuple[list[Any], Any]:
    """`static_rnn` that begins with a state that was saved, and saves its last one.

    Parameters
    ----------
    cell : RNNCell
    inputs : list of Tensor
    state_saver : object
        Its method ``state(name)`` gives a tensor, and ``save_state(name, value)`` an operation.
    state_name : str, or a tuple of them
        The names of the parts of the state, in the structure of ``cell.state_size``.
    sequence_length, scope : object
        As for `static_rnn`.

    Returns
    -------
    tuple
        The list of outputs, and the last state. The last output and the state wait until the state is saved.

    Raises
    ------
    ValueError
        The names do not fit the state; or as for `static_rnn`.
    """
    size = cell.state_size
    names = list(leaves_of(state_name))
    several = isinstance(size, list | tuple)
    if several != isinstance(state_name, list | tuple):
        raise ValueError(
            "Argument `state_name` should be the same type as `cell.state_size`. Received: "
            f"state_name={state_name}, cell.state_size={size}."
        )
    if len(names) != len(list(leaves_of(size))):
        raise ValueError(
            "Number of elements in argument `state_name` and `cell.state_size` are mismatched. Received "
            f"state_name={state_name}, cell.state_size={size}."
        )
    first = filled_with(size, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(cell, inputs, first, sequence_length=sequence_length, scope=scope)
    saved = [state_saver.save_state(name, part) for name, part in zip(names, leaves_of(state), strict=True)]
    with get_default_graph().control_dependencies(saved):
        outputs[-1] = mapped(partial(apply, "Identity"), outputs[-1])
        state = mapped(partial(apply, "Identity"), state)
    return outputs, state


def static_bidirectional_rnn(
    cell_fw: CellLike,
    cell_bw: CellLike,
    inputs: Sequence[Any],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: DTypeLike | None = None,
    sequence_length: TensorLike | None = None,
    scope: Scope = None,
) -> tuple[Any, Any, Any]:
    """Apply one cell to a list of inputs, and another one to the same in reverse.

    Parameters
    ----------
    cell_fw, cell_bw : RNNCell
        From the first input on, and from the last one back.
    inputs : list of Tensor
    initial_state_fw, initial_state_bw : Tensor, or a structure of them, optional
        Zeros by default, which need ``dtype``.
    dtype, sequence_length : object
        As for `static_rnn`.
    scope : str or VariableScope, optional
        ``bidirectional_rnn`` by default.

    Returns
    -------
    tuple
        The list of outputs, those of both cells side by side, and the last state of each.

    Raises
    ------
    TypeError, ValueError
        As for `static_rnn`.
    """
    check_cell("cell_fw", cell_fw)
    check_cell("cell_bw", cell_bw)
    _check_inputs(inputs)
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw:
            ahead, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope=fw)
        with variable_scope("bw") as bw:
            turned = reversed_steps(inputs, sequence_length)
            back, state_bw = static_rnn(cell_bw, turned, initial_state_bw, dtype, sequence_length, scope=bw)
    back = reversed_steps(back, sequence_length)
    both = [concat(pair, 1) for pair in zip(leaves_of(ahead), leaves_of(back), strict=True)]
    return filled_with(ahead, both), state_fw, state_bw


def cache_variables(scope: VariableScope) -> None:
    """Let the variables of a scope be read where they are used, as TensorFlow does outside of loops."""
    context = current_context(get_default_graph())
    in_loop = context is not None and any(isinstance(each, WhileContext) for each in context.outwards())
    if not in_loop and scope.caching_device is None:
        scope.set_caching_device(_own_device)


def _own_device(operation: Any) -> Any:
    return operation.device


def first_state(cell: CellLike, initial_state: Any, batch_size: Any, dtype: DTypeLike | None) -> Any:
    """The state that was given, or zeros.

    Raises
    ------
    ValueError
        There is neither a state nor a dtype.
    """
    if initial_state is not None:
        return initial_state
    if not dtype:
        raise ValueError("If no initial_state is provided, argument `dtype` must be specified")
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def _check_inputs(inputs: Any) -> None:
    if not isinstance(inputs, list | tuple):
        raise TypeError(f"Argument `inputs` must be a sequence. Received: {inputs}")
    if not inputs:
        raise ValueError("Argument `inputs` must not be empty.")


def _batch(inputs: Sequence[Any]) -> tuple[int | None, Any]:
    """The size of the batch as far as it is known, and for the run."""
    first = next(leaves_of(inputs))
    rank = first.shape.ndims
    if rank == 1:
        static = first.shape[0]
    else:
        static = first.shape.with_rank_at_least(2)[0]
        for leaf in leaves_of(inputs):
            batch, *sizes = leaf.shape.with_rank_at_least(2).dims or [static]
            static.assert_is_compatible_with(batch)
            for axis, size in enumerate(sizes):
                if size.value is None:
                    raise ValueError(
                        f"Input size (dimension {axis} of input {leaf}) must be accessible via shape inference, "
                        "but saw value None."
                    )
    return static.value, static.value or shape_of(first)[0]


def _lengths(cell: CellLike, given: TensorLike, static: int | None, batch_size: Any, dtype: DTypeLike) -> Lengths:
    lengths = convert_to_tensor(given, name="sequence_length")
    if lengths.shape.ndims not in (None, 1):
        raise ValueError(
            f"Argument `sequence_length` must be a vector of length {batch_size}. Received sequence_length={lengths}."
        )

    def made(size: Any) -> Tensor:
        output = zeros(joined_sizes(batch_size, size), dtype)
        output.set_shape(joined_shape(static, size))
        return output

    zero_output = mapped(made, cell.output_size)
    return Lengths(cast(lengths, "int32"), zero_output)
