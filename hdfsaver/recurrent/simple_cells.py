"""Cells whose state is their output: ``BasicRNNCell`` and ``GRUCell``."""

from __future__ import annotations

from typing import Any

from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.tensor import Tensor
from hdfsaver.layers.core import Activation
from hdfsaver.layers.input_spec import InputSpec
from hdfsaver.layers.named_functions import find_activation
from hdfsaver.ops.activations import sigmoid, tanh
from hdfsaver.ops.biases import bias_add
from hdfsaver.ops.init_ops import constant_initializer, zeros_initializer
from hdfsaver.ops.joining import concat, split
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.recurrent.cell import LayerRNNCell, check_dtype, check_dtypes, known_depth
from hdfsaver.variables.variable_scope import InitializerLike


class _OutputCell(LayerRNNCell):
    """A cell with a number of units, whose state is its output."""

    def __init__(
        self,
        num_units: int,
        activation: Activation = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtype(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation: Any = find_activation(activation) if activation else tanh

    @property
    def state_size(self) -> int:
        """The number of units."""
        return self._num_units

    @property
    def output_size(self) -> int:
        """The number of units."""
        return self._num_units


class BasicRNNCell(_OutputCell):
    """The simplest cell: ``activation([inputs, state] @ kernel + bias)``, which is both the output and the state.

    Parameters
    ----------
    num_units : int
    activation : callable or str, optional
        `tf.tanh` by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables that are there already are used.
    name : str, optional
        The name of the scope, ``basic_rnn_cell`` by default.
    dtype : DType, optional
        That of the inputs by default.
    **kwargs : object
        See `Layer`.
    """

    _kernel: Any
    _bias: Any

    def build(self, input_shape: Any) -> None:
        """Make the variables ``kernel`` and ``bias``."""
        depth = known_depth(input_shape)
        check_dtype(self.dtype)
        self._kernel = self.add_weight("kernel", shape=[depth + self._num_units, self._num_units])
        self._bias = self.add_weight(
            "bias", shape=[self._num_units], initializer=zeros_initializer(dtype=self._own_dtype)
        )
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:
        """The output, twice."""
        check_dtypes(inputs, state)
        output = self._activation(bias_add(matmul(concat([inputs, state], 1), self._kernel), self._bias))
        return output, output


class GRUCell(_OutputCell):
    """A gated recurrent unit (K. Cho et al., 2014).

    Parameters
    ----------
    num_units : int
    activation : callable or str, optional
        `tf.tanh` by default.
    reuse : bool or AUTO_REUSE, optional
        Whether variables that are there already are used.
    kernel_initializer : Initializer, optional
        Of ``gates/kernel`` and ``candidate/kernel``; that of the scope by default.
    bias_initializer : Initializer, optional
        Of ``gates/bias``, by default with ones, and ``candidate/bias``, by default with zeros.
    name : str, optional
        The name of the scope, ``gru_cell`` by default.
    dtype : DType, optional
        That of the inputs by default.
    **kwargs : object
        See `Layer`.
    """

    _gate_kernel: Any
    _gate_bias: Any
    _candidate_kernel: Any
    _candidate_bias: Any

    def __init__(
        self,
        num_units: int,
        activation: Activation = None,
        reuse: bool | None = None,
        kernel_initializer: InitializerLike | None = None,
        bias_initializer: InitializerLike | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def build(self, input_shape: Any) -> None:
        """Make the variables of the gates and of the candidate for the next state."""
        depth = known_depth(input_shape) + self._num_units
        check_dtype(self.dtype)
        given = self._bias_initializer
        open_gates = constant_initializer(1.0, dtype=self._own_dtype) if given is None else given
        no_bias = zeros_initializer(dtype=self._own_dtype) if given is None else given
        units, kernel = self._num_units, self._kernel_initializer
        self._gate_kernel = self.add_weight("gates/kernel", shape=[depth, 2 * units], initializer=kernel)
        self._gate_bias = self.add_weight("gates/bias", shape=[2 * units], initializer=open_gates)
        self._candidate_kernel = self.add_weight("candidate/kernel", shape=[depth, units], initializer=kernel)
        self._candidate_bias = self.add_weight("candidate/bias", shape=[units], initializer=no_bias)
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:
        """The output, twice."""
        check_dtypes(inputs, state)
        gates = sigmoid(bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias))
        reset, update = split(gates, 2, axis=1)
        remembered = reset * state
        candidate = bias_add(matmul(concat([inputs, remembered], 1), self._candidate_kernel), self._candidate_bias)
        new = self._activation(candidate)
        output = update * state + (1 - update) * new
        return output, output
