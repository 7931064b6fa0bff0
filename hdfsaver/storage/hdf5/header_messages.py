"""The messages in the header of an object, read without the HDF5 library: for what it tells only after reading more.

Source of the layouts: "HDF5 File Format Specification Version 3.0", IV.A.1, Data Object Header Prefix, and IV.A.2,
message 0x0010 (continuation).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hdfsaver.files.opening import Opened, bytes_at
from hdfsaver.storage.hdf5.header_blocks import CONTINUATION, CONTINUED, SIGNATURE, size_field
from hdfsaver.storage.hdf5.objects import damaged

_CHECKSUM = 4
_PREFIX = 32
"""Bytes that hold the beginning of every header."""

_MOST_BYTES = 1 << 22
"""Bytes of a header that are read, which also bounds the number of its blocks; a message has at most 64 KiB."""


def messages(opened: Opened, address: int, part: str) -> Iterator[tuple[int, bytes]]:
    """The messages of a header, each with the number of its kind.

    Parameters
    ----------
    opened : Opened
        The file.
    address : int
        The address of the header, as the HDF5 library has it.
    part : str
        The path of the object, for errors.

    Yields
    ------
    int
        The number of the kind.
    bytes
        The content.

    Raises
    ------
    DataLossError
        The header is damaged, or too large.
    """
    try:
        yield from _messages(opened, address)
    except (EOFError, IndexError, struct.error):
        raise damaged(part, "the header of the object is damaged.") from None


def _messages(opened: Opened, address: int) -> Iterator[tuple[int, bytes]]:
    prefix = _read(opened, address, min(_PREFIX, opened.size - opened.base - address))
    is_new = prefix.startswith(SIGNATURE)
    if is_new:
        flags = prefix[5]
        start, width = size_field(flags)
        blocks = [(address + start + width, int.from_bytes(prefix[start : start + width], "little"))]
        head = struct.Struct("<BHB2x" if flags & 4 else "<BHB")
    else:
        blocks = [(address + 16, struct.unpack_from("<I", prefix, 8)[0])]
        head = struct.Struct("<HHB3x")
    left = _MOST_BYTES
    for begin, size in blocks:
        left -= size + _PREFIX
        if left < 0 or size <= 0:
            raise EOFError
        for kind, body in _split(_read(opened, begin, size), head):
            if kind == CONTINUATION:
                offset, length = struct.unpack_from("<QQ", body)
                extra = len(CONTINUED) if is_new else 0
                blocks.append((offset + extra, length - extra - (_CHECKSUM if is_new else 0)))
            yield kind, body


def _split(block: bytes, head: struct.Struct) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + head.size <= len(block):
        kind, size, _flags = head.unpack_from(block, position)
        position += head.size
        if position + size > len(block):
            raise EOFError
        yield kind, block[position : position + size]
        position += size


def _read(opened: Opened, address: int, size: int) -> bytes:
    place = opened.base + address
    if size < 0 or place + size > opened.size:
        raise EOFError
    return bytes_at(opened, place, size)
