"""Items of one dataclass as a table: a row per item and a column per field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from h5py import h5g

from hdfsaver.storage.hdf5.objects import damaged, location
from hdfsaver.storage.hdf5.tables import Column, read_table, write_table

Record = TypeVar("Record")

# The annotations of the dataclasses are strings, as everywhere in this package.
_NUMBERS: dict[str, npt.DTypeLike] = {"bool": np.bool_, "int": np.int64, "float": np.float64}


def write_records(
    group: h5g.GroupID,
    name: str,
    kind: type[Record],
    records: Sequence[Record],
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write items of a dataclass with fields of type str, bool, int and float.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    name : str
        The link of the table in the group.
    kind : type
        The dataclass.
    records : sequence
        Its items, a row for each.
    attributes : mapping of str to str, optional
        Attributes of the dataset.

    Raises
    ------
    TypeError, OverflowError
        A field has a value that does not fit its column.
    """
    columns = {
        field.name: _column(str(field.type), [getattr(record, field.name) for record in records])
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
    }
    write_table(group, name, columns, attributes)


def _column(kind: str, values: list[Any]) -> Any:
    return values if kind == "str" else np.array(values, dtype=_NUMBERS[kind])


def read_records(group: h5g.GroupID, name: str, kind: type[Record]) -> list[Record]:
    """Read the items of a dataclass.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    name : str
        The link of the table in the group.
    kind : type
        The dataclass.

    Returns
    -------
    list
        The items, in the order of the rows.

    Raises
    ------
    DataLossError
        A column is missing or has another dtype, or the table is damaged.
    """
    fields = {field.name: str(field.type) for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    wanted = {field: None if text == "str" else np.dtype(_NUMBERS[text]) for field, text in fields.items()}
    columns = columns_of(group, name, wanted)
    values = [column if isinstance(column, list) else column.tolist() for column in columns.values()]
    return [kind(*row) for row in zip(*values, strict=True)]


def columns_of(group: h5g.GroupID, name: str, wanted: Mapping[str, np.dtype[Any] | None]) -> dict[str, Any]:
    """Read the required columns of a table; other columns are skipped.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    name : str
        The link of the table in the group.
    wanted : mapping of str to numpy.dtype or None
        The dtype of each required column; None for strings.

    Returns
    -------
    dict of str to list of str or ndarray
        The required columns.

    Raises
    ------
    DataLossError
        A column is missing or has another dtype, or the table is damaged.
    """
    table = read_table(group, name)
    part = f"{location(group)}/{name}"
    for column, dtype in wanted.items():
        if column not in table:
            raise damaged(part, f"the column {column!r} is missing; the columns are {', '.join(table)}.")
        if _kind(table[column]) != dtype:
            raise damaged(part, f"column {column!r} must be {dtype or 'str'}, not {_kind(table[column]) or 'str'}.")
    return {column: table[column] for column in wanted}


def _kind(column: Column) -> np.dtype[Any] | None:
    return None if isinstance(column, list) else column.dtype
