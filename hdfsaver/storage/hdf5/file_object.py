"""The base of file objects for HDF5: a length and a position."""

from __future__ import annotations

import os


class FileObject:
    """The base of file objects for h5py's ``fileobj`` driver.

    Parameters
    ----------
    size : int
        The length in bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""
