"""Common parts of the cells of recurrent networks: products of an input beside the last output, and gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hdfsaver.conversion.layouts.found import Unfit
from hdfsaver.conversion.layouts.uses import Uses


class Product(NamedTuple):
    """A matrix times the input of a cell beside its last output, with a bias added.

    Attributes
    ----------
    op : str
        The operation of type ``MatMul``.
    bias : str or None
        The variable that is added.
    result : str
        The operation with the sum.
    inputs : tuple
        The tensors that are joined.
    rows : int
        The number of rows of the matrix.
    """

    op: str
    bias: str | None
    result: str
    inputs: tuple[tuple[str, int], ...]
    rows: int


def product(graph: Uses, op: str, rows: int) -> Product | None:
    """The product that an operation begins; None if its input is not joined of at least two tensors.

    Parameters
    ----------
    graph : Uses
    op : str
        The operation.
    rows : int
        The number of rows of the matrix.

    Returns
    -------
    Product or None
    """
    if graph.kind(op) != "MatMul" or graph.attr(op, "transpose_a") or graph.attr(op, "transpose_b"):
        return None
    joined = graph.source(*graph.input(op, 0))[0]
    inputs = {"ConcatV2": graph.inputs(joined)[:-1], "Concat": graph.inputs(joined)[1:]}.get(graph.kind(joined), ())
    if len(inputs) < 2:
        return None
    for name, position in graph.users(op):
        if graph.kind(name) in ("BiasAdd", "Add", "AddV2"):
            bias = graph.variable(graph.input(name, 1 - position)[0])
            if bias is not None:
                return Product(op, bias, name, inputs, rows)
    return Product(op, None, op, inputs, rows)


def size_of_input(graph: Uses, found: Product, units: int, outputs: list[tuple[str, int]]) -> int:
    """The number of rows that belong to the input of a cell; those of its last output follow.

    Parameters
    ----------
    graph : Uses
    found : Product
    units : int
        The number of outputs, unless the shapes say another.
    outputs : list of (str, int)
        The tensors with the next output; empty if it is not known.

    Returns
    -------
    int

    Raises
    ------
    Unfit
        The last output comes before the input.
    """
    last = len(found.inputs) - 1
    joined = [(output, set(_places(graph, output, found))) for output in outputs]
    fed = [output for output, places in joined if places]
    if any(places - {last} for _, places in joined):
        raise Unfit("its last output comes before its input")
    widths = (_width(graph, value) for value in (found.inputs[last], *fed))
    known = {width for width in widths if width is not None}
    if not known and len(outputs) <= 1:
        known = {units}
    size = found.rows - known.pop() if len(known) == 1 else 0
    if not 0 < size < found.rows:
        raise Unfit("the sizes of its input and its output are not known")
    return size


def _width(graph: Uses, value: tuple[str, int]) -> int | None:
    """The size of the last axis of a value, or None."""
    shape = graph.shape(*value)
    return shape[-1] if shape else None


def _places(graph: Uses, output: tuple[str, int], found: Product) -> Iterator[int]:
    """The places at which the next output is joined to the input, in the same product or that of a further step."""
    joins = {graph.source(*graph.input(found.op, 0))[0]}
    matrix = graph.variable(graph.input(found.op, 1)[0])
    seen, waiting = set(), [output]
    while waiting:
        for name, position in graph.users(*waiting.pop()):
            kind = graph.kind(name)
            if kind in ("Select", "SelectV2") and name not in seen:
                seen.add(name)
                waiting.append((name, 0))
            is_join = kind in ("Concat", "ConcatV2")
            if is_join and (name in joins or _feeds(graph, name, matrix)):
                yield position - (kind == "Concat")


def _feeds(graph: Uses, joined: str, matrix: str | None) -> bool:
    """Whether a joined tensor is multiplied with the same matrix."""
    return any(
        graph.kind(name) == "MatMul" and position == 0 and graph.variable(graph.input(name, 1)[0]) == matrix
        for name, position in graph.users(joined)
    )


def split_of(graph: Uses, name: str, count: int) -> str | None:
    """The operation that splits a value into equal parts, or None.

    Parameters
    ----------
    graph : Uses
    name : str
        The operation with the value.
    count : int
        The number of parts.

    Returns
    -------
    str or None
    """
    for user, position in graph.users(name):
        if graph.kind(user) == "Split" and position == 1 and graph.attr(user, "num_split") == count:
            return user
    return None
