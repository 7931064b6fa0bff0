"""Chunked datasets of other programs, read without the HDF5 library's filters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from h5py import h5d, h5p

from hdfsaver import limits
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import Opened
from hdfsaver.files.positional_io import read_at
from hdfsaver.storage.chunks.chunk_codecs import GZIP
from hdfsaver.storage.chunks.filters import NAMES_BY_CODE, SHUFFLE, Filters, undo
from hdfsaver.storage.chunks.grid import Grid
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import Array, Key

_MAX_RATIO = 1032
"""The largest expansion of one byte by deflate (zlib's technical notes). The other codecs have no such bound."""

_MAX_PARAMETERS = 16
"""More parameters of a filter than this have crashed h5py."""


def filters_of(properties: h5p.PropDCID, part: str) -> Filters:
    """The filters of a dataset, in the order in which they were applied.

    Raises
    ------
    InvalidArgumentError
        A filter is unsupported, or is applied twice.
    """
    found = {code: properties.get_filter_by_id(code) for code in NAMES_BY_CODE}
    present = [code for code, description in found.items() if description is not None]
    # By their codes first: a query by position for a filter with many parameters has crashed the library.
    usual = all(len(found[code][1]) <= _MAX_PARAMETERS for code in present)
    if properties.get_nfilters() != len(present) or not usual:
        names = ", ".join(NAMES_BY_CODE.values())
        raise InvalidArgumentError(
            None, None, f"{part}: filters other than {names} are unsupported; `h5repack -f NONE` removes them."
        )
    return tuple(NAMES_BY_CODE[properties.get_filter(position)[0]] for position in range(len(present)))


def check_chunks(dataset: h5d.DatasetID, itemsize: int, part: str) -> None:
    """Check, before reading, that all chunks of a dataset exist and can hold the declared size.

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
        A chunk is missing, or the chunks are too small.
    InvalidArgumentError
        A filter is unsupported.
    ResourceExhaustedError
        There are more chunks than the limit `chunks` allows.
    """
    properties = dataset.get_create_plist()
    filters = filters_of(properties, part)
    sizes = [-(-size // chunk) for size, chunk in zip(dataset.shape, properties.get_chunk(), strict=True)]
    if dataset.get_num_chunks() != math.prod(sizes):
        raise damaged(part, f"it declares {math.prod(sizes)} chunks, but the file holds {dataset.get_num_chunks()}.")
    if (count := math.prod(sizes)) > limits.get().chunks:
        raise limits.refused(part, f"it has {count} chunks", "chunks")
    nbytes = math.prod(dataset.shape) * itemsize
    ratio = _MAX_RATIO if GZIP.name in filters else 1
    if dataset.get_storage_size() * ratio < nbytes and set(filters) <= {SHUFFLE, GZIP.name}:
        raise damaged(part, f"it declares {nbytes} bytes, but the file holds {dataset.get_storage_size()}.")


def inflated_size(dataset: h5d.DatasetID, itemsize: int) -> int:
    """Bytes of all decoded chunks, which may be more than the values take."""
    chunk = dataset.get_create_plist().get_chunk()
    padded = (-(-length // step) * step for length, step in zip(dataset.shape, chunk, strict=True))
    size: int = math.prod(padded, start=itemsize)
    return size


def read_chunked(opened: Opened, dataset: h5d.DatasetID, itemsize: int, part: str, key: Key | None = None) -> Array:
    """Read a chunked dataset, or a part of it.

    Parameters
    ----------
    opened : Opened
        The file.
    dataset : h5py.h5d.DatasetID
    itemsize : int
        Bytes of an element.
    part : str
        The path of the dataset, for errors.
    key : tuple of slice, optional
        The part to read: one slice with step 1 for each dimension. By default everything is read.

    Returns
    -------
    ndarray
        The elements as void of ``itemsize`` bytes, of the shape of the dataset or the part.

    Raises
    ------
    DataLossError
        A chunk is missing or damaged.
    ImportError
        The package of its codec is not installed.
    """
    properties = dataset.get_create_plist()
    grid = Grid(dataset.shape, properties.get_chunk(), itemsize)
    filters = filters_of(properties, part)
    key = tuple(map(slice, dataset.shape)) if key is None else key
    key = tuple(slice(each.start or 0, each.stop) for each in key)
    values = np.zeros([each.stop - each.start for each in key], dtype=np.dtype((np.void, itemsize)))
    stored = {info.chunk_offset: info for info in _chunks(dataset)}
    for number, target, source in grid.overlaps(key):
        corner = grid.corner(number)
        if corner not in stored:
            raise damaged(part, f"the chunk at {corner} is missing.")
        data = _plain(_read(opened, stored[corner], part), stored[corner].filter_mask, filters, grid)
        if len(data) != grid.nbytes:
            raise damaged(part, f"the chunk at {corner} does not hold {grid.nbytes} bytes.")
        values[target] = data.view(values.dtype).reshape(grid.chunk)[source]
    return values


def _chunks(dataset: h5d.DatasetID) -> list[Any]:
    found: list[Any] = []
    # The callback must neither raise nor return a value, which would end the walk.
    dataset.chunk_iter(found.append)
    return found


def _read(opened: Opened, info: Any, part: str) -> bytes:
    if info.byte_offset is None or info.byte_offset + info.size > opened.size:
        raise damaged(part, f"the chunk at {info.chunk_offset} is not within the file.")
    data = bytearray(info.size)
    read_at(opened.fd, memoryview(data), info.byte_offset)
    return bytes(data)


def _plain(data: bytes, mask: int, filters: Filters, grid: Grid) -> Array:
    """Undo the filters of a chunk; a damaged chunk gives any length."""
    applied = tuple(name for position, name in enumerate(filters) if not mask & (1 << position))
    return undo(data, applied, grid.nbytes, grid.itemsize)
