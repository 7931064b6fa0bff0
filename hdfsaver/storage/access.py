"""The HDF5 library's way into a file that is open already, and errors that name the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from h5py import h5f, h5fd, h5g, h5p

from hdfsaver.errors import DataLossError, OpError
from hdfsaver.storage import layout, objects
from hdfsaver.storage.guard import Opened, unreadable
from hdfsaver.storage.seal import BrokenSealError
from hdfsaver.storage.transfer import read_at


class _View:
    """An open file for h5py's ``fileobj`` driver.

    Whoever replaces the path meanwhile, this stays the file that was checked.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._opened.size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        pass

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        read_at(self._opened.fd, view, self._position)
        self._position += len(view)
        return len(view)


@contextmanager
def hdf5_root(opened: Opened) -> Iterator[h5g.GroupID]:
    """The root group of an open file, for reading.

    Raises
    ------
    DataLossError
        The HDF5 library cannot open it.
    """
    properties = h5p.create(h5p.FILE_ACCESS)
    properties.set_fileobj_driver(h5fd.fileobj_driver, _View(opened))
    # Groups and datasets of a file that is closed are closed with it.
    properties.set_fclose_degree(h5f.CLOSE_STRONG)
    with objects.reading("/"):
        file = h5f.open(b"hdfsaver", h5f.ACC_RDONLY, properties)
        root = h5g.open(file, b"/")
    try:
        yield root
    finally:
        file.close()


@contextmanager
def about(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let every error that passes name the file."""
    try:
        yield
    except BrokenSealError as error:
        raise DataLossError(None, None, f"{path}: {error}. {advice(path)}") from None
    except (EOFError, OSError) as error:
        raise unreadable(path, error) from error
    except OpError as error:
        if error.message.startswith(str(path)):
            raise
        raise type(error)(None, None, f"{path}: {error.message}", error.error_code) from error.__cause__


def advice(path: str | os.PathLike[str]) -> str:
    """What to do about a file that is not as it was written."""
    return (
        "The file is damaged, or another program has changed it: take an older checkpoint, or, where the change was "
        f"meant, accept it with `{layout.FORMAT} reseal {path}`."
    )
