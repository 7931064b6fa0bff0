"""Records: items of one dataclass as a table, a row per item and a column per field."""

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

# The annotations of the dataclasses are text, as everywhere in this package.
_NUMBERS: dict[str, npt.DTypeLike] = {"bool": np.bool_, "int": np.int64, "float": np.float64}


def write_records(
    group: h5g.GroupID,
    name: str,
    kind: type[Record],
    records: Sequence[Record],
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write items of a dataclass whose fields are str, bool, int and float.

    Raises
    ------
    TypeError, OverflowError
        A field holds what its column cannot.
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

    Raises
    ------
    DataLossError
        A column is missing or of another kind, or the table is damaged.
    """
    fields = {field.name: str(field.type) for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    wanted = {field: None if text == "str" else np.dtype(_NUMBERS[text]) for field, text in fields.items()}
    columns = columns_of(group, name, wanted)
    values = [column if isinstance(column, list) else column.tolist() for column in columns.values()]
    return [kind(*row) for row in zip(*values, strict=True)]


def columns_of(group: h5g.GroupID, name: str, wanted: Mapping[str, np.dtype[Any] | None]) -> dict[str, Any]:
    """Read a table that must have certain columns; None stands for text. Others are left out.

    Raises
    ------
    DataLossError
        A column is missing or of another kind, or the table is damaged.
    """
    table = read_table(group, name)
    part = f"{location(group)}/{name}"
    for column, dtype in wanted.items():
        if column not in table:
            raise damaged(part, f"the column {column!r} is missing; there are {', '.join(table)}.")
        if _kind(table[column]) != dtype:
            raise damaged(part, f"column {column!r} must be {dtype or 'text'}, not {_kind(table[column]) or 'text'}.")
    return {column: table[column] for column in wanted}


def _kind(column: Column) -> np.dtype[Any] | None:
    return None if isinstance(column, list) else column.dtype
