"""GRU cells: TensorFlow resets the last output before its matrix, as Keras does with ``reset_after=False``.

PyTorch's GRU resets behind the matrix, which is another function: there the two matrices stay dense layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from hdfsaver.conversion.layouts.cells import product, size_of_input, split_of
from hdfsaver.conversion.layouts.found import Make
from hdfsaver.conversion.layouts.uses import Uses
from hdfsaver.tensor_info import Array


class GRU(NamedTuple):
    """A GRU cell.

    Attributes
    ----------
    op : str
        The operation that uses the matrix of the gates.
    gate_bias : str or None
        The variable with the bias of the gates.
    candidate : str
        The variable with the matrix of the new values.
    candidate_bias : str or None
        The variable with their bias.
    size : int
        The size of the input.
    units : int
    """

    op: str
    gate_bias: str | None
    candidate: str
    candidate_bias: str | None
    size: int
    units: int


def gru(graph: Uses, op: str, position: int, shape: tuple[int, ...]) -> GRU | None:
    """The cell in which an operation uses the matrix of the gates; None if it is not part of a GRU.

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
    GRU or None

    Raises
    ------
    Unfit
        It is a GRU with sizes that are not known.
    """
    if len(shape) != 2 or shape[1] % 2:
        return None
    units = shape[1] // 2
    if graph.kind(op) == "GRUBlockCell" and len(graph.inputs(op)) == 6:
        _, _, _, matrix, bias, candidate_bias = (graph.variable(name) for name, _ in graph.inputs(op))
        return GRU(op, bias, matrix, candidate_bias, shape[0] - units, units) if matrix and position == 2 else None
    found = product(graph, op, shape[0]) if position == 1 else None
    if found is None:
        return None
    activated = next((name for name, _ in graph.users(found.result) if graph.kind(name) == "Sigmoid"), None)
    split = None if activated is None else split_of(graph, activated, 2)
    if split is None:
        return None
    for joined in _reset(graph, split):
        for name, position in graph.users(joined):
            second = product(graph, name, shape[0]) if position == 0 else None
            matrix = None if second is None else graph.variable(graph.input(name, 1)[0])
            if second is not None and matrix is not None and _is_tanh(graph, second.result):
                size = size_of_input(graph, found, units, [])
                return GRU(op, found.bias, matrix, second.bias, size, units)
    return None


def _reset(graph: Uses, split: str) -> list[str]:
    """The operations that join the input and the last output times the first gate."""
    products = [name for name, _ in graph.users(split, 0) if graph.kind(name) == "Mul"]
    joins = [name for product_ in products for name, _ in graph.users(product_)]
    return [name for name in joins if graph.kind(name) in ("Concat", "ConcatV2")]


def _is_tanh(graph: Uses, name: str) -> bool:
    return any(graph.kind(user) == "Tanh" for user, _ in graph.users(name))


class LayerArray(NamedTuple):
    """An array of Keras's layer, made of one of the gates and one of the new values.

    Attributes
    ----------
    name : str
        Its name in the layer.
    shape : tuple of int
    make : callable
        Makes it of the two arrays of the source.
    is_bias : bool
        Whether they are the biases rather than the matrices.
    what : str
        The change, for the report.
    """

    name: str
    shape: tuple[int, ...]
    make: Make
    is_bias: bool
    what: str


def layer_arrays(cell: GRU, shape: tuple[int, ...]) -> Iterator[LayerArray]:
    """The arrays of Keras's layer with ``reset_after=False``; ``shape`` is that of the matrix of the gates."""
    columns = 3 * cell.units
    what = "gates r, u and new values in the order u, r, new values; for reset_after=False"
    for name, rows in ("kernel", slice(cell.size)), ("recurrent_kernel", slice(cell.size, None)):
        make = partial(_merged, cell.units, rows)
        yield LayerArray(name, (len(range(shape[0])[rows]), columns), make, False, what)
    yield LayerArray("bias", (columns,), partial(_merged, cell.units, slice(None)), True, what)


def _merged(units: int, rows: slice, arrays: Sequence[Array]) -> Array:
    """Columns in Keras's order: update, reset, new values; of matrices or of biases."""
    gates, candidate = arrays
    return np.concatenate([gates[..., units:], gates[..., :units], candidate], axis=-1)[rows]
