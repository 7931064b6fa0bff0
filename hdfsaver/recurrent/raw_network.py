"""A cell in a loop whose inputs, states and outputs a function of the program chooses: ``raw_rnn``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.control_flow.loops import while_loop
from hdfsaver.control_flow.tensor_arrays import TensorArray
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.structures import check_same, filled_with, is_array, leaves_of
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.comparison import logical_not, logical_or
from hdfsaver.ops.constants import constant
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.reduction import reduce_all
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.recurrent.cell import CellLike, check_cell
from hdfsaver.recurrent.static_networks import Scope, cache_variables
from hdfsaver.recurrent.zero_states import joined_sizes
from hdfsaver.shapes import TensorShape
from hdfsaver.variables.variable_scope import variable_scope

LoopFunction = Callable[[Any, Any, Any, Any], tuple[Any, Any, Any, Any, Any]]
"""Of the time, the output and the state of the cell and the state of the loop it makes: which sequences have ended, the
next input, the next state, what is emitted, and the next state of the loop."""


def raw_rnn(
    cell: CellLike,
    loop_fn: LoopFunction,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    scope: Scope = None,
) -> tuple[Any, Any, Any]:
    """Apply a cell in a loop, to inputs and states that a function of the program chooses at each step.

    Parameters
    ----------
    cell : RNNCell
    loop_fn : callable
        A function of the time, the cell's output, its state, and a state of the loop; the last three are None when it
        is called first, and the last one may stay so. It gives bools that tell which sequences have ended, the next
        input, the next state of the cell, what is emitted, and the next state of the loop. What is emitted first is an
        example of shape and dtype, without the batch; None for outputs of the cell.
    parallel_iterations : int, optional
        Kept in the graph, 32 by default.
    swap_memory : bool
        Kept in the graph.
    scope : str or VariableScope, optional
        ``rnn`` by default.

    Returns
    -------
    tuple
        A TensorArray, or a structure of them, of what was emitted; the last state; and the last state of the loop.

    Raises
    ------
    TypeError
        The cell is not like a cell, or ``loop_fn`` is not a function.
    ValueError
        Structures or sizes of the batch differ.
    """
    check_cell("cell", cell)
    if not callable(loop_fn):
        raise TypeError(f"Argument `loop_fn` must be a callable. Received: {loop_fn}.")
    with variable_scope(scope or "rnn") as entered:
        cache_variables(entered)
        time = constant(0, "int32")
        ended, inputs, state, emitted, loop_state = loop_fn(time, None, None, None)
        kept = constant(0, "int32") if loop_state is None else loop_state
        batch = _Batch(inputs)
        check_same(state, cell.state_size, "The first state and the state_size of the cell")
        state = filled_with(state, [_tensor(leaf) for leaf in leaves_of(state, whole=True)], whole=True)
        arrays, zero = batch.emitted(emitted, cell, next(leaves_of(state)).dtype)

        def going_on(_: Any, ended: Any, *others: Any) -> Tensor:
            return logical_not(reduce_all(ended))

        def step(time: Any, ended: Any, current: Any, arrays: Any, state: Any, kept: Any) -> Any:
            output, after = cell(current, state)
            check_same(state, after, "The states of a cell and its state_size")
            check_same(cell.output_size, output, "The outputs of a cell and its output_size")
            following = time + 1
            finished, inputs, next_state, emit, next_kept = loop_fn(following, output, after, kept)
            check_same(state, next_state, "The states that loop_fn gives and the first one")
            check_same(current, inputs, "The inputs that loop_fn gives and the first one")
            check_same(zero, emit, "What loop_fn emits and what it emitted first")
            emit = _where_not_ended(ended, zero, emit)
            next_state = _where_not_ended(ended, state, next_state)
            written = [
                array.write(time, value)
                for array, value in zip(leaves_of(arrays, whole=True), leaves_of(emit), strict=True)
            ]
            arrays = filled_with(arrays, written, whole=True)
            over = logical_or(ended, finished)
            return following, over, inputs, arrays, next_state, kept if next_kept is None else next_kept

        results = while_loop(
            going_on,
            step,
            [time, ended, inputs, arrays, state, kept],
            parallel_iterations=parallel_iterations or 32,
            swap_memory=swap_memory,
        )
    arrays, state, kept = results[-3:]
    return arrays, state, None if loop_state is None else kept


def _tensor(leaf: Any) -> Any:
    return leaf if is_array(leaf) else convert_to_tensor(leaf)


def _where_not_ended(ended: Tensor, old: Any, new: Any) -> Any:
    """The new values, and the old ones of sequences that have ended."""
    made = []
    for kept, found in zip(leaves_of(old, whole=True), leaves_of(new, whole=True), strict=True):
        if is_array(kept) or kept.shape.ndims == 0:
            made.append(found)
            continue
        with get_default_graph().colocate_with(found.op):
            made.append(where(ended, kept, found))
    return filled_with(new, made, whole=True)


class _Batch:
    """The number of sequences, as the first inputs tell it."""

    def __init__(self, inputs: Any) -> None:
        leaves = list(leaves_of(inputs))
        known = [leaf.shape[0] if leaf.shape.ndims is not None else TensorShape([None])[0] for leaf in leaves]
        for size in known:
            known[0].assert_is_compatible_with(size)
        self.static: int | None = known[0].value
        self.size: Any = shape_of(leaves[0])[0] if self.static is None else self.static

    def emitted(self, example: Any, cell: CellLike, dtype: Any) -> tuple[Any, Any]:
        """Arrays for what is emitted, and zeros of its shape."""
        structure = cell.output_size if example is None else example
        leaves = list(leaves_of(structure))
        if example is None:
            sizes, kinds = leaves, [dtype] * len(leaves)
        else:
            sizes = [leaf.shape if leaf.shape.is_fully_defined() else shape_of(leaf) for leaf in leaves]
            kinds = [leaf.dtype for leaf in leaves]
        arrays = [
            TensorArray(
                kind,
                0,
                dynamic_size=True,
                element_shape=TensorShape([self.static]).concatenate(_static(size)),
                name=f"rnn_output_{number}",
            )
            for number, (kind, size) in enumerate(zip(kinds, sizes, strict=True))
        ]
        blank = [zeros(joined_sizes(self.size, size), kind) for kind, size in zip(kinds, sizes, strict=True)]
        return filled_with(structure, arrays), filled_with(structure, blank)


def _static(size: Any) -> TensorShape:
    if not is_tensor(size):
        return TensorShape([size] if isinstance(size, int) else size)
    value = get_static_value(size)
    return TensorShape(None if value is None else value.tolist())
