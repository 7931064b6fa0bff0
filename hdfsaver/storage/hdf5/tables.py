"""Tables: one compound dataset each, with columns of strings and of numbers, in the given order.

A string is UTF-8, with NULs after it to the width of its column, which is as wide as the table needs, and one NUL at
least. Three kinds of cells are stored in a second dataset instead: a cell that would make its column much too wide, one
that ends with a NUL, and one that begins like a reference. This dataset is a string tensor, and its link is that of the
table with `LONG` appended; ``%%17`` in the table means element 17 there. So a cell that begins with ``%%`` is always a
reference, and every string is restored exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from h5py import h5d, h5g, h5t

from hdfsaver import dtypes
from hdfsaver.storage.hdf5 import datatypes, objects
from hdfsaver.storage.hdf5.array_datasets import little_endian, read_array, write_array
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import Array

Column: TypeAlias = "list[str] | Array"

LONG = "%long"
"""The end of the link of the dataset for long cells; no link of a name ends so, because ``%l`` is not an escape."""

REFERENCE = "%%"

SMALL = 16384
"""Up to this many bytes, a string column is always stored in the table."""

_COST_OF_LONG = 100
"""Bytes that moving a cell to the second dataset must save; there, it is not shown in its row."""


def write_table(
    group: h5g.GroupID,
    name: str,
    columns: Mapping[str, Sequence[str] | Array],
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write a table to a group.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    name : str
        The link.
    columns : mapping of str to sequence of str or 1-D ndarray
        All of one length. A column of strings is a list; an array keeps its dtype, any of the table of dtypes.
    attributes : mapping of str to str, optional
        Attributes of the dataset.

    Raises
    ------
    ValueError
        The columns differ in length, or a string contains a lone surrogate, which UTF-8 cannot encode.
    TypeError
        A cell of a string column is not a str, or an array's dtype cannot be stored.
    """
    if len({len(column) for column in columns.values()}) != 1:
        raise ValueError(f"The columns of table {name!r} differ in length: {_lengths(columns)}.")
    long: list[bytes] = []
    stored = {key: _stored(name, key, column, long) for key, column in columns.items()}
    rows = np.zeros(len(next(iter(stored.values()))), dtype=[(key, column.dtype) for key, column in stored.items()])
    for key, column in stored.items():
        rows[key] = column
    members = {key: _member(name, key, column) for key, column in stored.items()}
    objects.create_dataset(group, name, _compound(rows.dtype, members), rows, attributes)
    if long:
        _write_long(group, name + LONG, long)


def _lengths(columns: Mapping[str, Sequence[str] | Array]) -> str:
    return ", ".join(f"{key} has {len(column)}" for key, column in columns.items())


def _stored(table: str, key: str, column: Sequence[str] | Array, long: list[bytes]) -> Array:
    if isinstance(column, np.ndarray):
        if column.ndim != 1:
            raise ValueError(f"Column {key!r} of table {table!r} must have one dimension, not {column.ndim}.")
        return little_endian(column)
    return _text_column(_encoded(table, key, column), long)


def _encoded(table: str, key: str, column: Sequence[str]) -> list[bytes]:
    try:
        return list(map(str.encode, column))
    except UnicodeEncodeError as error:
        raise ValueError(
            f"Column {key!r} of table {table!r} cannot hold {error.object!r}, which contains a lone surrogate."
        ) from None
    except TypeError:
        wrong = next(cell for cell in column if not isinstance(cell, str))
        raise TypeError(f"Column {key!r} of table {table!r} must hold str, not {wrong!r}.") from None


def _text_column(cells: list[bytes], long: list[bytes]) -> Array:
    lengths = np.fromiter(map(len, cells), np.int64, len(cells))
    width = _width(lengths)
    misfits = np.flatnonzero(lengths > width).tolist()
    everything = b"\n".join(cells)
    if everything.endswith(b"\0") or b"\0\n" in everything or REFERENCE.encode() in everything:
        misfits = [row for row, cell in enumerate(cells) if len(cell) > width or _is_odd(cell)]
    if misfits:
        cells, references = list(cells), []
        for row in misfits:
            references.append(f"{REFERENCE}{len(long)}".encode())
            long.append(cells[row])
            cells[row] = references[-1]
        width = max(width, len(references[-1]))
    return np.array(cells, dtype=f"S{width + 1}")


def _is_odd(cell: bytes) -> bool:
    # NULs at the end cannot be told from those that follow the cell.
    return cell.endswith(b"\0") or cell.startswith(REFERENCE.encode())


def _width(lengths: Array) -> int:
    """The width at which the column and its long cells take the fewest bytes."""
    widest = int(lengths.max(initial=0))
    if widest * lengths.size <= SMALL:
        return widest
    candidates, counts = np.unique(lengths, return_counts=True)
    beside = np.cumsum((counts * (candidates + _COST_OF_LONG))[::-1])[::-1]
    costs = candidates * lengths.size + np.append(beside[1:], 0)
    return int(candidates[costs.argmin()])


def _has_nul(column: Array) -> bool:
    """Whether a cell of a string column has a NUL in it."""
    return int(np.count_nonzero(column.view(np.uint8))) < int(np.char.str_len(column).sum())


def _write_long(group: h5g.GroupID, link: str, long: list[bytes]) -> None:
    cells = np.empty(len(long), dtype=object)
    cells[:] = long
    write_array(group, link, cells)


def _compound(rows: np.dtype[Any], members: Mapping[str, h5t.TypeID]) -> h5t.TypeID:
    made = h5t.create(h5t.COMPOUND, rows.itemsize)
    assert rows.fields is not None
    for key, member in members.items():
        made.insert(key.encode(), rows.fields[key][1], member)
    return made


