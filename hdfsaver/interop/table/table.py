"""Reading a table: sorted keys with values, in blocks with checksums, as LevelDB writes them.

Source: LevelDB's ``doc/table_format.md``; ``tensorflow/core/lib/io/{table,format,block}.cc``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.extras import library
from hdfsaver.files.positional_io import read_at
from hdfsaver.files.readable import Readable
from hdfsaver.interop.table import checksum, varint

MAGIC = bytes.fromhex("57fb808b247547db")
"""The last bytes of a table."""

FOOTER = 48
"""Bytes of the footer: two handles with zeros up to byte 40, then the magic."""

TRAILER = 5
"""Bytes after a block: its compression, and its masked checksum."""

PLAIN, SNAPPY = 0, 1

_SNAPPY_RATIO = 32
"""The largest expansion of one byte by Snappy: a copy of 64 bytes takes three."""

_KEY_RATIO = 64
"""Bytes of keys per byte of a block, beyond `_KEY_BYTES`: shared prefixes take no space, so a small block could declare
unlimited keys."""

_KEY_BYTES = 1 << 20


_LARGE = 1 << 20

_LONGEST_SHOWN = 200
"""Bytes of a key that an error shows."""

Bytes: TypeAlias = "bytes | memoryview"


class Handle(NamedTuple):
    """The place of a block: offset and length in bytes, without its trailer."""

    offset: int
    size: int


class Table:
    """An open table.

    Parameters
    ----------
    fd : int
        The open file, which the caller closes.
    size : int
        Its length in bytes.

    Raises
    ------
    DataLossError
        The footer or the index of the blocks is damaged, or the file is not a table.
    """

    def __init__(self, fd: Readable, size: int) -> None:
        self._fd = fd
        self._size = size
        self._handles = [
            (key, self._handle(bytes(value), 0, f"the block of key {_shown(key)}")[0])
            for key, value in self._entries(self._index_handle(), "the index of its blocks")
        ]
        end = 0
        for key, handle in self._handles:
            # Otherwise a small index could have one large block read any number of times.
            if handle.offset < end:
                raise DataLossError(None, None, f"the block of key {_shown(key)} overlaps the one before it.")
            end = handle.offset + handle.size

    def items(self) -> Iterator[tuple[bytes, Bytes]]:
        """Every key with its value, in order; keys never repeat."""
        last: bytes | None = None
        for key, value in (item for number in range(len(self._handles)) for item in self._block(number)):
            if last is not None and key <= last:
                raise DataLossError(None, None, f"key {_shown(key)} follows {_shown(last)}, but sorts before it.")
            last = key
            yield key, value

    def get(self, key: bytes) -> Bytes | None:
        """The value of a key, or None."""
        number = bisect_left(self._handles, key, key=lambda item: item[0])
        if number == len(self._handles):
            return None
        return next((value for found, value in self._block(number) if found == key), None)

    def _block(self, number: int) -> Iterator[tuple[bytes, Bytes]]:
        return self._entries(self._handles[number][1], f"block {number}")

    def _index_handle(self) -> Handle:
        if self._size < FOOTER:
            raise DataLossError(None, None, f"it has {self._size} bytes, but a table's footer alone takes {FOOTER}.")
        footer = bytearray(FOOTER)
        read_at(self._fd, memoryview(footer), self._size - FOOTER)
        if not footer.endswith(MAGIC):
            raise DataLossError(None, None, f"it ends with {bytes(footer[-8:])!r}, but a table ends with {MAGIC!r}.")
        _meta, position = self._handle(footer, 0, "the metaindex")
        handle, position = self._handle(footer, position, "the index of its blocks")
        if any(footer[position : -len(MAGIC)]):
            raise DataLossError(None, None, "its footer has more than two handles.")
        return handle

    def _handle(self, data: bytes | bytearray, start: int, what: str) -> tuple[Handle, int]:
        try:
            offset, middle = varint.decode(data, start)
            size, stop = varint.decode(data, middle)
        except ValueError as error:
            raise DataLossError(None, None, f"the handle of {what} is damaged: {error}.") from None
        if offset + size + TRAILER > self._size - FOOTER:
            raise DataLossError(
                None,
                None,
                f"{what} has {size} bytes at byte {offset}, beyond the file's {self._size} bytes.",
            )
        return Handle(offset, size), stop

    def _entries(self, handle: Handle, what: str) -> Iterator[tuple[bytes, Bytes]]:
        try:
            content = self._content(handle, what)
            # Slices of bytes are faster than views; views of large blocks avoid a copy.
            yield from _entries(bytes(content) if len(content) < _LARGE else content)
        except ValueError as error:
            raise DataLossError(None, None, f"{what} is damaged: {error}.") from None

    def _content(self, handle: Handle, what: str) -> memoryview:
        data = bytearray(handle.size + TRAILER)
        view = memoryview(data)
        read_at(self._fd, view, handle.offset)
        stored = int.from_bytes(view[-4:], "little")
        found = checksum.masked(view[:-4])
        if found != stored:
            raise ValueError(f"its checksum is {found:#010x}, but {stored:#010x} was stored")
        return _uncompressed(view[: handle.size], data[handle.size], what)


def _shown(key: bytes) -> str:
    return repr(key if len(key) <= _LONGEST_SHOWN else key[:_LONGEST_SHOWN] + b"...")


def _uncompressed(content: memoryview, kind: int, what: str) -> memoryview:
    if kind == PLAIN:
        return content
    if kind != SNAPPY:
        raise InvalidArgumentError(None, None, f"{what} has an unknown compression ({kind}).")
    claimed, _start = varint.decode(content, 0)
    if claimed > _SNAPPY_RATIO * len(content):
        raise ValueError(f"{len(content)} bytes of Snappy cannot decode to {claimed} bytes")
    cramjam = library("cramjam")
    try:
        data = memoryview(bytes(cramjam.snappy.decompress_raw(bytes(content))))
    except cramjam.DecompressionError as error:
        raise ValueError(f"Snappy says {error}") from None
    if len(data) != claimed:
        raise ValueError(f"{claimed} bytes were compressed, but {len(data)} were decoded")
    return data


def _entries(block: Bytes) -> Iterator[tuple[bytes, Bytes]]:
    """The keys and values of a block; `ValueError` if it is damaged."""
    stop = _end_of_entries(block)
    allowed = _KEY_BYTES + _KEY_RATIO * len(block)
    position, key = 0, b""
    while position < stop:
        shared, own, length = block[position : position + 3]
        if (shared | own | length) < 0x80:  # as nearly always
            start = position + 3
        else:
            shared, own, length, start = _lengths(block, position)
        middle = start + own
        end = middle + length
        if shared > len(key) or end > stop:
            raise ValueError(f"the entry at byte {position} exceeds the block")
        key = key[:shared] + block[start:middle]
        allowed -= len(key)
        if allowed < 0:
            raise ValueError("its keys are far longer than the block")
        yield key, block[middle:end]
        position = end


def _end_of_entries(block: Bytes) -> int:
    restarts = int.from_bytes(block[-4:], "little")
    stop = len(block) - 4 * (restarts + 1)
    if stop < 0:
        raise ValueError(f"{restarts} restarts do not fit into its {len(block)} bytes")
    return stop


def _lengths(block: Bytes, position: int) -> tuple[int, int, int, int]:
    """Three lengths at a position, of the shared and the own part of a key and of a value; then where they end."""
    shared, position = varint.decode(block, position)
    own, position = varint.decode(block, position)
    length, position = varint.decode(block, position)
    return shared, own, length, position
