"""Cells on top of each other as one cell: ``MultiRNNCell``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.dtypes import DTypeLike
from hdfsaver.layers.layer import Layer, Weight
from hdfsaver.ops.joining import concat
from hdfsaver.ops.slicing import slice_
from hdfsaver.recurrent.cell import CellLike, RNNCell
from hdfsaver.variables.variable_scope import variable_scope


class MultiRNNCell(RNNCell):
    """Cells on top of each other: the output of each is the input of the next.

    Parameters
    ----------
    cells : list of RNNCell
        The same object more than once shares its variables only within one scope: each place has a scope of its own.
    state_is_tuple : bool
        Whether the state is a tuple of the cells' states rather than all in one tensor.

    Raises
    ------
    ValueError
        There are no cells, or states are tuples where they are to be in one tensor.
    TypeError
        The cells are not a list.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(size) for size in (4, 2)])
    >>> cell.state_size
    (4, 2)
    """

    def __init__(self, cells: Sequence[CellLike], state_is_tuple: bool = True) -> None:
        super().__init__()
        if not isinstance(cells, list | tuple):
            raise TypeError(f"cells must be a list or tuple, but received: {cells}.")
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        if not state_is_tuple and any(isinstance(cell.state_size, list | tuple) for cell in cells):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set. State sizes are: "
                f"{[cell.state_size for cell in cells]}"
            )

    @property
    def state_size(self) -> Any:
        """The sizes of the cells' states, or their sum."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """That of the last cell."""
        return self._cells[-1].output_size

    @property
    def trainable_variables(self) -> list[Weight]:
        """Those of all cells."""
        cells = [cell for cell in self._cells if isinstance(cell, Layer)]
        return [variable for cell in cells for variable in cell.trainable_variables] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Weight]:
        """Those of all cells."""
        cells = [cell for cell in self._cells if isinstance(cell, Layer)]
        trained = [] if self.trainable else [variable for cell in cells for variable in cell.trainable_variables]
        return [*trained, *(variable for cell in cells for variable in cell.non_trainable_variables)]

    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """The states of zeros of all cells; see `RNNCell`.

        Parameters
        ----------
        batch_size : int or Tensor
        dtype : DType

        Returns
        -------
        tuple, or Tensor
        """
        with self._zero_scope():
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """The output of the last cell, and the states of all."""
        position = 0
        following = []
        for number, cell in enumerate(self._cells):
            with variable_scope(f"cell_{number}"):
                if not self._state_is_tuple:
                    own = slice_(state, [0, position], [-1, cell.state_size])
                    position += cell.state_size
                elif isinstance(state, list | tuple):
                    own = state[number]
                else:
                    raise ValueError(
                        f"Expected state to be a tuple of length {len(self.state_size)}, but received: {state}"
                    )
                inputs, after = cell(inputs, own)
                following.append(after)
        return inputs, tuple(following) if self._state_is_tuple else concat(following, 1)
