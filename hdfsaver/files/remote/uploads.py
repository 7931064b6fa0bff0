"""Writing a remote file from its beginning to its end: its name stands for all of it, or for what was there before."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate
from typing import Any

from hdfsaver.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    PermissionDeniedError,
    UnimplementedError,
)
from hdfsaver.files.remote.fsspec_errors import refusals
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.schemes import remote_file_system

PART = 8 << 20
"""Bytes of a part of an upload, of which one or two are in memory; a file of no more is sent in one request."""

_MOST_PARTS = 9000
"""Parts of an upload; servers of S3 allow 10,000."""


class Upload(io.RawIOBase):
    """A remote file that is being written; `upload` makes it and ends it.

    Parameters
    ----------
    name : str
        The file, for messages.
    files : AbstractFileSystem
    path : str
        Its path there.
    nbytes : int
        About how many bytes will be written.

    Attributes
    ----------
    name : str
    size : int
        The bytes that were written.

    Raises
    ------
    UnimplementedError
        The file system cannot keep a file invisible until it is complete.
    """

    def __init__(self, name: str, files: Any, path: str, nbytes: int) -> None:
        super().__init__()
        self.name = name
        self.size = 0
        self._files, self._path = files, path
        self._file = _unfinished(name, files, path, max(PART, -(-nbytes // _MOST_PARTS)))
        # A file of one part is not begun as one of several: that is one request instead of three.
        self._is_complete = False
        self._first: bytearray | None = bytearray() if _puts(files) else None

    def writable(self) -> bool:
        """Whether it can be written: always."""
        return True

    def tell(self) -> int:
        """The bytes that were written."""
        return self.size

    def write(self, data: Any) -> int:
        """Write bytes behind those that were written before."""
        view = memoryview(data).cast("B")
        with refusals(self.name, doing="write"):
            for start in range(0, len(view), PART):
                self._write(view[start : start + PART])
        return len(view)

    def _write(self, view: memoryview) -> None:
        self.size += len(view)
        if self._first is not None and self.size <= PART:
            self._first += view
            return
        if self._first is not None:
            self._file.write(self._first)
            self._first = None
        self._file.write(view)

    def complete(self) -> None:
        """Give all bytes their name.

        Raises
        ------
        DataLossError
            The file has another length there than it was given.
        OpError
            The server refuses. Where it does not answer, the file may have got its name.
        """
        if self._first is None:
            with refusals(self.name, doing="write"):
                self._file.close()  # sends the last part
        with refusals(self.name, doing="write", note="The server may still have completed it."):
            if self._first is None:
                self._file.commit()
            else:
                self._files.pipe_file(self._path, bytes(self._first))
                self._let_go()
        self._is_complete = True
        self._check()

    def _check(self) -> None:
        """Compare the length with what the file system says, where it says it."""
        with suppress(PermissionDeniedError), refusals(self.name, doing="check"):
            self._files.invalidate_cache(self._files._parent(self._path))
            found = self._files.info(self._path).get("size")
            if isinstance(found, int) and found != self.size:
                raise DataLossError(
                    None,
                    None,
                    f"{self.name} has {found} bytes on the server, but {self.size} were written and acknowledged. Save "
                    "it again, or to another place.",
                )

    def discard(self) -> None:
        """Forget all bytes, on the server too as far as it can be reached; they never had a name."""
        if not self._is_complete:
            with suppress(Exception):
                self._file.discard()
        self._let_go()

    def _let_go(self) -> None:
        """Keep the file from sending what it has when Python releases it."""
        self._first = None
        with suppress(AttributeError):
            self._file.closed = True


def _unfinished(name: str, files: Any, path: str, part: int) -> Any:
    """A new file of fsspec, with ``write``, ``close`` and then ``commit`` or ``discard``; no program sees it before."""
    from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
    from fsspec.spec import AbstractBufferedFile

    if isinstance(files, MemoryFileSystem):
        _check_memory(name, files, path)
        # Opened by its name it would be seen at once.
        return MemoryFile(files, path)
    with refusals(name, doing="write"):
        try:
            file = files.open(path, "wb", block_size=part, autocommit=False)
        except NotImplementedError:
            raise _refused(name, files, "is read-only") from None
    # It is there for a transaction of the whole file system; this one ends by itself.
    with suppress(ValueError, AttributeError):
        files.transaction.files.remove(file)
    kind = type(file)
    if (
        isinstance(file, AbstractBufferedFile)
        and not file.autocommit
        and kind.commit is not AbstractBufferedFile.commit
        and kind.discard is not AbstractBufferedFile.discard
    ):
        return file
    with suppress(AttributeError):
        file.closed = True
    raise _refused(name, files, "does not promise that a file is seen only when it is complete")


def _puts(files: Any) -> bool:
    """Whether a file system sends a small file in one request, which takes effect as a whole."""
    from fsspec.asyn import AsyncFileSystem

    return isinstance(files, AsyncFileSystem)


def _refused(name: str, files: Any, why: str) -> UnimplementedError:
    return UnimplementedError(
        None,
        None,
        f"Cannot write {name}: {type(files).__name__} {why}. Save on this machine, and copy the file with "
        "`tf.gfile.Copy`.",
    )


@contextmanager
def upload(name: RemoteName, nbytes: int = 0) -> Iterator[Upload]:
    """Write a remote file in the block; it appears, or replaces an earlier one, when the block ends without an error.

    Parameters
    ----------
    name : RemoteName
        Its URL.
    nbytes : int
        About how many bytes will be written; parts are larger for very long files.

    Yields
    ------
    Upload

    Raises
    ------
    UnimplementedError
        The place is read-only, as ``http`` is, or cannot promise that; or fsspec, or its package for the scheme, is not
        installed.
    NotFoundError, PermissionDeniedError, UnavailableError, DeadlineExceededError
        The file system says so. An earlier file is still there.
    DataLossError
        See `Upload.complete`.
    """
    check_writable(name)
    files, path = remote_file_system(str.__str__(name))
    file = Upload(name, files, path, nbytes)
    try:
        yield file
        file.complete()
    except BaseException:
        file.discard()
        raise


def check_writable(name: RemoteName) -> None:
    """Refuse what cannot be written, by its name alone.

    Raises
    ------
    UnimplementedError
        It is read over HTTP.
    InvalidArgumentError
        It is a URL with a query, or no name of a file.
    """
    scheme = name.partition("://")[0].lower()
    if scheme in ("http", "https"):
        raise UnimplementedError(
            None,
            None,
            f"Cannot write {name}: files are only read over {scheme}. Save on this machine and copy the file to the "
            "server, or save to a URL of its object store (s3://..., gs://...).",
        )
    if not name.may_be_prefix:
        raise InvalidArgumentError(
            None, None, f"Cannot write {name}: a name with '?' or '#' is only read. Choose another name."
        )
    if name.endswith("/"):
        raise InvalidArgumentError(None, None, f"Cannot write {name}: it is not the name of a file.")


def _check_memory(name: str, files: Any, path: str) -> None:
    """Refuse the name of a folder, or one in a file, in memory, where folders are more than parts of names."""
    above = list(accumulate(path.split("/")[:-1], "{}/{}".format))
    why = "it is a directory" if files.isdir(path) else ""
    why = why or next((f"memory:/{each} is a file, not a folder" for each in above if files.isfile(each)), "")
    if why:
        raise FailedPreconditionError(None, None, f"Cannot write {name}: {why}. Choose another name.")
