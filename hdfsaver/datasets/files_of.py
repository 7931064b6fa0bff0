"""Datasets of what files hold: records, lines of text, records of one length."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from typing import IO

import numpy as np

from hdfsaver import limits
from hdfsaver.datasets.dataset_elements import Context, Dataset, Element, Elements, as_component
from hdfsaver.datasets.saved_state import SavedState
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.file_systems import located, refusals
from hdfsaver.interop.records.record_reading import RecordReader
from hdfsaver.tensor_info import Array

_BLOCK = 1 << 18
_WBITS = {"": 0, "ZLIB": zlib.MAX_WBITS, "GZIP": 16 + zlib.MAX_WBITS}


class FilesDataset(Dataset):
    """What some files hold, one after the other.

    Parameters
    ----------
    names : ndarray
        The names of the files.
    compression : ndarray
        ``ZLIB``, ``GZIP`` or nothing.

    Raises
    ------
    InvalidArgumentError
        The compression is another one.
    """

    def __init__(self, names: Array, compression: Array | bytes = b"") -> None:
        self.names = [name.decode("utf-8", "surrogateescape") for name in np.ravel(names).tolist()]
        given: bytes = compression if isinstance(compression, bytes) else compression.item()
        self.compression = given.decode("utf-8", "replace")
        if self.compression not in _WBITS:
            raise InvalidArgumentError(None, None, f"Unsupported compression_type: {self.compression!r}.")

    def elements(self, context: Context) -> Elements:
        return _InFiles(self, context)

    @abstractmethod
    def opened(self, number: int) -> OpenFile:
        """One of the files, read from its beginning."""


class OpenFile:
    """What is read of one file; ``offset`` says how far."""

    offset = 0

    def next(self) -> bytes | None:
        """The next part, None at the end."""
        raise NotImplementedError

    def go_to(self, offset: int) -> None:
        """Go on at an offset that was read before."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""


class _InFiles(Elements):
    def __init__(self, dataset: FilesDataset, context: Context) -> None:
        super().__init__(dataset)
        self._dataset = dataset
        self._context = context
        self._at = 0
        self._file: OpenFile | None = None

    def next(self) -> Element | None:
        while self._at < len(self._dataset.names):
            with self.named():
                if self._file is None:
                    self._file = self._dataset.opened(self._at)
                try:
                    found = self._file.next()
                except BaseException:
                    self.close()
                    self._at += 1  # what comes behind the damage is not looked for, as in TensorFlow
                    raise
            if found is not None:
                return (as_component(found),)
            self.close()
            self._at += 1
            self._context.check_stopped()
        return None

    def save(self, saved: SavedState) -> None:
        saved["at"], saved["offset"] = self._at, -1 if self._file is None else self._file.offset
        saved["is_open"] = int(self._file is not None)

    def restore(self, saved: SavedState) -> None:
        self.close()
        self._at = saved.number("at")
        if saved.number("is_open"):
            with self.named():
                self._file = self._dataset.opened(self._at)
                self._file.go_to(saved.number("offset"))

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class TFRecordDataset(FilesDataset):
    """The records of files of TensorFlow's kind.

    Parameters
    ----------
    names, compression : ndarray
        See `FilesDataset`.
    offsets : ndarray, optional
        For each file the byte to begin with.
    """

    def __init__(self, names: Array, compression: Array, offsets: Array | None = None) -> None:
        super().__init__(names, compression)
        self.offsets = [] if offsets is None else np.ravel(offsets).tolist()
        if self.offsets and len(self.offsets) != len(self.names):
            raise InvalidArgumentError(None, None, "There must be one offset for each file.")

    def opened(self, number: int) -> OpenFile:
        """The records of one file."""
        found = _Records(self.names[number], self.compression)
        if self.offsets:
            found.go_to(self.offsets[number])
        return found


class _Records(OpenFile):
    def __init__(self, name: str, compression: str) -> None:
        self._reader = RecordReader(name, compression)

    def next(self) -> bytes | None:
        found = self._reader.record(self.offset)
        if found is None:
            return None
        data, self.offset = found
        return data

    def go_to(self, offset: int) -> None:
        self.offset = offset

    def close(self) -> None:
        self._reader.close()


