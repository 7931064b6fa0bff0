"""Errors of the operating system with an explanation: what was needed, what is available, what to do."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from errno import EACCES, EEXIST, EFBIG, EMFILE, ENOENT, ENOSPC, EPERM
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


def is_refusal(error: OpError) -> bool:
    """Whether an error is one of the operating system: it says nothing about the content of the file."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno is not None


def refused(error: OSError, path: str | os.PathLike[str], needed: int) -> OpError:
    """Make the error for a file that cannot be written; call it after the draft is removed and its space is free.

    Parameters
    ----------
    error : OSError
        The error of the operating system.
    path : path-like
        The file, as the caller named it.
    needed : int
        Its size in bytes; 0 if it is not known yet.

    Returns
    -------
    OpError
        The error, with an explanation where there is one.
    """
    folder = Path(os.path.realpath(path)).parent
    explain = _EXPLANATIONS.get(error.errno or 0)
    return from_os_error(error, f"Cannot write {path}", explain(folder, needed) if explain else "")


def _no_space(folder: Path, needed: int) -> str:
    free, inodes = _free(folder), _has_inodes(folder)
    if free is None:
        return f"{_needs(needed)}. {_UNCHANGED}"
    if not inodes:
        return f"{folder} has {free:,} bytes free, but its file system has no free inodes. {_UNCHANGED}"
    if 0 < needed <= free:  # a quota, or another program has freed space meanwhile
        return (
            f"{needed:,} bytes were needed; {free:,} bytes are free in {folder}, but a quota may limit this user. "
            f"{_UNCHANGED}"
        )
    return (
        f"{_needs(needed)}, and {free:,} bytes are free in {folder}. An earlier file is kept until the new "
        f"one is complete, so there must be space for both: free some, or save elsewhere. {_UNCHANGED}"
    )


def _needs(needed: int) -> str:
    return f"{needed:,} bytes were needed" if needed else "More space was needed than is free"


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _has_inodes(folder: Path) -> bool:
    """Whether the file system has a free inode; some do not count inodes, and report 0 of 0."""
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
        return f"{_needs(needed)}, more than the file system of {folder} allows for one file. {_UNCHANGED}"
    return (
        f"{_needs(needed)}, but this process may write files of at most {limit:,} bytes: raise the "
        f"limit (`ulimit -f`). {_UNCHANGED}"
    )


def _files(folder: Path, needed: int) -> str:
    limit = _limit("RLIMIT_NOFILE")
    most = "" if limit is None else f" ({limit:,})"
    reached = f"This process has reached its limit of open files{most}"
    return f"{reached}: close some, or raise the limit (`ulimit -n`). {_UNCHANGED}"


def _limit(name: str) -> int | None:
    if resource is None:
        return None
    soft = resource.getrlimit(getattr(resource, name))[0]
    return None if soft == resource.RLIM_INFINITY else soft


def _gone(folder: Path, needed: int) -> str:
    if os.path.isdir(folder):
        return ""
    return f"The folder {folder} does not exist: create it, or save elsewhere."


def _denied(folder: Path, needed: int) -> str:
    return f"This user may not write in {folder}: save elsewhere, or ask its owner for permission. {_UNCHANGED}"


def _exists(folder: Path, needed: int) -> str:
    return "A file of that name exists already; nothing is overwritten. Choose another name."


_UNCHANGED = "The earlier files are unchanged."

_EXPLANATIONS: dict[int, Callable[[Path, int], str]] = {
    ENOSPC: _no_space,
    getattr(errno, "EDQUOT", ENOSPC): _no_space,  # absent on Windows
    EFBIG: _size,
    EMFILE: _files,
    ENOENT: _gone,
    EEXIST: _exists,
    EACCES: _denied,
    EPERM: _denied,
}
