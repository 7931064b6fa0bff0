"""What all cells of recurrent networks have in common: scopes, sizes of states, and states of zeros."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hdfsaver import dtypes
from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.structures import leaves_of, mapped
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.layers.layer import Layer
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.recurrent.zero_states import zeros_of
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.variable_scope import VariableScope, get_variable_scope, variable_scope

CellLike = Any
"""A cell, or an object of a class of a program's own that has the same methods."""


class RNNCell(Layer):
    """A cell of a recurrent network: of an input and a state it makes an output and the next state.

    A class of one's own defines ``state_size``, ``output_size`` and ``call(inputs, state)``, which gives the output and
    the next state. Variables that ``call`` makes by `get_variable` belong to the cell, and are used again in later
    calls.

    Parameters
    ----------
    trainable : bool
        Whether the variables are listed in ``GraphKeys.TRAINABLE_VARIABLES``.
    name : str, optional
        The name of the scope; that of the class by default.
    dtype : DType, optional
        Of the variables; by default that of the first input.
    **kwargs : object
        See `Layer`.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> class Sum(tf.nn.rnn_cell.RNNCell):
    ...     state_size = output_size = 2
    ...
    ...     def call(self, inputs, state):
    ...         return inputs + state, inputs + state
    >>> outputs, state = tf.nn.static_rnn(Sum(), [tf.ones([1, 2])] * 3, dtype=tf.float32)
    >>> tf.Session().run(state)
    array([[3., 3.]], dtype=float32)
    """

    _cell_scope: variable_scope | None = None

    def __init__(
        self, trainable: bool = True, name: str | None = None, dtype: DTypeLike | None = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)

    @property
    def state_size(self) -> Any:
        """The sizes of the state: a number or a shape, or nested tuples of these."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The size of the output: a number or a shape."""
        raise NotImplementedError("Abstract method")

    def __call__(self, inputs: Any, state: Any, scope: str | VariableScope | None = None) -> Any:  # type: ignore[override]  # a layer takes any arguments, a cell these
        """Take a step.

        Parameters
        ----------
        inputs : Tensor, or a structure of them
            A row for each sequence of the batch.
        state : Tensor, or a structure of them
            Of the structure of ``state_size``.
        scope : str or VariableScope, optional
            The scope of the variables, if the cell has none yet.

        Returns
        -------
        tuple
            The output and the next state.
        """
        if scope is not None:
            with variable_scope(scope, custom_getter=self._listed) as entered:
                return super().__call__(inputs, state, scope=entered)
        if self._cell_scope is None:
            self._cell_scope = variable_scope(get_variable_scope(), custom_getter=self._listed)
        with self._cell_scope:
            return super().__call__(inputs, state)

    def get_initial_state(
        self, inputs: TensorLike | None = None, batch_size: Any = None, dtype: DTypeLike | None = None
    ) -> Any:
        """A state of zeros, for inputs or for a batch and a dtype.

        Parameters
        ----------
        inputs : TensorLike, optional
            Their first axis is the batch.
        batch_size : int or Tensor, optional
        dtype : DType, optional

        Returns
        -------
        Tensor, or a structure of them

        Raises
        ------
        ValueError
            The inputs have another batch or dtype than was given, or there is neither.
        """
        if inputs is not None:
            tensor = convert_to_tensor(inputs, name="inputs")
            batch = tensor.shape.as_list()[0]
            given = get_static_value(batch_size) if is_tensor(batch_size) else batch_size
            if batch_size is not None and batch != given:
                raise ValueError(f"batch size from input tensor is different from the input param: {batch}, {given}.")
            if dtype is not None and tensor.dtype is not dtypes.as_dtype(dtype):
                raise ValueError(f"dtype from input tensor is different from the input param: {tensor.dtype}, {dtype}.")
            batch_size, dtype = batch or shape_of(tensor)[0], tensor.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "batch_size and dtype cannot be None while constructing initial state: "
                f"batch_size={batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """A state of zeros.

        Parameters
        ----------
        batch_size : int or Tensor
            The number of sequences.
        dtype : DType

        Returns
        -------
        Tensor, or a structure of them
            Of the structure of ``state_size``.
        """
        with self._zero_scope():
            return zeros_of(self.state_size, batch_size, dtype)

    def _zero_scope(self) -> Any:
        return get_default_graph().name_scope(f"{type(self).__name__}ZeroState")

    def _converted(self, inputs: Any) -> Any:
        return mapped(lambda leaf: convert_to_tensor(leaf, name="inputs"), inputs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A cell like this one; tensors, variables and scopes are those of the graph, and stay the same."""
        made = memo[id(self)] = type(self).__new__(type(self))
        for name, value in vars(self).items():
            made.__dict__[name] = mapped(lambda leaf: _copied(leaf, memo), value, whole=True)
        return made

    def _listed(self, getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """A custom getter that lists the variables of the scope as those of the cell."""
        variable = getter(*args, **kwargs)
        part = next(iter(variable)) if isinstance(variable, PartitionedVariable) else variable
        trained = any(part is other for other in get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES))
        weights = self._trainable_weights if trained else self._non_trainable_weights
        if all(variable is not other for other in weights):
            weights.append(variable)
        return variable


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    is_of_graph = is_tensor(value) or isinstance(value, VariableScope | variable_scope | PartitionedVariable)
    return value if is_of_graph else copy.deepcopy(value, memo)