def _member(table: str, key: str, column: Array) -> h5t.TypeID:
    if column.dtype.kind == "S":
        return objects.text_type(column.dtype.itemsize - 1, has_nul=_has_nul(column))
    name = dtypes.name_of_numpy(column.dtype)
    if datatypes.needs_label(name):
        raise TypeError(f"Column {key!r} of table {table!r} cannot have dtype {name}, which a column cannot say.")
    return datatypes.type_of(name)


def read_table(group: h5g.GroupID, name: str) -> dict[str, Column]:
    """Read a table.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    name : str
        Its link in the group.

    Returns
    -------
    dict of str to list of str or ndarray
        The columns, in order.

    Raises
    ------
    DataLossError
        It is missing, damaged, or not a table.
    """
    dataset = objects.open_dataset(group, name)
    part = objects.location(dataset)
    with objects.reading(part):
        members = _members(part, dataset.get_type())
        rows = np.zeros(_count(part, dataset), dtype=[(key, dtype) for key, (dtype, _) in members.items()])
        datatype = _compound(rows.dtype, {key: member for key, (_, member) in members.items()})
    objects.read_dataset(dataset, rows, datatype)
    long = LongCells(name + LONG, lambda: read_array(group, name + LONG).tolist())
    return {
        key: _read_column(rows[key], long, f"{part}, column {key!r}", datatype)
        for key, (_, datatype) in members.items()
    }


def _ends_at_nul(datatype: h5t.TypeID) -> bool:
    """Whether cells of a datatype are strings that end at their first NUL."""
    return isinstance(datatype, h5t.TypeStringID) and datatype.get_strpad() == h5t.STR_NULLTERM


def _count(part: str, dataset: h5d.DatasetID) -> int:
    shape = dataset.shape
    if len(shape) != 1:
        raise damaged(part, f"a table must have one dimension, not {len(shape)}.")
    return int(shape[0])


def _members(part: str, datatype: h5t.TypeID) -> dict[str, tuple[np.dtype[Any], h5t.TypeID]]:
    """For each column its NumPy dtype, and the HDF5 datatype for reading its cells."""
    if datatype.get_class() != h5t.COMPOUND:
        raise damaged(part, "a table (a compound dataset) was expected.")
    names = [datatype.get_member_name(i).decode() for i in range(datatype.get_nmembers())]
    return {name: _column_type(part, name, datatype.get_member_type(i)) for i, name in enumerate(names)}


def _column_type(part: str, name: str, datatype: h5t.TypeID) -> tuple[np.dtype[Any], h5t.TypeID]:
    if objects.is_fixed_text(datatype):
        return np.dtype(f"S{datatype.get_size()}"), objects.without_spaces(datatype)
    found = datatypes.dtype_name(datatype)
    if found is None:
        raise damaged(part, f"column {name!r} has an unsupported datatype.")
    return dtypes.numpy_dtype(found), datatypes.type_of(found)


def _read_column(column: Array, long: LongCells, part: str, datatype: h5t.TypeID) -> Column:
    if column.dtype.kind != "S":
        return np.ascontiguousarray(column)
    return read_texts(column, long, part, ends_at_nul=_ends_at_nul(datatype))


def read_texts(column: Array, long: LongCells, part: str, *, ends_at_nul: bool = True) -> list[str]:
    """Decode the stored cells of a column of strings.

    Parameters
    ----------
    column : ndarray
    long : LongCells
        The long cells of its table.
    part : str
        The table and the column, for errors.
    ends_at_nul : bool
        Whether a cell ends at its first NUL.

    Returns
    -------
    list of str

    Raises
    ------
    DataLossError
        A cell is not UTF-8, or is not a valid reference.
    """
    try:
        cells = list(map(bytes.decode, column.tolist()))
    except UnicodeDecodeError as error:
        raise damaged(part, f"the cell {error.object!r} is not UTF-8.") from None
    everything = "\n".join(cells)
    if "\0" in everything and ends_at_nul:  # after the end of a string that another program wrote
        cells = [cell.partition("\0")[0] for cell in cells]
    if REFERENCE in everything:
        cells = [long.at(cell, f"{part}, row {row}") for row, cell in enumerate(cells)]
    return cells


class LongCells:
    """The long cells of a table.

    Parameters
    ----------
    link : str
        The link of their dataset, for errors.
    load : callable
        Reads them; called when the first one is requested.
    """

    def __init__(self, link: str, load: Callable[[], list[bytes]]) -> None:
        self._link = link
        self._load = load
        self._cells: list[bytes] | None = None
        self._taken: set[int] = set()

    def at(self, cell: str, part: str) -> str:
        """The string of a cell, which may be a reference."""
        if not cell.startswith(REFERENCE):
            return cell
        if self._cells is None:
            self._cells = self._load()
        try:
            return self._cells[self._take(index_of(cell))].decode()
        except (IndexError, UnicodeDecodeError, ValueError) as error:
            raise damaged(part, f"{cell!r} is not a valid reference to {self._link} ({error}).") from None

    def _take(self, index: int) -> int:
        # Otherwise a million cells could expand to a million copies of one long string.
        if index in self._taken:
            raise ValueError("another cell refers to the same element")
        self._taken.add(index)
        return index


def index_of(reference: str) -> int:
    """The element number of a reference; `ValueError` if it is malformed."""
    digits = reference.removeprefix(REFERENCE)
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("not a number")
    return int(digits)
