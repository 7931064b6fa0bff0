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
from hdfsaver.interop.table import checksum, varint

MAGIC = bytes.fromhex("57fb808b247547db")
"""The last bytes of a table."""

FOOTER = 48
"""Bytes of the footer: two handles with zeros up to byte 40, then the magic."""

TRAILER = 5
"""Bytes behind a block: how it is compressed, and its masked checksum."""

PLAIN, SNAPPY = 0, 1

_SNAPPY_RATIO = 32
"""Bytes that a byte of Snappy can stand for: a copy of 64 bytes takes three."""

_KEY_RATIO = 64
"""Bytes of keys that a byte of a block may stand for, beyond `_KEY_ROOM`: prefixes that are shared cost nothing, so
that a small block could claim keys without bounds."""

_KEY_ROOM = 1 << 20


_LARGE = 1 << 20

_LONGEST_SHOWN = 200
"""Bytes of a key that an error repeats."""

Bytes: TypeAlias = "bytes | memoryview"


class Handle(NamedTuple):
    """Where a block lies: offset and length in bytes, without its trailer."""

    offset: int
    size: int


class Table:
    """An open table.

    Parameters
    ----------
    fd : int
        The open file; whoever opened it closes it.
    size : int
        Its length in bytes.

    Raises
    ------
    DataLossError
        Footer or index of the blocks are damaged, or the file is no table.
    """

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._handles = [
            (key, self._handle(bytes(value), 0, f"the block of key {_shown(key)}")[0])
            for key, value in self._entries(self._index_handle(), "the index of its blocks")
        ]

    def items(self) -> Iterator[tuple[bytes, Bytes]]:
        """Every key with its value, in order; keys never repeat."""
        last: bytes | None = None
        for key, value in (item for number in range(len(self._handles)) for item in self._block(number)):
            if last is not None and key <= last:
                raise DataLossError(None, None, f"key {_shown(key)} stands behind {_shown(last)}, and sorts before it.")
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
            raise DataLossError(None, None, f"it has {self._size} bytes, a table's footer alone {FOOTER}.")
        footer = bytearray(FOOTER)
        read_at(self._fd, memoryview(footer), self._size - FOOTER)
        if not footer.endswith(MAGIC):
            raise DataLossError(None, None, f"it ends with {bytes(footer[-8:])!r}, a table with {MAGIC!r}.")
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
                f"{what} is said to be {size} bytes at byte {offset}, beyond the file's {self._size}.",
            )
        return Handle(offset, size), stop

    def _entries(self, handle: Handle, what: str) -> Iterator[tuple[bytes, Bytes]]:
        try:
            content = self._content(handle, what)
            # Parts of bytes are made faster than views, and views of large blocks save the copy.
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
            raise ValueError(f"its checksum is {found:#010x}, and {stored:#010x} was stored")
        return _uncompressed(view[: handle.size], data[handle.size], what)


def _shown(key: bytes) -> str:
    return repr(key if len(key) <= _LONGEST_SHOWN else key[:_LONGEST_SHOWN] + b"...")


def _uncompressed(content: memoryview, kind: int, what: str) -> memoryview:
    if kind == PLAIN:
        return content
    if kind != SNAPPY:
        raise InvalidArgumentError(None, None, f"{what} is compressed in a way ({kind}) that is not known.")
    claimed, _start = varint.decode(content, 0)
    if claimed > _SNAPPY_RATIO * len(content):
        raise ValueError(f"{len(content)} bytes of Snappy cannot stand for {claimed}")
    cramjam = library("cramjam")
    try:
        data = memoryview(bytes(cramjam.snappy.decompress_raw(bytes(content))))
    except cramjam.DecompressionError as error:
        raise ValueError(f"Snappy says {error}") from None
    if len(data) != claimed:
        raise ValueError(f"{claimed} bytes were compressed, and {len(data)} come out")
    return data


def _entries(block: Bytes) -> Iterator[tuple[bytes, Bytes]]:
    """The keys and values of a block; `ValueError` where it is damaged."""
    stop = _end_of_entries(block)
    room = _KEY_ROOM + _KEY_RATIO * len(block)
    position, key = 0, b""
    while position < stop:
        shared, own, length = block[position : position + 3]
        if (shared | own | length) < 0x80:  # as nearly all are
            start = position + 3
        else:
            shared, own, length, start = _lengths(block, position)
        middle = start + own
        end = middle + length
        if shared > len(key) or end > stop:
            raise ValueError(f"the entry at byte {position} claims more than there is")
        key = key[:shared] + block[start:middle]
        room -= len(key)
        if room < 0:
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
