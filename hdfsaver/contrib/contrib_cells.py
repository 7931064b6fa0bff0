"""Cells and wrappers of ``tf.contrib.rnn`` that are not in ``tf.nn.rnn_cell``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver.contrib.contrib_norms import layer_norm
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.structures import leaves_of
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.activations import sigmoid, tanh
from hdfsaver.ops.biases import bias_add
from hdfsaver.ops.constants import constant
from hdfsaver.ops.convolutions import conv2d
from hdfsaver.ops.dropout import dropout
from hdfsaver.ops.init_ops import constant_initializer, random_uniform_initializer
from hdfsaver.ops.joining import concat, split
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.ops.losses import softmax
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.shaping import expand_dims, reshape
from hdfsaver.ops.slicing import slice_
from hdfsaver.recurrent.cell import CellLike, RNNCell, check_cell
from hdfsaver.recurrent.lstm_cells import LSTMCell, LSTMStateTuple
from hdfsaver.variables.embeddings import embedding_lookup
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.variable_scope import InitializerLike, get_variable_scope, variable_scope

Activation = Callable[[Any], Any] | None


class Linear:
    """A product with a variable ``kernel``, and a ``bias``, which are made in the present scope.

    Parameters
    ----------
    args : Tensor, or a list of them
        Of shape (batch, size) each.
    output_size : int

    Raises
    ------
    ValueError
        A tensor has another rank, or its size is not known.
    """

    def __init__(self, args: Any, output_size: int) -> None:
        self._is_list = isinstance(args, list | tuple)
        given = args if self._is_list else [args]
        shapes = [value.shape for value in given]
        for shape in shapes:
            if shape.ndims != 2:
                raise ValueError(f"linear is expecting 2D arguments: {shapes}")
            if shape.as_list()[1] is None:
                raise ValueError(f"linear expects shape[1] to be provided for shape {shape}, but saw {shape[1]}")
        dtype = given[0].dtype
        size = sum(shape.as_list()[1] for shape in shapes)
        with variable_scope(get_variable_scope()) as outer:
            self._kernel: Any = get_variable("kernel", [size, output_size], dtype=dtype)
            with variable_scope(outer) as inner:
                inner.set_partitioner(None)
                zero = constant_initializer(0.0, dtype=dtype)
                self._bias: Any = get_variable("bias", [output_size], dtype=dtype, initializer=zero)

    def __call__(self, args: Any) -> Tensor:
        """The product with the kernel, and the bias."""
        given = args if self._is_list else [args]
        joined = given[0] if len(given) == 1 else concat(given, constant(1, "int32"))
        return bias_add(matmul(joined, self._kernel), self._bias)


class LayerNormBasicLSTMCell(RNNCell):
    """`BasicLSTMCell` with normalized gates (J. L. Ba et al., 2016) and dropout of new values.

    Parameters
    ----------
    num_units : int
    forget_bias : float
        Added to the gate that keeps values.
    input_size : int, optional
        Without effect.
    activation : callable
    layer_norm : bool
        Whether gates are normalized.
    norm_gain, norm_shift : float
        The first values of ``gamma`` and ``beta``.
    dropout_keep_prob : float or Tensor
        The part of new values that is kept.
    dropout_prob_seed : int, optional
    reuse : bool, optional
        Whether variables that are there already are used.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: int | None = None,
        activation: Callable[[Any], Any] = tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: float | Tensor = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._activation = activation
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed

    @property
    def state_size(self) -> LSTMStateTuple:
        """The number of units, for memory and output."""
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        """The number of units."""
        return self._num_units

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, LSTMStateTuple]:
        """The output and the next state."""
        memory, last = state
        joined = concat([inputs, last], 1)
        size, columns, dtype = joined.shape[-1], 4 * self._num_units, joined.dtype
        gates: Any = matmul(joined, get_variable("kernel", [size, columns], dtype=dtype))
        if not self._layer_norm:
            gates = bias_add(gates, get_variable("bias", [columns], dtype=dtype))
        enter, new, keep, leave = split(gates, 4, axis=1)
        enter, new = self._normal(enter, "input"), self._normal(new, "transform")
        keep, leave = self._normal(keep, "forget"), self._normal(leave, "output")
        value = self._activation(new)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            value = dropout(value, self._keep_prob, seed=self._seed)
        memory = memory * sigmoid(keep + self._forget_bias) + sigmoid(enter) * value
        memory = self._normal(memory, "state")
        output = self._activation(memory) * sigmoid(leave)
        return output, LSTMStateTuple(memory, output)

    def _normal(self, value: Any, scope: str) -> Any:
        if not self._layer_norm:
            return value
        with variable_scope(scope):
            for name, first in (("gamma", self._norm_gain), ("beta", self._norm_shift)):
                get_variable(name, value.shape[-1:], initializer=constant_initializer(first), dtype=value.dtype)
        return layer_norm(value, reuse=True, scope=scope)


