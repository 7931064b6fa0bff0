"""The index: what variables a file has, without walking its objects."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import NamedTuple

import numpy as np
from h5py import h5g

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.storage import keys, layout, objects, tables
from hdfsaver.storage.objects import damaged
from hdfsaver.storage.values import STRING, nbytes_of

PART = f"/{layout.INDEX}/{layout.INDEX_VARIABLES}"

_SIZE = "(?:0|[1-9][0-9]{0,17})"
_SHAPE = re.compile(rf"{_SIZE}(?:,{_SIZE})*")

_LIMIT = 2**59
"""Elements of the largest array, dimensions of size 0 left out, that NumPy counts in 63 bits of bytes."""


class Entry(NamedTuple):
    """A variable in a file.

    Attributes
    ----------
    name : str
    dtype : str
        The dtype's name.
    shape : tuple of int
    nbytes : int
        How much room its values take in the file.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int


class Index(NamedTuple):
    """The variables of one model, in the file's order.

    Attributes
    ----------
    entries : dict of str to Entry
        By name.
    paths : dict of str to str
        The link path of each below the model's ``variables``.
    rows : list of int
        Which row of the tables each is.
    """

    entries: dict[str, Entry]
    paths: dict[str, str]
    rows: list[int]


NOTHING = Index({}, {}, [])
"""That of a model without variables."""


def text_of(shape: tuple[int, ...]) -> str:
    """A shape as the index writes it: ``3,4``; nothing for a scalar."""
    return ",".join(map(str, shape))


def shape_of(text: str) -> tuple[int, ...]:
    """The shape that `text_of` wrote.

    Raises
    ------
    DataLossError
        The text is not that of a possible shape.
    """
    shape = () if not text else tuple(map(int, text.split(","))) if _SHAPE.fullmatch(text) else None
    if shape is None or len(shape) > layout.MAX_RANK or math.prod(size or 1 for size in shape) >= _LIMIT:
        raise damaged(PART, f"{text[:80]!r} is not the shape of an array; sizes such as '3,4' were expected.")
    return shape


def read_index(root: h5g.GroupID, nbytes: list[int]) -> dict[str, Index]:
    """Read ``/index/variables``.

    Parameters
    ----------
    root : h5py.h5g.GroupID
        The file's root group.
    nbytes : list of int
        The lengths in the table of extents, row for row.

    Returns
    -------
    dict of str to Index
        For each group with a model, by its link, what variables it has; the empty link stands for the root.

    Raises
    ------
    DataLossError
        The table is missing, damaged, or does not agree with the extents.
    InvalidArgumentError
        A variable is of a dtype that there is not.
    """
    (paths, dtype_names, shapes), links = _columns(root)
    if len(paths) != len(nbytes):
        raise damaged(PART, f"it has {len(paths)} rows, but /{layout.INDEX}/{layout.EXTENTS} has {len(nbytes)}.")
    entries = list(map(entry_of, map(_name, paths), dtype_names, shapes, nbytes))
    rows_by_link: dict[str, list[int]] = {"": list(range(len(paths)))} if links is None else {}
    for row, link in enumerate(links or ()):
        rows_by_link.setdefault(link, []).append(row)
    return {link: _index(rows, entries, paths) for link, rows in rows_by_link.items()}


def entry_of(name: str, dtype: str, text: str, nbytes: int) -> Entry:
    """The variable that a row describes; errors are those of `read_index`."""
    shape, expected = _read_type(dtype, text)
    if nbytes != expected and expected is not None:
        raise damaged(PART, f"variable {name!r}, {dtype}[{text}], cannot have {nbytes} bytes.")
    return Entry(name, dtype, shape, nbytes)


def _index(rows: list[int], entries: list[Entry], paths: list[str]) -> Index:
    index = Index(
        {entries[row].name: entries[row] for row in rows}, {entries[row].name: paths[row] for row in rows}, rows
    )
    if len(index.entries) != len(rows):
        raise damaged(PART, "two rows name one variable.")
    return index


def read_names(root: h5g.GroupID, link: str = "") -> list[str]:
    """A model's variables in the order of the index, whatever else it says; errors are those of `read_index`."""
    (paths, *_), links = _columns(root)
    return [_name(path) for path, found in zip(paths, links or [""] * len(paths), strict=True) if found == link]


def _columns(root: h5g.GroupID) -> tuple[list[list[str]], list[str] | None]:
    """The columns of the table, and the one with groups where there is one."""
    columns = tables.read_table(objects.open_group(root, layout.INDEX), layout.INDEX_VARIABLES)
    found = [columns.get(name) for name in (*layout.VARIABLES_COLUMNS, layout.GROUP_COLUMN)]
    texts = [column for column in found if isinstance(column, list)]
    if len(texts) < len(layout.VARIABLES_COLUMNS) or any(isinstance(column, np.ndarray) for column in found):
        raise damaged(PART, f"text columns {', '.join(layout.VARIABLES_COLUMNS)} were expected, not {list(columns)}.")
    links = texts[len(layout.VARIABLES_COLUMNS)] if len(texts) > len(layout.VARIABLES_COLUMNS) else None
    return texts[: len(layout.VARIABLES_COLUMNS)], links


def _name(path: str) -> str:
    try:
        return keys.name_of(path)
    except ValueError as error:
        raise damaged(PART, str(error)) from None


@cache
def _read_type(dtype: str, text: str) -> tuple[tuple[int, ...], int | None]:
    """The shape, and the bytes that it must have; None for a string tensor, which may have any number."""
    if dtype not in dtypes.ROW_BY_NAME or dtypes.ROW_BY_NAME[dtype].hdf5 is None:
        raise InvalidArgumentError(None, None, f"{PART}: there is no dtype {dtype!r} that a variable could be of.")
    shape = shape_of(text)
    return shape, None if dtype == STRING else nbytes_of(dtype, shape)
