"""Object headers read from raw bytes, without the HDF5 library, to find datasets in a file that cannot be opened.

Only the fields that locate the bytes of a contiguous dataset are read. They may be damaged: a header is only a hint,
and digests decide whether the bytes are valid.

Source of the layouts: "HDF5 File Format Specification Version 3.0", IV.A.1.b, Version 2 Data Object Header Prefix, and
IV.A.2, messages 0x0001 (dataspace), 0x0003 (datatype), 0x0008 (data layout) and 0x0010 (continuation).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from hdfsaver.storage.hdf5.header_blocks import (
    CONTIGUOUS,
    CONTINUATION,
    CONTINUED,
    LAYOUT,
    SIGNATURE,
    message_head,
    messages_in,
    size_field,
)

INTEGER, TEXT, COMPOUND = 0, 3, 6
"""HDF5's numbers of datatype classes."""

_SPACE, _TYPE = 0x01, 0x03
_MAX_BLOCKS = 64
"""The most continuations of one header that are followed; files of this package have at most one."""

_Message: TypeAlias = tuple[int, bytes]


class Member(NamedTuple):
    """A column of a compound datatype: the class of its datatype, its offset in a row, and its bytes."""

    kind: int
    offset: int
    size: int


class Header(NamedTuple):
    """The header of a contiguous dataset: its place, class and size of its elements, and its columns."""

    offset: int
    nbytes: int
    kind: int
    itemsize: int
    members: dict[str, Member]


def scan(data: bytes) -> Iterator[Header]:
    """Find all headers of contiguous datasets in the bytes of a file, as far as they can be parsed."""
    position = data.find(SIGNATURE)
    while position >= 0:
        header = _header(data, position)
        if header is not None:
            yield header
        position = data.find(SIGNATURE, position + 1)


def _header(data: bytes, position: int) -> Header | None:
    try:
        messages = dict(_messages(data, position))
        offset, nbytes = _place(messages[LAYOUT])
        kind, itemsize = _class_and_size(messages[_TYPE])
        members = _members(messages[_TYPE], itemsize) if kind == COMPOUND else {}
        return Header(offset, nbytes, kind, itemsize, members)
    except (IndexError, KeyError, ValueError, struct.error):
        return None


def _messages(data: bytes, position: int) -> Iterator[_Message]:
    flags = data[position + 5]
    start, width = size_field(flags)
    start += position
    size = int.from_bytes(data[start : start + width], "little")
    blocks = [(start + width, size)]
    for begin, length in blocks:
        for kind, place, count in messages_in(data, begin, min(begin + length, len(data)), message_head(flags)):
            body = data[place : place + count]
            if kind == CONTINUATION and len(blocks) < _MAX_BLOCKS:
                address, total = struct.unpack_from("<QQ", body)
                if data[address : address + 4] == CONTINUED:
                    blocks.append((address + 4, total - 8))
            yield kind, body


def _place(layout: bytes) -> tuple[int, int]:
    if layout[0] not in (3, 4) or layout[1] != CONTIGUOUS:
        raise ValueError("not contiguous")
    offset, nbytes = struct.unpack_from("<QQ", layout, 2)
    return offset, nbytes


def _class_and_size(datatype: bytes, start: int = 0) -> tuple[int, int]:
    return datatype[start] & 0x0F, int.from_bytes(datatype[start + 4 : start + 8], "little")


def _members(datatype: bytes, itemsize: int) -> dict[str, Member]:
    version, count = datatype[0] >> 4, int.from_bytes(datatype[1:3], "little")
    width = max(1, (itemsize.bit_length() + 7) // 8) if version >= 3 else 4
    members: dict[str, Member] = {}
    position = 8
    for _ in range(count):
        end = datatype.index(b"\0", position)
        name = datatype[position:end].decode()
        # Before version 3, names are padded to eight bytes.
        position = end + 1 if version >= 3 else position + (end - position) // 8 * 8 + 8
        offset = int.from_bytes(datatype[position : position + width], "little")
        position += width
        kind, size = _class_and_size(datatype, position)
        if offset + size > itemsize:
            raise ValueError("a column beyond the end of the row")
        members[name] = Member(kind, offset, size)
        position += 8 + {INTEGER: 4, TEXT: 0}[kind]
    return members
