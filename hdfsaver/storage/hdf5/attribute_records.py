"""The bytes of an attribute in the file, for attributes that the HDF5 library reads only together with the heap.

Only attributes in the header of the object are found, not those in the separate storage of an object with many.

Source of the layouts: "HDF5 File Format Specification Version 3.0", IV.A.1, Data Object Header Prefix, and IV.A.2,
messages 0x000C (attribute) and 0x0010 (continuation).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hdfsaver.files.opening import Opened
from hdfsaver.files.positional_io import read_at

_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10
_SIGNATURE, _CONTINUED = b"OHDR", b"OCHK"
_PREFIX = 64
"""Bytes that hold the beginning of every header."""

_MOST_BLOCKS = 64
_MOST_BYTES = 2**20
"""Bytes of a header that are read; messages have at most 64 KiB each."""

_CHECKSUM = 4


def attribute_bytes(opened: Opened, address: int, name: str) -> bytes | None:
    """The stored value of an attribute.

    Parameters
    ----------
    opened : Opened
        The file.
    address : int
        The address of the object's header, as the HDF5 library returns it.
    name : str
        The attribute.

    Returns
    -------
    bytes or None
        None if it is not in the header, or the header is damaged.
    """
    try:
        for body in _messages(opened, address):
            found, value = _attribute(body)
            if found == name.encode():
                return value
    except (EOFError, IndexError, struct.error):
        pass
    return None


def _messages(opened: Opened, address: int) -> Iterator[bytes]:
    """The bodies of all messages that are attributes."""
    head = _read(opened, address, min(_PREFIX, opened.size - opened.base - address))
    is_new = head.startswith(_SIGNATURE)
    blocks, prefix = [_first_block(head, address, is_new)], 8
    if is_new:
        prefix = 6 if head[5] & 4 else 4
    left = _MOST_BYTES
    for begin, size in blocks:
        left -= size
        if left < 0:
            return
        block = _read(opened, begin, size)
        for kind, body in _split(block, prefix, is_new):
            if kind == _CONTINUATION and len(blocks) < _MOST_BLOCKS:
                offset, length = struct.unpack_from("<QQ", body)
                start = len(_CONTINUED) if is_new else 0
                blocks.append((offset + start, length - start - (_CHECKSUM if is_new else 0)))
            elif kind == _ATTRIBUTE:
                yield body


def _first_block(head: bytes, address: int, is_new: bool) -> tuple[int, int]:
    if not is_new:
        return address + 16, struct.unpack_from("<I", head, 8)[0]
    flags = head[5]
    start = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    return address + start + width, int.from_bytes(head[start : start + width], "little")


def _split(block: bytes, prefix: int, is_new: bool) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + prefix <= len(block):
        kind, size = struct.unpack_from("<BH" if is_new else "<HH", block, position)
        yield kind, block[position + prefix : position + prefix + size]
        position += prefix + size


def _attribute(body: bytes) -> tuple[bytes, bytes]:
    version, _flags, *sizes = struct.unpack_from("<BBHHH", body)
    position = 9 if version == 3 else 8
    name = body[position : position + sizes[0]].partition(b"\0")[0]
    # In version 1, each part is padded to eight bytes.
    position += sum(size + 7 & ~7 if version == 1 else size for size in sizes)
    return name, body[position:]


def _read(opened: Opened, address: int, size: int) -> bytes:
    place = opened.base + address
    if size < 0 or place + size > opened.size:
        raise EOFError
    data = bytearray(size)
    read_at(opened.fd, memoryview(data), place)
    return bytes(data)
