"""The facts by which a file is told from others, and from itself before a change; of this machine or remote."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple, TypeAlias

from hdfsaver.files.opening import status
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.remote.remote_folders import facts_of

Numbers: TypeAlias = tuple[int | str, ...]


class Status(NamedTuple):
    """The status of a file.

    Attributes
    ----------
    signature : tuple of int or str
        Changes when the file is replaced or changed. Its first two elements are the file's `identity`.
    mtime : float
        When it was changed, in seconds since the epoch.
    """

    signature: Numbers
    mtime: float

    @property
    def identity(self) -> Numbers:
        """Device and inode, which two names of one file share; of a remote file its URL."""
        return self.signature[:2]


def file_status(path: str | os.PathLike[str]) -> Status | None:
    """The status of the regular file that a path leads to; None without one.

    Raises
    ------
    OpError
        The operating system, or the file system of a URL, does not tell.
    """
    if isinstance(path, RemoteName):
        facts = facts_of(path)
        return None if facts is None else Status(("", str.__str__(path), facts.size, *facts.version), facts.mtime)
    found = status(path)
    if found is None or not stat.S_ISREG(found.st_mode):
        return None
    own = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return Status(own, found.st_mtime)
