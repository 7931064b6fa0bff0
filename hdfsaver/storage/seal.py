"""The seal: 64 bytes with the digest of everything in a file except the values of variables.

The seal is found and the structure checked without the HDF5 library, so that the library walks only a verified
structure. The values have their own digests in the table of extents, which is part of the structure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import xxhash

from hdfsaver.errors import DataLossError
from hdfsaver.files.coalesced_reads import together
from hdfsaver.files.positional_io import PIECE, read_at
from hdfsaver.storage import layout

_OWN_OFFSET: int = layout.SEAL_RECORD.fields["offset"][1] if layout.SEAL_RECORD.fields else 0
"""The offset, within the record, of the field with the record's own offset."""

Extents: TypeAlias = "npt.NDArray[np.void]"
"""Rows of `layout.EXTENTS_ROW`."""

_Offsets: TypeAlias = "npt.NDArray[np.int64]"

_GAP = 65536
"""Values of at most this many bytes between two pieces of structure are read rather than skipped."""


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
    """The fields of the record, without magic and digest, which `pack` adds."""

    offset: int
    extents_offset: int
    extents_rows: int
    file_size: int
    structure_xxh3_64: int
    major: int = layout.MAJOR
    minor: int = layout.MINOR
    flags: int = 0


def pack(seal: Seal) -> bytes:
    """Encode a seal as 64 bytes."""
    record = np.zeros((), dtype=layout.SEAL_RECORD)
    record["magic"] = layout.MAGIC
    for name, value in vars(seal).items():
        record[name] = value
    record["seal_xxh3_64"] = _digest_of(record.tobytes())
    return record.tobytes()


def unpack(data: bytes) -> Seal:
    """Decode a seal from 64 bytes.

    Raises
    ------
    BrokenSealError
        The bytes are damaged.
    """
    record = np.frombuffer(data, dtype=layout.SEAL_RECORD)[0]
    if record["magic"] != layout.MAGIC or int(record["seal_xxh3_64"]) != _digest_of(data):
        raise BrokenSealError("the record of the seal is damaged")
    return Seal(**{name: int(record[name]) for name in Seal.__dataclass_fields__})


def _digest_of(record: bytes) -> int:
    return xxhash.xxh3_64_intdigest(record[: layout.SEALED_BYTES])


def find(head: bytes) -> Seal | None:
    """Find the seal in the first bytes of a file; None if there is no seal.

    A record is valid only at the offset that it contains, so that a copy in a value is not taken for the seal.

    Raises
    ------
    BrokenSealError
        There is a seal, but it is damaged.
    """
    position = head.find(layout.MAGIC)
    while 0 <= position <= len(head) - layout.SEAL_RECORD.itemsize:
        if int.from_bytes(head[position + _OWN_OFFSET : position + _OWN_OFFSET + 8], "little") == position:
            return unpack(head[position : position + layout.SEAL_RECORD.itemsize])
        position = head.find(layout.MAGIC, position + 1)
    return None


def check(fd: int, size: int, seal: Seal) -> Extents:
    """Check a file, except the values, against its seal.

    Parameters
    ----------
    fd : int
        The open file.
    size : int
        Its length in bytes.
    seal : Seal
        The seal from `find`.

    Returns
    -------
    ndarray
        The table of extents: rows of `layout.EXTENTS_ROW`.

    Raises
    ------
    BrokenSealError
        File and seal are inconsistent.
    EOFError, OSError
        The file cannot be read to its end.
    """
    if seal.file_size != size:
        raise BrokenSealError(f"the file was {seal.file_size} bytes long when it was sealed and is {size} now")
    extents = read_extents(fd, size, seal)
    starts, stops = _structure(extents, seal)
    if _structure_digest(fd, starts, stops) != seal.structure_xxh3_64:
        raise BrokenSealError(
            "the structure (everything except the values of the variables) differs from what was sealed"
        )
    return extents


def read_extents(fd: int, size: int, seal: Seal) -> Extents:
    """Read the table of extents.

    Parameters
    ----------
    fd : int
        The open file.
    size : int
        Its length in bytes.
    seal : Seal
        The seal from `find`.

    Returns
    -------
    ndarray
        Rows of `layout.EXTENTS_ROW`.

    Raises
    ------
    BrokenSealError
        The table is not within the file.
    """
    nbytes = seal.extents_rows * layout.EXTENTS_ROW.itemsize
    if nbytes > size or seal.extents_offset > size - nbytes:
        raise BrokenSealError(f"the table of {seal.extents_rows} extents is not within the file")
    data = bytearray(nbytes)
    read_at(fd, memoryview(data), seal.extents_offset)
    return np.frombuffer(data, dtype=layout.EXTENTS_ROW)


def _structure(extents: Extents, seal: Seal) -> tuple[list[int], list[int]]:
    """The ranges of the structure: starts and ends of all bytes outside the seal and the values."""
    offsets = np.append(extents["offset"], np.uint64(seal.offset))
    sizes = np.append(extents["nbytes"], np.uint64(layout.SEAL_RECORD.itemsize))
    taken = sizes > 0
    offsets, sizes = offsets[taken], sizes[taken]
    _check_bounds(offsets, sizes, seal.file_size)
    order = np.argsort(offsets, kind="stable")
    begins = offsets[order].astype(np.int64)
    ends = begins + sizes[order].astype(np.int64)
    if (ends[:-1] > begins[1:]).any():
        raise BrokenSealError("two extents overlap")
    starts = np.concatenate(([0], ends))
    stops = np.concatenate((begins, [seal.file_size]))
    _check_table_is_structure(starts, stops, seal)
    full = starts < stops
    return starts[full].tolist(), stops[full].tolist()


def _check_bounds(offsets: npt.NDArray[Any], sizes: npt.NDArray[Any], file_size: int) -> None:
    # Unsigned, and without sums that could overflow: an offset of 2**64 - 1 must not become a small one.
    limit = np.uint64(file_size)
    if (sizes > limit).any() or (offsets > limit - sizes).any():
        raise BrokenSealError("an extent is not within the file")


def _check_table_is_structure(starts: _Offsets, stops: _Offsets, seal: Seal) -> None:
    nbytes = seal.extents_rows * layout.EXTENTS_ROW.itemsize
    inside = (starts <= seal.extents_offset) & (seal.extents_offset + nbytes <= stops)
    if nbytes and not inside.any():
        raise BrokenSealError("the table of extents overlaps the seal or a value")


def _structure_digest(fd: int, starts: list[int], stops: list[int]) -> int:
    hasher = xxhash.xxh3_64()
    buffer = memoryview(bytearray(PIECE))
    for first, last in together(starts, stops, _GAP):
        begin, end = starts[first], stops[last - 1]
        if end - begin > PIECE:
            _update_long(hasher, fd, begin, end, buffer)
            continue
        read_at(fd, buffer[: end - begin], begin)
        for start, stop in zip(starts[first:last], stops[first:last], strict=True):
            hasher.update(buffer[start - begin : stop - begin])
    return hasher.intdigest()


def _update_long(hasher: Any, fd: int, start: int, stop: int, buffer: memoryview) -> None:
    for begin in range(start, stop, PIECE):
        piece = buffer[: min(PIECE, stop - begin)]
        read_at(fd, piece, begin)
        hasher.update(piece)
