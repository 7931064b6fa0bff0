"""The list of a file's arrays, as lines of text: whole names, sizes, totals, and the elements that cannot be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple, Self, TypedDict

from rich.cells import cell_len, chop_cells

from hdfsaver.cli.json_output import ArrayForm, described
from hdfsaver.cli.terminal_text import count_of
from hdfsaver.errors import OpError
from hdfsaver.escaping import printable
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.inspection.asked_arrays import matching
from hdfsaver.tensor_info import STRING, TensorInfo, counted

_HEADINGS = ("dtype", "shape", "bytes")
_GAP = "  "
_NARROWEST = 20
"""Columns of a terminal that a name gets at least."""

_SUMMARIZED = 10_000
"""The largest number of operations of a graph that is read for its inputs and outputs."""


class Order(StrEnum):
    """The order of a list; that of the file is the one that is not named."""

    NAME = "name"
    SIZE = "size"
    DTYPE = "dtype"
    SHAPE = "shape"


_KEYS: dict[Order, Callable[[TensorInfo], Any]] = {
    Order.NAME: lambda entry: entry.name,
    Order.SIZE: lambda entry: (-entry.nbytes, entry.name),
    Order.DTYPE: lambda entry: (entry.dtype, entry.name),
    Order.SHAPE: lambda entry: (len(entry.shape), entry.shape, entry.name),
}


class ModelForm(TypedDict):
    """The elements of one model of a file.

    Attributes
    ----------
    group : str
        The group of the model; empty for the root.
    arrays : list of ArrayForm
    parameters : int
        The number of their numbers.
    nbytes : int
        The sum of their bytes.
    operations : int or None
        The number of operations of the graph; null without a graph that can be read.
    unreadable : dict of str to str
        The reason for each element that cannot be read.
    left_out : dict of str to str
        The description of each element that is not read as an array.
    """

    group: str
    arrays: list[ArrayForm]
    parameters: int
    nbytes: int
    operations: int | None
    unreadable: dict[str, str]
    left_out: dict[str, str]


@dataclass(frozen=True)
class Model:
    """The elements of one model of a file.

    Attributes
    ----------
    group : str
        The group of the model; empty for the root.
    entries : list of TensorInfo
        The arrays that can be read; strings with the bytes of their strings.
    unreadable : mapping of str to str
        The reason for each element that cannot be read.
    left_out : mapping of str to str
        The description of each element that is not read as an array.
    operations : int or None
        The number of operations of the graph; None without a graph, or if it cannot be read.
    graph : str
        The graph in a line; empty without a graph.
    """

    group: str
    entries: Sequence[TensorInfo]
    unreadable: Mapping[str, str]
    left_out: Mapping[str, str]
    operations: int | None
    graph: str

    @classmethod
    def of(cls, file: TensorFile, patterns: Sequence[str] = ()) -> Self:
        """The elements of an open file; the values of string tensors are read to count their bytes.

        With patterns, the elements are those that one of them matches, and the graph is not looked at.
        """
        unreadable = {name: file.unreadable[name].message for name in matching(file.unreadable, patterns)}
        entries = []
        for name in matching(file.variables, patterns):
            entry = file.variables[name]
            try:
                entries.append(counted(entry, file.read(name)) if entry.dtype == STRING else entry)
            except OpError as error:
                unreadable[name] = error.message
        left_out = {name: file.left_out[name] for name in matching(file.left_out, patterns)}
        return cls(file.group, entries, unreadable, left_out, *((None, "") if patterns else _graph_of(file)))

    def sorted(self, order: Order | None) -> Self:
        """The same in another order."""
        return self if order is None else replace(self, entries=sorted(self.entries, key=_KEYS[order]))

    def form(self) -> ModelForm:
        """The elements for JSON."""
        return ModelForm(
            group=self.group,
            arrays=[described(entry) for entry in self.entries],
            parameters=_parameters(self.entries),
            nbytes=sum(entry.nbytes for entry in self.entries),
            operations=self.operations,
            unreadable=dict(self.unreadable),
            left_out=dict(self.left_out),
        )

    def lines(self, width: int | None, *, tree: bool = False) -> Iterator[str]:
        """The elements, for people; see `table`."""
        title = f"{printable(self.group)}: name" if self.group else "name"
        rows = tree_rows(self.entries) if tree else [(printable(it.name), _cells(it)) for it in self.entries]
        yield from table([(title, _HEADINGS), *rows], width)
        yield totals(self.entries)
        if self.graph:
            yield self.graph
        yield from _noted("cannot be read", self.unreadable)
        yield from _noted("not read", self.left_out)


def _noted(what: str, elements: Mapping[str, str]) -> Iterator[str]:
    if elements:
        yield f"{count_of(len(elements), 'element')}, {what}:"
    yield from (f"{printable(name)}: {printable(why)}" for name, why in elements.items())


def _graph_of(file: TensorFile) -> tuple[int | None, str]:
    """The operations of a graph, and the graph in a line; one that cannot be read does not hide the arrays."""
    try:
        count = file.graph_size() if file.has_graph() else 0
        if count > _SUMMARIZED:
            return count, f"graph, {count_of(count, 'operation')}"
        structure = file.structure() if count else None
    except (OpError, ImportError) as error:
        return None, f"graph, which cannot be read: {printable(str(error))}"
    if structure is None:
        return None, ""
    # Imported here, because protobuf takes time to load.
    from hdfsaver.interop.graphs.graph_summary import graph_summary

    return count, str(graph_summary(structure))


Cells = tuple[str, str, str]


def table(rows: Sequence[tuple[str, Cells]], width: int | None = None) -> Iterator[str]:
    """Names and three columns, a line each.

    Parameters
    ----------
    rows : sequence of (str, tuple of str)
        The name and the cells of each row; the first row has the headings.
    width : int, optional
        Columns of the terminal: a name that does not fit continues on further lines. By default nothing is wrapped, so
        that each array is one line.

    Yields
    ------
    str
        A line without its newline.
    """
    widths = [max(len(cells[column]) for _, cells in rows) for column in range(len(_HEADINGS))]
    longest = max(_columns(name) for name, _ in rows)
    room = longest if width is None else max(_NARROWEST, width - sum(widths) - len(_GAP) * len(widths))
    most = min(longest, room)
    for name, (dtype, shape, nbytes) in rows:
        first, *rest = [name] if _columns(name) <= room else chop_cells(name, room)
        padding = " " * (most - _columns(first))
        yield f"{first}{padding}  {dtype:<{widths[0]}}  {shape:<{widths[1]}}  {nbytes}".rstrip()
        yield from rest


def _columns(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _cells(entry: TensorInfo) -> Cells:
    return entry.dtype, str(entry.shape), f"{entry.nbytes:,}"


class _Scope(NamedTuple):
    """A scope of names: those below it, and the arrays whose names end here."""

    inner: dict[str, _Scope]
    arrays: dict[str, TensorInfo]

    def all(self) -> Iterator[TensorInfo]:
        """The arrays here and below."""
        yield from self.arrays.values()
        for scope in self.inner.values():
            yield from scope.all()


def tree_rows(entries: Iterable[TensorInfo]) -> list[tuple[str, Cells]]:
    """Rows of `table`: a row for each scope of the names, with its totals, and one below it for each of its arrays."""
    root = _Scope({}, {})
    for entry in entries:
        *scopes, last = entry.name.split("/")
        here = root
        for name in scopes:
            here = here.inner.setdefault(name, _Scope({}, {}))
        here.arrays[last] = entry
    return list(_rows_of(root, ""))


def _rows_of(scope: _Scope, indent: str) -> Iterator[tuple[str, Cells]]:
    for name, entry in scope.arrays.items():
        yield indent + printable(name), _cells(entry)
    for name, inner in scope.inner.items():
        while not inner.arrays and len(inner.inner) == 1:  # a chain of scopes is one
            below, inner = next(iter(inner.inner.items()))
            name = f"{name}/{below}"
        found = list(inner.all())
        yield f"{indent}{printable(name)}/", ("", count_of(len(found), "array"), f"{sum(it.nbytes for it in found):,}")
        yield from _rows_of(inner, indent + _GAP)


def totals(entries: Sequence[TensorInfo]) -> str:
    """The number of arrays, of their numbers, which are the parameters of a model, and of their bytes."""
    nbytes = sum(entry.nbytes for entry in entries)
    parameters = count_of(_parameters(entries), "parameter")
    return f"{count_of(len(entries), 'array')}, {parameters}, {count_of(nbytes, 'byte')}."


def _parameters(entries: Iterable[TensorInfo]) -> int:
    return sum(math.prod(entry.shape) for entry in entries if entry.dtype != STRING)
