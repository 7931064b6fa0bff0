"""The superblock: check that a file is a complete HDF5 file, before the HDF5 library reads it.

Source of the layouts: "HDF5 File Format Specification Version 3.0", II.A, Disk Format: Level 0A.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, NoReturn

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.opening import Opened, open_any
from hdfsaver.files.os_errors import unreadable
from hdfsaver.files.positional_io import read_at

SIGNATURE = b"\x89HDF\r\n\x1a\n"

_UNDEFINED = 2**64 - 1
_WIDTHS = (8, 8)
"""Bytes of an offset and of a length, in all current files."""

_FIRST_USER_BLOCK = 512
"""A user block has this many bytes, or a power of two more."""

_LONGEST = 100
"""Bytes of the longest superblock, of version 1."""

_DRIVERS = (b"NCSAfami", b"NCSAmult")
"""The identifiers of drivers that divide a file; the split driver is a form of the second."""

_WITHOUT_THEM = " `h5repack IN OUT` writes a file without them."

_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
"""The last bytes of a LevelDB table file, such as TensorFlow's ``.index`` (leveldb's table_format.md)."""


def open_hdf5(path: str | os.PathLike[str]) -> Opened:
    """Open a file and check that it is a complete HDF5 file; the caller closes the descriptor.

    Raises
    ------
    NotFoundError
        The file does not exist, or is a directory.
    DataLossError
        It is empty, truncated, or not an HDF5 file.
    InvalidArgumentError
        It is an HDF5 file of an unsupported kind.
    OpError
        The operating system refuses.
    """
    opened = open_any(path)
    try:
        base = find_base(opened)
        if base is None:
            _refuse_foreign(opened.fd, opened.size, opened.head, path)
        _check_superblock(opened, base, path)
    except BaseException as error:
        os.close(opened.fd)
        if isinstance(error, OSError | EOFError):
            raise unreadable(path, error) from error
        raise
    return opened._replace(base=base)


def find_base(opened: Opened) -> int | None:
    """Where the HDF5 data of a file begin: at 0, or after a user block; None for a file of another kind.

    Raises
    ------
    EOFError, OSError
        See `hdfsaver.files.positional_io.read_at`.
    """
    base = 0
    while base + len(SIGNATURE) <= opened.size:
        if _bytes_at(opened, base, len(SIGNATURE)) == SIGNATURE:
            return base
        base = 2 * base or _FIRST_USER_BLOCK
    return None


def _bytes_at(opened: Opened, offset: int, nbytes: int) -> bytes:
    if offset + nbytes <= len(opened.head):
        return opened.head[offset : offset + nbytes]
    data = bytearray(nbytes)
    read_at(opened.fd, memoryview(data), offset)
    return bytes(data)


def _check_superblock(opened: Opened, base: int, path: str | os.PathLike[str]) -> None:
    size = opened.size - base
    block = _superblock(_bytes_at(opened, base, min(_LONGEST, size)), path)
    if block.flags:
        # First, because such a file may also have another length than its superblock says.
        raise DataLossError(
            None,
            None,
            f"{path} is open for writing in another program, or that program ended without closing it. Close it there; "
            "if no program has it open, `h5clear -s FILE` marks it as closed.",
        )
    why = _unsupported(opened, block, base)
    if why is not None:
        raise InvalidArgumentError(None, None, f"{path} is an HDF5 file of an unsupported kind: {why}")
    # The end is counted from where the file began when it was written: programs add and remove user blocks.
    if (end := block.end - block.base) != size:
        state, advice = ("is cut short", "") if size < end else ("has bytes after its end", _WITHOUT_THEM)
        raise DataLossError(
            None, None, f"{path} {state}: it has {size} bytes, but its HDF5 header declares {end}.{advice}"
        )


class _Superblock(NamedTuple):
    """A superblock: bytes of an offset and of a length, addresses of other structures, and the flags of a writer."""

    widths: tuple[int, int]
    base: int
    extension: int
    end: int
    flags: int
    driver: int = _UNDEFINED


def _superblock(head: bytes, path: str | os.PathLike[str]) -> _Superblock:
    version = head[8] if len(head) > 8 else None
    if len(head) < (needed := {0: 96, 1: 100, 2: 48, 3: 48}.get(version or 0, 0)):
        raise DataLossError(
            None, None, f"{path} is cut short: it has {len(head)} bytes, but its header alone takes {needed}."
        )
    if version in (2, 3):
        # Only version 3 marks a file that is being written.
        return _Superblock(
            (head[9], head[10]), _u8(head, 12), _u8(head, 20), _u8(head, 28), head[11] if version == 3 else 0
        )
    if version in (0, 1):
        start = 24 + 4 * version
        place, end, driver = _u8(head, start + 8), _u8(head, start + 16), _u8(head, start + 24)
        return _Superblock((head[13], head[14]), _u8(head, start), place, end, 0, driver)
    raise DataLossError(
        None,
        None,
        f"{path} begins like an HDF5 file, but its superblock has version {version}; versions 0 to 3 are supported.",
    )


def _unsupported(opened: Opened, block: _Superblock, base: int) -> str | None:
    """The reason why a file is not read, and what to do; None for the usual kind."""
    if block.widths != _WIDTHS:
        advice = "Read its arrays with h5py and save them with `hdfsaver.save_file`."
        return f"its offsets and lengths have {block.widths[0]} and {block.widths[1]} bytes instead of 8. {advice}"
    if block.driver != _UNDEFINED or (block.extension != _UNDEFINED and _has_driver(opened, base + block.extension)):
        advice = "`h5repack NAME OUT` joins them; NAME is the one that they were made with, such as x%d.h5."
        return f"it is one of several files that a driver of HDF5 (family, split, multi) made. {advice}"
    if block.extension != _UNDEFINED:
        return "its superblock has an extension. `h5repack -S FSM_AGGR -P 0 -T 1 IN OUT` writes a file without it."
    return None


def _has_driver(opened: Opened, extension: int) -> bool:
    """Whether the extension of a superblock at an offset names a driver."""
    found = _bytes_at(opened, extension, min(512, max(0, opened.size - extension)))
    return any(name in found for name in _DRIVERS)


def _u8(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 8], "little")


def _refuse_foreign(fd: int, size: int, head: bytes, path: str | os.PathLike[str]) -> NoReturn:
    raise DataLossError(None, None, f"{path} {_what_it_is(fd, size, head, Path(path).name)}")


def _what_it_is(fd: int, size: int, head: bytes, name: str) -> str:
    if not size:
        return "is empty, but an HDF5 file was expected."
    if _is_tensorflow(fd, size, head, name):
        return (
            "is a file of a TensorFlow checkpoint, not an HDF5 file. "
            "Import the checkpoint by its prefix and save it again."
        )
    if _is_text(head):
        return f"is a text file, not an HDF5 file; it begins with {head[:40].decode()!r}."
    return f"is not an HDF5 file, or its beginning is damaged: it begins with {head[:8]!r}, not {SIGNATURE!r}."


def _is_tensorflow(fd: int, size: int, head: bytes, name: str) -> bool:
    tail = bytearray(min(size, len(_TABLE_MAGIC)))
    read_at(fd, memoryview(tail), size - len(tail))
    # A MetaGraphDef begins with its field 1, of wire type 2.
    return tail == _TABLE_MAGIC or ".data-" in name or (name.endswith(".meta") and head[0] == 0x0A)


def _is_text(head: bytes) -> bool:
    try:
        text = head[:1024].decode("ascii")
    except UnicodeDecodeError:
        return False
    return all(char.isprintable() or char in "\t\r\n\f" for char in text)
