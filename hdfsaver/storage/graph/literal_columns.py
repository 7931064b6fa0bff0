"""Columns of JSON values, see `value_json`; arrays that are too large for a cell are in a group beside the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from h5py import h5g

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.storage.graph.large_constants import CONSTANTS
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import Array

MAX_LINK = 200
"""Characters of the longest name that a constant gets from a node and an attribute."""

_ESCAPED = re.compile(r"[%/\x00-\x1f\x7f]")


def naming(owner: str, error: Exception) -> Exception:
    """The error of a value, with the node or edge that has it."""
    return (TypeError if isinstance(error, TypeError) else ValueError)(f"{owner}, {error}.")


class PlacedArrays:
    """Collects the arrays of cells that become datasets, under unique links."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}
        self._counts: dict[str, int] = {}

    def add(self, label: str, array: Array) -> str:
        """Add an array, and return its link."""
        base = link = _ESCAPED.sub(_code, label[:MAX_LINK].encode(errors="backslashreplace").decode())
        while link in self._arrays:
            self._counts[base] = self._counts.get(base, 1) + 1
            link = f"{base}:{self._counts[base]}"
        self._arrays[link] = array
        return link

    def write(self, parent: h5g.GroupID) -> None:
        """Write all of them; create their group if there are any."""
        if not self._arrays:
            return
        group = objects.create_group(parent, CONSTANTS)
        for link, array in self._arrays.items():
            write_array(group, link, array)


def _code(found: re.Match[str]) -> str:
    return f"%{ord(found.group()):02X}"


def parsed(part: str, column: str, cells: Sequence[str], parse: Callable[[str], Any]) -> list[Any]:
    """The values of a column.

    Parameters
    ----------
    part : str
        The path of the table, for errors.
    column : str
        The name of the column, for errors.
    cells : sequence of str
    parse : callable
        A method of `LiteralReader`.

    Returns
    -------
    list

    Raises
    ------
    DataLossError
        A cell is malformed.
    InvalidArgumentError
        A cell has an unknown dtype.
    """
    values: list[Any] = []
    try:
        for text in cells:
            values.append(parse(text))  # noqa: PERF401 - its length is the row of an error
    except InvalidArgumentError as error:
        raise InvalidArgumentError(None, None, f"{_place(part, values, column)}: {error}.") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise damaged(_place(part, values, column), f"{error}.") from error
    return values


def _place(part: str, values: Sequence[Any], column: str) -> str:
    return f"{part} row {len(values)}, column {column!r}"


class FetchedArrays:
    """Reads the arrays of cells by their links, each of them once.

    Parameters
    ----------
    parent : h5py.h5g.GroupID
        The group of the tables.
    part : str
        The path of the group of arrays, for errors.
    """

    def __init__(self, parent: h5g.GroupID, part: str) -> None:
        self._parent = parent
        self._part = part
        self._group: h5g.GroupID | None = None
        self._seen: set[str] = set()

    def read(self, link: str) -> Array:
        """The array of a link; `DataLossError` if it is missing, damaged or already read."""
        if link in self._seen:  # otherwise a small file could fill any memory
            raise damaged(f"{self._part}/{link}", "two rows refer to it, but only one may.")
        self._seen.add(link)
        if self._group is None:
            self._group = objects.open_group(self._parent, CONSTANTS)
        return read_array(self._group, link)
