"""Chunked datasets of other programs, read without the HDF5 library's filters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from h5py import h5d

from hdfsaver import limits
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import Opened, bytes_at
from hdfsaver.storage.chunks import edge_chunks
from hdfsaver.storage.chunks.chunk_codecs import GZIP, UnsupportedChunkError
from hdfsaver.storage.chunks.fill_values import check_defined, fill_value, filled
from hdfsaver.storage.chunks.filters import FLETCHER32, SHUFFLE, Filters, undo
from hdfsaver.storage.chunks.foreign_filters import filters_of
from hdfsaver.storage.chunks.grid import Grid
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import Array, Key

_MAX_RATIO = 1032
"""The largest expansion of one byte by deflate (zlib's technical notes). The other codecs have no such bound."""


def check_chunks(dataset: h5d.DatasetID, itemsize: int, part: str) -> None:
    """Check, before reading, that the stored chunks of a dataset can hold their declared size.

    A chunk that was never written is not stored; its elements are the fill value.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
    itemsize : int
        Bytes of an element.
    part : str
        The path of the dataset, for errors.

    Raises
    ------
    DataLossError
        There are more chunks than the dataset has places for, or the chunks are too small.
    InvalidArgumentError
        A filter is unsupported, or a chunk was never written and there is no fill value.
    ResourceExhaustedError
        There are more chunks than the limit `chunks` allows.
    """
    properties = dataset.get_create_plist()
    filters = filters_of(properties, part)
    grid = Grid(dataset.shape, properties.get_chunk(), itemsize)
    count = dataset.get_num_chunks()
    if count > grid.count:
        raise damaged(part, f"it declares {grid.count} chunks, but the file holds {count}.")
    if count > limits.get().chunks:
        raise limits.refused(part, f"it has {count} chunks", "chunks")
    if count < grid.count:
        check_defined(properties, part)
    ratio = _MAX_RATIO if GZIP.name in filters else 1
    stored, declared = dataset.get_storage_size(), min(count * grid.nbytes, grid.size)
    if stored * ratio < declared and set(filters) <= {SHUFFLE, FLETCHER32, GZIP.name}:
        raise damaged(part, f"its {count} chunks declare {declared} bytes, but the file holds {stored}.")


def inflated_size(dataset: h5d.DatasetID, itemsize: int, key: Key | None = None) -> int:
    """Bytes of all decoded chunks, which may be more than the values take; or of a part and its chunks.

    Chunks that were never written do not count for a part, since they are not decoded.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
    itemsize : int
        Bytes of an element.
    key : tuple of slice, optional
        The part: one slice with step 1 for each dimension.

    Returns
    -------
    int
    """
    chunk = dataset.get_create_plist().get_chunk()
    whole = tuple(map(slice, dataset.shape)) if key is None else key
    bounds = [(each.start or 0, each.stop, step) for each, step in zip(whole, chunk, strict=True)]
    padded = (0 if start >= stop else (-(-stop // step) - start // step) * step for start, stop, step in bounds)
    size: int = math.prod(padded, start=itemsize)
    if key is None:
        return size
    part: int = math.prod((max(0, stop - start) for start, stop, _ in bounds), start=itemsize)
    stored: int = math.prod(chunk, start=itemsize) * dataset.get_num_chunks()
    return max(part, min(size, stored))


class _Chunks(NamedTuple):
    """A chunked dataset, with all that reading a chunk needs."""

    opened: Opened
    dataset: h5d.DatasetID
    filters: Filters
    grid: Grid
    part: str


def read_chunked(opened: Opened, dataset: h5d.DatasetID, itemsize: int, part: str, key: Key | None = None) -> Array:
    """Read a chunked dataset, or a part of it.

    Parameters
    ----------
    opened : Opened
        The file.
    dataset : h5py.h5d.DatasetID
    itemsize : int
        Bytes of an element in the file.
    part : str
        The path of the dataset, for errors.
    key : tuple of slice, optional
        The part to read: one slice with step 1 for each dimension. By default everything is read.

    Returns
    -------
    ndarray
        The elements as void of ``itemsize`` bytes, of the shape of the dataset or the part. Where nothing was ever
        written, they are the fill value.

    Raises
    ------
    DataLossError
        A chunk is damaged.
    ImportError
        The package of its codec is not installed.
    InvalidArgumentError
        A chunk uses a part of its codec that is not supported.
    """
    properties = dataset.get_create_plist()
    grid = Grid(dataset.shape, properties.get_chunk(), itemsize)
    chunks = _Chunks(opened, dataset, filters_of(properties, part), grid, part)
    key = tuple(map(slice, dataset.shape)) if key is None else key
    key = tuple(slice(each.start or 0, each.stop) for each in key)
    shape = [each.stop - each.start for each in key]
    if dataset.get_num_chunks() == grid.count:
        values: Array = np.empty(shape, (np.void, itemsize))
    else:
        values = filled(shape, fill_value(opened, dataset, itemsize, part))
    for info, target, source in _overlaps(chunks, key):
        values[target] = _content(chunks, info).view(values.dtype).reshape(grid.chunk)[source]
    return values


def _overlaps(chunks: _Chunks, key: Key) -> Iterator[tuple[Any, Key, Key]]:
    """The stored chunks that overlap a part, with the indices of the overlap in the part and in the chunk."""
    for info in _stored(chunks).values():
        bounds = [
            (corner, max(each.start, corner), min(each.stop, corner + size))
            for each, corner, size in zip(key, info.chunk_offset, chunks.grid.chunk, strict=True)
        ]
        if all(first < last for _, first, last in bounds):
            target = tuple(slice(a - each.start, b - each.start) for (_, a, b), each in zip(bounds, key, strict=True))
            yield info, target, tuple(slice(a - corner, b - corner) for corner, a, b in bounds)


def _stored(chunks: _Chunks) -> dict[tuple[int, ...], Any]:
    """The stored chunks by their corners."""
    listed: list[Any] = []
    # The callback must neither raise nor return a value, which would end the walk.
    chunks.dataset.chunk_iter(listed.append)
    found: dict[tuple[int, ...], Any] = {}
    grid = chunks.grid
    for info in listed:
        corner = info.chunk_offset
        places = zip(corner, grid.shape, grid.chunk, strict=True)
        if corner in found or not all(0 <= at < whole and at % size == 0 for at, whole, size in places):
            raise damaged(chunks.part, f"it has a second chunk at {corner}, or none can be there.")
        found[corner] = info
    return found


def _content(chunks: _Chunks, info: Any) -> Array:
    """The decoded bytes of a chunk."""
    filters, grid, part = chunks.filters, chunks.grid, chunks.part
    data = _read(chunks, info)
    applied = tuple(name for position, name in enumerate(filters) if not info.filter_mask & (1 << position))
    if applied and len(data) == grid.nbytes and _is_unfiltered_edge(chunks, info):
        applied = ()
    try:
        found = undo(data, applied, grid.nbytes, grid.itemsize, grid.chunk)
    except UnsupportedChunkError as error:
        raise InvalidArgumentError(None, None, f"{part}: the chunk at {info.chunk_offset}: {error}.") from None
    if len(found) != grid.nbytes:
        checked = ", or its checksum is wrong" if FLETCHER32 in applied else ""
        raise damaged(part, f"the chunk at {info.chunk_offset} does not hold {grid.nbytes} bytes{checked}.")
    return found


def _is_unfiltered_edge(chunks: _Chunks, info: Any) -> bool:
    places = zip(info.chunk_offset, chunks.grid.shape, chunks.grid.chunk, strict=True)
    at_an_edge = any(corner + size > whole for corner, whole, size in places)
    return at_an_edge and not edge_chunks.are_filtered(chunks.opened, chunks.dataset, chunks.part)


def _read(chunks: _Chunks, info: Any) -> bytes:
    if info.byte_offset is None or info.byte_offset + info.size > chunks.opened.size:
        raise damaged(chunks.part, f"the chunk at {info.chunk_offset} is not within the file.")
    return bytes_at(chunks.opened, info.byte_offset, info.size)