class LSTMBlockCell(LSTMCell):
    """`LSTMCell` as TensorFlow computes it in one operation; here it is made of several.

    Parameters
    ----------
    num_units : int
    forget_bias : float
        Added to the bias of the gate that keeps values.
    cell_clip : float, optional
        The greatest absolute value of the memory.
    use_peephole : bool
        Whether the gates see the memory.
    dtype : DType, optional
        That of the inputs by default.
    reuse : bool, optional
        Whether variables that are there already are used.
    name : str
        The name of the scope.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: DTypeLike | None = None,
        reuse: bool | None = None,
        name: str = "lstm_cell",
    ) -> None:
        clip = None if cell_clip is None or cell_clip <= 0 else cell_clip
        options: dict[str, Any] = {"forget_bias": forget_bias, "reuse": reuse, "name": name, "dtype": dtype}
        super().__init__(num_units, use_peephole, clip, **options)


class _Around(RNNCell):
    """A cell around another one, with variables of its own."""

    def __init__(self, cell: CellLike, reuse: bool | None) -> None:
        super().__init__(_reuse=reuse)
        check_cell("cell", cell)
        self._cell = cell

    @property
    def state_size(self) -> Any:
        """That of the cell inside."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """That of the cell inside."""
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """The state of zeros of the cell inside; see `RNNCell`.

        Parameters
        ----------
        batch_size : int or Tensor
        dtype : DType

        Returns
        -------
        Tensor, or a structure of them
        """
        with self._zero_scope():
            return self._cell.zero_state(batch_size, dtype)


class EmbeddingWrapper(_Around):
    """A cell whose inputs are rows of a table, by their numbers.

    Parameters
    ----------
    cell : RNNCell
    embedding_classes, embedding_size : int
        The shape of the table.
    initializer : Initializer, optional
        By default that of the scope, or uniform numbers of variance 1.
    reuse : bool, optional
        Whether variables that are there already are used.

    Raises
    ------
    TypeError
        The cell is not like a cell.
    ValueError
        A size is not positive.
    """

    def __init__(
        self,
        cell: CellLike,
        embedding_classes: int,
        embedding_size: int,
        initializer: InitializerLike | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                f"Both embedding_classes and embedding_size must be > 0: {embedding_classes}, {embedding_size}."
            )
        self._shape = [embedding_classes, embedding_size]
        self._initializer = initializer

    def call(self, inputs: Any, state: Any) -> Any:
        """Call the cell with rows of the table."""
        with get_default_graph().device("/cpu:0"):
            first = self._initializer or get_variable_scope().initializer
            if first is None:
                first = random_uniform_initializer(-math.sqrt(3), math.sqrt(3))
            dtype = (state[0] if isinstance(state, tuple) else state).dtype
            table = get_variable("embedding", self._shape, initializer=first, dtype=dtype)
            return self._cell(embedding_lookup(table, reshape(inputs, [-1])), state)


class InputProjectionWrapper(_Around):
    """A cell whose inputs are multiplied by a matrix before.

    Parameters
    ----------
    cell : RNNCell
    num_proj : int
        The size of the inputs of the cell.
    activation : callable, optional
    input_size : int, optional
        Without effect.
    reuse : bool, optional
        Whether variables that are there already are used.

    Raises
    ------
    TypeError
        The cell is not like a cell.
    """

    def __init__(
        self,
        cell: CellLike,
        num_proj: int,
        activation: Activation = None,
        input_size: int | None = None,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(cell, reuse)
        self._num_proj = num_proj
        self._activation = activation
        self._linear: Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """Call the cell with the product."""
        if self._linear is None:
            self._linear = Linear(inputs, self._num_proj)
        projected = self._linear(inputs)
        return self._cell(self._activation(projected) if self._activation else projected, state)


class OutputProjectionWrapper(_Around):
    """A cell whose outputs are multiplied by a matrix.

    Parameters
    ----------
    cell : RNNCell
    output_size : int
    activation : callable, optional
    reuse : bool, optional
        Whether variables that are there already are used.

    Raises
    ------
    TypeError
        The cell is not like a cell.
    ValueError
        The size is not positive.
    """

    def __init__(
        self, cell: CellLike, output_size: int, activation: Activation = None, reuse: bool | None = None
    ) -> None:
        super().__init__(cell, reuse)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._output_size = output_size
        self._activation = activation
        self._linear: Linear | None = None

    @property
    def output_size(self) -> int:
        """That of the product."""
        return self._output_size

    def call(self, inputs: Any, state: Any) -> Any:
        """The product of the output of the cell, and its next state."""
        output, after = self._cell(inputs, state)
        if self._linear is None:
            self._linear = Linear(output, self._output_size)
        projected = self._linear(output)
        return self._activation(projected) if self._activation else projected, after


class AttentionCellWrapper(RNNCell):
    """A cell that looks at its own last outputs (D. Bahdanau et al., 2015).

    Parameters
    ----------
    cell : RNNCell
    attn_length : int
        The number of outputs that are looked at.
    attn_size, attn_vec_size : int, optional
        The size of what is seen, that of outputs by default; and of what is computed of it.
    input_size : int, optional
        The size of the inputs of the cell, that of the inputs by default.
    state_is_tuple : bool
        Whether the state is a tuple.
    reuse : bool, optional
        Whether variables that are there already are used.

    Raises
    ------
    TypeError
        The cell is not like a cell.
    ValueError
        A length is not positive, or the cell has a state of several parts and ``state_is_tuple`` is false.
    """

    def __init__(
        self,
        cell: CellLike,
        attn_length: int,
        attn_size: int | None = None,
        attn_vec_size: int | None = None,
        input_size: int | None = None,
        state_is_tuple: bool = True,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        check_cell("cell", cell)
        if isinstance(cell.state_size, list | tuple) and not state_is_tuple:
            raise ValueError(
                "Cell returns tuple of states, but the flag state_is_tuple is not set. State size is: "
                f"{cell.state_size}"
            )
        if attn_length <= 0:
            raise ValueError(f"attn_length should be greater than zero, got {attn_length}")
        self._cell = cell
        self._length = attn_length
        self._size: int = cell.output_size if attn_size is None else attn_size
        self._features = self._size if attn_vec_size is None else attn_vec_size
        self._input_size = input_size
        self._state_is_tuple = state_is_tuple
        self._linears: dict[str, Linear] = {}

    @property
    def state_size(self) -> Any:
        """The sizes of the state of the cell, of what is seen, and of the last outputs; or their sum."""
        sizes = self._cell.state_size, self._size, self._size * self._length
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        """The size of what is seen."""
        return self._size

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """The output and the next state."""
        inner, seen, outputs = state if self._state_is_tuple else self._divided(state)
        outputs = reshape(outputs, [-1, self._length, self._size])
        size = inputs.shape.as_list()[1] if self._input_size is None else self._input_size
        output, inner = self._cell(self._linear("inputs", [inputs, seen], size), inner)
        query = concat(list(leaves_of(inner)), 1) if self._state_is_tuple else inner
        seen, kept = self._look(query, outputs)
        with variable_scope("attn_output_projection"):
            output = self._linear("outputs", [output, seen], self._size)
        outputs = reshape(concat([kept, expand_dims(output, 1)], 1), [-1, self._length * self._size])
        after = inner, seen, outputs
        return output, after if self._state_is_tuple else concat(list(after), 1)

    def _divided(self, state: Any) -> list[Tensor]:
        sizes: Sequence[int] = (self._cell.state_size, self._size, self._size * self._length)
        return [slice_(state, [0, sum(sizes[:place])], [-1, size]) for place, size in enumerate(sizes)]

    def _linear(self, name: str, args: Any, size: int) -> Tensor:
        if name not in self._linears:
            self._linears[name] = Linear(args, size)
        return self._linears[name](args)

    def _look(self, query: Any, outputs: Any) -> tuple[Tensor, Tensor]:
        """The part of the last outputs that is seen, and these without the oldest one."""
        with variable_scope("attention"):
            kernel = get_variable("attn_w", [1, 1, self._size, self._features])
            weights: Any = get_variable("attn_v", [self._features])
            hidden: Any = reshape(outputs, [-1, self._length, 1, self._size])
            features: Any = conv2d(hidden, kernel, [1, 1, 1, 1], "SAME")
            asked: Any = reshape(self._linear("query", query, self._features), [-1, 1, 1, self._features])
            shares = softmax(reduce_sum(weights * tanh(features + asked), [2, 3]))
            summed = reduce_sum(reshape(shares, [-1, self._length, 1, 1]) * hidden, [1, 2])
            return reshape(summed, [-1, self._size]), slice_(outputs, [0, 1, 0], [-1, -1, -1])
