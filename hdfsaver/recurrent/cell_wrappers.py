"""Cells that change what goes into another cell or comes out of it: with dropout, residuals, on a device."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.structures import check_same, filled_with, leaves_of
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.layer import Layer, Weight
from hdfsaver.ops.arithmetic import divide
from hdfsaver.ops.dropout import dropout
from hdfsaver.ops.joining import concat
from hdfsaver.ops.rounding import floor
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.recurrent.cell import CellLike, RNNCell, check_cell
from hdfsaver.recurrent.lstm_cells import LSTMStateTuple
from hdfsaver.shapes import TensorShape
from hdfsaver.variables.variable_scope import VariableScope

Choice = Any
"""A bool for a tensor or a structure of them, or a structure of bools."""


class CellWrapper(RNNCell):
    """A cell around another one, with the same sizes and variables.

    Parameters
    ----------
    cell : RNNCell
    **kwargs : object
        See `RNNCell`.
    """

    def __init__(self, cell: CellLike, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_cell("cell", cell)
        self.cell = cell

    @property
    def state_size(self) -> Any:
        """That of the cell inside."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """That of the cell inside."""
        return self.cell.output_size

    @property
    def trainable_variables(self) -> list[Weight]:
        """Those of the cell inside."""
        return self.cell.trainable_variables if isinstance(self.cell, Layer) and self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Weight]:
        """Those of the cell inside."""
        if not isinstance(self.cell, Layer):
            return []
        return self.cell.non_trainable_variables if self.trainable else self.cell.variables

    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables

    def __call__(self, inputs: Any, state: Any, scope: str | VariableScope | None = None) -> Any:  # type: ignore[override]  # as for cells
        """Take a step; see `RNNCell`. The wrapper has no scope of its own.

        Parameters
        ----------
        inputs : Tensor, or a structure of them
        state : Tensor, or a structure of them
        scope : str or VariableScope, optional

        Returns
        -------
        tuple
            The output and the next state.
        """
        return self._step(inputs, state, scope)

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
            return self.cell.zero_state(batch_size, dtype)

    def _step(self, inputs: Any, state: Any, scope: Any) -> Any:
        return self.cell(inputs, state, scope=scope)


class DropoutWrapper(CellWrapper):
    """A cell with dropout of its inputs, outputs and states.

    Parameters
    ----------
    cell : RNNCell
    input_keep_prob, output_keep_prob, state_keep_prob : float or Tensor
        The part that is kept; 1.0 for all. Of an `LSTMStateTuple` only ``h`` is dropped.
    variational_recurrent : bool
        Whether the same part is dropped in all steps (Y. Gal and Z. Ghahramani, 2015), which needs ``dtype``.
    input_size : int or TensorShape, optional
        The size of an input, with ``variational_recurrent`` and ``input_keep_prob``.
    dtype : DType, optional
    seed : int, optional
    dropout_state_filter_visitor : callable, optional
        A function that gets each part of the state, and says by a bool, or a structure of them, what may be dropped.
    **kwargs : object
        See `RNNCell`.

    Raises
    ------
    ValueError
        A part is not from 0 to 1, or ``dtype`` or ``input_size`` is missing.
    TypeError
        The cell is not like a cell, or the visitor is not a function.
    """

    def __init__(
        self,
        cell: CellLike,
        input_keep_prob: TensorLike = 1.0,
        output_keep_prob: TensorLike = 1.0,
        state_keep_prob: TensorLike = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: DTypeLike | None = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable[[Any], Choice] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        if dropout_state_filter_visitor is not None and not callable(dropout_state_filter_visitor):
            raise TypeError(f"dropout_state_filter_visitor must be callable. Received: {dropout_state_filter_visitor}")
        self._visit = dropout_state_filter_visitor or _only_outputs
        with get_default_graph().name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _part("input_keep_prob", input_keep_prob)
            self._state_keep_prob = _part("state_keep_prob", state_keep_prob)
            self._output_keep_prob = _part("output_keep_prob", output_keep_prob)
        self._variational_recurrent = variational_recurrent
        self._seed = seed
        self._noise: dict[str, Any] = {}
        if not variational_recurrent:
            return
        if dtype is None:
            raise ValueError("When variational_recurrent=True, dtype must be provided")
        if _drops(self._input_keep_prob):
            if input_size is None:
                raise ValueError(
                    "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                    "input_size must be provided"
                )
            self._noise["input"] = self._noise_of(input_size, "input", dtype)
        self._noise["state"] = self._noise_of(cell.state_size, "state", dtype)
        self._noise["output"] = self._noise_of(cell.output_size, "output", dtype)

    @property
    def wrapped_cell(self) -> CellLike:
        """The cell inside."""
        return self.cell

    def _noise_of(self, sizes: Any, what: str, dtype: DTypeLike) -> Any:
        """Uniform numbers that are the same in all steps of a run."""
        made = [
            random_uniform(concat(([1], _sizes(size)), 0), seed=self._seed_of(what, number), dtype=dtype)
            for number, size in enumerate(leaves_of(sizes))
        ]
        return filled_with(sizes, made)

    def _seed_of(self, what: str, number: int) -> int | None:
        """A seed of each tensor, made of that of the wrapper as TensorFlow makes it."""
        if self._seed is None:
            return None
        salted = f"{self._seed}{what}_{number}".encode()
        return int(hashlib.md5(salted, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def _step(self, inputs: Any, state: Any, scope: Any) -> Any:
        if _drops(self._input_keep_prob):
            inputs = self._dropped("input", inputs, inputs, self._input_keep_prob)
        output, after = self.cell(inputs, state, scope=scope)
        if _drops(self._state_keep_prob):
            after = self._dropped("state", _chosen(self._visit, after), after, self._state_keep_prob)
        if _drops(self._output_keep_prob):
            output = self._dropped("output", output, output, self._output_keep_prob)
        return output, after

    def _dropped(self, what: str, choice: Choice, values: Any, keep: Any) -> Any:
        """The values after dropout of those that are chosen: all, except where the choice says False."""
        numbers = count()

        def walk(chosen: Choice, value: Any, noise: Any) -> Any:
            if isinstance(chosen, list | tuple):
                found = [
                    walk(*parts) for parts in zip(chosen, value, noise if noise else [None] * len(value), strict=True)
                ]
                return type(value)(*found) if hasattr(value, "_fields") else type(value)(found)
            number = next(numbers)
            if chosen is False:
                return value
            if noise is not None:
                return _scaled(value, noise, keep)
            return dropout(value, rate=1.0 - keep, seed=self._seed_of(what, number))

        return walk(choice, values, self._noise.get(what))


def _part(name: str, given: TensorLike) -> Any:
    tensor = convert_to_tensor(given)
    known = get_static_value(tensor)
    if known is None:
        return tensor
    if not 0 <= known <= 1:
        raise ValueError(f"Parameter {name} must be between 0 and 1. Received {known}")
    return float(known)


def _drops(keep: Any) -> bool:
    return not isinstance(keep, float) or keep < 1


def _sizes(size: Any) -> list[int]:
    return [length or 0 for length in TensorShape([size] if isinstance(size, int) else size).as_list()]


def _scaled(value: Any, noise: Tensor, keep: Any) -> Tensor:
    """Dropout by numbers that are the same in each step."""
    kept = floor(keep + noise)
    scaled = divide(value, keep) * kept
    scaled.set_shape(value.shape)
    return scaled


def _only_outputs(state: Any) -> Choice:
    """The memory of an LSTM is not dropped."""
    return LSTMStateTuple(c=False, h=True) if isinstance(state, LSTMStateTuple) else True


def _chosen(visit: Callable[[Any], Choice], value: Any) -> Choice:
    """What a visitor chooses of a structure: a bool for a part, or a structure of bools."""
    wanted = visit(value)
    if not isinstance(value, list | tuple):
        if not isinstance(wanted, bool):
            raise TypeError(f"traverse_fn returned structure: {wanted} for non-structure: {value}")
        return wanted
    if isinstance(wanted, bool):
        return [_chosen(visit, item) for item in value] if wanted else False
    check_same(wanted, filled_with(value, leaves_of(wanted)), "dropout_state_filter_visitor")
    return list(_levels(visit, wanted, value))


def _levels(visit: Callable[[Any], Choice], wanted: Any, value: Any) -> Iterator[Choice]:
    for flag, item in zip(wanted, value, strict=True):
        if not isinstance(flag, bool):
            raise TypeError(f"traverse_fn didn't return a depth=1 structure of bools: {wanted} for {value}")
        yield _chosen(visit, item) if flag else False


class ResidualWrapper(CellWrapper):
    """A cell whose inputs are added to its outputs.

    Parameters
    ----------
    cell : RNNCell
    residual_fn : callable, optional
        A function of inputs and outputs that gives the outputs; by default their sum, which needs equal shapes.
    **kwargs : object
        See `RNNCell`.
    """

    def __init__(self, cell: CellLike, residual_fn: Callable[[Any, Any], Any] | None = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def _step(self, inputs: Any, state: Any, scope: Any) -> Any:
        outputs, after = self.cell(inputs, state, scope=scope)
        return (self._residual_fn or _summed)(inputs, outputs), after


def _summed(inputs: Any, outputs: Any) -> Any:
    check_same(inputs, outputs, "Inputs and outputs of a cell with residuals")
    pairs = list(zip(leaves_of(inputs), leaves_of(outputs), strict=True))
    for given, found in pairs:
        given.shape.assert_is_compatible_with(found.shape)
    return filled_with(inputs, [given + found for given, found in pairs])


class DeviceWrapper(CellWrapper):
    """A cell on a device: its operations get the name of it.

    Parameters
    ----------
    cell : RNNCell
    device : str or callable
        As for `tf.device`.
    **kwargs : object
        See `RNNCell`.
    """

    def __init__(self, cell: CellLike, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """The state of zeros of the cell inside, on the device; see `RNNCell`.

        Parameters
        ----------
        batch_size : int or Tensor
        dtype : DType

        Returns
        -------
        Tensor, or a structure of them
        """
        with self._zero_scope(), get_default_graph().device(self._device):
            return self.cell.zero_state(batch_size, dtype)

    def _step(self, inputs: Any, state: Any, scope: Any) -> Any:
        with get_default_graph().device(self._device):
            return self.cell(inputs, state, scope=scope)
