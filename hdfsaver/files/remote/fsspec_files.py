"""Files that the library fsspec opens, under any scheme: ``s3://``, ``gs://``, ``memory://`` and others."""

from __future__ import annotations

import threading
from typing import Any

from hdfsaver.errors import DataLossError, NotFoundError, UnimplementedError
from hdfsaver.files.remote.fsspec_errors import refusals, replaced
from hdfsaver.files.remote.range_file import BLOCK, RangeFile
from hdfsaver.files.schemes import remote_file_system

_VERSION = ("ETag", "etag", "md5Hash", "generation", "versionId", "LastModified", "mtime", "updated", "created")
"""The entries by which file systems tell versions of a file apart."""


class FsspecFile(RangeFile):
    """A file of a file system of fsspec.

    Parameters
    ----------
    url : str

    Raises
    ------
    NotFoundError, PermissionDeniedError, UnavailableError, DeadlineExceededError
        The file system says so.
    UnimplementedError
        The library for the scheme is not installed.
    """

    def __init__(self, url: str) -> None:
        self._files, self._path = remote_file_system(url)
        super().__init__(url, 0)
        self._seeking = threading.Lock()
        with refusals(url):
            self._file = self._files.open(self._path, "rb", cache_type="none")
            # A buffered file has asked for them already.
            found = getattr(self._file, "details", None) or self._files.info(self._path)
        if found.get("type") == "directory":
            raise NotFoundError(None, None, f"{url} is a directory, but the path of a file was expected.")
        if not isinstance(found.get("size"), int):
            raise UnimplementedError(
                None, None, f"{url} cannot be read in parts: its length is not known. Copy it with `tf.gfile.Copy`."
            )
        self.size, self._version = found["size"], version_of(found)
        # Of a buffered file any range can be fetched without its position, so that threads do not wait for each other;
        # that of S3 tells the server which version it wants.
        self._direct: Any = getattr(self._file, "_fetch_range", None)
        self._is_checked = "IfMatch" in getattr(self._file, "read_kw", {})
        head = bytearray(min(self.size, BLOCK))
        if head:
            self.fetch(0, memoryview(head))
            self.keep(0, bytes(head))

    def end(self) -> None:
        """Close the file."""
        with refusals(self.name):
            self._file.close()

    def fetch(self, offset: int, view: memoryview) -> None:
        """Fill a view."""
        with refusals(self.name):
            if self._direct is not None:
                data = self._direct(offset, offset + len(view))
            else:
                with self._seeking:
                    self._file.seek(offset)
                    data = self._file.read(len(view))
        if len(data) != len(view):
            raise DataLossError(
                None, None, f"{self.name}: {len(view)} bytes were asked for at byte {offset}, but {len(data)} came."
            )
        view[:] = data

    def confirm(self) -> None:
        """See that the file is still the same one, unless the server did at each request."""
        if not self._is_checked:
            self.check_current()

    def check_current(self) -> None:
        """Ask the file system again for length and version."""
        with refusals(self.name):
            self._files.invalidate_cache(self._files._parent(self._path))
            found = self._files.info(self._path)
        if (found.get("size"), version_of(found)) != (self.size, self._version):
            raise replaced(self.name)


def version_of(found: dict[str, Any]) -> tuple[str, ...]:
    """The facts of a file system by which versions of a file are told apart."""
    return tuple(str(found.get(name)) for name in _VERSION)
