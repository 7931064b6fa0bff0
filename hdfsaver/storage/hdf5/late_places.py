"""The places of datasets, written into their headers when HDF5 has laid out everything else.

HDF5 gives a dataset its place among the object headers, or, if it is allocated late, when something is written to it.
Here the place of a value is chosen after the library has closed the file: the address is written into the layout
message of the header, and the checksum of the header is computed again. So all of HDF5's own structures are adjacent,
and a value can be at any offset.

Source of the layouts: "HDF5 File Format Specification Version 3.0", II.A, Superblock, IV.A.1.b, Version 2 Data Object
Header Prefix, IV.A.2.i, Data Layout Message, and its appendix "Lookup3"; that algorithm by Bob Jenkins is in the public
domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

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

_Numbers: TypeAlias = "npt.NDArray[np.int64]"
_Words: TypeAlias = "npt.NDArray[np.uint32]"
_Bytes: TypeAlias = "npt.NDArray[np.uint8]"

_LAYOUT_BYTES = 18
"""Bytes of the layout message of a contiguous dataset: version, class, address, number of bytes."""

_UNDEFINED = 2**64 - 1
_CHECKSUM = 4
_END, _END_OF_SUPERBLOCK = 28, 44
"""Offsets, in a superblock of version 2 or 3, of the end of the file and of the checksum."""

_MASK = 0xFFFFFFFF
_FEW = 8
"""Pieces up to which numbers are faster than arrays."""

_MOST_BEFORE_MESSAGES = 34
"""Bytes of a header before its messages: signature, version, flags, four times, two numbers, the size of the block."""

_MAX_MESSAGES = 64
"""Messages of a header that are looked at before it is read by itself."""


def lookup3(rows: _Bytes) -> _Words:
    """The checksum of HDF5's metadata, for many pieces of one length.

    Parameters
    ----------
    rows : ndarray of uint8
        A piece in each row; at least one byte each.

    Returns
    -------
    ndarray of uint32
        The checksum of each row.
    """
    count, length = rows.shape
    padded = np.zeros((count, -(-length // 12) * 12), np.uint8)
    padded[:, :length] = rows
    words = padded.view("<u4")
    if count <= _FEW:
        return np.array([_lookup3(row, length) for row in words.tolist()], np.uint32)
    found: _Words = _lookup3(words.T.astype(np.uint64), length).astype(np.uint32)
    return found


def _lookup3(words: Any, length: int) -> Any:
    """The checksum of the words of a piece; the words are numbers, or arrays with those of many pieces."""
    a = b = c = words[0] * 0 + ((0xDEADBEEF + length) & _MASK)
    for first in range(0, len(words), 3):
        a, b, c = ((value + word) & _MASK for value, word in zip((a, b, c), words[first : first + 3], strict=True))
        if first + 3 < len(words):
            a, b, c = _mixed(a, b, c)
    return _finished(a, b, c)


def _rotated(value: Any, bits: int) -> Any:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _mixed(x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    for bits in (4, 6, 8, 16, 19, 4):
        x = ((x - z) & _MASK) ^ _rotated(z, bits)
        z = (z + y) & _MASK
        x, y, z = y, z, x  # after six steps each is where it was
    return x, y, z


def _finished(a: Any, b: Any, c: Any) -> Any:
    x, y, z = c, b, a
    for bits in (14, 11, 25, 16, 4, 14, 24):
        x = ((x ^ y) - _rotated(y, bits)) & _MASK
        x, y, z = z, x, y
    return y


def put_end(data: bytearray, size: int) -> None:
    """Write the length of the file into its superblock."""
    data[_END : _END + 8] = size.to_bytes(8, "little")
    _put_checksums(np.frombuffer(data, np.uint8), np.array([0]), _END_OF_SUPERBLOCK)


def put_places(data: bytearray, headers: _Numbers, places: _Numbers, sizes: _Numbers) -> None:
    """Write the places of contiguous datasets into their headers.

    Parameters
    ----------
    data : bytearray
        The beginning of the file, with all the headers.
    headers : ndarray of int64
        Where the header of each dataset is.
    places : ndarray of int64
        Where its bytes are.
    sizes : ndarray of int64
        Their number, for a check.

    Raises
    ------
    ValueError
        A header is not one that HDF5 has written for such a dataset.
    """
    if not len(headers):
        return
    buffer = np.frombuffer(data, np.uint8)
    blocks, lengths, messages = _layout_messages(data, buffer, headers)
    before = _rows(buffer, messages, _LAYOUT_BYTES)
    expected = np.array([_UNDEFINED], "<u8").view(np.uint8)
    found = np.ascontiguousarray(before[:, 10:]).view("<u8")[:, 0]
    if (before[:, 1] != CONTIGUOUS).any() or (before[:, 2:10] != expected).any() or (found != sizes).any():
        raise ValueError("The header of a dataset does not have the layout that it was created with.")
    buffer[(messages + 2)[:, None] + np.arange(8)] = places.astype("<u8").view(np.uint8).reshape(-1, 8)
    for length in np.unique(lengths).tolist():
        _put_checksums(buffer, blocks[lengths == length], length)


def places_in(data: bytes) -> list[tuple[int, int]]:
    """Where the headers of contiguous datasets say that the values are, in the order of the headers.

    Parameters
    ----------
    data : bytes
        The beginning of a file, of any content.

    Returns
    -------
    list of (int, int)
        Offset and length, of headers of version 2 whose first block has the layout.
    """
    headers = np.array([found.start() for found in re.finditer(SIGNATURE, data)], np.int64)
    headers = headers[headers + _MOST_BEFORE_MESSAGES <= len(data)]
    if not len(headers):
        return []
    buffer = np.frombuffer(data, np.uint8)
    begins, ends, heads = _first_blocks(buffer, headers)
    messages = _first_of_kind(buffer, begins, np.clip(ends, 0, len(data) - _LAYOUT_BYTES), heads)
    layouts = _rows(buffer, messages[messages >= 0], _LAYOUT_BYTES)
    found = np.ascontiguousarray(layouts[layouts[:, 1] == CONTIGUOUS, 2:]).view("<u8")
    return list(zip(*found.T.tolist(), strict=True))


def _rows(buffer: _Bytes, starts: _Numbers, length: int) -> _Bytes:
    """The bytes at each of some offsets."""
    found: _Bytes = np.lib.stride_tricks.sliding_window_view(buffer, length)[starts]
    return found


def _put_checksums(buffer: _Bytes, starts: _Numbers, length: int) -> None:
    """Compute the checksums of blocks, each of which is followed by its checksum."""
    checksums = lookup3(_rows(buffer, starts, length)).astype("<u4").view(np.uint8).reshape(-1, _CHECKSUM)
    buffer[(starts + length)[:, None] + np.arange(_CHECKSUM)] = checksums


def _layout_messages(data: bytearray, buffer: _Bytes, headers: _Numbers) -> tuple[_Numbers, _Numbers, _Numbers]:
    """For each header the block with its layout message, the length of that block, and where the message is."""
    if (_rows(buffer, headers, len(SIGNATURE)) != np.frombuffer(SIGNATURE, np.uint8)).any():
        raise ValueError("There is no header at the address of a dataset.")
    begins, ends, heads = _first_blocks(buffer, headers)
    messages = _first_of_kind(buffer, begins, ends, heads)
    blocks, lengths = headers.copy(), ends - headers
    for row in np.flatnonzero(messages < 0).tolist():
        first = (int(begins[row]), int(ends[row]))
        blocks[row], lengths[row], messages[row] = _continued(data, *first, int(heads[row]))
    return blocks, lengths, messages


def _first_blocks(buffer: _Bytes, headers: _Numbers) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Where the messages of each header begin and end in its first block, and the bytes before the content of each."""
    flags = buffer[headers + 5].astype(np.int64)
    begins, ends, heads = np.zeros_like(headers), np.zeros_like(headers), np.zeros_like(headers)
    for value in np.unique(flags).tolist():
        some = flags == value
        start, width = size_field(value)
        sizes = _rows(buffer, headers[some] + start, width) @ (256 ** np.arange(width))
        begins[some] = headers[some] + start + width
        ends[some] = begins[some] + sizes
        heads[some] = message_head(value)
    return begins, ends, heads


