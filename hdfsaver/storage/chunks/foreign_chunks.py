"""Datasets in chunks, as other programs write them: read without the HDF5 library's filters."""

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
"""What deflate can make of one byte, at the most (zlib's technical notes). The other codecs know no such bound."""

_MAX_PARAMETERS = 16
"""More than this many parameters of a filter have crashed h5py."""


def filters_of(properties: h5p.PropDCID, part: str) -> Filters:
    """The filters of a dataset, in the order in which they were applied.

    Raises
    ------
    InvalidArgumentError
        There are some that are not read, or one of them twice.
    """
    found = {code: properties.get_filter_by_id(code) for code in NAMES_BY_CODE}
    present = [code for code, description in found.items() if description is not None]
    # Asked for by their codes first: asking by position for one with many parameters has crashed the library.
    usual = all(len(found[code][1]) <= _MAX_PARAMETERS for code in present)
    if properties.get_nfilters() != len(present) or not usual:
        names = ", ".join(NAMES_BY_CODE.values())
        raise InvalidArgumentError(
            None, None, f"{part}: filters other than {names} are not read; `h5repack -f NONE` takes them away."
        )
    return tuple(NAMES_BY_CODE[properties.get_filter(position)[0]] for position in range(len(present)))


def check_chunks(dataset: h5d.DatasetID, itemsize: int, part: str) -> None:
    """Check, before anything is read, that a dataset's chunks are all there and can hold what it declares.

    Raises
    ------
    DataLossError, InvalidArgumentError
        They cannot.
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
    """Bytes that the chunks of a dataset inflate to, which may be more than its values take."""
    chunk = dataset.get_create_plist().get_chunk()
    padded = (-(-length // step) * step for length, step in zip(dataset.shape, chunk, strict=True))
    size: int = math.prod(padded, start=itemsize)
    return size


def read_chunked(opened: Opened, dataset: h5d.DatasetID, itemsize: int, part: str, key: Key | None = None) -> Array:
    """A dataset that is stored in chunks, or a part of it, as elements of so many bytes.

    Raises
    ------
    DataLossError
        A chunk is missing or damaged.
    ImportError
        What it is compressed with is not installed.
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
    # The callback must not raise, nor return anything, which would end the walk.
    dataset.chunk_iter(found.append)
    return found


def _read(opened: Opened, info: Any, part: str) -> bytes:
    if info.byte_offset is None or info.byte_offset + info.size > opened.size:
        raise damaged(part, f"the chunk at {info.chunk_offset} does not lie within the file.")
    data = bytearray(info.size)
    read_at(opened.fd, memoryview(data), info.byte_offset)
    return bytes(data)


def _plain(data: bytes, mask: int, filters: Filters, grid: Grid) -> Array:
    """Undo the filters that were applied to a chunk; of any length when it is damaged."""
    applied = tuple(name for position, name in enumerate(filters) if not mask & (1 << position))
    return undo(data, applied, grid.nbytes, grid.itemsize)
