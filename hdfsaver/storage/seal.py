"""The seal: 64 bytes that vouch for everything in a file that is not the value of a variable.

It is found, and the structure checked against it, without the HDF5 library: what the library is then given to walk is
what was written. The values have digests of their own, in the table of extents, which is part of the structure.
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
"""Where in the record its own place stands."""

Extents: TypeAlias = "npt.NDArray[np.void]"
"""Rows of `layout.EXTENTS_ROW`."""

_Offsets: TypeAlias = "npt.NDArray[np.int64]"

_GAP = 65536
"""Values between two pieces of structure up to so many bytes are read along with them rather than skipped."""


class BrokenSealError(ValueError):
    """Seal and file contradict each other; the message says where."""


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Raise a broken seal as the `DataLossError` of a file, which says what to do."""
    try:
        yield
    except BrokenSealError as error:
        raise DataLossError(None, None, f"{path}: {error}. {advice(path)}") from None


def advice(path: str | os.PathLike[str]) -> str:
    """What to do about a file that is not as it was written."""
    return (
        "The file is damaged, or another program has changed it: take an older checkpoint, or, where the change was "
        f"meant, accept it with `{layout.FORMAT} reseal {path}`."
    )


@dataclass(frozen=True)
class Seal:
    """The fields of the record, but for magic and digest, which `pack` adds."""

    offset: int
    extents_offset: int
    extents_rows: int
    file_size: int
    structure_xxh3_64: int
    major: int = layout.MAJOR
    minor: int = layout.MINOR


def pack(seal: Seal) -> bytes:
    """The 64 bytes of a seal."""
    record = np.zeros((), dtype=layout.SEAL_RECORD)
    record["magic"] = layout.MAGIC
    for name, value in vars(seal).items():
        record[name] = value
    record["seal_xxh3_64"] = _digest_of(record.tobytes())
    return record.tobytes()


def unpack(data: bytes) -> Seal:
    """The seal in 64 bytes.

    Raises
    ------
    BrokenSealError
        They are not as `pack` wrote them.
    """
    record = np.frombuffer(data, dtype=layout.SEAL_RECORD)[0]
    if record["magic"] != layout.MAGIC or int(record["seal_xxh3_64"]) != _digest_of(data):
        raise BrokenSealError("the record of the seal is damaged")
    return Seal(**{name: int(record[name]) for name in Seal.__dataclass_fields__})


def _digest_of(record: bytes) -> int:
    return xxhash.xxh3_64_intdigest(record[: layout.SEALED_BYTES])


def find(head: bytes) -> Seal | None:
    """The seal in the first bytes of a file, or None where there is none.

    A record counts only at the place that it names itself, so that a copy among the values is not taken for it.

    Raises
    ------
    BrokenSealError
        There is one, and it is damaged.
    """
    position = head.find(layout.MAGIC)
    while 0 <= position <= len(head) - layout.SEAL_RECORD.itemsize:
        if int.from_bytes(head[position + _OWN_OFFSET : position + _OWN_OFFSET + 8], "little") == position:
            return unpack(head[position : position + layout.SEAL_RECORD.itemsize])
        position = head.find(layout.MAGIC, position + 1)
    return None


def check(fd: int, size: int, seal: Seal) -> Extents:
    """Check all of a file but the values against its seal, and give the table of extents.

    Parameters
    ----------
    fd : int
        The open file.
    size : int
        Its length in bytes.
    seal : Seal
        What `find` found in it.

    Raises
    ------
    BrokenSealError
        They do not agree.
    EOFError, OSError
        The file cannot be read to its end.
    """
    if seal.file_size != size:
        raise BrokenSealError(f"the file was {seal.file_size} bytes long when it was sealed and is {size} now")
    extents = read_extents(fd, size, seal)
    starts, stops = _structure(extents, seal)
    if _structure_digest(fd, starts, stops) != seal.structure_xxh3_64:
        raise BrokenSealError("the structure (all but the values of the variables) is not what was sealed")
    return extents


def read_extents(fd: int, size: int, seal: Seal) -> Extents:
    """The table of extents as it stands in the file; `BrokenSealError` where it does not lie within it."""
    nbytes = seal.extents_rows * layout.EXTENTS_ROW.itemsize
    if nbytes > size or seal.extents_offset > size - nbytes:
        raise BrokenSealError(f"the table of {seal.extents_rows} extents does not lie within the file")
    data = bytearray(nbytes)
    read_at(fd, memoryview(data), seal.extents_offset)
    return np.frombuffer(data, dtype=layout.EXTENTS_ROW)


def _structure(extents: Extents, seal: Seal) -> tuple[list[int], list[int]]:
    """Where the structure lies: starts and ends of all that is neither the seal nor a value."""
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
    # Unsigned, and no sum that could run over: an offset of 2**64 - 1 must not come out as a small one.
    limit = np.uint64(file_size)
    if (sizes > limit).any() or (offsets > limit - sizes).any():
        raise BrokenSealError("an extent does not lie within the file")


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
