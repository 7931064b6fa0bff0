"""Cells applied to the steps of tensors, in a loop of the graph: ``dynamic_rnn`` and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.control_flow.conds import Assert_
from hdfsaver.control_flow.loops import while_loop
from hdfsaver.control_flow.tensor_arrays import TensorArray
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.structures import filled_with, leaves_of, mapped
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.arithmetic import maximum, minimum
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal
from hdfsaver.ops.constants import constant
from hdfsaver.ops.filling import range_, zeros
from hdfsaver.ops.joining import concat, stack
from hdfsaver.ops.reduction import reduce_all
from hdfsaver.ops.sequences import reverse_sequence
from hdfsaver.ops.shaping import rank, transpose
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.slicing import reverse
from hdfsaver.recurrent.cell import CellLike, check_cell
from hdfsaver.recurrent.static_networks import Scope, cache_variables, first_state
from hdfsaver.recurrent.steps import Lengths, state_dtype
from hdfsaver.recurrent.zero_states import joined_shape, joined_sizes
from hdfsaver.shapes import TensorShape
from hdfsaver.variables.variable_scope import variable_scope


def dynamic_rnn(
    cell: CellLike,
    inputs: Any,
    sequence_length: TensorLike | None = None,
    initial_state: Any = None,
    dtype: DTypeLike | None = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Scope = None,
) -> tuple[Any, Any]:
    """Apply a cell to each step of a tensor, in a loop that runs in the graph.

    Parameters
    ----------
    cell : RNNCell
    inputs : Tensor, or a structure of them
        Of shape (batch, steps, ...), or with ``time_major`` (steps, batch, ...). The number of steps, and of sequences,
        need not be known.
    sequence_length : TensorLike, optional
        The length of each sequence of the batch: after its end its outputs are zeros, and its state stays.
    initial_state : Tensor, or a structure of them, optional
        Zeros by default, which need ``dtype``.
    dtype : DType, optional
    parallel_iterations : int, optional
        Kept in the graph, 32 by default. Iterations run one after the other.
    swap_memory : bool
        Kept in the graph.
    time_major : bool
        Whether the first axis of inputs and outputs is that of the steps.
    scope : str or VariableScope, optional
        ``rnn`` by default.

    Returns
    -------
    tuple
        The outputs of all steps, in the structure of ``cell.output_size``, and the last state.

    Raises
    ------
    TypeError
        The cell is not like a cell.
    ValueError
        Ranks or sizes do not fit or are unknown, or there is neither a state nor a dtype.
    InvalidArgumentError
        When run: there is not one length for each sequence.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, [None, None, 10])
    >>> outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(16), x, dtype=tf.float32)
    >>> outputs, [variable.op.name.rpartition("/")[2] for variable in tf.trainable_variables()]
    (<tf.Tensor 'rnn/transpose_1:0' shape=(?, ?, 16) dtype=float32>, ['kernel', 'bias'])
    """
    check_cell("cell", cell)
    with variable_scope(scope or "rnn") as entered:
        cache_variables(entered)
        if not time_major:
            inputs = filled_with(inputs, [swap_batch_and_time(convert_to_tensor(leaf)) for leaf in leaves_of(inputs)])
        lengths = None if sequence_length is None else _vector_of_lengths(sequence_length)
        batch_size = _batch_size(inputs)
        state = first_state(cell, initial_state, batch_size, dtype)
        if lengths is not None:
            with get_default_graph().control_dependencies([_has_shape(lengths, [batch_size])]):
                lengths = apply("Identity", lengths, name="CheckSeqLen")
        loop = _Loop(cell, inputs, state, dtype)
        outputs, state = loop.run(lengths, parallel_iterations or 32, swap_memory)
        return outputs if time_major else mapped(swap_batch_and_time, outputs), state


def bidirectional_dynamic_rnn(
    cell_fw: CellLike,
    cell_bw: CellLike,
    inputs: Any,
    sequence_length: TensorLike | None = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: DTypeLike | None = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Scope = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Apply one cell to the steps of a tensor, and another one to the same in reverse.

    Parameters
    ----------
    cell_fw, cell_bw : RNNCell
        From the first step on, and from the last one back.
    inputs : Tensor, or a structure of them
    sequence_length : TensorLike, optional
        The length of each sequence, from whose end the second cell begins.
    initial_state_fw, initial_state_bw : Tensor, or a structure of them, optional
        Zeros by default, which need ``dtype``.
    dtype, parallel_iterations, swap_memory, time_major : object
        As for `dynamic_rnn`.
    scope : str or VariableScope, optional
        ``bidirectional_rnn`` by default.

    Returns
    -------
    tuple
        The outputs of both cells, and their last states.

    Raises
    ------
    TypeError, ValueError
        As for `dynamic_rnn`.
    """
    check_cell("cell_fw", cell_fw)
    check_cell("cell_bw", cell_bw)
    steps, batch = (0, 1) if time_major else (1, 0)

    def turned(value: Any) -> Tensor:
        if sequence_length is None:
            return reverse(value, [steps])
        return reverse_sequence(value, sequence_length, steps, batch)

    options: dict[str, Any] = {
        "dtype": dtype,
        "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory,
        "time_major": time_major,
    }
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw:
            ahead, state_fw = dynamic_rnn(cell_fw, inputs, sequence_length, initial_state_fw, scope=fw, **options)
        with variable_scope("bw") as bw:
            back, state_bw = dynamic_rnn(
                cell_bw, mapped(turned, inputs), sequence_length, initial_state_bw, scope=bw, **options
            )
    return (ahead, mapped(turned, back)), (state_fw, state_bw)


