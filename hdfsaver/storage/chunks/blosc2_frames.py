"""The head of a Blosc2 frame, and the order of the elements in it.

A frame with the metalayer ``b2nd`` holds an array of several dimensions: it is divided into chunks, these into blocks,
and every block is stored in one piece; blocks at the edges are padded. The head is parsed here, before Blosc2 gets the
frame: Blosc2's own functions would make Python objects of any kind from metalayers.

Source of the layouts: ``README_CFRAME_FORMAT.rst`` and ``README_B2ND_METALAYER.rst`` in ``Blosc/c-blosc2``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Shape: TypeAlias = tuple[int, ...]
Slices: TypeAlias = tuple[slice, ...]

_MAGIC = b"\xa8b2frame\0"
_HEAD = struct.Struct(">x9sxixQ6xq9xxixixi")
"""The magic, the lengths of head and frame, and the bytes of content, element, block and chunk; ``x`` skips markers."""

_METALAYERS = 87
"""Where the metalayers begin."""

_MAX_METALAYERS = 16
_ARRAY_LAYERS = (b"b2nd", b"caterva")
"""The metalayer of an array; ``caterva`` is its name before Blosc2 had it, with the same first five fields."""

_MAX_PADDING = 64
_MUCH, _MAX_MUCH_PADDING = 1 << 26, 4
"""The blocks of an array may hold this many times its bytes, and if they hold much, this many times. Padding less than
doubles each dimension, and is small beside a large array."""

_SMALL_BLOCK = 64
"""Bytes; blocks smaller than this, for which moving them takes longer than decoding, are read if they are few."""

_FEW = 4096


class Frame(NamedTuple):
    """The head of a frame.

    Attributes
    ----------
    nbytes : int
        Bytes of the content, padding included.
    itemsize, block_bytes, chunk_bytes : int
        Bytes of an element, of a block, and of a chunk with padding.
    shape, chunk, block : tuple of int
        The shapes of the array, its chunks and its blocks; empty for bytes in order.
    """

    nbytes: int
    itemsize: int
    block_bytes: int
    chunk_bytes: int
    shape: Shape
    chunk: Shape
    block: Shape

    @property
    def padded(self) -> Shape:
        """The shape of a chunk with the padding of its blocks."""
        return tuple(-(-size // block) * block for size, block in zip(self.chunk, self.block, strict=True))

    def is_consistent(self) -> bool:
        """Whether the shapes of an array fit each other and the declared bytes, with blocks of a usual size."""
        shapes = zip(self.block, self.chunk, self.shape, strict=True)
        if not all(0 < block <= chunk <= whole for block, chunk, whole in shapes):
            return False
        count = math.prod(_counts(self.shape, self.chunk))
        chunk_bytes = math.prod(self.padded) * self.itemsize
        size = math.prod(self.shape) * self.itemsize
        most = min(_MAX_PADDING * size, max(_MUCH, _MAX_MUCH_PADDING * size))
        return (
            self.itemsize > 0
            and self.block_bytes == math.prod(self.block) * self.itemsize
            and self.chunk_bytes == chunk_bytes
            and self.nbytes == count * chunk_bytes <= most
            and self.nbytes <= (_FEW + size // _SMALL_BLOCK) * self.block_bytes
        )

    def places(self, number: int) -> Iterator[tuple[Slices, Slices]]:
        """The blocks of a chunk in stored order: the place in the array, and the part of the block without padding."""
        corner = np.unravel_index(number, _counts(self.shape, self.chunk))
        starts = [int(place) * size for place, size in zip(corner, self.chunk, strict=True)]
        stops = [min(start + size, end) for start, size, end in zip(starts, self.chunk, self.shape, strict=True)]
        for place in np.ndindex(_counts(self.chunk, self.block)):
            low = [a + b * size for a, b, size in zip(starts, place, self.block, strict=True)]
            high = [max(a, min(a + size, end)) for a, size, end in zip(low, self.block, stops, strict=True)]
            yield tuple(map(slice, low, high)), tuple(slice(b - a) for a, b in zip(low, high, strict=True))


def _counts(shape: Shape, part: Shape) -> Shape:
    return tuple(-(-size // step) for size, step in zip(shape, part, strict=True))


def parse(data: bytes) -> Frame | None:
    """Parse the head of a frame; None if it is damaged."""
    try:
        magic, head, length, nbytes, itemsize, block_bytes, chunk_bytes = _HEAD.unpack_from(data)
        if magic != _MAGIC or length != len(data) or not _METALAYERS <= head <= length or min(nbytes, itemsize) < 0:
            return None
        layer = _array_layer(data[:head])
        shapes = _shapes(layer) if layer else ((), (), ())
    except (IndexError, ValueError, struct.error):
        return None
    return Frame(nbytes, itemsize, block_bytes, chunk_bytes, *shapes)


def _array_layer(head: bytes) -> bytes:
    """The content of the metalayer of an array; empty without one."""
    count = int.from_bytes(head[_METALAYERS + 5 : _METALAYERS + 7], "big")
    if count > _MAX_METALAYERS:
        raise ValueError("too many metalayers")
    position = _METALAYERS + 7
    for _ in range(count):
        end = position + 1 + (head[position] & 0x1F)
        name = head[position + 1 : end]
        (offset,) = struct.unpack_from(">i", head, end + 1)
        position = end + 5
        if name in _ARRAY_LAYERS:
            (length,) = struct.unpack_from(">I", head, offset + 1)
            return head[offset + 5 : offset + 5 + length]
    return b""


def _shapes(layer: bytes) -> tuple[Shape, Shape, Shape]:
    rank, position, found = layer[2], 3, []
    for code in "qii":
        dimension = struct.Struct(f">x{code}")
        position += 1  # the marker of a list
        found.append(tuple(dimension.unpack_from(layer, position + place * dimension.size)[0] for place in range(rank)))
        position += rank * dimension.size
    return found[0], found[1], found[2]


def array_bytes(frame: Frame, decode: Callable[[int], bytes]) -> npt.NDArray[np.uint8]:
    """Put the blocks of an array in row-major order.

    Parameters
    ----------
    frame : Frame
        A consistent head.
    decode : callable
        ``decode(number)`` gives the bytes of a chunk with its padding. Whole chunks, because Blosc2 gives wrong bytes
        for a part of a chunk with the delta filter.

    Returns
    -------
    ndarray of uint8
        The bytes of the array.

    Raises
    ------
    ValueError
        A chunk has another length than the head says.
    """
    element = np.dtype((np.void, frame.itemsize))
    found = np.empty(frame.shape, element)
    for number in range(frame.nbytes // frame.chunk_bytes):
        blocks = np.frombuffer(decode(number), element).reshape(-1, *frame.block)
        for block, (place, part) in zip(blocks, frame.places(number), strict=True):
            found[place] = block[part]
    return found.reshape(-1).view(np.uint8)
