"""The names in the file of the variables of a Saver, as a table.

The columns are ``name``, ``variable`` (the name of its operation) and ``save_slice_info`` (see `variable_defs`). A
variable in parts has one row per part; every other name has one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from h5py import h5g

from hdfsaver.schema import SavedPart, SaveSliceInfoDef
from hdfsaver.storage.graph.variable_defs import decode_slice_info, encode_slice_info
from hdfsaver.storage.hdf5.dataclass_tables import columns_of
from hdfsaver.storage.hdf5.objects import damaged, location
from hdfsaver.storage.hdf5.tables import write_table

SavedNames: TypeAlias = Mapping[str, "str | list[SavedPart]"]


def write_saved_names(group: h5g.GroupID, table: str, saved: SavedNames) -> None:
    """Write the table.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    table : str
        The link of the table in the group.
    saved : mapping of str to str or list of SavedPart
        By name in the file, the name of a variable's operation, or the parts of a partitioned variable.
    """
    rows = list(_rows(saved))
    names, variables, infos = (list(column) for column in zip(*rows, strict=True))
    write_table(group, table, {"name": names, "variable": variables, "save_slice_info": infos})


def _rows(saved: SavedNames) -> Iterator[tuple[str, str, str]]:
    for name, kept in saved.items():
        if isinstance(kept, str):
            yield name, kept, ""
        else:
            yield from ((name, part.op_name, encode_slice_info(part.info)) for part in kept)


def read_saved_names(group: h5g.GroupID, table: str) -> dict[str, str | list[SavedPart]]:
    """Read the table.

    Raises
    ------
    DataLossError
        The table is damaged, or a name occurs twice, but not for parts of one variable.
    """
    columns = columns_of(group, table, {"name": None, "variable": None, "save_slice_info": None})
    place = f"{location(group)}/{table}"
    found: dict[str, str | list[SavedPart]] = {}
    for name, variable, text in zip(*columns.values(), strict=True):
        _add(found, name, variable, decode_slice_info(text, place), place)
    return found


def _add(
    found: dict[str, str | list[SavedPart]], name: str, variable: str, info: SaveSliceInfoDef | None, place: str
) -> None:
    known = found.setdefault(name, variable if info is None else [])
    if isinstance(known, list) and info is not None:
        known.append(SavedPart(variable, info))
    elif isinstance(known, list) or info is not None or known != variable:
        raise damaged(place, f"the name {name!r} belongs to two variables that are not parts of one variable.")
