"""Cells with one matrix for the input and another for the last output, as those of Keras, and simple cells.

Each gate is a sum of a part of the columns of each, computed alone or split behind the product. The rules look at the
arithmetic of the output: ``o * tanh(f * c + i * tanh(g))`` of an LSTM, ``z * h + (1 - z) * tanh(n)`` of a GRU,
``tanh`` or ``relu`` of the sum itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from hdfsaver.conversion.layouts.lstm_layout import LayerArray
from hdfsaver.conversion.layouts.sums import Term, Wire, terms_of, variable_shape
from hdfsaver.conversion.layouts.uses import Uses
from hdfsaver.tensor_info import Array

_SUMS = ("Add", "AddV2")


class SplitCell(NamedTuple):
    """A recurrent cell.

    Attributes
    ----------
    kind : str
        ``"LSTM"``, ``"GRU"`` or ``"RNN"``.
    op : str
        The operation with the output.
    kernel : str
        The variable that the input is multiplied with.
    recurrent : str
        The variable that the last output is multiplied with; the same where both are joined.
    bias : str
        The variable with the bias; empty without one.
    gates : str
        The gates in the order of columns.
    units : int
    size : int
        The size of the input.
    activation : str
        That of the gates, or of a simple cell: ``"sigmoid"``, ``"hard_sigmoid"``, ``"tanh"``, ``"relu"``.
    reset_after : bool
        Whether a GRU resets behind its matrix.
    """

    kind: str
    op: str
    kernel: str
    recurrent: str
    bias: str
    gates: str
    units: int
    size: int
    activation: str
    reset_after: bool = False


class Seen(NamedTuple):
    """A cell, the products that it is computed of, and whether its output is fed back."""

    cell: SplitCell
    products: frozenset[str]
    is_fed_back: bool


def split_cells(graph: Uses) -> list[Seen]:
    """The cells of a graph; those whose output is not fed back only where another step of them has it.

    Parameters
    ----------
    graph : Uses

    Returns
    -------
    list of Seen
    """
    found = [seen for name in graph.nodes for seen in _cells(graph, name)]
    known = {seen.cell._replace(op="") for seen in found if seen.is_fed_back}
    return [seen for seen in found if seen.cell._replace(op="") in known]


def _cells(graph: Uses, name: str) -> Iterator[Seen]:
    kind = graph.kind(name)
    if graph.is_gradient(name):
        return
    found = {"Mul": _lstm, "Add": _gru, "AddV2": _gru, "Tanh": _simple, "Relu": _simple}.get(kind)
    seen = None if found is None else found(graph, name)
    if seen is not None:
        yield seen


class _Gate(NamedTuple):
    activation: str
    terms: list[Term]


def _gate(graph: Uses, wire: Wire) -> _Gate | None:
    """The sum behind a sigmoid, or behind that of straight lines that Keras 2 calls hard."""
    name, _ = graph.source(*wire)
    if graph.kind(name) == "Sigmoid":
        return _Gate("sigmoid", terms_of(graph, graph.input(name, 0)))
    inner: Wire | None = (name, 0)
    for kinds, number in ((("Maximum",), 0.0), (("Minimum",), 1.0), (_SUMS, 0.5), (("Mul",), 0.2)):
        inner = None if inner is None else _with_number(graph, graph.source(*inner)[0], kinds, number)
    return None if inner is None else _Gate("hard_sigmoid", terms_of(graph, inner))


def _with_number(graph: Uses, name: str, kinds: Sequence[str], number: float) -> Wire | None:
    """The other input of an operation on a value and a number."""
    if graph.kind(name) not in kinds or len(graph.inputs(name)) != 2:
        return None
    for place in (0, 1):
        value = graph.constant(graph.input(name, place)[0])
        if value is not None and np.size(value) == 1 and np.isclose(float(np.ravel(value)[0]), number):
            return graph.input(name, 1 - place)
    return None


def _factors(graph: Uses, wire: Wire) -> tuple[Wire, Wire] | None:
    name, _ = graph.source(*wire)
    inputs = graph.inputs(name)
    if graph.kind(name) != "Mul" or len(inputs) != 2:
        return None
    return graph.source(*inputs[0]), graph.source(*inputs[1])


def _behind_tanh(graph: Uses, wire: Wire) -> Wire | None:
    name, _ = graph.source(*wire)
    return graph.input(name, 0) if graph.kind(name) == "Tanh" else None


def _either(pair: tuple[Wire, Wire]) -> Iterator[tuple[Wire, Wire]]:
    yield pair
    yield pair[1], pair[0]


def _lstm(graph: Uses, name: str) -> Seen | None:
    pair = _factors(graph, (name, 0))
    for leave, new in () if pair is None else _either(pair):
        memory = _behind_tanh(graph, new)
        gate = None if memory is None else _gate(graph, leave)
        inputs = () if memory is None or gate is None else graph.inputs(graph.source(*memory)[0])
        if gate is None or memory is None or graph.kind(graph.source(*memory)[0]) not in _SUMS or len(inputs) != 2:
            continue
        for kept, entered in _either((inputs[0], inputs[1])):
            gates = _gates_of_memory(graph, kept, entered)
            if gates is not None:
                return _seen_cell(graph, "LSTM", name, {**gates, "o": gate})
    return None


def _gates_of_memory(graph: Uses, kept: Wire, entered: Wire) -> dict[str, _Gate] | None:
    """The gates in ``f * c + i * tanh(g)``."""
    pair, other = _factors(graph, entered), _factors(graph, kept)
    if pair is None or other is None:
        return None
    for enter, new in _either(pair):
        inner = _behind_tanh(graph, new)
        gate = _gate(graph, enter)
        keep = next((it for it in (_gate(graph, wire) for wire in other) if it is not None and it.terms), None)
        if inner is not None and gate is not None and keep is not None:
            return {"i": gate, "f": keep, "g": _Gate("", terms_of(graph, inner))}
    return None


def _gru(graph: Uses, name: str) -> Seen | None:
    inputs = graph.inputs(name)
    for kept, made in _either((inputs[0], inputs[1])) if len(inputs) == 2 else ():
        pair, other = _factors(graph, kept), _factors(graph, made)
        if pair is None or other is None:
            continue
        for update, last in _either(pair):
            gate = _gate(graph, update)
            if gate is None:
                continue
            for rest, new in _either(other):
                inner = _behind_tanh(graph, new)
                if inner is not None and graph.source(*_with_one(graph, rest)) == update:
                    return _gru_of(graph, name, gate, terms_of(graph, inner), last)
    return None


def _with_one(graph: Uses, wire: Wire) -> Wire:
    """The value in ``1 - value``."""
    name, _ = graph.source(*wire)
    inputs = graph.inputs(name)
    one = graph.constant(inputs[0][0]) if graph.kind(name) == "Sub" and len(inputs) == 2 else None
    return inputs[1] if one is not None and np.all(np.ravel(one) == 1) else ("", 0)


def _gru_of(graph: Uses, name: str, update: _Gate, terms: list[Term], last: Wire) -> Seen | None:
    """A GRU, by the sum that its new values are computed of."""
    for term in terms:
        # The last output is reset before its matrix, or its product with the matrix is.
        pair = _factors(graph, term.source)
        for reset, value in () if pair is None else _either(pair):
            gate = _gate(graph, reset)
            if gate is None:
                continue
            rest = [each for each in terms if each is not term]
            if term.variable and value == last:
                new = [*rest, term._replace(source=last)]
                return _seen_cell(graph, "GRU", name, {"r": gate, "z": update, "n": _Gate("", new)})
            if not term.variable:
                new = [*rest, *terms_of(graph, value)]
                return _seen_cell(graph, "GRU", name, {"r": gate, "z": update, "n": _Gate("", new)}, reset_after=True)
    return None


def _simple(graph: Uses, name: str) -> Seen | None:
    terms = terms_of(graph, graph.input(name, 0))
    gates = {"h": _Gate(graph.kind(name).lower(), terms)}
    products = [term for term in terms if term.op]
    return _joined(graph, name, gates, products) if len(products) == 1 else _seen_cell(graph, "RNN", name, gates)


def _joined(graph: Uses, name: str, gates: dict[str, _Gate], products: list[Term]) -> Seen | None:
    """A simple cell with one matrix for the input beside the last output."""
    (product,) = products
    rows, units = variable_shape(graph, product.variable)
    biases = {term.variable for term in gates["h"].terms if not term.op}
    wires = graph.inputs(product.source[0])[:-1] if graph.kind(product.source[0]) == "ConcatV2" else ()
    if len(wires) != 2 or len(biases) != 1 or "" in biases or not 0 < rows - units < rows:
        return None
    # The last output is the second of the two: it is fed back there.
    is_fed_back = any(
        graph.kind(user) == "ConcatV2" and position == 1 and product.variable in _multiplied(graph, user)
        for user, position in _users(graph, name)
    )
    (bias,) = biases
    activation = gates["h"].activation
    cell = SplitCell("RNN", name, product.variable, product.variable, bias, "h", units, rows - units, activation)
    return Seen(cell, frozenset({product.op}), is_fed_back)


def _seen_cell(graph: Uses, kind: str, name: str, gates: dict[str, _Gate], *, reset_after: bool = False) -> Seen | None:
    """The cell whose gates are sums of parts of the same variables; None if they are not."""
    products = [[term for term in gate.terms if term.op] for gate in gates.values()]
    variables = {term.variable for terms in products for term in terms}
    if len(variables) != 2 or any(sorted(term.variable for term in each) != sorted(variables) for each in products):
        return None
    fed = {it for user, _ in _users(graph, name) for it in [_matrix(graph, user)] if it in variables}
    recurrent = _recurrent(graph, gates, variables, fed)
    if recurrent is None:
        return None
    (kernel,) = variables - {recurrent}
    units = variable_shape(graph, recurrent)[0]
    order = _order(gates, units, 2 if reset_after else 1)
    biases = {term.variable for gate in gates.values() for term in gate.terms if not term.op}
    shapes = [variable_shape(graph, it) for it in (kernel, recurrent)]
    activations = {gate.activation for gate in gates.values() if gate.activation}
    if order is None or len(biases) > 1 or "" in biases or len(activations) != 1:
        return None
    if any(shape[1:] != (len(gates) * units,) for shape in shapes):
        return None
    bias = next(iter(biases), "")
    cell = SplitCell(*(kind, name, kernel, recurrent, bias, order, units, shapes[0][0], activations.pop(), reset_after))
    return Seen(cell, frozenset(term.op for terms in products for term in terms), bool(fed))


def _recurrent(graph: Uses, gates: dict[str, _Gate], variables: set[str], fed: set[str]) -> str | None:
    """The matrix that the last output is multiplied with."""
    if len(fed) == 1:
        return next(iter(fed))
    units = {term.columns[1] - term.columns[0] for gate in gates.values() for term in gate.terms}
    square = [it for it in variables if {variable_shape(graph, it)[0]} == units]
    if len(square) == 1:
        return square[0]
    # Both are square, and this is a step without a further one: the input comes first in Keras's cells.
    terms = [term.variable for term in next(iter(gates.values())).terms if term.op]
    return terms[1] if len(square) == 2 else None


def _order(gates: dict[str, _Gate], units: int, rows: int) -> str | None:
    """The gates in the order of their columns, which are the same in all variables."""
    places: dict[int, str] = {}
    for letter, gate in gates.items():
        columns = {term.columns for term in gate.terms if term.variable}
        found = sorted(term.row for term in gate.terms if term.variable and not term.op)
        if len(columns) != 1 or found not in ([], list(range(rows))):
            return None
        first, behind = columns.pop()
        if first % units or behind - first != units:
            return None
        places[first // units] = letter
    return "".join(places[place] for place in sorted(places)) if sorted(places) == list(range(len(gates))) else None


def _users(graph: Uses, name: str) -> Iterator[tuple[str, int]]:
    """The operations that use an output, also behind a choice by a mask and the reset of a GRU."""
    seen, waiting = {name}, [name]
    while waiting:
        for user, position in graph.users(waiting.pop()):
            yield user, position
            kind = graph.kind(user)
            if user not in seen and (kind in ("Select", "SelectV2") or (kind == "Mul" and len(seen) < _MOST_USERS)):
                seen.add(user)
                waiting += [user] if kind != "Mul" or _is_reset(graph, user) else []


_MOST_USERS = 64


def _is_reset(graph: Uses, name: str) -> bool:
    """Whether a product is only multiplied with a matrix further on."""
    return all(graph.kind(user) == "MatMul" for user, _ in graph.users(name))


def _matrix(graph: Uses, name: str) -> str | None:
    """The variable of whose columns a product is made."""
    if graph.kind(name) != "MatMul":
        return None
    return next((term.variable for term in terms_of(graph, (name, 0)) if term.op), None)


def _multiplied(graph: Uses, name: str) -> set[str | None]:
    return {_matrix(graph, user) for user, position in graph.users(name) if position == 0}


_ORDERS = {"torch": {"LSTM": "ifgo", "GRU": "rzn", "RNN": "h"}, "keras": {"LSTM": "ifgo", "GRU": "zrn", "RNN": "h"}}
"""The gates of each cell in the order of its library; ``g`` and ``n`` are the new values."""


def unfit(cell: SplitCell, layout: str) -> str:
    """The reason for which a library does not have a cell; empty if it does.

    Parameters
    ----------
    cell : SplitCell
    layout : str
        ``"torch"`` or ``"keras"``.

    Returns
    -------
    str
    """
    if layout == "keras":
        return ""
    if cell.activation == "hard_sigmoid":
        return f"its {cell.kind} has hard_sigmoid (0.2 x + 0.5 from 0 to 1) where PyTorch has sigmoid"
    if cell.kind == "GRU" and not cell.reset_after:
        return "its GRU resets the last output before the matrix, and PyTorch behind it"
    return ""


def layer_arrays(
    cell: SplitCell, part: str, layout: str, shape: tuple[int, ...], *, is_value: bool
) -> Iterator[LayerArray]:
    """The arrays of a layer that are made of one variable of a cell.

    Parameters
    ----------
    cell : SplitCell
    part : str
        ``"kernel"``, ``"recurrent_kernel"``, ``"bias"`` or, of a matrix for both, ``"both"``.
    layout : str
        ``"torch"`` or ``"keras"``.
    shape : tuple of int
        That of the variable.
    is_value : bool
        Whether it is the variable itself, or a moving average of it.

    Yields
    ------
    LayerArray
    """
    order = [cell.gates.index(gate) for gate in _ORDERS[layout][cell.kind]]
    what = f"gates {', '.join(cell.gates)} in the order {', '.join(_ORDERS[layout][cell.kind])}"
    if layout == "keras" and cell.kind == "GRU":
        what += f"; for reset_after={cell.reset_after}"
    if layout == "keras" and cell.activation == "hard_sigmoid":
        what += "; for hard_sigmoid of Keras 2"
    if cell.activation == "relu":
        what += "; for relu"
    if part == "bias":
        yield from _biases(cell, layout, shape, order, what, is_value)
        return
    kernel, recurrent = ("weight_ih", "weight_hh") if layout == "torch" else ("kernel", "recurrent_kernel")
    rows = {kernel: slice(cell.size), recurrent: slice(cell.size, None)} if part == "both" else {}
    for name, taken in (rows or {kernel if part == "kernel" else recurrent: slice(None)}).items():
        made = (len(range(shape[0])[taken]), shape[1])
        is_torch = layout == "torch"
        make = partial(_matrix_of, cell.units, order, taken, is_torch)
        yield LayerArray(name, made[::-1] if is_torch else made, make, what)


def _biases(
    cell: SplitCell, layout: str, shape: tuple[int, ...], order: list[int], what: str, is_value: bool
) -> Iterator[LayerArray]:
    if layout == "keras":
        yield LayerArray("bias", shape, partial(_bias_of, cell.units, order, None), what)
        return
    rows = [0, 1] if len(shape) == 2 else [None]
    for name, row in zip(("bias_ih", "bias_hh"), rows, strict=False):
        yield LayerArray(name, shape[-1:], partial(_bias_of, cell.units, order, row), what)
    if len(rows) == 1 and is_value:
        yield LayerArray("bias_hh", shape, _no_bias, "zeros")


def _in_order(units: int, order: list[int], array: Array) -> Array:
    found: Array = array.reshape(*array.shape[:-1], len(order), units)[..., order, :].reshape(array.shape)
    return found


def _matrix_of(units: int, order: list[int], rows: slice, is_transposed: bool, arrays: Sequence[Array]) -> Array:
    found = _in_order(units, order, arrays[0])[rows]
    return np.ascontiguousarray(found.T if is_transposed else found)


def _bias_of(units: int, order: list[int], row: int | None, arrays: Sequence[Array]) -> Array:
    found = _in_order(units, order, arrays[0])
    return np.ascontiguousarray(found if row is None else found[row])


def _no_bias(arrays: Sequence[Array]) -> Array:
    return np.zeros_like(arrays[0])
