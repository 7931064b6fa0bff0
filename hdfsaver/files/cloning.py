"""Clones: a file that shares all blocks of another one on the disk, until one of the two is written to."""

from __future__ import annotations

import os
import platform
from errno import EOPNOTSUPP

try:
    import fcntl
except ImportError:  # Windows: no file system there has this call
    fcntl = None  # type: ignore[assignment]

_OTHER_NUMBER = ("alpha", "mips", "ppc", "sparc")
"""The beginnings of the names of processors on which Linux numbers the call in another way."""


def _number() -> int | None:
    """The number of the system's call; None on a system without it."""
    if fcntl is None or platform.system() != "Linux":
        return None
    is_other = platform.machine().startswith(_OTHER_NUMBER)
    return int(getattr(fcntl, "FICLONE", 0x80049409 if is_other else 0x40049409))  # Python names it since 3.12


_FICLONE = _number()


def clone(source: int, target: int) -> None:
    """Let a file have the content of another one, by sharing its blocks.

    The system does that in one step: no write to the source comes in between.

    Parameters
    ----------
    source : int
        A descriptor of the file, open for reading.
    target : int
        A descriptor of another file of the same file system, empty and open for writing.

    Raises
    ------
    OSError
        The system or the file system cannot do that, or not with these two files.
    """
    if _FICLONE is None:
        raise OSError(EOPNOTSUPP, os.strerror(EOPNOTSUPP))
    fcntl.ioctl(target, _FICLONE, source)
