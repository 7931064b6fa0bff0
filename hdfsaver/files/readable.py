"""The argument of positional reads: the descriptor of a file of this machine, or an object that reads ranges."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeAlias


class PositionalFile(ABC):
    """A file that is read by ranges: behind a URL, or an open file object.

    Attributes
    ----------
    name : str
        The file, for messages.
    size : int
        Its length in bytes.
    """

    name: str
    size: int

    @abstractmethod
    def read_into(self, view: memoryview, offset: int) -> None:
        """Fill a flat view with the bytes at an offset; `EOFError` where the file ends before."""

    @abstractmethod
    def read_many(self, jobs: Sequence[tuple[int, memoryview]], advance: Callable[[int], object]) -> None:
        """Fill the view of every job, ``(offset, view)``, in few requests at once; ``advance`` is told of the bytes."""

    @abstractmethod
    def ahead(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Fetch ranges, ``(offset, length)``, that are read next, as far as the cache holds them."""

    @abstractmethod
    def check_current(self) -> None:
        """Raise `FailedPreconditionError` if another file has taken the place of this one."""

    @abstractmethod
    def share(self) -> PositionalFile:
        """The same file for one more user, which closes it too."""

    @abstractmethod
    def close(self) -> None:
        """End the use of the file; the last user ends the connections."""


Readable: TypeAlias = int | PositionalFile
"""A descriptor, or an object that reads ranges."""

WINDOW = 32 << 20
"""Bytes of a `PositionalFile` that are in memory at once where all of a file is read."""


def shared(fd: Readable) -> Readable:
    """The same open file for one more user, which closes it."""
    return os.dup(fd) if isinstance(fd, int) else fd.share()


def fetch_ahead(fd: Readable, ranges: Sequence[tuple[int, int]]) -> None:
    """Say which ranges, ``(offset, length)``, are read next: those of a remote file are fetched together."""
    if not isinstance(fd, int):
        fd.ahead(ranges)
