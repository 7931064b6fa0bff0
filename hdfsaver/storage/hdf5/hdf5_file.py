"""The HDF5 library on a file that is already open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from h5py import h5, h5f, h5fd, h5g, h5p

from hdfsaver.errors import InvalidArgumentError, OpError
from hdfsaver.files.opening import Opened
from hdfsaver.files.positional_io import read_at
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.file_object import FileObject

_COUNTS_USER_BLOCKS = (1, 14, 6)
"""From this version on, the offsets of chunks are known to count from the beginning of the file."""


class _View(FileObject):
    """An open file for h5py's ``fileobj`` driver.

    If the path is replaced meanwhile, this is still the file that was checked.
    """

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened.size)
        self._opened = opened
        self.refusal: Exception | None = None

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        end = self._position + len(view)
        if end <= len(self._opened.head):  # a small file has been read already
            view[:] = self._opened.head[self._position : end]
        else:
            try:
                read_at(self._opened.fd, view, self._position)
            except (OpError, OSError, EOFError) as error:
                self.refusal = error
                raise
        self._position = end
        return len(view)


@contextmanager
def hdf5_root(opened: Opened) -> Iterator[h5g.GroupID]:
    """The root group of an open file, for reading.

    Raises
    ------
    DataLossError
        The HDF5 library cannot open it.
    InvalidArgumentError
        It has a user block, and the library is older than those whose offsets were compared with the bytes.
    """
    if opened.base and h5.get_libversion() < _COUNTS_USER_BLOCKS:
        raise InvalidArgumentError(
            None,
            None,
            f"The file has a user block of {opened.base} bytes, which needs HDF5 1.14.6 or later; h5py has "
            f"{'.'.join(map(str, h5.get_libversion()))}. `h5unjam --delete -i FILE -o OUT` writes a file without it.",
        )
    view = _View(opened)
    try:
        with _opened_root(view) as root:
            yield root
    finally:
        # The library has an error of its own for bytes that did not come, which looks like damage.
        if view.refusal is not None and not isinstance(opened.fd, int):
            raise view.refusal from None


@contextmanager
def _opened_root(view: _View) -> Iterator[h5g.GroupID]:
    properties = h5p.create(h5p.FILE_ACCESS)
    properties.set_fileobj_driver(h5fd.fileobj_driver, view)
    # Groups and datasets of a file that is closed are closed with it.
    properties.set_fclose_degree(h5f.CLOSE_STRONG)
    with objects.reading("/"):
        file = h5f.open(b"hdfsaver", h5f.ACC_RDONLY, properties)
        root = h5g.open(file, b"/")
    try:
        yield root
    finally:
        file.close()
