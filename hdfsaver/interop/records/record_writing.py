"""Writing files of records, as TensorFlow's data sets and event files are.

A record is its length (8 bytes), the checksum of the length, the data and the checksum of the data. Source:
``tensorflow/core/lib/io/record_writer.h``.
"""

from __future__ import annotations

import struct
import zlib
from types import TracebackType
from typing import IO, Protocol, Self

from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.files.file_io import PathLike
from hdfsaver.files.file_systems import located, refusals
from hdfsaver.interop.records.record_options import OptionsLike, TFRecordOptions, wbits

_INPUT_BYTES = 1 << 18
"""Bytes that are compressed together; the same number as in TensorFlow, so that the files are equal."""

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")


class _Output(Protocol):
    """An open file that records are written to."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class _Compressed:
    """A file whose bytes are compressed, in parts of a given size."""

    def __init__(self, file: IO[bytes], kind: str, options: TFRecordOptions) -> None:
        self._file = file
        self._mode = zlib.Z_NO_FLUSH if options.flush_mode is None else options.flush_mode
        self._size = options.input_buffer_size or _INPUT_BYTES
        self._waiting = bytearray()
        self._zlib = _compressor(kind, options)

    def write(self, data: bytes) -> None:
        """Compress bytes, now or together with later ones."""
        if len(self._waiting) + len(data) > self._size:
            self._compress(self._waiting)
            self._waiting.clear()
        if len(data) > self._size:
            self._compress(data)
        else:
            self._waiting += data

    def _compress(self, data: bytes | bytearray) -> None:
        self._file.write(self._zlib.compress(data))
        if self._mode != zlib.Z_NO_FLUSH:
            self._file.write(self._zlib.flush(self._mode))

    def flush(self) -> None:
        """Compress all that waits, so that a reader of the file gets it."""
        self._file.write(self._zlib.compress(self._waiting) + self._zlib.flush(zlib.Z_PARTIAL_FLUSH))
        self._waiting.clear()
        self._file.flush()

    def close(self) -> None:
        """End the compressed bytes, and close the file."""
        try:
            self._file.write(self._zlib.compress(self._waiting) + self._zlib.flush(zlib.Z_FINISH))
        finally:
            self._file.close()


def _compressor(kind: str, options: TFRecordOptions) -> zlib._Compress:
    def given(value: int | None, default: int) -> int:
        return default if value is None else value

    try:
        return zlib.compressobj(
            given(options.compression_level, zlib.Z_DEFAULT_COMPRESSION),
            given(options.compression_method, zlib.DEFLATED),
            wbits(kind, options.window_bits),
            given(options.mem_level, zlib.DEF_MEM_LEVEL),
            given(options.compression_strategy, zlib.Z_DEFAULT_STRATEGY),
        )
    except (ValueError, zlib.error) as error:
        raise InvalidArgumentError(
            None, None, f"zlib does not take these options of a TFRecordWriter: {error}."
        ) from None


class TFRecordWriter:
    """Writes records into a new file; use it in a ``with`` block, or close it.

    Parameters
    ----------
    path : path
        The file; one that is there is replaced.
    options : TFRecordOptions, str or int, optional
        How it is compressed.

    Raises
    ------
    NotFoundError
        The folder is missing.
    ValueError
        The compression is an unknown one.
    InvalidArgumentError
        zlib does not take the options.
    """

    def __init__(self, path: PathLike, options: OptionsLike = None) -> None:
        from hdfsaver.interop.table import checksum  # it needs a library that other programs do without

        self._masked = checksum.masked
        if not isinstance(options, TFRecordOptions):
            options = TFRecordOptions(options)
        self._path = path
        kind = TFRecordOptions.get_compression_type_string(options)
        if kind:
            _compressor(kind, options)  # before a file is replaced
        files, found = located(path)
        with refusals("write", path):
            file = files.open(found, "wb")
        self._output: _Output | None = _Compressed(file, kind, options) if kind else file

    def write(self, record: bytes | str) -> None:
        """Write a record.

        Raises
        ------
        TypeError
            The record is neither bytes nor text.
        FailedPreconditionError
            The writer is closed.
        """
        if isinstance(record, str):
            record = record.encode()
        if not isinstance(record, bytes | bytearray | memoryview):
            raise TypeError(f"A record must be bytes or text, not {type(record).__name__}.")
        data = bytes(record)
        length = _LENGTH.pack(len(data))
        output = self._opened()
        with refusals("write", self._path):
            output.write(length + _CRC.pack(self._masked(length)))
            output.write(data)
            output.write(_CRC.pack(self._masked(data)))

    def flush(self) -> None:
        """Give what was written to the operating system, so that readers see it; an error where it is closed."""
        output = self._opened()
        with refusals("write", self._path):
            output.flush()

    def close(self) -> None:
        """Close the file, which is complete then."""
        output, self._output = self._output, None
        if output is not None:
            with refusals("write", self._path):
                output.close()

    def _opened(self) -> _Output:
        if self._output is None:
            raise FailedPreconditionError(None, None, "Writer is closed.")
        return self._output

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_output", None) is not None:
            self.close()
