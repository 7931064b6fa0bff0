"""The index: the variables of a file, without walking its objects."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from functools import cache, partial
from itertools import accumulate, repeat
from typing import Any, NamedTuple

import numpy as np
from h5py import h5g, h5t

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.schema import nothing_collected
from hdfsaver.storage import layout
from hdfsaver.storage.chunks.filters import is_known
from hdfsaver.storage.chunks.grid import Grid
from hdfsaver.storage.hdf5 import link_names, objects, strings, tables
from hdfsaver.storage.hdf5.array_datasets import array_in
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.seal import Seal, StoredIndex
from hdfsaver.tensor_info import STRING, TensorInfo, nbytes_of, numpy_dtype

PART = f"/{layout.INDEX}/{layout.INDEX_VARIABLES}"

_SIZE = "(?:0|[1-9][0-9]{0,17})"
_SHAPE = re.compile(rf"{_SIZE}(?:,{_SIZE})*")

_LIMIT = 2**59
"""The largest number of elements, dimensions of size 0 left out, whose bytes NumPy counts in 63 bits."""


class Index(NamedTuple):
    """The variables of one model, in the file's order.

    Attributes
    ----------
    entries : dict of str to TensorInfo
        By name.
    paths : dict of str to str
        The link path of each variable below the model's ``variables``, where it differs from the name.
    rows : list of int
        The row of each variable in the tables.
    chunk_rows : dict of str to int
        The row of the extents with the first chunk of each compressed variable.
    encodings : dict of str to str
        The form of each string tensor.
    """

    entries: dict[str, TensorInfo]
    paths: dict[str, str]
    rows: list[int]
    chunk_rows: dict[str, int]
    encodings: dict[str, str]


NOTHING = Index({}, {}, [], {}, {})
"""The index of a model without variables."""


def text_of(shape: tuple[int, ...]) -> str:
    """A shape as the index writes it: ``3,4``; empty for a scalar."""
    return ",".join(map(str, shape))


def shape_of(text: str) -> tuple[int, ...]:
    """Parse a shape from `text_of`.

    Raises
    ------
    DataLossError
        The string is not a valid shape.
    """
    shape = () if not text else tuple(map(int, text.split(","))) if _SHAPE.fullmatch(text) else None
    if shape is None or len(shape) > layout.MAX_RANK or math.prod(size or 1 for size in shape) >= _LIMIT:
        raise damaged(PART, f"{text[:80]!r} is not the shape of an array; sizes such as '3,4' were expected.")
    return shape


def read_index(found: Seal, stored: StoredIndex) -> dict[str, Index]:
    """Decode ``/index/variables``, which the seal has found, without the HDF5 library.

    Parameters
    ----------
    found : Seal
    stored : StoredIndex
        The bytes of the index, from `hdfsaver.storage.seal.check`.

    Returns
    -------
    dict of str to Index
        The variables of each group with a model, by its link; the empty link is the root.

    Raises
    ------
    DataLossError
        The table is damaged, or inconsistent with the extents.
    InvalidArgumentError
        A variable has an unknown dtype or unknown filters.
    """
    with nothing_collected():
        return _read_index(found, stored)


def _read_index(found: Seal, stored: StoredIndex) -> dict[str, Index]:
    columns = _checked(stored_columns(found, stored))
    nbytes = stored.extents["nbytes"].tolist()
    rows = len(columns.paths)
    if rows > len(nbytes):
        raise _unlike_extents(rows, nbytes)
    entries = _entries(columns, nbytes)
    chunk_rows = {} if columns.filters is None else _chunk_rows(entries, nbytes)
    if not chunk_rows and rows != len(nbytes):
        raise _unlike_extents(rows, nbytes)
    encodings = _encodings(entries, columns.encodings)
    rows_by_link: dict[str, list[int]] = {"": list(range(rows))} if columns.links is None else {}
    for row, link in enumerate(columns.links or ()):
        rows_by_link.setdefault(link, []).append(row)
    return {link: _index(found, entries, columns.paths, chunk_rows, encodings) for link, found in rows_by_link.items()}


def stored_columns(found: Seal, stored: StoredIndex) -> dict[str, list[str]]:
    """The columns of the index, of those that the format knows.

    Parameters
    ----------
    found : Seal
    stored : StoredIndex

    Returns
    -------
    dict of str to list of str

    Raises
    ------
    DataLossError
        A cell is damaged, or a column is not within its row.
    """
    places = {name: place for name, place in zip(layout.INDEX_COLUMNS, found.columns, strict=True) if place[1]}
    if any(at + width > found.index_row_nbytes for at, width in places.values()):
        raise damaged(PART, "the seal has a column beyond the end of a row.")
    if not places:
        return {}
    names, formats = list(places), [f"S{width}" for _at, width in places.values()]
    starts, itemsize = [at for at, _width in places.values()], found.index_row_nbytes
    rows = np.frombuffer(
        stored.rows, np.dtype({"names": names, "formats": formats, "offsets": starts, "itemsize": itemsize})
    )
    long = tables.LongCells(layout.INDEX_VARIABLES + tables.LONG, lambda: _long_cells(found, stored.long))
    return {name: tables.read_texts(rows[name], long, f"{PART}, column {name!r}") for name in names}


def described(index: h5g.GroupID) -> dict[str, Any]:
    """The fields of the seal that describe ``/index/variables``, of the group ``/index``."""
    table = objects.open_dataset(index, layout.INDEX_VARIABLES)
    datatype = table.get_type()
    members = {datatype.get_member_name(number).decode(): number for number in range(datatype.get_nmembers())}
    places = [
        (datatype.get_member_offset(members[name]), datatype.get_member_type(members[name]).get_size())
        if name in members
        else (0, 0)
        for name in layout.INDEX_COLUMNS
    ]
    said = {
        "index_offset": table.get_offset() or 0,
        "index_rows": table.shape[0],
        "index_row_nbytes": datatype.get_size(),
        "columns": tuple(places),
    }
    link = layout.INDEX_VARIABLES + tables.LONG
    if not objects.has_link(index, link):
        return said
    long = objects.open_dataset(index, link)
    is_counted = long.get_type().get_class() == h5t.COMPOUND
    count = long.shape[0] if is_counted else array_in(long).size
    width = long.get_type().get_size() if is_counted else 0
    said |= {"long_offset": long.get_offset() or 0, "long_nbytes": long.get_storage_size()}
    return said | {"long_rows": count, "long_row_nbytes": width}


def _long_cells(found: Seal, data: bytes) -> list[bytes]:
    count, width = found.long_rows, found.long_row_nbytes
    if width and count * width != len(data):
        raise damaged(PART, f"{count} long cells of {width} bytes cannot have {len(data)} bytes.")
    return list(strings.decode_bytes(data, strings.COUNTED if width else strings.JOINED, (count,)).tolist())


def _unlike_extents(rows: int, nbytes: list[int]) -> DataLossError:
    return damaged(PART, f"it describes {rows} extents, but /{layout.INDEX}/{layout.EXTENTS} has {len(nbytes)}.")


def _chunk_rows(entries: list[TensorInfo], nbytes: list[int]) -> dict[int, int]:
    """The row of the extents with the first chunk of each compressed variable, by the variable's own row."""
    packed = {row: grid_of(entry).count for row, entry in enumerate(entries) if entry.filters}
    firsts = list(accumulate(packed.values(), initial=len(entries)))
    if firsts[-1] != len(nbytes):
        raise _unlike_extents(firsts[-1], nbytes)
    return dict(zip(packed, firsts, strict=False))


