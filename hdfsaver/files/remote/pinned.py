"""The parts of a file that were checked, kept in memory.

Read again, a server could give other bytes, and a file of this machine could have been changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hdfsaver import limits
from hdfsaver.files.opening import Opened
from hdfsaver.files.positional_io import read_all, read_at
from hdfsaver.files.readable import PositionalFile, Readable


def pinned(opened: Opened, stop: int, start: int) -> Opened:
    """An open file whose bytes before ``stop`` and from ``start`` on are read once, and kept.

    Parameters
    ----------
    opened : Opened
    stop, start : int
        Where the first part ends, and where the second one begins.

    Returns
    -------
    Opened

    Raises
    ------
    ResourceExhaustedError
        They have more bytes than the limit `declared_bytes`.
    """
    nbytes = stop + opened.size - start
    if nbytes > limits.get().declared_bytes:
        raise limits.refused("the structure", f"it has {nbytes} bytes", "declared_bytes")
    first, last = bytearray(stop), bytearray(opened.size - start)
    read_all(opened.fd, [(0, memoryview(first)), (start, memoryview(last))])
    return opened._replace(head=bytes(first), fd=_Pinned(opened, bytes(first), start, bytes(last)))


class _Pinned(PositionalFile):
    """A file that reads its first and last bytes from memory; the file itself belongs to someone else."""

    def __init__(self, opened: Opened, first: bytes, start: int, last: bytes) -> None:
        self._file: Readable = opened.fd
        self.name = "the file" if isinstance(opened.fd, int) else opened.fd.name
        self.size = opened.size
        self._first, self._start, self._last = memoryview(first), start, memoryview(last)

    def read_into(self, view: memoryview, offset: int) -> None:
        """Fill a view."""
        end = offset + len(view)
        if end <= len(self._first):
            view[:] = self._first[offset:end]
        elif offset >= self._start and end <= self.size:
            view[:] = self._last[offset - self._start : end - self._start]
        else:
            read_at(self._file, view, offset)

    def read_many(self, jobs: Sequence[tuple[int, memoryview]], advance: Callable[[int], object]) -> None:
        """Fill the views of all jobs."""
        for offset, view in jobs:
            self.read_into(view, offset)
            advance(len(view))

    def ahead(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Do nothing: what is read is here."""

    def check_current(self) -> None:
        """Ask the file itself."""
        if not isinstance(self._file, int):
            self._file.check_current()

    def share(self) -> PositionalFile:
        """The same parts, of the same file."""
        return self

    def close(self) -> None:
        """Do nothing: the file is closed by its own user."""
