"""The definitions of variables (`VariableDef`), as rows of a table.

The column ``save_slice_info`` describes a part of a partitioned variable: a JSON object with the keys ``full_name``,
``full_shape``, ``var_offset`` and ``var_shape``. It is empty for a whole variable.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from h5py import h5g

from hdfsaver.schema import SaveSliceInfoDef, VariableDef
from hdfsaver.storage import layout
from hdfsaver.storage.hdf5.dataclass_tables import read_records, write_records
from hdfsaver.storage.hdf5.objects import damaged

_FIELDS = tuple(field.name for field in dataclasses.fields(SaveSliceInfoDef))


@dataclass
class _Row:
    variable_name: str
    initial_value_name: str
    initializer_name: str
    snapshot_name: str
    trainable: bool
    save_slice_info: str


def write_variable_defs(
    group: h5g.GroupID, name: str, definitions: Sequence[VariableDef], attributes: dict[str, str]
) -> None:
    """Write a table of variables.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    name : str
        The link of the table in the group.
    definitions : sequence of VariableDef
        A row for each.
    attributes : mapping of str to str, optional
        Attributes of the dataset.

    Raises
    ------
    TypeError, OverflowError
        See `hdfsaver.storage.hdf5.dataclass_tables.write_records`.
    """
    rows = [
        _Row(
            definition.variable_name,
            definition.initial_value_name,
            definition.initializer_name,
            definition.snapshot_name,
            definition.trainable,
            encode_slice_info(definition.save_slice_info_def),
        )
        for definition in definitions
    ]
    write_records(group, name, _Row, rows, attributes)


def read_variable_defs(group: h5g.GroupID, name: str, part: str) -> list[VariableDef]:
    """Read a table of variables.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    name : str
        The link of the table in the group.
    part : str
        The path of the table, for errors.

    Returns
    -------
    list of VariableDef

    Raises
    ------
    DataLossError
        A column is missing or has another dtype, a ``save_slice_info`` is malformed, or the table is damaged.
    """
    return [
        VariableDef(
            row.variable_name,
            row.initial_value_name,
            row.initializer_name,
            row.snapshot_name,
            row.trainable,
            decode_slice_info(row.save_slice_info, part),
        )
        for row in read_records(group, name, _Row)
    ]


def encode_slice_info(info: SaveSliceInfoDef | None) -> str:
    """Encode the part of a larger variable as JSON; an empty string for None."""
    return "" if info is None else json.dumps(dataclasses.asdict(info), ensure_ascii=False, separators=(",", ":"))


def decode_slice_info(text: str, part: str) -> SaveSliceInfoDef | None:
    """Read what `encode_slice_info` wrote.

    Raises
    ------
    DataLossError
        It is malformed, or the part exceeds the whole; the message names ``part``.
    """
    if not text:
        return None
    try:
        said = json.loads(text)
        full_name, *sizes = (said[field] for field in _FIELDS)
        full_shape, offset, shape = (_sizes(values) for values in sizes)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(part, f"save_slice_info {text[:100]!r} is malformed: {type(error).__name__}, {error}.") from None
    fits = layout.MAX_RANK >= len(full_shape) == len(offset) == len(shape) and all(
        start + size <= full for start, size, full in zip(offset, shape, full_shape, strict=True)
    )
    if not isinstance(full_name, str) or not fits:
        raise damaged(part, f"save_slice_info {text[:100]!r} exceeds its variable.")
    return SaveSliceInfoDef(full_name, full_shape, offset, shape)


def _sizes(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or any(type(value) is not int or value < 0 for value in values):
        raise ValueError(f"a list of sizes was expected, not {values!r}")
    return tuple(values)
