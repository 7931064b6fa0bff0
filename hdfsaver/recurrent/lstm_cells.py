"""Cells with a long and a short memory: ``BasicLSTMCell`` and ``LSTMCell``."""

from __future__ import annotations

from typing import Any, NamedTuple

from hdfsaver import dtypes
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.tensor import Tensor
from hdfsaver.layers.core import Activation
from hdfsaver.layers.input_spec import InputSpec
from hdfsaver.layers.named_functions import find_activation
from hdfsaver.ops.activations import sigmoid, tanh
from hdfsaver.ops.arithmetic import add, multiply
from hdfsaver.ops.biases import bias_add
from hdfsaver.ops.constants import constant
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.ops.joining import concat, split
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.ops.norms import clip_by_value
from hdfsaver.ops.slicing import slice_
from hdfsaver.recurrent.cell import LayerRNNCell, check_dtype, check_dtypes, known_depth
from hdfsaver.variables.partitioning import fixed_size_partitioner
from hdfsaver.variables.variable_scope import InitializerLike


class _Parts(NamedTuple):
    c: Any
    h: Any


class LSTMStateTuple(_Parts):
    """The state of an LSTM: its memory ``c`` and its last output ``h``.

    Parameters
    ----------
    c, h : Tensor
        Or their sizes.
    """

    __slots__ = ()

    @property
    def dtype(self) -> DType:
        """The dtype that both share; `TypeError` if they do not."""
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"Inconsistent dtypes for internal state: {self.c.dtype} vs {self.h.dtype}")
        found: DType = self.c.dtype
        return found


class _LSTM(LayerRNNCell):
    """A cell with a number of units, and a state of two parts."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float,
        state_is_tuple: bool,
        activation: Activation,
        reuse: bool | None,
        name: str | None,
        dtype: DTypeLike | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtype(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation: Any = find_activation(activation) if activation else tanh

    @property
    def output_size(self) -> int:
        """The number of units."""
        return self._num_units

    @property
    def state_size(self) -> Any:
        """The sizes of the two parts, or their sum."""
        units, size = self._num_units, self.output_size
        return LSTMStateTuple(units, size) if self._state_is_tuple else units + size

    def _new_state(self, memory: Tensor, output: Tensor) -> Any:
        return LSTMStateTuple(memory, output) if self._state_is_tuple else concat([memory, output], 1)


class BasicLSTMCell(_LSTM):
    """A cell with a memory that gates let values into, keep and let out (S. Hochreiter and J. Schmidhuber, 1997).

    Parameters
    ----------
    num_units : int
    forget_bias : float
        Added to the bias of the gate that keeps values.
    state_is_tuple : bool
        Whether the state is a `LSTMStateTuple` rather than both parts in one tensor.
    activation : callable or str, optional
        `tf.tanh` by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables that are there already are used.
    name : str, optional
        The name of the scope, ``basic_lstm_cell`` by default.
    dtype : DType, optional
        That of the inputs by default.
    **kwargs : object
        See `Layer`.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> cell = tf.nn.rnn_cell.BasicLSTMCell(8)
    >>> output, state = cell(tf.zeros([2, 3]), cell.zero_state(2, tf.float32))
    >>> [(variable.name, variable.shape.as_list()) for variable in cell.variables]
    [('basic_lstm_cell/kernel:0', [11, 32]), ('basic_lstm_cell/bias:0', [32])]
    """

    _kernel: Any
    _bias: Any

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, forget_bias, state_is_tuple, activation, reuse, name, dtype, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the variables ``kernel`` and ``bias``; their columns are for input, new value, keeping and output."""
        depth = known_depth(input_shape)
        check_dtype(self.dtype)
        columns = 4 * self._num_units
        self._kernel = self.add_weight("kernel", shape=[depth + self._num_units, columns])
        self._bias = self.add_weight("bias", shape=[columns], initializer=zeros_initializer(dtype=self._own_dtype))
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:
        """The output and the next state."""
        check_dtypes(inputs, state)
        one = constant(1, dtypes.int32)
        memory, last = state if self._state_is_tuple else split(state, 2, axis=one)
        gates = bias_add(matmul(concat([inputs, last], 1), self._kernel), self._bias)
        enter, new, keep, leave = split(gates, 4, axis=one)
        bias = constant(self._forget_bias, keep.dtype)
        kept = multiply(memory, sigmoid(add(keep, bias)))
        memory = add(kept, multiply(sigmoid(enter), self._activation(new)))
        output = multiply(self._activation(memory), sigmoid(leave))
        return output, self._new_state(memory, output)


