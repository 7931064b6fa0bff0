"""The list of a file's arrays, as lines of text: whole names, sizes, totals, and the elements that cannot be read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypedDict

from rich.cells import cell_len, chop_cells

from hdfsaver.cli.json_output import ArrayForm, described
from hdfsaver.cli.terminal_text import count_of, printable
from hdfsaver.errors import OpError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.tensor_info import STRING, TensorInfo, counted

_HEADINGS = ("dtype", "shape", "bytes")
_GAP = "  "
_NARROWEST = 20
"""Columns of a terminal that a name gets at least."""


class ModelForm(TypedDict):
    """The elements of one model of a file.

    Attributes
    ----------
    group : str
        The group of the model; empty for the root.
    arrays : list of ArrayForm
    unreadable : dict of str to str
        The reason for each element that cannot be read.
    left_out : dict of str to str
        The description of each element that is not read as an array.
    """

    group: str
    arrays: list[ArrayForm]
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
    graph : str
        The graph in a line; empty without a graph.
    """

    group: str
    entries: Sequence[TensorInfo]
    unreadable: Mapping[str, str]
    left_out: Mapping[str, str]
    graph: str

    @classmethod
    def of(cls, file: TensorFile) -> Self:
        """The elements of an open file; the values of string tensors are read to count their bytes."""
        unreadable = {name: error.message for name, error in file.unreadable.items()}
        entries = []
        for name, entry in file.variables.items():
            try:
                entries.append(counted(entry, file.read(name)) if entry.dtype == STRING else entry)
            except OpError as error:
                unreadable[name] = error.message
        return cls(file.group, entries, unreadable, file.left_out, _graph_of(file))

    def form(self) -> ModelForm:
        """The elements for JSON."""
        return ModelForm(
            group=self.group,
            arrays=[described(entry) for entry in self.entries],
            unreadable=dict(self.unreadable),
            left_out=dict(self.left_out),
        )

    def lines(self, width: int | None) -> Iterator[str]:
        """The elements, for people; see `table`."""
        yield from table(f"{printable(self.group)}: name" if self.group else "name", self.entries, width)
        yield totals(self.entries)
        if self.graph:
            yield self.graph
        yield from _noted("cannot be read", self.unreadable)
        yield from _noted("not read", self.left_out)


def _noted(what: str, elements: Mapping[str, str]) -> Iterator[str]:
    if elements:
        yield f"{count_of(len(elements), 'element')}, {what}:"
    yield from (f"{printable(name)}: {printable(why)}" for name, why in elements.items())


def _graph_of(file: TensorFile) -> str:
    """The graph of a file in a line; one that cannot be read does not hide the arrays."""
    try:
        structure = file.structure() if file.has_graph() else None
    except (OpError, ImportError) as error:
        return f"graph, which cannot be read: {printable(str(error))}"
    if structure is None:
        return ""
    # Imported here, because protobuf takes time to load.
    from hdfsaver.interop.graphs.graph_summary import graph_summary

    return str(graph_summary(structure))


def table(title: str, entries: Iterable[TensorInfo], width: int | None = None) -> Iterator[str]:
    """Name, dtype, shape and bytes of arrays, a line each.

    Parameters
    ----------
    title : str
        The heading of the column of names.
    entries : iterable of TensorInfo
        The arrays.
    width : int, optional
        Columns of the terminal: a name that does not fit continues on further lines. By default nothing is wrapped, so
        that each array is one line.

    Yields
    ------
    str
        A line without its newline.
    """
    rows = [(title, _HEADINGS), *((printable(it.name), _cells(it)) for it in entries)]
    widths = [max(len(cells[column]) for _, cells in rows) for column in range(len(_HEADINGS))]
    longest = max(cell_len(name) for name, _ in rows)
    room = longest if width is None else max(_NARROWEST, width - sum(widths) - len(_GAP) * len(widths))
    for name, cells in rows:
        first, *rest = [name] if cell_len(name) <= room else chop_cells(name, room)
        padding = " " * (min(longest, room) - cell_len(first))
        columns = (cell.ljust(size) for cell, size in zip(cells, widths, strict=True))
        yield _GAP.join((first + padding, *columns)).rstrip()
        yield from rest


def _cells(entry: TensorInfo) -> tuple[str, str, str]:
    return entry.dtype, str(entry.shape), f"{entry.nbytes:,}"


def totals(entries: Sequence[TensorInfo]) -> str:
    """The number of arrays, of their numbers, which are the parameters of a model, and of their bytes."""
    parameters = sum(math.prod(entry.shape) for entry in entries if entry.dtype != STRING)
    nbytes = sum(entry.nbytes for entry in entries)
    return f"{count_of(len(entries), 'array')}, {count_of(parameters, 'parameter')}, {count_of(nbytes, 'byte')}."
