"""A sparse file in memory for HDF5: it keeps the bytes that are written, and no gaps."""

from __future__ import annotations

from typing import Any

from hdfsaver.storage.hdf5.file_object import FileObject

_PAGE = 16384


class SparseMemory(FileObject):
    """A file object in memory for h5py's ``fileobj`` driver.

    Unwritten ranges read as zeros and take no memory, so that HDF5 can lay out datasets of any size. No exception may
    reach HDF5 while it writes: the first exception is kept in ``error``, and the caller raises it later.
    """

    def __init__(self) -> None:
        super().__init__(0)
        self.error: Exception | None = None
        self._pages: dict[int, bytearray] = {}

    def truncate(self, size: int | None = None) -> int:
        """Set the length."""
        self.size = self._position if size is None else size
        return self.size

    def write(self, data: Any) -> int:
        """Keep bytes at the position; never raises."""
        view = memoryview(data).cast("B")
        try:
            self._write(view)
        except Exception as error:  # noqa: BLE001 - no exception may reach HDF5
            self.error = self.error or error
        self._position += len(view)
        self.size = max(self.size, self._position)
        return len(view)

    def _write(self, view: memoryview) -> None:
        for page, start, stop, at in self._parts(self._position, len(view)):
            kept = self._pages.get(page)
            if kept is None:
                kept = self._pages[page] = bytearray(_PAGE)
            kept[start:stop] = view[at : at + stop - start]

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the position."""
        view = memoryview(buffer).cast("B")
        view[:] = self.read_at(self._position, len(view))
        self._position += len(view)
        return len(view)

    def read_at(self, offset: int, count: int) -> bytearray:
        """The bytes at an offset, zeros where nothing was written."""
        data = bytearray(count)
        for page, start, stop, at in self._parts(offset, count):
            kept = self._pages.get(page)
            if kept is not None:
                data[at : at + stop - start] = kept[start:stop]
        return data

    def forget(self, offset: int, count: int) -> None:
        """Release a range that is stored elsewhere; only whole pages are released."""
        for page in range(-(-offset // _PAGE), (offset + count) // _PAGE):
            self._pages.pop(page, None)

    @staticmethod
    def _parts(offset: int, count: int) -> list[tuple[int, int, int, int]]:
        """A range divided at pages: ``(page, start in it, stop in it, position in the range)``."""
        parts = []
        at = 0
        while at < count:
            page, start = divmod(offset + at, _PAGE)
            stop = min(_PAGE, start + count - at)
            parts.append((page, start, stop, at))
            at += stop - start
        return parts
