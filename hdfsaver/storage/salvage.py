"""Salvage: recover the intact variables of a damaged file.

The seal has the place and the digest of the index; where one of them is damaged, the index is searched in the raw
bytes. So it is found in spite of a broken seal, a truncated file or damaged HDF5 metadata. A value is intact if it has
the digest in its row of the table of extents. If the index does not have the digest in the seal, the links of the file,
which HDF5 stores separately with checksums, must lead to the same bytes. A file without an index is read dataset by
dataset through the library.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import xxhash
from h5py import h5g

from hdfsaver import limits
from hdfsaver.errors import DataLossError, OpError, ResourceExhaustedError
from hdfsaver.files.error_context import about
from hdfsaver.files.file_systems import on_this_machine, path_text
from hdfsaver.files.opening import Opened, bytes_at, end_reading, open_any
from hdfsaver.storage import groups, layout, object_headers, seal
from hdfsaver.storage.child_probe import try_out
from hdfsaver.storage.chunks.chunk_reading import Packed, read_packed
from hdfsaver.storage.hdf5 import link_names, narrow_numbers, objects, strings, tables
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.index import PART, entry_of, grid_of, read_index, stored_columns
from hdfsaver.storage.layout import Extent
from hdfsaver.storage.object_headers import Header
from hdfsaver.storage.plain_source import PlainSource
from hdfsaver.storage.seal import BrokenSealError, Extents, Seal, StoredIndex
from hdfsaver.tensor_info import STRING, Array, TensorInfo, numpy_dtype

_SEARCHED = 1 << 26
"""Bytes from the beginning in which headers are searched; the index begins in the first pages."""

_Cells: TypeAlias = Sequence[str | None]


class Salvaged(NamedTuple):
    """The recovered content of a damaged file.

    Attributes
    ----------
    values : dict of str to ndarray
        The intact variables, by name; those of a group's model as ``GROUP/variables/NAME``.
    dtypes : dict of str to str
        The names of their dtypes.
    lost : dict of str to str
        The lost variables, and the fault of each. A variable without a known name is listed by its row.
    remarks : list of str
        The faults of the file as a whole; empty for a valid file.
    """

    values: dict[str, Array]
    dtypes: dict[str, str]
    lost: dict[str, str]
    remarks: list[str]


def salvage(path: str | os.PathLike[str]) -> Salvaged:
    """Read the intact variables of a damaged file; the file itself is not changed.

    Raises
    ------
    NotFoundError
        The file does not exist, or is a directory.
    DataLossError
        Neither an index nor, through the HDF5 library, any dataset is found in it.
    OpError
        The operating system refuses.

    Notes
    -----
    The digests cover the values. If a remark says that names cannot be confirmed, only the index, which may be damaged,
    tells the name of each value.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}, "damaged.h5")
    >>> with open("damaged.h5", "r+b") as file:
    ...     _ = file.seek(-1, 2), file.write(b"?")
    >>> found = hdfsaver.salvage("damaged.h5")
    >>> found.values, found.lost
    ({'a': array([1., 2.])}, {'b': 'its bytes differ from those that were saved.'})
    """
    path = on_this_machine(path_text(path))
    opened = open_any(path)
    try:
        with about(path):
            data = _beginning(opened)
            found = list(object_headers.scan(data))
            remarks = _remarks(opened)
            record = _record(opened)
            index = None if record is None else _intact_index(opened, record)
            extents = _extents(opened, found, record) if index is None else index.extents
            if extents is None:
                return _from_plain(path, remarks)
            if index is not None and record is not None:
                entries = _rows(stored_columns(record, index), extents)
            else:
                entries = _confirmed(opened, _entries(opened, found, extents), extents, remarks)
            return _whole(opened, extents, entries, _kinds(found), remarks)
    finally:
        end_reading(opened.fd)


def _beginning(opened: Opened) -> bytes:
    return bytes_at(opened, 0, min(opened.size, _SEARCHED))


def _remarks(opened: Opened) -> list[str]:
    try:
        found = seal.find(opened.head)
        if found is None:
            return ["the seal is missing."]
        seal.check(opened, found)
    except (BrokenSealError, EOFError) as error:
        return [f"{error}."]
    return []


# --- the index ------------------------------------------------------------------------------------------------------


def _record(opened: Opened) -> Seal | None:
    """The seal, if its record is intact and of this version."""
    try:
        record = seal.find(opened.head)
    except BrokenSealError:
        return None
    return record if record is not None and record.major == layout.MAJOR else None


def _intact_index(opened: Opened, record: Seal) -> StoredIndex | None:
    """The index, if it has the digest in the seal."""
    try:
        index = seal.read_index(opened, record)
        read_index(record, index)  # an index that is inconsistent is read as far as it goes
    except (BrokenSealError, EOFError, OpError):
        return None
    return index


def _extents(opened: Opened, found: list[Header], record: Seal | None) -> Extents | None:
    """The table of extents, found by the seal, or else by a header of such a table."""
    places = [(header.offset, header.nbytes) for header in found if tuple(header.members) == layout.EXTENTS_ROW.names]
    if record is not None:
        places.insert(0, record.index[0])
    tables_read = (_bytes(opened, *place) for place in places)
    whole = (data for data in tables_read if data is not None and len(data) % layout.EXTENTS_ROW.itemsize == 0)
    return next((np.frombuffer(data, dtype=layout.EXTENTS_ROW) for data in whole), None)


def _bytes(opened: Opened, offset: int, nbytes: int) -> bytes | None:
    """Read bytes of the file; None if it ends before them."""
    if not nbytes:
        return b""  # HDF5 allocates no space for empty datasets
    if nbytes > opened.size or offset > opened.size - nbytes:
        return None
    return bytes_at(opened, offset, nbytes)


class _Row(NamedTuple):
    """A row of the index: its label, the path of its dataset, and its description if it can be parsed.

    A compressed variable also has the extents of its chunks.
    """

    label: str
    path: str
    entry: TensorInfo | None
    chunks: tuple[Extent, ...] = ()


def _entries(opened: Opened, found: list[Header], extents: Extents) -> list[_Row]:
    columns = next(_columns(opened, found, extents), None)
    if columns is None:
        raise DataLossError(None, None, f"{PART}: the table with the names of the variables cannot be found.")
    return _rows(columns, extents)


def _rows(columns: Mapping[str, _Cells], extents: Extents) -> list[_Row]:
    rows = range(len(columns[layout.VARIABLES_COLUMNS[0]]))
    return list(_with_chunks([_entry(row, columns, int(extents["nbytes"][row])) for row in rows], extents))


def _with_chunks(rows: list[_Row], extents: Extents) -> Iterator[_Row]:
    """Add the extents of their chunks to the rows."""
    # After a row that cannot be parsed these may be wrong; the digests detect that.
    first = len(rows)
    for row in rows:
        if row.entry is None or not row.entry.filters:
            yield row
            continue
        stop = first + grid_of(row.entry).count
        yield row._replace(chunks=tuple(extents[first:stop].tolist()))
        first = stop


def _columns(opened: Opened, found: list[Header], extents: Extents) -> Iterator[dict[str, _Cells]]:
    for position, header in enumerate(found):
        further = (layout.GROUP_COLUMN, *layout.CHUNK_COLUMNS)
        wanted = [*layout.VARIABLES_COLUMNS, *(name for name in further if name in header.members)]
        if not header.members.keys() >= set(wanted) or header.nbytes > len(extents) * header.itemsize:
            continue
        if layout.CHUNK_COLUMNS[0] not in header.members and header.nbytes != len(extents) * header.itemsize:
            continue
        data = _bytes(opened, header.offset, header.nbytes)
        if data is not None:
            long = _long_cells(opened, found[position + 1 : position + 2])
            yield {name: _cells(data, header, name, long) for name in wanted}


def _long_cells(opened: Opened, following: list[Header]) -> list[bytes]:
    """The long cells of a table: the dataset created right after it, if it holds strings."""
    for header in following:
        data = _bytes(opened, header.offset, header.nbytes)
        if data is not None:
            return _joined_strings(data, header)
    return []


def _joined_strings(data: bytes, header: Header) -> list[bytes]:
    try:
        if header.kind == object_headers.COMPOUND:
            count = header.nbytes // max(1, header.itemsize)
            return list(strings.decode_bytes(data, strings.COUNTED, (count,)))
        # The first element begins where the offsets end.
        for count in range(len(data) // 8):
            if int.from_bytes(data[8 * count : 8 * count + 8], "little") == len(data) - 8 * (count + 1):
                return list(strings.decode_bytes(data, strings.JOINED, (count,)))
    except (OpError, ValueError):
        pass
    return []


def _cells(data: bytes, header: Header, column: str, long: list[bytes]) -> _Cells:
    _, offset, size = header.members[column]
    starts = range(offset, len(data), header.itemsize)
    return [_cell(data[start : start + size].partition(b"\0")[0], long) for start in starts]


def _cell(cell: bytes, long: list[bytes]) -> str | None:
    try:
        text = cell.decode()
        return long[tables.index_of(text)].decode() if text.startswith(tables.REFERENCE) else text
    except (IndexError, ValueError):
        return None


def _confirmed(opened: Opened, rows: list[_Row], extents: Extents, remarks: list[str]) -> list[_Row]:
    """The rows, without the entries that contradict the links of the file, as far as the library can read the links."""
    try:
        with hdf5_root(opened) as root:
            linked = [_is_linked(root, row, int(extents["offset"][place])) for place, row in enumerate(rows)]
    except OpError:
        linked = [None] * len(rows)
    if None in linked:
        remarks.append(f"the names of {linked.count(None)} variables cannot be confirmed by the links of the file.")
    seen = Counter(row.label for row in rows)
    believed = (found or (found is None and seen[row.label] == 1) for row, found in zip(rows, linked, strict=True))
    return [row if keep else row._replace(entry=None) for row, keep in zip(rows, believed, strict=True)]


def _is_linked(root: h5g.GroupID, row: _Row, offset: int) -> bool | None:
    """Whether a path leads to the dataset of a row; None if the library cannot read the links of the path."""
    try:
        if row.chunks:
            return objects.first_chunk(root, row.path) == row.chunks[0][0]
        return bool((objects.open_dataset(root, row.path).get_offset() or 0) == offset)
    except OpError as error:
        return None if error.__cause__ is not None else False


def _entry(row: int, columns: Mapping[str, _Cells], nbytes: int) -> _Row:
    path, dtype, shape = (columns[name][row] for name in layout.VARIABLES_COLUMNS)
    group = columns[layout.GROUP_COLUMN][row] if layout.GROUP_COLUMN in columns else ""
    unknown = f"row {row} of {PART}"
    if not path or group is None:
        return _Row(unknown, "", None)
    above = f"{group}/{layout.VARIABLES}" if group else layout.VARIABLES
    try:
        name = link_names.name_of(path)
    except ValueError:
        return _Row(unknown, "", None)
    label = f"{above}/{name}" if group else name
    packing = (columns[name][row] or "" if name in columns else "" for name in layout.CHUNK_COLUMNS)
    try:
        return _Row(label, f"{above}/{path}", entry_of(name, dtype or "", shape or "", nbytes, *packing))
    except OpError:
        return _Row(label, f"{above}/{path}", None)


# --- the values -----------------------------------------------------------------------------------------------------


def _kinds(found: list[Header]) -> dict[int, int]:
    """The datatype class of the dataset at each offset."""
    return {header.offset: header.kind for header in found}


def _whole(
    opened: Opened,
    extents: Extents,
    rows: list[_Row],
    kinds: dict[int, int],
    remarks: list[str],
) -> Salvaged:
    result = Salvaged({}, {}, {}, remarks)
    seen = Counter(row.label for row in rows)
    declared = 0
    for place, row in enumerate(rows):
        label, entry = row.label, row.entry
        if label in result.values or (entry is None and seen[label] > 1):
            label, entry = f"row {place} of {PART}, called {label!r}", None
        try:
            if entry is None:
                raise DataLossError(None, None, "its row of the index is damaged, or the links contradict it.")
            extent: Extent = extents[place].item()
            if entry.filters:
                limits.check_declared(f"variable {label!r}", declared + entry.nbytes, opened.size)
                declared += entry.nbytes
                result.values[label] = _unpacked(opened, entry, row.chunks, extent[2])
            else:
                result.values[label] = _value(entry, _checked(opened, *extent), kinds.get(extent[0]))
            result.dtypes[label] = entry.dtype
        except (DataLossError, ResourceExhaustedError, ImportError) as error:
            result.lost[label] = error.message if isinstance(error, OpError) else str(error)
    return result


def _unpacked(opened: Opened, entry: TensorInfo, chunks: tuple[Extent, ...], digest: int) -> Array:
    packed = Packed(entry.name, entry.filters, grid_of(entry), chunks)
    if len(chunks) != packed.grid.count:
        raise DataLossError(None, None, "the extents of its chunks are lost.")
    if any(nbytes > opened.size or offset > opened.size - nbytes for offset, nbytes, _ in chunks):
        raise DataLossError(None, None, "its chunks are not within the file.")
    array = np.empty(entry.shape, numpy_dtype(entry.dtype))
    (found,) = read_packed(opened.fd, [(packed, array)])
    if found != digest:
        raise DataLossError(None, None, "its bytes differ from those that were saved.")
    return _numbers(entry, array)


def _checked(opened: Opened, offset: int, nbytes: int, digest: int) -> bytes:
    data = _bytes(opened, offset, nbytes)
    if data is None:
        raise DataLossError(None, None, f"its {nbytes} bytes at {offset} are not within the file.")
    if xxhash.xxh3_64_intdigest(data) != digest:
        raise DataLossError(None, None, "its bytes differ from those that were saved.")
    return data


def _value(entry: TensorInfo, data: bytes, kind: int | None) -> Array:
    if entry.dtype == STRING:
        return _text(entry, data, kind)
    return _numbers(entry, np.frombuffer(bytearray(data), dtype=numpy_dtype(entry.dtype)).reshape(entry.shape))


def _numbers(entry: TensorInfo, array: Array) -> Array:
    return narrow_numbers.checked(array, entry.dtype) if entry.dtype in narrow_numbers.BITS else array


def _text(entry: TensorInfo, data: bytes, kind: int | None) -> Array:
    """Decode a string tensor in the form that its header declares, or, without a header, in the only possible form."""
    forms = {object_headers.COMPOUND: [strings.COUNTED], object_headers.INTEGER: [strings.JOINED]}.get(
        -1 if kind is None else kind, [strings.COUNTED, strings.JOINED]
    )
    found = []
    for form in forms:
        try:
            found.append(strings.decode_bytes(data, form, entry.shape))
        except DataLossError:
            continue
    if len(found) != 1:
        raise DataLossError(None, None, "its bytes are intact, but the description of its strings is lost.")
    return found[0]


# --- files without an index -----------------------------------------------------------------------------------------


def _from_plain(path: str | os.PathLike[str], remarks: list[str]) -> Salvaged:
    opened = open_hdf5(path)
    try:
        try_out(path, opened.size, groups.ROOT)
        source = PlainSource(opened, path, accept=True)
        result = Salvaged({}, {}, {}, [*remarks, "there is no index, so no digests can be checked."])
        result.lost.update({name: fault.message for name, fault in source.unreadable.items()})
        for name, entry in source.entries.items():
            try:
                result.values.update(source.read([name]))
                result.dtypes[name] = entry.dtype
            except (OpError, ImportError) as error:
                result.lost[name] = error.message if isinstance(error, OpError) else str(error)
    finally:
        end_reading(opened.fd)
    return result
