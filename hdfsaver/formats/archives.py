"""Zip archives whose members are compared with their checksums, and errors of damaged ones."""

from __future__ import annotations

import errno
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from hdfsaver import limits
from hdfsaver.errors import DataLossError, ResourceExhaustedError
from hdfsaver.files.opening import end_reading, open_any
from hdfsaver.files.positional_io import read_at
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.streams import Stream
from hdfsaver.tensor_info import Array

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""The exceptions of the libraries on damaged bytes."""

_PIECE = 1 << 20

_END = b"PK\5\6"
_END_BYTES = 22
_UNCOUNTED = 0xFFFF
"""The end of an archive without its comment, and the number of members that means that another field has it."""


@contextmanager
def unpacking(what: str) -> Iterator[None]:
    """Turn the exceptions of the libraries on damaged bytes into a `DataLossError` that names ``what``.

    Raises
    ------
    DataLossError
        The bytes are damaged.
    ResourceExhaustedError
        There is not enough memory.
    """
    try:
        yield
    except MemoryError as error:  # LZMA asks for as much as the member declares
        raise ResourceExhaustedError(None, None, f"{what} cannot be unpacked: there is not enough memory.") from error
    except _UNREADABLE as error:
        raise DataLossError(None, None, f"{what} cannot be unpacked: {error}") from error
    except OSError as error:
        if error.errno is None:  # not of the operating system: bz2 raises it for damaged bytes
            raise DataLossError(None, None, f"{what} cannot be unpacked: {error}") from error
        if error.errno != errno.EINVAL:
            raise
        # A damaged directory of the archive has an impossible offset.
        raise DataLossError(None, None, f"{what} cannot be unpacked: it is not within the file") from error


class _Noting(Stream):
    """A file for reading that keeps the error of the operating system."""

    refusal: OSError | None = None

    def readinto(self, buffer: Any) -> int:
        try:
            return super().readinto(buffer)
        except OSError as error:
            self.refusal = error
            raise


class Archive:
    """An open zip archive; every member that is read to its end is compared with its CRC-32.

    Attributes
    ----------
    members : list of ZipInfo
        In the order of the file.
    size : int
        The length of the file in bytes.
    checksums : str
        ``"checksums"`` if the members have them; empty if their writer has left them out.
    budget : Budget
        Of the archive; it has counted the bytes of the members.
    refused : dict of str to ResourceExhaustedError
        The members that declare more bytes than the limits allow; they are not read.
    """

    def __init__(self, path: str) -> None:
        opened = open_any(path)
        self._fd, self.size = opened.fd, opened.size
        self._file = _Noting(opened)
        try:
            with unpacking("the archive"):
                self._zip = zipfile.ZipFile(io.BufferedReader(self._file))
        except BaseException:
            end_reading(self._fd)
            if self._file.refusal is not None:  # zipfile takes it for damage
                raise self._file.refusal from None
            raise
        self.members = self._zip.infolist()
        try:
            self._check_count()
            self.budget = limits.Budget(self.size)
        except BaseException:
            self.close()
            raise
        self.refused = self._refused()
        # PyTorch writes 0 for all members if it is told not to compute them (`set_crc32_options`).
        has_checksums = any(info.CRC for info in self.members) or not any(info.file_size for info in self.members)
        self.checksums = "checksums" if has_checksums else ""
        if not has_checksums:
            for info in self.members:
                info.CRC = None  # type: ignore[assignment]  # so that zipfile does not compare it

    def _check_count(self) -> None:
        """Compare the number of members with that at the end of the archive: a damaged directory hides some."""
        length = _END_BYTES + len(self._zip.comment)
        end = bytearray(length)
        read_at(self._fd, memoryview(end), self.size - length)
        count = int.from_bytes(end[10:12], "little")
        # Archives of more members than the field can count have the number elsewhere, or only its lower half.
        if end.startswith(_END) and count != _UNCOUNTED and count != len(self.members) % 2**16:
            why = f"the archive has {count} members by its end, but {len(self.members)} by its directory"
            raise DataLossError(None, None, f"{why}: it is damaged.")

    def _refused(self) -> dict[str, ResourceExhaustedError]:
        refused = {}
        for info in self.members:
            try:
                self.budget.take(info.filename, nbytes=info.file_size)
            except ResourceExhaustedError as error:
                refused[info.filename] = error
        return refused

    @contextmanager
    def opened(self, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
        """Open a member; when the block ends, the rest is read, so that its checksum is compared."""
        if info.filename in self.refused:
            raise self.refused[info.filename]
        with unpacking(info.filename), self._zip.open(info) as member:
            yield member
            while member.read(_PIECE):
                pass

    def head(self, info: zipfile.ZipInfo, size: int) -> bytes:
        """The first bytes of a member, which are not compared with a checksum."""
        with unpacking(info.filename), self._zip.open(info) as member:
            return member.read(size)

    def read(self, info: zipfile.ZipInfo) -> Array:
        """Read a member into a new array of bytes."""
        array = np.empty(info.file_size, np.uint8)
        view = array.data
        with self.opened(info) as member:
            start = 0
            while start < len(view):
                piece = member.read(min(_PIECE, len(view) - start))
                if not piece:
                    raise EOFError("it ends too early")
                view[start : start + len(piece)] = piece
                start += len(piece)
        return array

    def verify(self, callback: Callback | None = None) -> None:
        """Compare every member with its checksum; the error names all that differ."""
        progress = Progress(callback, sum(info.file_size for info in self.members))
        damaged = []
        for info in self.members:
            try:
                with self.opened(info) as member:
                    length = sum(map(len, iter(lambda: member.read(_PIECE), b"")))
                    if length != info.file_size:
                        raise ValueError(f"it has {length} bytes, but {info.file_size} by the directory")
            except ResourceExhaustedError:
                pass  # raised below, after the others
            except DataLossError as error:
                damaged.append(error.message)
            progress.advance(info.file_size)
        if damaged:
            raise DataLossError(None, None, "; ".join(damaged))
        if self.refused:
            raise next(iter(self.refused.values()))

    def close(self) -> None:
        """Close the archive."""
        fd, self._fd = self._fd, -1
        if fd != -1:
            end_reading(fd)
