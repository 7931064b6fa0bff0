"""The blocks of object headers of version 2, in bytes; reading, salvage and the writing of places share them.

Source of the layouts: "HDF5 File Format Specification Version 3.0", IV.A.1.b, Version 2 Data Object Header Prefix, and
IV.A.2, messages 0x0008 (data layout) and 0x0010 (continuation).
"""

from __future__ import annotations

from collections.abc import Iterator

SIGNATURE, CONTINUED = b"OHDR", b"OCHK"
LAYOUT, CONTINUATION = 0x08, 0x10
CONTIGUOUS = 1
"""HDF5's number of the layout class."""


def size_field(flags: int) -> tuple[int, int]:
    """Where a header with these flags says the size of its first block, and in how many bytes."""
    return 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0), 1 << (flags & 3)


def message_head(flags: int) -> int:
    """The bytes before the content of each message of such a header."""
    return 6 if flags & 4 else 4


def messages_in(data: bytes | bytearray, begin: int, end: int, head: int) -> Iterator[tuple[int, int, int]]:
    """The messages of a block.

    Parameters
    ----------
    data : bytes or bytearray
        The bytes of the block, and others.
    begin, end : int
        Where its messages begin and end.
    head : int
        See `message_head`.

    Yields
    ------
    int
        The kind of the message.
    int
        Where its content begins.
    int
        The number of bytes of that, which may go beyond the end in a damaged block.
    """
    while begin + head <= end:
        size = int.from_bytes(data[begin + 1 : begin + 3], "little")
        yield data[begin], begin + head, size
        begin += head + size
