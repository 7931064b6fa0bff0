"""LSTM cells: in which order a graph has their gates, and their arrays in PyTorch and Keras.

TensorFlow multiplies the input beside the last output with one matrix whose columns are the gates, and adds a constant
to the gate that keeps values. PyTorch and Keras have a matrix for each of the two and an order of gates of their own,
without a constant: it is added to the bias.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from hdfsaver.conversion.layouts.cells import product, size_of_input, split_of
from hdfsaver.conversion.layouts.found import Make, Unfit
from hdfsaver.conversion.layouts.uses import Uses
from hdfsaver.tensor_info import Array

_GATES = "ifgo"
"""The order of gates in PyTorch and in Keras: into the memory, keep, new values (``c`` in Keras), out."""

_BLOCKS = {
    "LSTMBlockCell": (3, 7, "igfo"),
    "BlockLSTM": (4, 8, "igfo"),
    "BlockLSTMV2": (4, 8, "ifgo"),
}
"""Where operations for a whole cell have the matrix and the bias, and their order of gates."""


class LSTM(NamedTuple):
    """An LSTM cell.

    Attributes
    ----------
    op : str
        The operation that uses the matrix.
    bias : str or None
        The variable with the bias.
    size : int
        The size of the input.
    units : int
        The number of units.
    gates : str
        The gates in the order of columns: ``i``, ``f``, ``g`` and ``o``.
    forget : float
        The constant that is added to the gate ``f``.
    """

    op: str
    bias: str | None
    size: int
    units: int
    gates: str
    forget: float


def lstm(graph: Uses, op: str, position: int, shape: tuple[int, ...]) -> LSTM | None:
    """The cell in which an operation uses a matrix; None if it is not part of an LSTM.

    Parameters
    ----------
    graph : Uses
    op : str
        The operation that uses the matrix.
    position : int
        The input of it that the matrix is.
    shape : tuple of int
        That of the matrix.

    Returns
    -------
    LSTM or None

    Raises
    ------
    Unfit
        It is an LSTM with more than PyTorch and Keras have.
    """
    if len(shape) != 2 or shape[1] % 4:
        return None
    units = shape[1] // 4
    if graph.kind(op) in _BLOCKS:
        return _block(graph, op, shape[0], units) if position == _BLOCKS[graph.kind(op)][0] else None
    found = product(graph, op, shape[0]) if position == 1 else None
    split = None if found is None else split_of(graph, found.result, 4)
    if found is None or split is None:
        return None
    gates = _Gates(graph, split)
    outputs = [(gates.output, 0), *((name, 0) for name in _projected(graph, gates.output, found.op))]
    size = size_of_input(graph, found, units, outputs)
    return LSTM(op, found.bias, size, units, gates.order, gates.forget)


def _block(graph: Uses, op: str, rows: int, units: int) -> LSTM:
    kind = graph.kind(op)
    _, bias, gates = _BLOCKS[kind]
    if graph.attr(op, "use_peephole"):
        raise Unfit("its gates see the memory (peepholes)")
    clip, forget = graph.attr(op, "cell_clip"), graph.attr(op, "forget_bias")
    if kind != "BlockLSTMV2" if clip is None else clip > 0:
        raise Unfit("its memory is clipped")
    if forget is None:
        forget = 0.0 if kind == "BlockLSTMV2" else 1.0
    return LSTM(op, graph.variable(graph.input(op, bias)[0]), rows - units, units, gates, float(forget))


def _projected(graph: Uses, name: str, op: str) -> list[str]:
    """The products that make fewer outputs of the units, but not those of the next step or a further layer."""
    users = graph.users(name)
    return [user for user, position in users if graph.kind(user) == "MatMul" and position == 0 and user != op]


class _Gates:
    """The gates behind the operation that splits them, known by what they are multiplied with."""

    def __init__(self, graph: Uses, split: str) -> None:
        self._graph = graph
        self._shifts: dict[int, float] = {}
        self.output = ""
        gates = [self._gate(split, place) for place in range(4)]
        new = [place for place, name in enumerate(gates) if graph.kind(name) != "Sigmoid"]
        if len(new) != 1 or graph.kind(gates[new[0]]) != "Tanh":
            raise Unfit("its activations are not sigmoid and tanh")
        entering = self._products(gates[new[0]])
        letters = {new[0]: "g"}
        for place, name in enumerate(gates):
            if place in letters:
                continue
            own = self._products(name)
            if own & entering:
                letters[place] = "i"
            elif any(self._sums(mul) & {it for mul in entering for it in self._sums(mul)} for mul in own):
                letters[place] = "f"
            else:
                letters[place] = "o"
                self.output = next(iter(own), "")
        self.order = "".join(letters[place] for place in range(4))
        if sorted(self.order) != sorted("ifgo"):
            raise Unfit("its gates do not act as those of an LSTM")
        self._check_memory({it for mul in entering for it in self._sums(mul)})
        if self._shifts.keys() - {self.order.index("f")}:
            raise Unfit("a constant is added to a gate that does not keep values")
        self.forget = next(iter(self._shifts.values()), 0.0)

    def _gate(self, split: str, place: int) -> str:
        """The activation of a gate; a constant that is added before is noted."""
        graph = self._graph
        users = graph.users(split, place)
        if len(users) == 1 and graph.kind(users[0][0]) in ("Add", "AddV2"):
            name, position = users[0]
            value = graph.constant(graph.input(name, 1 - position)[0])
            if value is None or value.size != 1 or value.dtype.kind not in "fV":
                raise Unfit("its gates see the memory (peepholes)")
            if float(np.ravel(value)[0]):
                self._shifts[place] = float(np.ravel(value)[0])
            users = graph.users(name)
        if len(users) != 1:
            raise Unfit("its gates are used in more than one way")
        return users[0][0]

    def _products(self, name: str) -> set[str]:
        return {user for user, _ in self._graph.users(name) if self._graph.kind(user) == "Mul"}

    def _sums(self, name: str) -> set[str]:
        return {user for user, _ in self._graph.users(name) if self._graph.kind(user) in ("Add", "AddV2")}

    def _check_memory(self, memories: set[str]) -> None:
        """Check that the output is the gate ``o`` times tanh of the memory itself."""
        graph = self._graph
        seen = [graph.source(*item)[0] for item in graph.inputs(self.output)] if self.output else []
        activated = [name for name in seen if graph.kind(name) not in ("Sigmoid",)]
        if len(activated) != 1 or graph.kind(activated[0]) != "Tanh":
            raise Unfit("its activations are not sigmoid and tanh")
        if graph.source(*graph.input(activated[0], 0))[0] not in memories:
            raise Unfit("its memory is clipped")


class LayerArray(NamedTuple):
    """An array of a layer.

    Attributes
    ----------
    name : str
        Its name in the layer.
    shape : tuple of int
    make : callable
        Makes it of the array of the source.
    what : str
        The change, for the report.
    """

    name: str
    shape: tuple[int, ...]
    make: Make
    what: str


def layer_arrays(cell: LSTM, layout: str, shape: tuple[int, ...], is_bias: bool, is_slot: bool) -> Iterator[LayerArray]:
    """The arrays of a layer that are made of one array.

    Parameters
    ----------
    cell : LSTM
    layout : str
        ``"torch"`` or ``"keras"``.
    shape : tuple of int
        That of the array.
    is_bias : bool
        Whether it is the bias rather than the matrix.
    is_slot : bool
        Whether an optimizer keeps it beside that one.

    Yields
    ------
    LayerArray
    """
    if is_bias:
        yield from of_bias(cell, layout, is_value=not is_slot)
        return
    yield from of_matrix(cell, layout, shape)
    if cell.bias is None and cell.forget and not is_slot:
        for found in of_bias(cell, layout, is_value=True):
            yield found._replace(make=partial(_made_of_zeros, found))


def of_matrix(cell: LSTM, layout: str, shape: tuple[int, ...]) -> Iterator[LayerArray]:
    """The arrays that are made of the matrix: the rows of the input, and those of the last output.

    Parameters
    ----------
    cell : LSTM
    layout : str
        ``"torch"`` or ``"keras"``.
    shape : tuple of int
        That of the matrix.

    Yields
    ------
    LayerArray
    """
    names = ("weight_ih", "weight_hh") if layout == "torch" else ("kernel", "recurrent_kernel")
    for name, rows in zip(names, (slice(cell.size), slice(cell.size, None)), strict=True):
        count = len(range(shape[0])[rows])
        made = (shape[1], count) if layout == "torch" else (count, shape[1])
        what = f"rows {rows.start or 0} to {(rows.stop or shape[0]) - 1}, {_order(cell)}"
        yield LayerArray(name, made, partial(_rows, cell, rows, layout == "torch"), what)


def of_bias(cell: LSTM, layout: str, *, is_value: bool) -> Iterator[LayerArray]:
    """The arrays that are made of the bias; one that an optimizer keeps beside it gets no constant.

    PyTorch adds two biases, whose derivatives are equal: the second is 0, and an optimizer's is given once.

    Parameters
    ----------
    cell : LSTM
    layout : str
        ``"torch"`` or ``"keras"``.
    is_value : bool
        Whether it is the bias itself, or a moving average of it.

    Yields
    ------
    LayerArray
    """
    shape = (4 * cell.units,)
    forget = cell.forget if is_value else 0.0
    what = f"{_order(cell)}, with {forget:g} added to f" if forget else _order(cell)
    yield LayerArray("bias_ih" if layout == "torch" else "bias", shape, partial(_bias, cell, forget), what)
    if layout == "torch" and is_value:
        yield LayerArray("bias_hh", shape, _zeros, "zeros")


def _order(cell: LSTM) -> str:
    return f"gates {', '.join(cell.gates)} in the order {', '.join(_GATES)}"


def _gates(cell: LSTM, array: Array) -> Array:
    """The columns in the order of the layer."""
    order = [cell.gates.index(gate) for gate in _GATES]
    found: Array = array.reshape(*array.shape[:-1], 4, cell.units)[..., order, :].reshape(array.shape)
    return found


def _rows(cell: LSTM, rows: slice, is_transposed: bool, arrays: Sequence[Array]) -> Array:
    found = _gates(cell, arrays[0])[rows]
    return np.ascontiguousarray(found.T if is_transposed else found)


def _bias(cell: LSTM, forget: float, arrays: Sequence[Array]) -> Array:
    found = _gates(cell, arrays[0]).copy()
    start = _GATES.index("f") * cell.units
    found[start : start + cell.units] += np.asarray(forget, found.dtype)
    return found


def _zeros(arrays: Sequence[Array]) -> Array:
    return np.zeros_like(arrays[0])


def _made_of_zeros(found: LayerArray, arrays: Sequence[Array]) -> Array:
    return found.make([np.zeros(found.shape, arrays[0].dtype)])
