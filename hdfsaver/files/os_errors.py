"""Errors of the operating system in words: what was needed, what there is, what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from errno import EACCES, EFBIG, EMFILE, ENOENT, ENOSPC, EPERM
from pathlib import Path

from hdfsaver.errors import DataLossError, OpError, from_os_error

try:
    import resource
except ImportError:  # Windows: no limits to ask for
    resource = None  # type: ignore[assignment]


def unreadable(path: str | os.PathLike[str], error: OSError | EOFError) -> OpError:
    """The error for a file that cannot be read to its end."""
    if isinstance(error, EOFError):
        return DataLossError(None, None, f"{path} was cut short while it was read: {error}")
    return from_os_error(error, f"Cannot read {path}")


def refused(error: OSError, path: str | os.PathLike[str], needed: int) -> OpError:
    """The error that says why a file cannot be written. To be called when its draft is gone, and its room free again.

    Parameters
    ----------
    error : OSError
        What the operating system reported.
    path : path-like
        The file, as the caller named it.
    needed : int
        Its size in bytes; 0 where that was not known yet.
    """
    folder = Path(os.path.realpath(path)).parent
    explain = _EXPLANATIONS.get(error.errno or 0)
    return from_os_error(error, f"Cannot write {path}", explain(folder, needed) if explain else "")


def _room(folder: Path, needed: int) -> str:
    free, inodes = _free(folder), _has_inodes(folder)
    if free is None:
        return f"{_needs(needed)}. {_UNCHANGED}"
    if not inodes:
        return f"{folder} has {free:,} bytes free, but its file system takes no more files (inodes). {_UNCHANGED}"
    if 0 < needed <= free:  # a quota, or somebody else has made room meanwhile
        return (
            f"{needed:,} bytes were needed; of {free:,} bytes free in {folder} this user may not have all. {_UNCHANGED}"
        )
    return (
        f"{_needs(needed)}, and {free:,} bytes are free in {folder}. An earlier file stays until the new "
        f"one is whole, so there must be room for both: free some, or save elsewhere. {_UNCHANGED}"
    )


def _needs(needed: int) -> str:
    return f"{needed:,} bytes were needed" if needed else "More room was needed than there is"


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _has_inodes(folder: Path) -> bool:
    """Whether the file system takes another file; some count no inodes, and say 0 of 0."""
    if not hasattr(os, "statvfs"):
        return True
    try:
        found = os.statvfs(folder)
    except OSError:
        return True
    return bool(found.f_favail or not found.f_files)


def _size(folder: Path, needed: int) -> str:
    limit = _limit("RLIMIT_FSIZE")
    if limit is None:
        return f"{_needs(needed)}, more than a file in {folder} may have. {_UNCHANGED}"
    return (
        f"{_needs(needed)}, and this process may write files of {limit:,} bytes at the most: raise the "
        f"limit (`ulimit -f`). {_UNCHANGED}"
    )


def _files(folder: Path, needed: int) -> str:
    limit = _limit("RLIMIT_NOFILE")
    many = "so many files" if limit is None else f"{limit:,} files"
    return f"This process may have {many} open, and has: close some, or raise the limit (`ulimit -n`). {_UNCHANGED}"


def _limit(name: str) -> int | None:
    if resource is None:
        return None
    soft = resource.getrlimit(getattr(resource, name))[0]
    return None if soft == resource.RLIM_INFINITY else soft


def _gone(folder: Path, needed: int) -> str:
    if os.path.isdir(folder):
        return ""
    return f"There is no folder {folder}: make it, or save elsewhere."


def _denied(folder: Path, needed: int) -> str:
    return f"This user may not write in {folder}: save elsewhere, or have its owner allow it. {_UNCHANGED}"


_UNCHANGED = "What was there is unchanged."

_EXPLANATIONS: dict[int, Callable[[Path, int], str]] = {
    ENOSPC: _room,
    getattr(errno, "EDQUOT", ENOSPC): _room,  # absent on Windows
    EFBIG: _size,
    EMFILE: _files,
    ENOENT: _gone,
    EACCES: _denied,
    EPERM: _denied,
}