def entry_of(name: str, dtype: str, text: str, nbytes: int, filters: str = "", chunk: str = "") -> TensorInfo:
    """Make the description of a variable from its row of the index.

    Parameters
    ----------
    name : str
        The variable.
    dtype : str
        The name of its dtype.
    text : str
        Its shape, ``"3,4"``.
    nbytes : int
        The length of its extent in bytes.
    filters, chunk : str
        The filters and the shape of the chunks; empty for an uncompressed value.

    Returns
    -------
    TensorInfo

    Raises
    ------
    DataLossError, InvalidArgumentError
        See `read_index`.
    """
    shape, expected = _read_type(dtype, text)
    if filters or chunk:
        packed = TensorInfo(name, dtype, shape, expected or 0, tuple(filters.split(" ")), shape_of(chunk))
        return _packed_entry(packed, nbytes)
    if nbytes != expected and expected is not None:
        raise damaged(PART, f"variable {name!r}, {dtype}[{text}], cannot have {nbytes} bytes.")
    return TensorInfo(name, dtype, shape, nbytes)


def _packed_entry(entry: TensorInfo, nbytes: int) -> TensorInfo:
    """Check a compressed variable; ``nbytes`` is its length in one block, which must be 0."""
    if not is_known(entry.filters):
        said = " ".join(entry.filters)
        raise InvalidArgumentError(None, None, f"{PART}: variable {entry.name!r} has unknown filters, {said!r}.")
    if nbytes or not entry.nbytes or not grid_of(entry).is_regular:
        raise damaged(PART, f"variable {entry.name!r}, {entry.dtype}{list(entry.shape)}, cannot be in such chunks.")
    return entry


def grid_of(entry: TensorInfo) -> Grid:
    """The chunk grid of a compressed variable."""
    return Grid(entry.shape, entry.chunk, numpy_dtype(entry.dtype).itemsize)


