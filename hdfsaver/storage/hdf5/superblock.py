"""The superblock: check that a file is a complete HDF5 file, before the HDF5 library reads it.

Source of the layouts: "HDF5 File Format Specification Version 3.0", II.A, Disk Format: Level 0A.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files import kind_detection
from hdfsaver.files.opening import Opened, bytes_at, end_reading, open_any
from hdfsaver.files.os_errors import unreadable

_UNDEFINED = 2**64 - 1
_WIDTHS = (8, 8)
"""Bytes of an offset and of a length, in all current files."""

_LONGEST = 100
"""Bytes of the longest superblock, of version 1."""

_DRIVERS = (b"NCSAfami", b"NCSAmult")
"""The identifiers of drivers that divide a file; the split driver is a form of the second."""

_WITHOUT_THEM = " `h5repack IN OUT` writes a file without them."


def open_hdf5(path: str | os.PathLike[str]) -> Opened:
    """Open a file and check that it is a complete HDF5 file; the caller closes the descriptor.

    Raises
    ------
    NotFoundError
        The file does not exist, or is a directory.
    DataLossError
        It is empty, truncated, or of no known kind.
    InvalidArgumentError
        It is a file of another kind, or an HDF5 file of an unsupported kind.
    OpError
        The operating system refuses.
    """
    opened = open_any(path)
    try:
        base = kind_detection.find_hdf5(opened)
        if base is None:
            raise kind_detection.refusal(opened, path, "an HDF5 file")
        _check_superblock(opened, base, path)
    except BaseException as error:
        end_reading(opened.fd)
        if isinstance(error, OSError | EOFError):
            raise unreadable(path, error) from error
        raise
    return opened._replace(base=base)


def _check_superblock(opened: Opened, base: int, path: str | os.PathLike[str]) -> None:
    size = opened.size - base
    block = _superblock(bytes_at(opened, base, min(_LONGEST, size)), path)
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
    found = bytes_at(opened, extension, min(512, max(0, opened.size - extension)))
    return any(name in found for name in _DRIVERS)


def _u8(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 8], "little")
