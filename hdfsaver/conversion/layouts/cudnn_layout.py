"""The parameters of cuDNN's cells: one vector with all matrices and biases, or canonical ones in a checkpoint.

The vector has the matrices of each layer and direction, the inner ones first, gate by gate with outputs before inputs,
and behind all of them the biases, two for each gate: as PyTorch's module keeps them one by one. Checkpoints of
``CudnnLSTM`` have the matrices of ``cudnn_compatible_lstm_cell`` instead, which the Saver makes of the vector.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from hdfsaver.conversion.layouts.found import Unfit
from hdfsaver.conversion.layouts.lstm_layout import LSTM, LayerArray
from hdfsaver.conversion.layouts.uses import Uses
from hdfsaver.tensor_info import Array

_KINDS = ("CudnnRNN", "CudnnRNNV2", "CudnnRNNV3")
_PARAMETERS = 3
"""The place of the vector among the inputs."""

_GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
_TITLES = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}

_COMPATIBLE = re.compile(r"(?:.*/)?cudnn_compatible_lstm_cell/(?:kernel|(?P<bias>bias))")


class Cudnn(NamedTuple):
    """The cells that one operation computes.

    Attributes
    ----------
    op : str
        The operation.
    kind : str
        ``"LSTM"``, ``"GRU"`` or ``"RNN"``.
    gates : int
        The number of gates.
    units, size : int
        The number of units, and the size of the input.
    layers, directions : int
        How many there are.
    """

    op: str
    kind: str
    gates: int
    units: int
    size: int
    layers: int
    directions: int


def cudnn(graph: Uses, op: str, position: int, shape: tuple[int, ...], layout: str) -> Cudnn | None:
    """The cells whose vector of parameters a variable is; None if it is not one.

    Parameters
    ----------
    graph : Uses
    op : str
        The operation that uses the variable.
    position : int
        The input of it that the variable is.
    shape : tuple of int
        That of the variable.
    layout : str
        ``"torch"`` or ``"keras"``.

    Returns
    -------
    Cudnn or None

    Raises
    ------
    Unfit
        The places in the vector are not known, or the library does not have such a layer.
    """
    if graph.kind(op) not in _KINDS or position != _PARAMETERS:
        return None
    mode = _text(graph, op, "rnn_mode", "lstm")
    directions = 2 if _text(graph, op, "direction", "unidirectional") == "bidirectional" else 1
    if mode not in _GATES or graph.attr(op, "num_proj"):
        raise Unfit("the vector of cuDNN is of a cell with a projection, or of an unknown one")
    if layout == "keras":
        raise Unfit("the vector of cuDNN is not divided for Keras, only for PyTorch")
    given, state = graph.shape(*graph.input(op, 0)), graph.shape(*graph.input(op, 1))
    size = given[-1] if given else None
    count, units = (state[0], state[-1]) if state else (None, None)
    if size is None or count is None or units is None or count % directions:
        raise Unfit("the sizes of the vector of cuDNN are not known: the shapes of input and state are missing")
    found = Cudnn(op, _TITLES[mode], _GATES[mode], units, size, count // directions, directions)
    length = sum(array.stop - array.start for array in _places(found))
    if shape != (length,):
        raise Unfit(f"the vector of cuDNN has {shape} numbers, but {length} belong to its sizes")
    return found


def _text(graph: Uses, op: str, key: str, default: str) -> str:
    found = graph.attr(op, key)
    return found.decode("latin-1") if isinstance(found, bytes) else found if isinstance(found, str) else default


class _Place(NamedTuple):
    name: str
    start: int
    stop: int
    shape: tuple[int, ...]


def _places(cell: Cudnn) -> Iterator[_Place]:
    """Where the arrays of PyTorch's module are in the vector."""
    start, rows = 0, cell.gates * cell.units
    ends = [(layer, end) for layer in range(cell.layers) for end in ("", "_reverse")[: cell.directions]]
    for layer, end in ends:
        inputs = cell.size if layer == 0 else cell.directions * cell.units
        for name, columns in (("weight_ih", inputs), ("weight_hh", cell.units)):
            yield _Place(f"{name}_l{layer}{end}", start, start + rows * columns, (rows, columns))
            start += rows * columns
    for layer, end in ends:
        for name in ("bias_ih", "bias_hh"):
            yield _Place(f"{name}_l{layer}{end}", start, start + rows, (rows,))
            start += rows


def vector_arrays(cell: Cudnn) -> Iterator[LayerArray]:
    """The arrays of PyTorch's module that are parts of a vector."""
    for place in _places(cell):
        what = f"numbers {place.start} to {place.stop - 1} of the vector, as {place.shape}"
        yield LayerArray(place.name, place.shape, partial(_taken, place), what)


def _taken(place: _Place, arrays: Sequence[Array]) -> Array:
    return np.ascontiguousarray(arrays[0][place.start : place.stop]).reshape(place.shape)


def compatible(graph: Uses, name: str, shape: tuple[int, ...]) -> tuple[LSTM, bool] | None:
    """The cell of an array that the Saver has made of the vector, by its name, and whether it is the bias.

    Parameters
    ----------
    graph : Uses
    name : str
        The name in the checkpoint.
    shape : tuple of int

    Returns
    -------
    (LSTM, bool) or None
    """
    found = _COMPATIBLE.fullmatch(name)
    op = next((each for each in graph.nodes if graph.kind(each) in _KINDS), None)
    units = shape[-1] // 4 if shape else 0
    is_bias = found is not None and found["bias"] is not None
    if found is None or op is None or len(shape) != (1 if is_bias else 2) or shape[-1] % 4:
        return None
    size = 0 if is_bias else shape[0] - units
    # Its gates have TensorFlow's order, and without a constant.
    return LSTM(op, None, size, units, "igfo", 0.0), is_bias
