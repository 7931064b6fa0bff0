"""The seal: one record that says where the parts of a file are, with the digest of everything but the values.

The seal is found and the structure checked without the HDF5 library, so that the library walks only a verified
structure. The values have their own digests in the table of extents, which is part of the structure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import xxhash

from hdfsaver.errors import DataLossError
from hdfsaver.files.coalesced_reads import read_small
from hdfsaver.files.opening import Opened, bytes_at
from hdfsaver.files.positional_io import PIECE, read_at
from hdfsaver.files.readable import Readable, fetch_ahead
from hdfsaver.storage import layout

_PLACES: dict[str, int] = {name: field[1] for name, field in (layout.SEAL_RECORD.fields or {}).items()}
"""The offset of each field within the record."""

_KNOWN = layout.SEAL_RECORD.itemsize - layout.DIGEST_BYTES
"""Bytes of the fields that this version knows."""

Extents: TypeAlias = "npt.NDArray[np.void]"
"""Rows of `layout.EXTENTS_ROW`."""


class BrokenSealError(ValueError):
    """Seal and file are inconsistent; the message says where."""


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn a `BrokenSealError` into a `DataLossError` that names the file and what to do."""
    try:
        yield
    except BrokenSealError as error:
        raise DataLossError(None, None, f"{path}: {error}. {advice(path)}") from None


def advice(path: str | os.PathLike[str]) -> str:
    """The advice for a file that was changed or damaged."""
    return (
        "The file is damaged, or another program has changed it: use an older checkpoint, or, if the change was "
        f"intended, accept it with `{layout.FORMAT} reseal {path}`."
    )