class _Bytes:
    """The bytes of a file in order, decompressed, a block at a time."""

    def __init__(self, name: str, compression: str) -> None:
        self._name = name
        self._kind = compression
        files, found = located(name)
        with refusals("read", name):
            self._file: IO[bytes] = files.open(found, "rb")
        self._zlib = zlib.decompressobj(_WBITS[compression]) if compression else None
        self._ready = bytearray()

    def until(self, end: bytes) -> bytes | None:
        """The bytes up to an end, with it; without it those at the end of the file; None if there are none."""
        searched = 0
        while (place := self._ready.find(end, searched)) < 0:
            searched = len(self._ready)
            if not self._more():
                return self._take(len(self._ready)) or None
        return self._take(place + len(end))

    def at_most(self, count: int) -> bytes:
        """So many bytes, fewer at the end of the file."""
        while len(self._ready) < count and self._more():
            pass
        return self._take(min(count, len(self._ready)))

    def skip(self, count: int) -> None:
        """Leave out bytes; nothing where the file is shorter."""
        while count:
            left = len(self.at_most(min(count, _BLOCK)))
            if not left:
                return
            count -= left

    def _take(self, count: int) -> bytes:
        found = bytes(self._ready[:count])
        del self._ready[:count]
        return found

    def _more(self) -> bool:
        if len(self._ready) > limits.get().declared_bytes:
            raise limits.refused(
                f"a line or record of {self._name}", f"it has more than {len(self._ready)} bytes", "declared_bytes"
            )
        with refusals("read", self._name):
            if self._zlib is None:
                data = self._file.read(_BLOCK)
                self._ready += data
                return bool(data)
            return self._inflated()

    def _inflated(self) -> bool:
        assert self._zlib is not None, "asked only of a compressed file"
        while True:
            data = self._zlib.unconsumed_tail or self._zlib.unused_data or self._file.read(_BLOCK)
            if not data:
                return False
            if self._zlib.eof:  # a file may have several parts, one behind another
                self._zlib = zlib.decompressobj(_WBITS[self._kind])
            try:
                found = self._zlib.decompress(data, _BLOCK)
            except zlib.error as error:
                raise DataLossError(None, None, f"{self._name} is not a whole {self._kind} file: {error}.") from None
            if found:
                self._ready += found
                return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TextLineDataset(FilesDataset):
    """The lines of text files, without what ends them."""

    def opened(self, number: int) -> OpenFile:
        """The lines of one file."""
        return _Lines(self.names[number], self.compression)


class _Lines(OpenFile):
    def __init__(self, name: str, compression: str) -> None:
        self._bytes = _Bytes(name, compression)

    def next(self) -> bytes | None:
        found = self._bytes.until(b"\n")
        if found is None:
            return None
        self.offset += len(found)
        line = found.removesuffix(b"\n")
        return line.removesuffix(b"\r") if len(line) < len(found) else line

    def go_to(self, offset: int) -> None:
        self._bytes.skip(offset)
        self.offset = offset

    def close(self) -> None:
        self._bytes.close()


class FixedLengthRecordDataset(FilesDataset):
    """Records of one length, between what a file begins and ends with.

    Parameters
    ----------
    names : ndarray
    header, record, footer : int
        Numbers of bytes.
    compression : ndarray
    """

    def __init__(self, names: Array, header: int, record: int, footer: int, compression: Array | bytes = b"") -> None:
        super().__init__(names, compression)
        if record <= 0:
            raise InvalidArgumentError(None, None, f"`record_bytes` must be > 0, not {record}.")
        if header < 0 or footer < 0:
            raise InvalidArgumentError(None, None, "`header_bytes` and `footer_bytes` must be >= 0.")
        self.header, self.record, self.footer = header, record, footer

    def opened(self, number: int) -> OpenFile:
        """The records of one file."""
        return _FixedRecords(self, self.names[number])


class _FixedRecords(OpenFile):
    def __init__(self, dataset: FixedLengthRecordDataset, name: str) -> None:
        self._dataset = dataset
        self._name = name
        self._bytes = _Bytes(name, dataset.compression)
        self._bytes.skip(dataset.header)
        self._ahead = self._bytes.at_most(dataset.footer)
        self.offset = dataset.header

    def next(self) -> bytes | None:
        """What was read ahead may be the end of the file: it is given only where more follows."""
        length, ahead = self._dataset.record, len(self._ahead)
        data = self._ahead + self._bytes.at_most(length)
        if len(data) < length + self._dataset.footer:
            if len(data) > self._dataset.footer or ahead < self._dataset.footer:
                body = self.offset - self._dataset.header + max(0, len(data) - self._dataset.footer)
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Excluding the header ({self._dataset.header} bytes) and footer ({self._dataset.footer} bytes), "
                    f"input file {self._name!r} has body length {body} bytes, which is not an exact multiple of the "
                    f"record length ({length} bytes).",
                )
            return None
        self._ahead = data[length:]
        self.offset += length
        return data[:length]

    def go_to(self, offset: int) -> None:
        while self.offset < offset and self.next() is not None:
            pass

    def close(self) -> None:
        self._bytes.close()