def swap_batch_and_time(value: Tensor) -> Tensor:
    """A tensor with its first two axes exchanged; one with fewer is given back."""
    shape = value.shape
    if shape.ndims is not None and shape.ndims < 2:
        return value
    swapped = transpose(value, concat(([1, 0], range_(2, rank(value))), 0))
    if shape.ndims is not None:
        first, second, *others = shape.as_list()
        swapped.set_shape([second, first, *others])
    return swapped


def _vector_of_lengths(given: TensorLike) -> Tensor:
    lengths = cast(given, "int32")
    if lengths.shape.ndims not in (None, 1):
        raise ValueError(
            "Argument sequence_length must be a vector of length batch_size. Received "
            f"sequence_length={given!r} of shape: {lengths.shape}"
        )
    return apply("Identity", lengths, name="sequence_length")


def _has_shape(value: Tensor, sizes: Sequence[Any]) -> Any:
    """An operation that stops the run where a tensor has another shape."""
    found, wanted = shape_of(value), stack(sizes)
    fits = reduce_all(equal(found, wanted))
    return Assert_(fits, [f"Expected shape for Tensor {value.name} is ", wanted, " but saw shape: ", found])


def _batch_size(inputs: Any) -> Any:
    """The number of sequences, known or for the run; the steps are the first axis."""
    leaves = list(leaves_of(inputs))
    for leaf in leaves:
        rank_of_leaf = leaf.shape.ndims
        if rank_of_leaf is not None and rank_of_leaf < 2:
            raise ValueError(f"Input tensor should have rank >= 2. Received input={leaf} of rank {rank_of_leaf}")
        if rank_of_leaf is not None and leaf.shape.as_list()[1] is not None:
            return leaf.shape.as_list()[1]
    return shape_of(leaves[0])[1]


class _Loop:
    """A cell in a loop over the steps of its inputs."""

    def __init__(self, cell: CellLike, inputs: Any, state: Any, dtype: DTypeLike | None) -> None:
        self.cell = cell
        self.inputs = inputs
        self.state = state
        self.leaves: list[Tensor] = list(leaves_of(inputs))
        self.steps = shape_of(self.leaves[0])[0]
        self.batch_size = _batch_size(inputs)
        self.shapes = [leaf.shape.with_rank_at_least(3) for leaf in self.leaves]
        self.known_steps, self.known_batch = self._known_sizes()
        self.sizes = list(leaves_of(cell.output_size))
        self.dtype = state_dtype(dtype, state)

    def _known_sizes(self) -> tuple[int | None, int | None]:
        steps, batch = self.shapes[0].as_list()[:2]
        for leaf, shape in zip(self.leaves, self.shapes, strict=True):
            if not shape[2:].is_fully_defined():
                raise ValueError(
                    "Input size (depth of inputs) must be accessible via shape inference, but saw value None for "
                    f"input={leaf}."
                )
            if shape.as_list()[:2] != [steps, batch]:
                what, size = ("Time steps is", steps) if shape.as_list()[0] != steps else ("Batch_size is", batch)
                raise ValueError(
                    f"{what} not the same for all the elements in the input: {size}, and in {shape} for input={leaf}."
                )
        return steps, batch

    def run(self, lengths: Tensor | None, parallel_iterations: int, swap_memory: bool) -> tuple[Any, Any]:
        """The outputs of all steps, the steps first, and the last state."""
        zero_output = filled_with(self.cell.output_size, [self._zeros(size) for size in self.sizes])
        ends = None if lengths is None else Lengths(lengths, zero_output)
        time = constant(0, "int32", name="time")
        with get_default_graph().name_scope("dynamic_rnn") as base_name:
            pass
        arrays = tuple(
            self._output_array(f"{base_name}output_{number}", size) for number, size in enumerate(self.sizes)
        )
        given = [
            self._array(f"{base_name}input_{number}", leaf.shape[1:], leaf.dtype)
            for number, leaf in enumerate(self.leaves)
        ]
        read = [array.unstack(leaf) for array, leaf in zip(given, self.leaves, strict=True)]

        def step(time: Any, arrays: Any, state: Any) -> Any:
            values = [array.read(time) for array in read]
            for value, shape in zip(values, self.shapes, strict=True):
                value.set_shape(shape[1:])
            current = filled_with(self.inputs, values)
            if ends is None:
                output, state = self.cell(current, state)
            else:
                output, state = ends.step(time, state, lambda: self.cell(current, state), always=True)
            arrays = tuple(array.write(time, value) for array, value in zip(arrays, leaves_of(output), strict=True))
            return time + 1, arrays, state

        bound = minimum(self.steps, maximum(1, self.steps if ends is None else ends.greatest))
        _, arrays, state = while_loop(
            lambda time, *_: time < bound,
            step,
            (time, arrays, self.state),
            parallel_iterations=parallel_iterations,
            maximum_iterations=self.steps,
            swap_memory=swap_memory,
        )
        outputs = [array.stack() for array in arrays]
        for output, size in zip(outputs, self.sizes, strict=True):
            output.set_shape(joined_shape(TensorShape([self.known_steps, self.known_batch]), size))
        return filled_with(self.cell.output_size, outputs), state

    def _zeros(self, size: Any) -> Tensor:
        return zeros(joined_sizes(self.batch_size, size), self.dtype)

    def _output_array(self, name: str, size: Any) -> TensorArray:
        own = get_static_value(size) if is_tensor(size) else size
        shape = TensorShape([self.known_batch]).concatenate(TensorShape([own] if isinstance(own, int) else own))
        return self._array(name, shape, self.dtype)

    def _array(self, name: str, shape: TensorShape, dtype: DTypeLike) -> TensorArray:
        return TensorArray(dtype, self.steps, element_shape=shape, tensor_array_name=name)