@dataclass(frozen=True)
class Seal:
    """The fields of the record that this version knows, without those that `pack` adds.

    ``columns`` has the place of each of `layout.INDEX_COLUMNS` in a row of the index, and its width; (0, 0) for a
    missing column. ``nbytes`` is the length of the whole record.
    """

    offset: int
    file_size: int
    structure_end: int
    tail_start: int
    extents_offset: int
    extents_rows: int
    index_offset: int = 0
    index_rows: int = 0
    index_row_nbytes: int = 0
    long_offset: int = 0
    long_nbytes: int = 0
    long_rows: int = 0
    long_row_nbytes: int = 0
    columns: tuple[tuple[int, int], ...] = ((0, 0),) * len(layout.INDEX_COLUMNS)
    index_xxh3_64: int = 0
    structure_xxh3_64: int = 0
    major: int = layout.MAJOR
    minor: int = layout.MINOR
    flags: int = 0
    nbytes: int = layout.SEAL_RECORD.itemsize

    @property
    def index(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """The parts of the index, each as offset and length: rows of the extents, rows of the index, long cells."""
        return (
            (self.extents_offset, self.extents_rows * layout.EXTENTS_ROW.itemsize),
            (self.index_offset, self.index_rows * self.index_row_nbytes),
            (self.long_offset, self.long_nbytes),
        )


class StoredIndex(NamedTuple):
    """The bytes of the index: the table of extents, the rows of the index, and its long cells."""

    extents: Extents
    rows: bytes
    long: bytes


def pack(seal: Seal) -> bytes:
    """Encode a seal; fields behind those that this version knows are zero."""
    record = np.zeros((), dtype=layout.SEAL_RECORD)
    record["magic"] = layout.MAGIC
    for name, value in vars(seal).items():
        if name != "columns":
            record[name] = value
    for column, place in zip(layout.INDEX_COLUMNS, seal.columns, strict=True):
        record[f"{column}_at"], record[f"{column}_width"] = place
    known = record.tobytes()[:_KNOWN].ljust(seal.nbytes - layout.DIGEST_BYTES, b"\0")
    return known + xxhash.xxh3_64_intdigest(known).to_bytes(layout.DIGEST_BYTES, "little")


def unpack(data: bytes) -> Seal:
    """Decode a seal from its bytes; fields that this version does not know are ignored.

    Raises
    ------
    BrokenSealError
        The bytes are damaged.
    """
    known, digest = data[: -layout.DIGEST_BYTES], int.from_bytes(data[-layout.DIGEST_BYTES :], "little")
    # A record of another major version may be shorter.
    fields = np.frombuffer(known[:_KNOWN].ljust(layout.SEAL_RECORD.itemsize, b"\0"), dtype=layout.SEAL_RECORD)[0]
    is_whole = len(data) == fields["nbytes"] and (len(known) >= _KNOWN or fields["major"] != layout.MAJOR)
    if fields["magic"] != layout.MAGIC or not is_whole or digest != xxhash.xxh3_64_intdigest(known):
        raise BrokenSealError("the record of the seal is damaged")
    columns = tuple((int(fields[f"{name}_at"]), int(fields[f"{name}_width"])) for name in layout.INDEX_COLUMNS)
    plain = {name: int(fields[name]) for name in Seal.__dataclass_fields__ if name != "columns"}
    return Seal(columns=columns, **plain)


def find(head: bytes) -> Seal | None:
    """Find the seal in the first bytes of a file; None if there is no seal.

    A record is valid only at the offset that it contains, so that a copy in a value is not taken for the seal.

    Raises
    ------
    BrokenSealError
        There is a seal, but it is damaged.
    """
    position = head.find(layout.MAGIC)
    while position >= 0:
        if _number(head, position, "offset", 8) == position:
            return unpack(head[position : position + max(_number(head, position, "nbytes", 4), layout.DIGEST_BYTES)])
        position = head.find(layout.MAGIC, position + 1)
    return None


def _number(head: bytes, record: int, field: str, width: int) -> int:
    place = record + _PLACES[field]
    return int.from_bytes(head[place : place + width], "little")


def check(opened: Opened, seal: Seal) -> StoredIndex:
    """Check a file, except the values, against its seal.

    Parameters
    ----------
    opened : Opened
        The open file.
    seal : Seal
        The seal from `find`.

    Returns
    -------
    StoredIndex

    Raises
    ------
    BrokenSealError
        File and seal are inconsistent.
    EOFError, OSError
        The file cannot be read to its end.
    """
    index = check_index(opened, seal)
    check_structure(opened, seal)
    return index


def check_index(opened: Opened, seal: Seal) -> StoredIndex:
    """Check the index of a file, which is enough to read values; see `check`."""
    if seal.file_size != opened.size:
        raise BrokenSealError(f"the file was {seal.file_size} bytes long when it was sealed and is {opened.size} now")
    _check_parts(seal)
    index = read_index(opened, seal)
    _check_extents(index.extents, seal)
    return index


def check_structure(opened: Opened, seal: Seal) -> None:
    """Check the structure of a file, before the HDF5 library walks it; see `check`."""
    if _structure_digest(opened, seal) != seal.structure_xxh3_64:
        raise BrokenSealError(
            "the structure (everything except the values of the variables) differs from what was sealed"
        )


def read_index(opened: Opened, seal: Seal) -> StoredIndex:
    """Read the index, and compare it with its digest: without the rest of the structure, it can be trusted as much.

    Raises
    ------
    BrokenSealError
        It is not within the file, or it was changed.
    """
    hasher = xxhash.xxh3_64()
    parts = []
    if any(nbytes > opened.size or offset > opened.size - nbytes for offset, nbytes in seal.index):
        raise BrokenSealError("the index is not within the file")
    fetch_ahead(opened.fd, seal.index)
    for offset, nbytes in seal.index:
        parts.append(bytes_at(opened, offset, nbytes) if nbytes else b"")
        hasher.update(parts[-1])
    if hasher.intdigest() != seal.index_xxh3_64:
        raise BrokenSealError("the index differs from what was sealed")
    extents, rows, long = parts
    return StoredIndex(np.frombuffer(extents, dtype=layout.EXTENTS_ROW), rows, long)


def _check_parts(seal: Seal) -> None:
    """Check that structure and tail are within the file, and that seal and index are in them."""
    if not seal.structure_end <= seal.tail_start <= seal.file_size:
        raise BrokenSealError("the structure is not within the file")
    if seal.offset + seal.nbytes > seal.structure_end:
        raise BrokenSealError("the seal is not within the structure")
    ranges = ((0, seal.structure_end), (seal.tail_start, seal.file_size))
    for offset, nbytes in seal.index:
        if nbytes and not any(start <= offset and offset + nbytes <= stop for start, stop in ranges):
            raise BrokenSealError("the index is not within the structure")


def _check_extents(extents: Extents, seal: Seal) -> None:
    """Check that all values are between the structure and the tail, and do not overlap."""
    taken = extents[extents["nbytes"] > 0]
    offsets, sizes = taken["offset"], taken["nbytes"]
    # Unsigned, and without sums that could overflow: an offset of 2**64 - 1 must not become a small one.
    limit = np.uint64(seal.tail_start)
    if (sizes > limit).any() or (offsets > limit - sizes).any():
        raise BrokenSealError("an extent is not within the file")
    if (offsets < np.uint64(seal.structure_end)).any():
        raise BrokenSealError("an extent is within the structure")
    begins, ends = _in_order(taken)
    if (ends[:-1] > begins[1:]).any():
        raise BrokenSealError("two extents overlap")


def _in_order(extents: Extents) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    order = np.argsort(extents["offset"], kind="stable")
    begins = extents["offset"][order].astype(np.int64)
    return begins, begins + extents["nbytes"][order].astype(np.int64)


def check_padding(fd: Readable, extents: Extents, seal: Seal) -> None:
    """Check that the bytes that are neither structure nor values are zero.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    extents : ndarray
        The table of extents, from `check`.
    seal : Seal

    Raises
    ------
    BrokenSealError
        One of them is not zero.
    EOFError, OSError
        The file cannot be read to its end.
    """
    begins, ends = _in_order(extents[extents["nbytes"] > 0])
    starts = np.concatenate(([seal.structure_end], ends)).tolist()
    stops = np.concatenate((begins, [seal.tail_start])).tolist()
    gaps = [
        (place, min(PIECE, stop - place))
        for start, stop in zip(starts, stops, strict=True)
        for place in range(start, stop, PIECE)
    ]
    for number, data in read_small(fd, gaps):
        if bytes(data).count(0) != len(data):
            raise BrokenSealError(f"the padding at byte {gaps[number][0]} is not zero")


def _structure_digest(opened: Opened, seal: Seal) -> int:
    hasher = xxhash.xxh3_64()
    hasher.update(bytes_at(opened, 0, seal.offset))
    start = seal.offset + seal.nbytes
    stop = min(len(opened.head), seal.structure_end)  # the beginning has been read already
    hasher.update(opened.head[start:stop])
    buffer = memoryview(bytearray(min(PIECE, max(1, opened.size - stop))))
    _update(hasher, opened.fd, stop, seal.structure_end, buffer)
    _update(hasher, opened.fd, seal.tail_start, seal.file_size, buffer)
    return hasher.intdigest()


def _update(hasher: Any, fd: Readable, start: int, stop: int, buffer: memoryview) -> None:
    for begin in range(start, stop, len(buffer)):
        piece = buffer[: min(len(buffer), stop - begin)]
        read_at(fd, piece, begin)
        hasher.update(piece)
