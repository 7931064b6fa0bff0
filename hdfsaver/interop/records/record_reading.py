"""Reading files of records; lengths and checksums are checked before anything is made of the data."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, Protocol

from hdfsaver import limits
from hdfsaver.errors import DataLossError, FailedPreconditionError
from hdfsaver.files.file_io import PathLike
from hdfsaver.files.file_systems import located, path_text, refusals
from hdfsaver.interop.records.record_options import OptionsLike, TFRecordOptions, wbits

_HEAD = struct.Struct("<QI")
_LENGTH_BYTES = 8
_CRC_BYTES = 4
_BLOCK = 1 << 18


class _Bytes(Protocol):
    """The bytes of a file of records at any place, decompressed."""

    def at(self, offset: int, count: int) -> bytes:
        """Bytes at an offset, fewer where the file ends."""

    def has(self, offset: int, count: int) -> bool:
        """Whether that many bytes may follow at an offset; False where the file is surely shorter."""


class _Plain:
    """The bytes of a file that is not compressed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._place = 0
        self._size = 0

    def at(self, offset: int, count: int) -> bytes:
        """Bytes at an offset, fewer where the file ends."""
        if self._place != offset:
            self._file.seek(offset)
        data = self._file.read(count)
        self._place = offset + len(data)
        return data

    def has(self, offset: int, count: int) -> bool:
        """Whether the file has that many bytes, which is asked again only for more than were there."""
        if offset + count > self._size:
            self._size = self._place = self._file.seek(0, 2)
        return offset + count <= self._size


class _Decompressed:
    """The bytes of a compressed file, which are decompressed block by block."""

    def __init__(self, file: IO[bytes], kind: str, path: str) -> None:
        self._file = file
        self._kind = kind
        self._path = path
        self._begin()

    def _begin(self) -> None:
        self._file.seek(0)
        self._zlib = zlib.decompressobj(wbits(self._kind))
        self._offset = 0
        self._ready = bytearray()

    def at(self, offset: int, count: int) -> bytes:
        """Bytes at an offset, fewer where the file ends."""
        if offset < self._offset:
            self._begin()
        while self._offset + len(self._ready) < offset + count:
            more = self._more()
            if not more:
                break
            self._ready += more
            if self._offset + len(self._ready) <= offset:
                self._offset += len(self._ready)
                self._ready.clear()
        if self._offset < offset:
            del self._ready[: offset - self._offset]
            self._offset = offset
        return bytes(self._ready[:count])

    def has(self, offset: int, count: int) -> bool:
        """Always; but what is declared is limited in proportion to the compressed file."""
        place = self._file.tell()
        limits.check_declared(f"the record at {offset} of {self._path}", count, self._file.seek(0, 2))
        self._file.seek(place)
        return True

    def _more(self) -> bytes:
        """The next bytes, at most a block; empty at the end of the file."""
        while True:
            data = self._zlib.unconsumed_tail or self._zlib.unused_data or self._file.read(_BLOCK)
            if self._zlib.eof:  # a file may have several parts, one behind another
                if not data:
                    return b""
                self._zlib = zlib.decompressobj(wbits(self._kind))
            try:
                found = self._zlib.decompress(data, _BLOCK)
            except zlib.error as error:
                raise DataLossError(
                    None, None, f"{self._path} is not a whole {self._kind} file of records: inflate() failed: {error}."
                ) from None
            if found or not data:
                return found


