"""An open file as a stream, for libraries that take one: zipfile, the reader of pickles."""

from __future__ import annotations

import io
import os
from typing import Any

from hdfsaver.files.opening import Opened
from hdfsaver.files.positional_io import read_at


class Stream(io.RawIOBase):
    """An open file from its beginning; closing the stream does not close the file.

    Parameters
    ----------
    opened : Opened
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._position = 0

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether its position can be set: yes."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position; `OSError` before the beginning, as of a file."""
        place = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._opened.size}[whence] + offset
        if place < 0:
            raise OSError(22, os.strerror(22))
        self._position = place
        return place

    def readinto(self, buffer: Any) -> int:
        """Read up to the end of the file."""
        view = memoryview(buffer).cast("B")
        view = view[: max(0, min(len(view), self._opened.size - self._position))]
        read_at(self._opened.fd, view, self._position)
        self._position += len(view)
        return len(view)


def stream_of(opened: Opened) -> io.BufferedReader:
    """An open file as a buffered stream."""
    return io.BufferedReader(Stream(opened))