class LSTMCell(_LSTM):
    """`BasicLSTMCell` with peepholes, clipping and a projection (H. Sak et al., 2014).

    Parameters
    ----------
    num_units : int
    use_peepholes : bool
        Whether the gates see the memory, by ``w_f_diag``, ``w_i_diag`` and ``w_o_diag``.
    cell_clip : float, optional
        The greatest absolute value of the memory.
    initializer : Initializer, optional
        Of all variables but the bias.
    num_proj : int, optional
        The number of outputs, which are then made of the units by ``projection/kernel``.
    proj_clip : float, optional
        The greatest absolute value of the projected outputs.
    num_unit_shards, num_proj_shards : int, optional
        In how many parts the variables are stored.
    forget_bias : float
        Added to the bias of the gate that keeps values.
    state_is_tuple : bool
        Whether the state is a `LSTMStateTuple` rather than both parts in one tensor.
    activation : callable or str, optional
        `tf.tanh` by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables that are there already are used.
    name : str, optional
        The name of the scope, ``lstm_cell`` by default.
    dtype : DType, optional
        That of the inputs by default.
    **kwargs : object
        See `Layer`.
    """

    _kernel: Any
    _bias: Any
    _w_f_diag: Any
    _w_i_diag: Any
    _w_o_diag: Any
    _proj_kernel: Any

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: InitializerLike | None = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, forget_bias, state_is_tuple, activation, reuse, name, dtype, **kwargs)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards

    @property
    def output_size(self) -> int:
        """The number of units, or of their projections."""
        return self._num_proj or self._num_units

    def build(self, input_shape: Any) -> None:
        """Make the variables."""
        depth = known_depth(input_shape)
        check_dtype(self.dtype)
        units, first = self._num_units, self._initializer
        self._kernel = self.add_weight(
            "kernel",
            shape=[depth + self.output_size, 4 * units],
            initializer=first,
            partitioner=_partitioner(self._num_unit_shards),
        )
        self._bias = self.add_weight("bias", shape=[4 * units], initializer=zeros_initializer(dtype=self._own_dtype))
        if self._use_peepholes:
            self._w_f_diag = self.add_weight("w_f_diag", shape=[units], initializer=first)
            self._w_i_diag = self.add_weight("w_i_diag", shape=[units], initializer=first)
            self._w_o_diag = self.add_weight("w_o_diag", shape=[units], initializer=first)
        if self._num_proj is not None:
            self._proj_kernel = self.add_weight(
                "projection/kernel",
                shape=[units, self._num_proj],
                initializer=first,
                partitioner=_partitioner(self._num_proj_shards),
            )
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Any]:
        """The output and the next state."""
        check_dtypes(inputs, state)
        units = self._num_units
        if self._state_is_tuple:
            memory, last = state
        else:
            memory = slice_(state, [0, 0], [-1, units])
            last = slice_(state, [0, units], [-1, self.output_size])
        gates = bias_add(matmul(concat([inputs, last], 1), self._kernel), self._bias)
        enter, new, keep, leave = split(gates, 4, axis=1)
        memory = self._next_memory(memory, enter, new, keep)
        if self._cell_clip is not None:
            memory = clip_by_value(memory, -self._cell_clip, self._cell_clip)
        let_out = sigmoid(leave + self._w_o_diag * memory) if self._use_peepholes else sigmoid(leave)
        output = self._projected(let_out * self._activation(memory))
        return output, self._new_state(memory, output)

    def _next_memory(self, memory: Any, enter: Any, new: Any, keep: Any) -> Any:
        if not self._use_peepholes:
            return sigmoid(keep + self._forget_bias) * memory + sigmoid(enter) * self._activation(new)
        kept = sigmoid(keep + self._forget_bias + self._w_f_diag * memory) * memory
        return kept + sigmoid(enter + self._w_i_diag * memory) * self._activation(new)

    def _projected(self, output: Any) -> Any:
        if self._num_proj is None:
            return output
        projected = matmul(output, self._proj_kernel)
        if self._proj_clip is None:
            return projected
        return clip_by_value(projected, -self._proj_clip, self._proj_clip)


def _partitioner(parts: int | None) -> Any:
    return None if parts is None else fixed_size_partitioner(parts)