class RecordReader:
    """Reads records of a file by their offsets.

    Parameters
    ----------
    path : path
        The file.
    options : TFRecordOptions, str or int, optional
        How it is compressed.

    Raises
    ------
    NotFoundError
        The file is missing.
    FailedPreconditionError
        It is a folder.
    ValueError
        The compression is an unknown one.
    """

    def __init__(self, path: PathLike, options: OptionsLike = None) -> None:
        from hdfsaver.interop.table import checksum  # it needs a library that other programs do without

        self._masked = checksum.masked
        self._kind = TFRecordOptions.get_compression_type_string(options)
        self._path = path_text(path)
        self._file: IO[bytes] | None = None
        self.reopen()

    def reopen(self) -> None:
        """Open the file again, which may be another one of that name by now."""
        self.close()
        files, found = located(self._path)
        with refusals("read", self._path):
            self._file = files.open(found, "rb")
            self._bytes: _Bytes = (
                _Decompressed(self._file, self._kind, self._path) if self._kind else _Plain(self._file)
            )

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __del__(self) -> None:
        if getattr(self, "_file", None) is not None:
            self.close()

    def read(self, offset: int) -> tuple[bytes, int]:
        """The record at an offset, and the offset of the next one.

        Raises
        ------
        IndexError
            The file ends there.
        DataLossError
            The record is damaged, or the file ends within it.
        FailedPreconditionError
            The reader is closed.
        """
        found = self.record(offset)
        if found is None:
            raise IndexError(f"Out of range at reading offset {offset}: {self._path} ends there.")
        return found

    def record(self, offset: int) -> tuple[bytes, int] | None:
        """As `read`, and None at the end of the file."""
        if self._file is None:
            raise FailedPreconditionError(None, None, f"The reader of {self._path} is closed.")
        with refusals("read", self._path):
            head = self._bytes.at(offset, _HEAD.size)
            if not head:
                return None
            if len(head) < _HEAD.size:
                raise self._truncated(offset)
            length, crc = _HEAD.unpack(head)
            if self._masked(head[:_LENGTH_BYTES]) != crc:
                hint = "" if offset else " (Is this even a TFRecord file?)"
                raise DataLossError(None, None, f"corrupted record at {offset} of {self._path}{hint}")
            start, count = offset + _HEAD.size, length + _CRC_BYTES
            data = self._bytes.at(start, count) if self._bytes.has(start, count) else b""
        if len(data) < count:
            raise self._truncated(offset)
        if self._masked(memoryview(data)[:-_CRC_BYTES]) != int.from_bytes(data[-_CRC_BYTES:], "little"):
            raise DataLossError(None, None, f"corrupted record at {start} of {self._path}")
        return data[:-_CRC_BYTES], start + count

    def _truncated(self, offset: int) -> DataLossError:
        return DataLossError(None, None, f"truncated record at {offset} of {self._path}: the file ends within it.")


class RecordIterator:
    """The records of a file, one after the other.

    At the end it stops, and goes on where the file has become longer since.
    """

    def __init__(self, path: PathLike, options: OptionsLike = None) -> None:
        self._reader = RecordReader(path, options)
        self._offset = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        found = self._reader.record(self._offset)
        if found is None:
            raise StopIteration
        data, self._offset = found
        return data

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def reopen(self) -> None:
        """Open the file again, to go on at the same place of what has its name now."""
        self._reader.reopen()


def tf_record_iterator(path: PathLike, options: OptionsLike = None) -> RecordIterator:
    """Iterate over the records of a file.

    Parameters
    ----------
    path : path
        The file.
    options : TFRecordOptions, str or int, optional
        How it is compressed.

    Returns
    -------
    RecordIterator
        It gives bytes. At a damaged record it raises `DataLossError`, as in TensorFlow, and also where the file ends
        within the head of a record, which TensorFlow takes for the end.

    Raises
    ------
    NotFoundError
        The file is missing.
    ValueError
        The compression is an unknown one.

    Examples
    --------
    >>> import tempfile, os
    >>> import hdfsaver as tf
    >>> path = os.path.join(tempfile.mkdtemp(), "x.tfrecord")
    >>> with tf.python_io.TFRecordWriter(path) as writer:
    ...     writer.write(b"one")
    >>> list(tf.python_io.tf_record_iterator(path))
    [b'one']
    """
    return RecordIterator(path, options)


def tf_record_random_reader(path: PathLike) -> RecordReader:
    """A reader of records by their offsets, as that of TensorFlow's ``tensorflow.python.lib.io.tf_record``."""
    return RecordReader(path)
