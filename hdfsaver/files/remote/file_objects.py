"""Open binary file objects: `io.BytesIO`, a file of fsspec, a member of an archive."""

from __future__ import annotations

import io
import os
import stat
import threading
from typing import Any

from hdfsaver.files.readable import Readable
from hdfsaver.files.remote.range_file import RangeFile


class ObjectFile(RangeFile):
    """A file object, which stays the program's: it is not closed; its position is moved.

    Parameters
    ----------
    file : binary file
    name : str
        Its name, for messages.
    """

    def __init__(self, file: Any, name: str) -> None:
        self._file = file
        self._seeking = threading.Lock()
        super().__init__(name, file.seek(0, os.SEEK_END))

    def fetch(self, offset: int, view: memoryview) -> None:
        """Fill a view; one thread at a time."""
        with self._seeking:
            self._file.seek(offset)
            done = 0
            while done < len(view):
                data = self._file.read(len(view) - done)
                if not data:
                    raise EOFError(f"{self.name} ends at byte {offset + done}, but had {self.size} bytes.")
                if len(data) > len(view) - done:
                    raise EOFError(f"{self.name} gave {len(data)} bytes where {len(view) - done} were asked for.")
                view[done : done + len(data)] = data
                done += len(data)

    def end(self) -> None:
        """Do nothing: the program closes its file."""


def is_file_object(path: object) -> bool:
    """Whether something is a file object rather than a path."""
    return callable(getattr(path, "read", None)) and not isinstance(path, str | bytes | os.PathLike)


def readable_of(file: Any) -> tuple[Readable, str]:
    """A descriptor or object that reads a file object, and its name for messages.

    Raises
    ------
    TypeError
        It is a file of text.
    ValueError
        It is closed, or cannot seek.
    """
    name = getattr(file, "name", None)
    shown = f"<{type(file).__name__}{f' {name!r}' if isinstance(name, str) else ''}>"
    if getattr(file, "closed", False):
        raise ValueError(f"{shown} is closed; give an open file.")
    if isinstance(file, io.TextIOBase) or hasattr(file, "encoding"):
        raise TypeError(f"{shown} is a file of text; open it in binary mode ('rb').")
    fd = _descriptor(file)
    if fd is not None:
        return fd, shown
    if not getattr(file, "seekable", lambda: True)():
        raise ValueError(f"{shown} cannot seek; read it into `io.BytesIO` first, or give a path.")
    return ObjectFile(file, shown), shown


def _descriptor(file: Any) -> int | None:
    """A descriptor of its own for a file of this machine, which can be read in threads, and mapped."""
    raw = file.raw if type(file) in (io.BufferedReader, io.BufferedRandom) else file
    if type(raw) is not io.FileIO or not stat.S_ISREG(os.fstat(raw.fileno()).st_mode) or not raw.readable():
        return None
    file.flush()
    return os.dup(raw.fileno())
