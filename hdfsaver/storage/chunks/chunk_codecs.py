"""Codecs for the chunks of a dataset, with the names and numbers of HDF5's registry.

Decoding never makes more bytes than the caller allows, because a malicious chunk may declare a wrong size.

Source of the numbers, parameters and framings: the registry of HDF5's filters (``RegisteredFilterPlugins.md`` in
``HDFGroup/hdf5_plugins``) and the descriptions that it links.
"""

from __future__ import annotations

import importlib
import math
import struct
import sys
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from h5py import h5z

from hdfsaver.storage.chunks import blosc2_frames

Buffer: TypeAlias = "bytes | bytearray | memoryview"

_LZ4_HEAD = struct.Struct(">QI")
_LZ4_BLOCK = struct.Struct(">I")
_LZ4_LARGEST = 1 << 30
"""The block size in bytes, which no chunk reaches: a chunk is one block."""

_BLOSC2_SHUFFLE, _BLOSC2_ZSTD = 1, 5
_BLOSC2_MAX_RANK = 8
"""The dimensions that any build of the filter knows."""


class UnsupportedChunkError(Exception):
    """A chunk uses a codec or filter that is not supported; the message is a clause without a full stop."""


class Codec(NamedTuple):
    """A compression method.

    Attributes
    ----------
    name : str
    code : int
        The filter's number in HDF5.
    levels : range
        The levels, from the fastest to the smallest output.
    level : int
        The default level.
    shuffles : bool
        Whether the codec shuffles bytes itself, so that HDF5's shuffle filter has no use.
    package : str
        The pip package that it needs; empty if Python includes it.
    encode : callable
        ``encode(data, level, itemsize)`` gives bytes.
    decode : callable
        ``decode(data, size, chunk)`` gives ``size`` bytes, the elements of a chunk of that shape; a result of another
        length means that the data are damaged. The shape is ``()`` for bytes that are not the chunk itself.
    parameters : callable
        ``parameters(level, itemsize, chunk)`` gives the parameters that HDF5 records with the number.
    """

    name: str
    code: int
    levels: range
    level: int
    shuffles: bool
    package: str
    encode: Callable[[Buffer, int, int], bytes]
    decode: Callable[[Buffer, int, tuple[int, ...]], Buffer]
    parameters: Callable[[int, int, tuple[int, ...]], tuple[int, ...]]


def _library(package: str, module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"This compression needs the package {package!r}, which is not installed. "
            "Install it with `pip install 'hdfsaver[compression]'`.",
            name=module,
        ) from error


def _level_alone(level: int, itemsize: int, chunk: tuple[int, ...]) -> tuple[int, ...]:
    return (level,)


# --- gzip -----------------------------------------------------------------------------------------------------------


def _gzip_encode(data: Buffer, level: int, itemsize: int) -> bytes:
    return zlib.compress(data, level)


def _gzip_decode(data: Buffer, size: int, chunk: tuple[int, ...]) -> bytes:
    inflater = zlib.decompressobj()
    try:
        # One byte more than allowed, so that a longer stream is detected and yet not inflated.
        found = inflater.decompress(data, size + 1)
    except zlib.error:
        return b""
    return found if inflater.eof or len(found) > size else b""  # at the end is the checksum


# --- zstd -----------------------------------------------------------------------------------------------------------


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        return importlib.import_module("compression.zstd")
    return _library("backports.zstd", "backports.zstd")


def _zstd_encode(data: Buffer, level: int, itemsize: int) -> bytes:
    encoded: bytes = _zstd().compress(data, level)
    return encoded


def _zstd_decode(data: Buffer, size: int, chunk: tuple[int, ...]) -> bytes:
    zstd = _zstd()
    # No frame needs a window larger than its content; a larger one would waste memory.
    window = {zstd.DecompressionParameter.window_log_max: min(30, max(10, size.bit_length()))}
    try:
        decoder = zstd.ZstdDecompressor(options=window)
        decoded: bytes = decoder.decompress(data, max_length=size + 1)
    except (zstd.ZstdError, EOFError):
        return b""
    return decoded if decoder.eof or len(decoded) > size else b""


# --- lz4 ------------------------------------------------------------------------------------------------------------


def _lz4() -> Any:
    return _library("lz4", "lz4.block")


def _lz4_encode(data: Buffer, level: int, itemsize: int) -> bytes:
    block: bytes = _lz4().compress(data, store_size=False)
    size = memoryview(data).nbytes
    if len(block) >= size:
        block = bytes(data)  # a decoder recognizes it by its length
    return _LZ4_HEAD.pack(size, size) + _LZ4_BLOCK.pack(len(block)) + block


def _lz4_decode(data: Buffer, size: int, chunk: tuple[int, ...]) -> bytes:
    """Decode blocks of a size given at the beginning, each preceded by its compressed length."""
    if len(data) < _LZ4_HEAD.size:
        return b""
    declared, most = _LZ4_HEAD.unpack_from(data)
    if declared != size or not 0 < most <= _LZ4_LARGEST:
        return b""
    view, position, blocks = memoryview(data), _LZ4_HEAD.size, []
    for start in range(0, size, most):
        block = _lz4_block(view[position:], min(most, size - start))
        if block is None:
            return b""
        blocks.append(block[1])
        position += block[0]
    return b"".join(blocks)


