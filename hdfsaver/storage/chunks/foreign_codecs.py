"""Codecs of other programs, which are read and not written: lzf of h5py, bzip2 and Blosc of PyTables.

Decoding never makes more bytes than the caller allows, because a malicious chunk may declare a wrong size.

Source of the framings: ``lzf_d.c`` of LibLZF, and ``README_HEADER.rst`` in ``Blosc/c-blosc``.
"""

from __future__ import annotations

import bz2
import struct
from collections.abc import Callable
from typing import NamedTuple

from hdfsaver.storage.chunks.chunk_codecs import Buffer, UnsupportedChunkError, blosc2_library

_BLOSC_HEAD = struct.Struct("<BBBBIII")
"""The versions of the format and the codec, flags, bytes of an element, and bytes of content, a block and the chunk."""

_BLOSC_FORMAT = 2
_BLOSC_CODECS = ("blosclz", "lz4", "snappy", "zlib", "zstd")
"""By their number in the flags."""


class ForeignCodec(NamedTuple):
    """A compression method that is only read.

    Attributes
    ----------
    name : str
    code : int
        The filter's number in HDF5.
    decode : callable
        ``decode(data, size, chunk)`` gives ``size`` bytes; a result of another length means that the data are damaged.
    """

    name: str
    code: int
    decode: Callable[[Buffer, int, tuple[int, ...]], Buffer]


def _lzf_decode(data: Buffer, size: int, chunk: tuple[int, ...]) -> Buffer:
    """Decode literal runs and references to earlier bytes.

    In Python, because the libraries for this format are not maintained; it decodes some ten megabytes a second.
    """
    source, found = bytes(data), bytearray()
    position, end = 0, len(source)
    try:
        while position < end and len(found) <= size:
            control = source[position]
            if control < 32:
                position += control + 2
                found += source[position - control - 1 : position]
                continue
            length = (control >> 5) + 2
            if length == 9:
                position += 1
                length += source[position]
            start = len(found) - ((control & 31) << 8 | source[position + 1]) - 1
            position += 2
            if start < 0:
                return b""
            copied = found[start : start + length]
            # A reference that overlaps its own result repeats what it refers to.
            found += copied if len(copied) == length else (copied * (length // len(copied) + 1))[:length]
    except IndexError:
        return b""
    return found if position == end else b""


def _bzip2_decode(data: Buffer, size: int, chunk: tuple[int, ...]) -> Buffer:
    decoder = bz2.BZ2Decompressor()
    try:
        found = decoder.decompress(data, size + 1)
    except (OSError, ValueError):
        return b""
    return found if decoder.eof or len(found) > size else b""  # at the end is the checksum


def _blosc_decode(data: Buffer, size: int, chunk: tuple[int, ...]) -> Buffer:
    source = bytes(data)
    if len(source) < _BLOSC_HEAD.size:
        return b""
    version, _, flags, itemsize, nbytes, block, length = _BLOSC_HEAD.unpack_from(source)
    # Checked before decoding. Later formats of Blosc2 are not in this filter's chunks; some of them load plugins.
    if version > _BLOSC_FORMAT or (nbytes, length) != (size, len(source)) or not (0 < block <= size and itemsize):
        return b""
    codec = flags >> 5
    if codec >= len(_BLOSC_CODECS):
        return b""
    if _BLOSC_CODECS[codec] == "snappy":
        raise UnsupportedChunkError("its Blosc codec is snappy, which is not supported")
    found = bytearray(size)
    try:
        blosc2_library().decompress2(source, found)
    except (RuntimeError, ValueError, TypeError, MemoryError):
        return b""
    return found


LZF = ForeignCodec("lzf", 32000, _lzf_decode)

FOREIGN = (
    LZF,
    ForeignCodec("blosc", 32001, _blosc_decode),
    ForeignCodec("bzip2", 307, _bzip2_decode),
)
