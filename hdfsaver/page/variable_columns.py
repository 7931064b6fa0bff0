"""The arrays of a file as columns for the page: what a table shows, statistics and small pictures."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hdfsaver.errors import OpError
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.inspection.array_blocks import AT_ONCE, keys
from hdfsaver.inspection.array_statistics import Statistics, statistics
from hdfsaver.optimizer_slots import optimizer_variables, saved_names
from hdfsaver.page.attribute_texts import value_text
from hdfsaver.page.graph_columns import Columns
from hdfsaver.page.thumbnails import Reader, thumbnail
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import STRING, Key, TensorInfo

_BINS = 40
"""Bars of a histogram."""

_PICTURES = 4_000_000
"""Bytes of all small pictures together; further arrays have none."""


class Row(NamedTuple):
    """An array of an open file, or an element that cannot be read, with the reason in ``error``."""

    file: TensorFile
    entry: TensorInfo
    error: str = ""


def rows_of(file: TensorFile) -> list[Row]:
    """The arrays of a file, then the elements that cannot be read."""
    rows = [Row(file, entry) for entry in file.variables.values()]
    for name, error in file.unreadable.items():
        rows.append(Row(file, TensorInfo(name, "", (), 0), without_folder(error.message, file)))
    return rows


def without_folder(message: str, file: TensorFile) -> str:
    """A message in which a file has no folder, which may be private."""
    folder = os.path.dirname(os.fspath(file.path))
    return message.replace(os.path.join(folder, ""), "") if folder else message


def variable_columns(rows: Sequence[Row], structure: Structure | None) -> Columns:
    """Arrays without their values.

    Parameters
    ----------
    rows : sequence of Row
    structure : Structure or None
        The graph of the file.

    Returns
    -------
    dict
        ``names``, ``dtypes``, ``shapes`` and ``nbytes``; the operation of each array in ``ops``, or -1; in ``slots``
        the numbers of those of an optimizer; by number, ``errors``, and what `add_values` fills in.
    """
    slots = (structure and optimizer_variables(structure)) or frozenset()
    places = operations_by_name(structure)
    entries = [row.entry for row in rows]
    return {
        "names": [entry.name for entry in entries],
        "dtypes": [entry.dtype for entry in entries],
        "shapes": [entry.shape for entry in entries],
        "nbytes": [entry.nbytes for entry in entries],
        "ops": [places.get(entry.name, -1) for entry in entries],
        "slots": [number for number, entry in enumerate(entries) if entry.name in slots],
        "errors": {number: row.error for number, row in enumerate(rows) if row.error},
        "statistics": {},
        "pictures": {},
        "strings": {},
    }


def operations_by_name(structure: Structure | None) -> Mapping[str, int]:
    """The number of the operation of each array, by the name of the array; operations have their own names too."""
    if structure is None or structure.is_plain:
        return {}
    numbers = {name: number for number, name in enumerate(structure.digraph)}
    named = {name: numbers[op] for op, names in saved_names(structure).items() if op in numbers for name in names}
    return {**numbers, **named}


def add_values(rows: Sequence[Row], columns: Columns, progress: Callback | None = None) -> bytes:
    """Read all arrays, and add their statistics to the columns.

    Parameters
    ----------
    rows : sequence of Row
    columns : dict
        Of `variable_columns`; an array whose value is damaged gets a reason in ``errors``.
    progress : callable, optional
        See `hdfsaver.files.progress.Callback`.

    Returns
    -------
    bytes
        The codes of all small pictures, in the order of the arrays that have an item in ``pictures``.
    """
    counted = Progress(progress, sum(row.entry.nbytes for row in rows))
    pictures = bytearray()
    for number, (file, entry, error) in enumerate(rows):
        if not error:
            try:
                pictures += _add_value(file, entry, number, columns, len(pictures) < _PICTURES)
            except OpError as damage:
                columns["errors"][number] = without_folder(damage.message, file)
        counted.advance(entry.nbytes)
    return bytes(pictures)


def _add_value(file: TensorFile, entry: TensorInfo, number: int, columns: Columns, with_picture: bool) -> bytes:
    if entry.dtype == STRING:
        value = file.read(entry.name)
        columns["nbytes"][number] = sum(map(len, value.flat))
        columns["strings"][number] = value_text(value)
        return b""
    read = reader(file, entry)
    found_statistics = statistics(lambda: (read(key) for key in parts(entry)), bins=_BINS)
    columns["statistics"][number] = list(_plain(found_statistics))
    found = thumbnail(entry, read) if with_picture else None
    if found is None:
        return b""
    columns["pictures"][number] = [found.rows, found.columns, found.scale]
    return found.codes


def _plain(found: Statistics) -> Iterator[Any]:
    """The numbers for JSON; the histogram is left out where all is in one bar."""
    for number in (found.min, found.max, found.mean, found.std):
        yield number if number is None or math.isfinite(number) else None
    yield from (found.zeros, found.nan, found.inf)
    yield found.counts if found.min != found.max else []


def parts(entry: TensorInfo) -> Iterator[Key]:
    """The keys of the parts in which an array is read."""
    if entry.nbytes <= AT_ONCE:
        yield tuple(slice(0, size) for size in entry.shape)
    else:
        yield from keys(entry)


def reader(file: TensorFile, entry: TensorInfo) -> Reader:
    """The function that gives parts of an array: it is read once if it is small, or if its parts cannot be read."""
    if entry.nbytes > AT_ONCE and file.extent(entry.name) is not None:
        return lambda key: file.read_slice(entry.name, key)
    value = file.read(entry.name)
    return lambda key: value[key] if key else value


def parameters(columns: Columns) -> int:
    """The count of all numbers, which are the parameters of a model."""
    described: Iterator[tuple[str, Sequence[int]]] = zip(columns["dtypes"], columns["shapes"], strict=True)
    return sum(math.prod(shape) for dtype, shape in described if dtype not in (STRING, ""))
