"""Reading compressed values of a sealed file: chunks are read by their extents, and decoded in several threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xxhash

from hdfsaver.errors import DataLossError
from hdfsaver.files.positional_io import fetched, in_threads, read_at
from hdfsaver.files.progress import SILENT, Progress
from hdfsaver.files.readable import Readable
from hdfsaver.storage.chunks.chunk_codecs import UnsupportedChunkError
from hdfsaver.storage.chunks.filters import Bytes, Filters, undo
from hdfsaver.storage.chunks.grid import Grid
from hdfsaver.storage.layout import Extent
from hdfsaver.tensor_info import Array, Key, bytes_of


class Packed(NamedTuple):
    """A compressed value in a file.

    Attributes
    ----------
    name : str
        The variable.
    filters : tuple of str
    grid : Grid
    chunks : sequence of (int, int, int)
        A row of the table of extents for each chunk, in the order of the grid.
    """

    name: str
    filters: Filters
    grid: Grid
    chunks: Sequence[Extent]


def chunk_of(fd: Readable, packed: Packed, number: int) -> Bytes:
    """Read and decode one chunk.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    packed : Packed
        The compressed value.
    number : int
        The position of the chunk in the grid.

    Returns
    -------
    ndarray of uint8
        The decoded bytes, padding included.

    Raises
    ------
    DataLossError
        The bytes differ from those that were saved.
    EOFError, OSError
        The file cannot be read.
    """
    size = packed.grid.nbytes
    # Checked before decoding, so that a decoder never gets damaged bytes.
    data = stored_chunk(fd, packed, number)
    found = np.frombuffer(data, np.uint8) if len(data) == size else _undone(packed, number, data)
    if len(found) != size:
        raise _damaged(packed, number, f"it does not decode to {size} bytes")
    return found


def stored_chunk(fd: Readable, packed: Packed, number: int) -> bytearray:
    """Read the stored bytes of one chunk, and compare them with their digest.

    Parameters
    ----------
    fd, packed, number
        See `chunk_of`.

    Returns
    -------
    bytearray

    Raises
    ------
    DataLossError, EOFError, OSError
        See `chunk_of`.
    """
    offset, nbytes, digest = packed.chunks[number]
    size = packed.grid.nbytes
    if nbytes > size:
        raise _damaged(packed, number, f"it has {nbytes} bytes, more than the {size} bytes of a decoded chunk")
    data = bytearray(nbytes)
    read_at(fd, memoryview(data), offset)
    if xxhash.xxh3_64_intdigest(data) != digest:
        raise _damaged(packed, number, "its bytes differ from those that were saved")
    return data


def _undone(packed: Packed, number: int, data: bytearray) -> Bytes:
    grid = packed.grid
    try:
        return undo(data, packed.filters, grid.nbytes, grid.itemsize, grid.chunk)
    except UnsupportedChunkError as error:  # legal elsewhere, but no writer of this format stores it
        raise _damaged(packed, number, str(error)) from None


def _damaged(packed: Packed, number: int, what: str) -> DataLossError:
    corner = packed.grid.corner(number)
    return DataLossError(None, None, f"variable {packed.name!r}, the chunk at {corner}: {what}.")


def read_packed(fd: Readable, values: Sequence[tuple[Packed, Array]], progress: Progress = SILENT) -> list[int]:
    """Read compressed values into arrays, in several threads.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    values : sequence of (Packed, ndarray)
        Each compressed value, and a contiguous array of its shape and dtype to fill.
    progress : Progress
        Counts the decoded bytes.

    Returns
    -------
    list of int
        The XXH3-64 digests of the decoded values, in order.

    Raises
    ------
    DataLossError, EOFError, OSError
        See `chunk_of`.
    """

    def fill(job: tuple[Packed, memoryview, int], halt: threading.Event) -> int:
        packed, view, number = job
        if not halt.is_set():
            start, stop = packed.grid.stretch(number)
            view[start:stop] = chunk_of(fd, packed, number)[: stop - start].data
            progress.advance(stop - start)
        return 0

    views = [(packed, bytes_of(array)) for packed, array in values]
    jobs = [(packed, view, number) for packed, view in views for number in range(packed.grid.count)]
    for batch in fetched(fd, jobs, lambda job: job[0].chunks[job[2]][:2]):
        in_threads(fill, batch, lambda job: job[0].grid.nbytes)
    return in_threads(lambda view, halt: xxhash.xxh3_64_intdigest(view), [view for _, view in views], len)


def digest_packed(fd: Readable, values: Sequence[Packed], progress: Progress = SILENT) -> list[int]:
    """Compute the digests of compressed values, with at most one chunk per thread in memory.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    values : sequence of Packed
        The compressed values.
    progress : Progress
        Counts the decoded bytes.

    Returns
    -------
    list of int
        The XXH3-64 digests of the decoded values, in order; 0 for a damaged value.

    Raises
    ------
    EOFError, OSError
        The file cannot be read.
    """
    return in_threads(lambda packed, halt: _digest(fd, packed, progress, halt), values, lambda packed: packed.grid.size)


def _digest(fd: Readable, packed: Packed, progress: Progress, halt: threading.Event) -> int:
    hasher = xxhash.xxh3_64()
    try:
        for batch in fetched(fd, range(packed.grid.count), lambda number: packed.chunks[number][:2]):
            for number in batch:
                start, stop = packed.grid.stretch(number)
                hasher.update(chunk_of(fd, packed, number)[: stop - start].data)
                progress.advance(stop - start)
                if halt.is_set():
                    break
    except DataLossError:
        return 0
    return hasher.intdigest()


def read_part_packed(fd: Readable, packed: Packed, dtype: np.dtype[Any], key: Key) -> Array:
    """Read a part of a compressed value; only the chunks that overlap it are decoded.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    packed : Packed
        The compressed value.
    dtype : numpy.dtype
        The dtype of its elements, little-endian.
    key : tuple of slice
        The part: one slice with step 1 for each dimension.

    Returns
    -------
    ndarray
        A new, writable array of the part's shape.

    Raises
    ------
    DataLossError, EOFError, OSError
        See `chunk_of`.
    """
    part = np.empty([each.stop - each.start for each in key], dtype)
    touched = list(packed.grid.overlaps(key))
    for batch in fetched(fd, touched, lambda each: packed.chunks[each[0]][:2]):
        for number, target, source in batch:
            part[target] = chunk_of(fd, packed, number).view(dtype).reshape(packed.grid.chunk)[source]
    return part