class LayerRNNCell(RNNCell):
    """A cell that makes its variables in ``build``, as other layers do, and not by `get_variable` in ``call``."""

    def __call__(  # type: ignore[override]  # as above
        self, inputs: Any, state: Any, scope: str | VariableScope | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Take a step; see `RNNCell`.

        Parameters
        ----------
        inputs : Tensor
        state : Tensor, or a structure of them
        scope : str or VariableScope, optional
        *args, **kwargs : object
            Further arguments of the method ``call``.

        Returns
        -------
        tuple
            The output and the next state.
        """
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)

    @property
    def _own_dtype(self) -> DType:
        return self.dtype or dtypes.float32


def known_depth(input_shape: Any) -> int:
    """The last size of the shape of inputs.

    Raises
    ------
    ValueError
        It is not known.
    """
    depth = input_shape[-1] if isinstance(input_shape, list | tuple) else input_shape.as_list()[-1]
    if depth is None:
        raise ValueError(f"Expected inputs.shape[-1] to be known, received shape: {input_shape}")
    return int(depth)


def check_dtype(dtype: DTypeLike | None) -> None:
    """Refuse a dtype that has no fractions.

    Raises
    ------
    ValueError
        The dtype is neither floating-point nor complex.
    """
    if dtype is not None:
        found = dtypes.as_dtype(dtype)
        if not (found.is_floating or found.is_complex):
            raise ValueError(f"RNN cell only supports floating point inputs, but received dtype: {found!r}")


def check_dtypes(*values: Any) -> None:
    """Refuse tensors, or structures of them, of a dtype that has no fractions."""
    for leaf in leaves_of(values):
        check_dtype(leaf.dtype)


def check_cell(name: str, cell: CellLike) -> None:
    """Refuse what is not like a cell.

    Raises
    ------
    TypeError
        It lacks a size, a method for zeros, or cannot be called.
    """
    found = {
        "'output_size' property is missing": hasattr(cell, "output_size"),
        "'state_size' property is missing": hasattr(cell, "state_size"),
        "either 'zero_state' or 'get_initial_state' method is required": hasattr(cell, "zero_state")
        or hasattr(cell, "get_initial_state"),
        "is not callable": callable(cell),
    }
    missing = [what for what, there in found.items() if not there]
    if missing:
        raise TypeError(f"The argument {name!r} ({cell}) is not an RNNCell: {', '.join(missing)}.")
