"""Sums of products with parts of variables: what the gates of a cell are computed of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from hdfsaver.conversion.layouts.uses import Uses

Wire = tuple[str, int]
Columns = tuple[int, int]

_ADDITIONS = ("Add", "AddV2", "BiasAdd", "AddN")
_MOST_DEPTH = 12
_MOST_TERMS = 16


class Term(NamedTuple):
    """A part of a sum.

    Attributes
    ----------
    source : tuple of str and int
        The value that is multiplied with columns of a matrix; of a bias and of any other value, the value itself.
    variable : str
        The variable; empty for a value that is not one or is not multiplied with one.
    columns : tuple of int
        The first column, and the one behind the last.
    row : int
        Of a bias of several rows, which one; of a matrix -1.
    op : str
        The operation of the product; empty for others.
    """

    source: Wire
    variable: str = ""
    columns: Columns = (0, 0)
    row: int = -1
    op: str = ""


class _Cut(NamedTuple):
    """A part of the last axis: one of `parts` parts, or from one place to another (0: to the end)."""

    first: int
    behind: int
    parts: int = 0

    def columns(self, size: int) -> Columns | None:
        """The columns of an axis of a size."""
        if self.parts:
            width = size // self.parts
            return None if size % self.parts else (self.first * width, (self.first + 1) * width)
        behind = self.behind or size
        return (self.first, behind) if 0 <= self.first < behind <= size else None


_WHOLE = _Cut(0, 0)


def variable_shape(graph: Uses, name: str) -> tuple[int, ...]:
    """The shape of a variable or a constant; empty if it is not known."""
    shape = graph.attr(name, "shape") if graph.kind(name) == "VarHandleOp" else graph.shape(name)
    sizes = [size for size in shape or () if size is not None]
    return tuple(sizes) if shape is not None and len(sizes) == len(shape) else ()


def terms_of(graph: Uses, wire: Wire) -> list[Term]:
    """The terms of a sum; of any other value, that value alone; none of a sum of more terms than a cell has.

    Parameters
    ----------
    graph : Uses
    wire : tuple of str and int
        The operation and its output.

    Returns
    -------
    list of Term
    """
    found = list(islice(_terms(graph, wire, _WHOLE, 0), _MOST_TERMS + 1))
    return found if len(found) <= _MOST_TERMS else []


def _terms(graph: Uses, wire: Wire, cut: _Cut, depth: int) -> Iterator[Term]:
    name, output = graph.source(*wire)
    kind = graph.kind(name)
    bias = _bias(graph, (name, output), cut)
    if bias is not None:
        yield bias
        return
    if depth < _MOST_DEPTH and kind in _ADDITIONS:
        for inner in graph.inputs(name):
            yield from _terms(graph, inner, cut, depth + 1)
        return
    part = _part(graph, name, output) if cut == _WHOLE else None
    if depth < _MOST_DEPTH and part is not None and graph.kind(graph.source(*part[0])[0]) in (*_ADDITIONS, "MatMul"):
        yield from _terms(graph, part[0], part[1], depth + 1)
        return
    product = _product(graph, name, cut) if kind == "MatMul" else None
    yield Term((name, output)) if product is None else product


def _product(graph: Uses, name: str, cut: _Cut) -> Term | None:
    if graph.attr(name, "transpose_a") or graph.attr(name, "transpose_b"):
        return None
    matrix, output = graph.source(*graph.input(name, 1))
    part = _part(graph, matrix, output)
    inner = _WHOLE
    if part is not None:
        (matrix, _), inner = part
    variable = graph.variable(matrix)
    shape = variable_shape(graph, variable or "")
    taken = inner.columns(shape[1]) if len(shape) == 2 else None
    columns = None if taken is None else cut.columns(taken[1] - taken[0])
    if variable is None or taken is None or columns is None:
        return None
    both = (taken[0] + columns[0], taken[0] + columns[1])
    return Term(graph.source(*graph.input(name, 0)), variable, both, -1, name)


def _bias(graph: Uses, wire: Wire, cut: _Cut) -> Term | None:
    """A variable of one axis, a row of one with two, or a part of either."""
    name, output = wire
    part = _part(graph, name, output) if cut == _WHOLE else None
    if part is not None:
        (name, output), cut = graph.source(*part[0]), part[1]
    row, axes = 0, 1
    if graph.kind(name) == "Unpack" and graph.attr(name, "axis") in (0, None):
        row, axes = output, 2
        name = graph.source(*graph.input(name, 0))[0]
    variable = graph.variable(name)
    shape = variable_shape(graph, variable or "")
    columns = cut.columns(shape[-1]) if len(shape) == axes else None
    return None if variable is None or columns is None else Term(wire, variable, columns, row)


def _part(graph: Uses, name: str, output: int) -> tuple[Wire, _Cut] | None:
    """The value of which an operation gives a part of the last axis, and which part."""
    kind = graph.kind(name)
    if kind == "Split":
        axis, count = graph.constant(graph.input(name, 0)[0]), graph.attr(name, "num_split")
        if axis is None or not isinstance(count, int) or count < 1 or np.ravel(axis).tolist() not in ([1], [-1], [0]):
            return None
        source = graph.input(name, 1)
        is_vector = len(variable_shape(graph, graph.variable(source[0]) or "")) == 1
        return (source, _Cut(output, 0, count)) if is_vector == (np.ravel(axis).tolist() == [0]) else None
    if kind == "SplitV":
        sizes, axis = (graph.constant(graph.input(name, place)[0]) for place in (1, 2))
        if sizes is None or axis is None or np.ravel(axis).tolist() not in ([1], [-1]):
            return None
        ends = np.cumsum([0, *np.ravel(sizes).tolist()]).tolist()
        if min(np.ravel(sizes)[:-1], default=0) < 0:  # only the last may be the rest
            return None
        is_rest = output == len(ends) - 2 and np.ravel(sizes)[-1] < 0
        return graph.input(name, 0), _Cut(ends[output], 0 if is_rest else ends[output + 1])
    if kind == "StridedSlice" and not graph.attr(name, "shrink_axis_mask") and not graph.attr(name, "new_axis_mask"):
        begin, end, steps = (graph.constant(graph.input(name, place)[0]) for place in (1, 2, 3))
        if begin is None or end is None or steps is None or set(np.ravel(steps).tolist()) != {1}:
            return None
        last = np.size(begin) - 1
        rows = (1 << last) - 1  # all of the axes before are taken
        if any((graph.attr(name, key) or 0) & rows != rows for key in ("begin_mask", "end_mask")):
            return None
        first, behind = int(np.ravel(begin)[last]), int(np.ravel(end)[last])
        first = 0 if (graph.attr(name, "begin_mask") or 0) >> last & 1 else first
        behind = 0 if (graph.attr(name, "end_mask") or 0) >> last & 1 else behind
        return (graph.input(name, 0), _Cut(first, behind)) if first >= 0 and behind >= 0 else None
    return None