def _lz4_block(view: memoryview, size: int) -> tuple[int, Buffer] | None:
    """The stored length of a block, and its content."""
    if len(view) < _LZ4_BLOCK.size:
        return None
    (length,) = _LZ4_BLOCK.unpack_from(view)
    block = view[_LZ4_BLOCK.size : _LZ4_BLOCK.size + length]
    if len(block) != length:
        return None
    if length == size:
        return _LZ4_BLOCK.size + length, block
    lz4 = _lz4()
    try:
        return _LZ4_BLOCK.size + length, lz4.decompress(block, uncompressed_size=size)
    except lz4.LZ4BlockError:
        return None


# --- blosc2 ---------------------------------------------------------------------------------------------------------


def blosc2_library() -> Any:
    """The package blosc2; `ImportError` with the install command if it is missing."""
    return _library("blosc2", "blosc2")


def _blosc2_encode(data: Buffer, level: int, itemsize: int) -> bytes:
    blosc2 = blosc2_library()
    settings = {
        "codec": blosc2.Codec.ZSTD,
        "clevel": level,
        "typesize": itemsize,
        "filters": [blosc2.Filter.SHUFFLE],
        "nthreads": 1,
    }
    size = memoryview(data).nbytes
    frame: bytes = blosc2.SChunk(chunksize=size, data=data, contiguous=True, cparams=settings).to_cframe()
    return frame


def _blosc2_decode(data: Buffer, size: int, chunk: tuple[int, ...]) -> Buffer:
    frame = bytes(data)  # must live as long as views of it, because it is not copied
    head = blosc2_frames.parse(frame)
    # Checked before decoding: the frame itself declares its size and shape.
    if head is None or not _fits(head, size, chunk):
        return b""
    blosc2 = blosc2_library()
    try:
        found = blosc2.schunk_from_cframe(frame)
        if (found.nbytes, found.chunksize, found.typesize) != (head.nbytes, head.chunk_bytes, head.itemsize):
            return b""
        _check_usual(blosc2, found.cparams)
        decoded: Buffer = blosc2_frames.array_bytes(head, found.decompress_chunk).data if head.shape else found[:]
    except (RuntimeError, ValueError, TypeError, LookupError, MemoryError):
        return b""
    return decoded


def _fits(head: blosc2_frames.Frame, size: int, chunk: tuple[int, ...]) -> bool:
    if not head.shape:
        return head.nbytes == size and head.chunk_bytes <= max(size, 1)
    return head.shape == chunk and math.prod(chunk) * head.itemsize == size and head.is_consistent()


def _check_usual(blosc2: Any, settings: Any) -> None:
    """Check that a frame uses only built-in codecs and filters, so that no plugin is loaded."""
    codecs, filters = blosc2.Codec, blosc2.Filter
    usual = (codecs.BLOSCLZ, codecs.LZ4, codecs.LZ4HC, codecs.ZLIB, codecs.ZSTD)
    if settings.codec not in usual:
        raise UnsupportedChunkError(f"its Blosc2 codec {settings.codec} is a plugin of Blosc2, which is never loaded")
    usual = (filters.NOFILTER, filters.SHUFFLE, filters.BITSHUFFLE, filters.DELTA, filters.TRUNC_PREC)
    for each in settings.filters:
        if each not in usual:
            raise UnsupportedChunkError(f"its Blosc2 filter {each} is a plugin of Blosc2, which is never loaded")


def _blosc2_parameters(level: int, itemsize: int, chunk: tuple[int, ...]) -> tuple[int, ...]:
    size = itemsize * math.prod(chunk)
    # Revision and format of the filter, 0 for its own choice; then the values that its own encoder records. Its decoder
    # refuses a shape of one dimension, and one with more dimensions than it was built for.
    shape = (len(chunk), *chunk) if 1 < len(chunk) <= _BLOSC2_MAX_RANK else ()
    return 1, 0, itemsize, size, level, _BLOSC2_SHUFFLE, _BLOSC2_ZSTD, *shape


# --- the table ------------------------------------------------------------------------------------------------------

GZIP = Codec("gzip", h5z.FILTER_DEFLATE, range(1, 10), 4, False, "", _gzip_encode, _gzip_decode, _level_alone)

TABLE = (
    GZIP,
    Codec("zstd", 32015, range(1, 23), 3, False, "backports.zstd", _zstd_encode, _zstd_decode, _level_alone),
    Codec("lz4", 32004, range(1), 0, False, "lz4", _lz4_encode, _lz4_decode, _level_alone),
    Codec("blosc2", 32026, range(1, 10), 5, True, "blosc2", _blosc2_encode, _blosc2_decode, _blosc2_parameters),
)

BY_NAME = {codec.name: codec for codec in TABLE}


def require(codec: Codec) -> None:
    """Import the library of a codec; `ImportError` with the install command if it is missing."""
    if codec.package:
        {"zstd": _zstd, "lz4": _lz4, "blosc2": blosc2_library}[codec.name]()