def _first_of_kind(buffer: _Bytes, begins: _Numbers, ends: _Numbers, heads: _Numbers) -> _Numbers:
    """Where the layout message of each header is, all headers at a time; -1 where it is not in the first block."""
    found = np.full(len(begins), -1)
    rows, positions = np.arange(len(begins)), begins.copy()
    for _ in range(_MAX_MESSAGES):
        going = positions + heads[rows] <= ends[rows]
        rows, positions = rows[going], positions[going]
        is_layout = buffer[positions] == LAYOUT
        found[rows[is_layout]] = positions[is_layout] + heads[rows[is_layout]]
        rows, positions = rows[~is_layout], positions[~is_layout]
        if not len(rows):
            break
        sizes: Any = buffer[positions + 1].astype(np.int64) | buffer[positions + 2].astype(np.int64) << 8
        positions = positions + heads[rows] + sizes
    return found


def _continued(data: bytearray, begin: int, end: int, head: int) -> tuple[int, int, int]:
    """The block of a continued header with the layout message, its length, and where the message is."""
    for address, length in _continuations(data, begin, end, head):
        first = address + len(CONTINUED)
        if data[address:first] == CONTINUED:
            for kind, position, _size in messages_in(data, first, address + length - _CHECKSUM, head):
                if kind == LAYOUT:
                    return address, length - _CHECKSUM, position
    raise ValueError("The header of a dataset has no layout message.")


def _continuations(data: bytearray, begin: int, end: int, head: int) -> Iterator[tuple[int, int]]:
    blocks = [(begin, end)]
    for first, last in blocks:
        for kind, position, _size in messages_in(data, first, last, head):
            if kind == CONTINUATION:
                address, length = (int.from_bytes(data[position + at : position + at + 8], "little") for at in (0, 8))
                blocks.append((address + len(CONTINUED), address + length - _CHECKSUM))
                yield address, length