def _encodings(entries: list[TensorInfo], said: list[str] | None) -> dict[int, str]:
    """The form of each string tensor, by its row."""
    found = {row: "" if said is None else said[row] for row, entry in enumerate(entries) if entry.dtype == STRING}
    for row, encoding in found.items():
        if encoding not in (strings.COUNTED, strings.JOINED):
            name = entries[row].name
            raise damaged(PART, f"variable {name!r} is a string tensor, but has the encoding {encoding[:80]!r}.")
    return found


def _index(
    rows: list[int],
    entries: list[TensorInfo],
    paths: list[str],
    chunk_rows: dict[int, int],
    encodings: dict[int, str],
) -> Index:
    names = [entries[row].name for row in rows]
    index = Index(
        dict(zip(names, [entries[row] for row in rows], strict=True)),
        {name: path for name, path in zip(names, [paths[row] for row in rows], strict=True) if name is not path},
        rows,
        {entries[row].name: chunk_rows[row] for row in rows if row in chunk_rows} if chunk_rows else {},
        {entries[row].name: encodings[row] for row in rows if row in encodings} if encodings else {},
    )
    if len(index.entries) != len(rows):
        raise damaged(PART, "two rows have the same variable.")
    return index


def read_names(root: h5g.GroupID) -> dict[str, list[str]]:
    """The names of each model's variables, by its link, in the order of the index; errors as in `read_index`.

    A model with a damaged name is left out.
    """
    columns = _columns(root)
    paths: dict[str, list[str]] = {}
    for path, link in zip(columns.paths, columns.links or [""] * len(columns.paths), strict=True):
        paths.setdefault(link, []).append(path)
    names: dict[str, list[str]] = {}
    for link, found in paths.items():
        with contextlib.suppress(DataLossError):
            names[link] = _names(found)
    return names


class _Columns(NamedTuple):
    """The columns of the table; None for missing optional columns."""

    paths: list[str]
    dtypes: list[str]
    shapes: list[str]
    links: list[str] | None
    filters: list[str] | None
    chunks: list[str] | None
    encodings: list[str] | None


def _columns(root: h5g.GroupID) -> _Columns:
    return _checked(tables.read_table(objects.open_group(root, layout.INDEX), layout.INDEX_VARIABLES))


def _checked(columns: Mapping[str, tables.Column]) -> _Columns:
    names = (*layout.VARIABLES_COLUMNS, layout.GROUP_COLUMN, *layout.CHUNK_COLUMNS, layout.ENCODING_COLUMN)
    found = [columns.get(name) for name in names]
    paths, dtype_names, shapes, links, filters, chunks, encodings = found
    if (
        not (isinstance(paths, list) and isinstance(dtype_names, list) and isinstance(shapes, list))
        or isinstance(links, np.ndarray)
        or isinstance(filters, np.ndarray)
        or isinstance(chunks, np.ndarray)
        or isinstance(encodings, np.ndarray)
        or (filters is None) != (chunks is None)
    ):
        raise damaged(PART, f"string columns {', '.join(layout.VARIABLES_COLUMNS)} were expected, not {list(columns)}.")
    return _Columns(paths, dtype_names, shapes, links, filters, chunks, encodings)


def _entries(columns: _Columns, nbytes: list[int]) -> list[TensorInfo]:
    names = _names(columns.paths)
    if columns.filters is not None and columns.chunks is not None:
        return list(map(entry_of, names, columns.dtypes, columns.shapes, nbytes, columns.filters, columns.chunks))
    # Thousands of variables are of few kinds: what one costs in Python is paid for each kind.
    sizes = nbytes[: len(names)]
    first = dict(zip(zip(columns.dtypes, columns.shapes, sizes, strict=True), names, strict=True))
    shapes = {kind: entry_of(name, *kind).shape for kind, name in first.items()}
    found = map(shapes.__getitem__, zip(columns.dtypes, columns.shapes, sizes, strict=True))
    rows = zip(names, columns.dtypes, found, sizes, repeat(()), repeat(()), strict=False)
    return list(map(partial(tuple.__new__, TensorInfo), rows))


def _names(paths: list[str]) -> list[str]:
    return list(map(_name, paths)) if "%" in "".join(paths) else paths


def _name(path: str) -> str:
    try:
        return link_names.name_of(path)
    except ValueError as error:
        raise damaged(PART, str(error)) from None


@cache
def _read_type(dtype: str, text: str) -> tuple[tuple[int, ...], int | None]:
    """The shape and the number of bytes; None for a string tensor, which may have any number of bytes."""
    if dtype not in dtypes.ROW_BY_NAME or dtypes.ROW_BY_NAME[dtype].hdf5 is None:
        raise InvalidArgumentError(None, None, f"{PART}: {dtype!r} is not a dtype of a variable.")
    shape = shape_of(text)
    return shape, None if dtype == STRING else nbytes_of(dtype, shape)
