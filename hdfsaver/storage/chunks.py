"""Datasets in chunks, as other programs write them: read without the HDF5 library's filters.

The library hands out memory that was never written where a compressed chunk is shorter than it should be, and asks for
any amount where it is longer. Here every chunk must inflate to exactly its size.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from itertools import product
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from h5py import h5d, h5p, h5z

from hdfsaver import limits
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.storage.guard import Opened
from hdfsaver.storage.objects import damaged
from hdfsaver.storage.transfer import read_at

Array: TypeAlias = npt.NDArray[Any]

_MAX_RATIO = 1032
"""What deflate can make of one byte, at the most (zlib's technical notes)."""

_MAX_PARAMETERS = {h5z.FILTER_DEFLATE: 1, h5z.FILTER_SHUFFLE: 1}


def filters_of(properties: h5p.PropDCID, part: str) -> tuple[int, ...]:
    """The filters of a dataset, in the order in which they were applied.

    Raises
    ------
    InvalidArgumentError
        There are others than deflate and shuffle, or one of them twice.
    """
    found = {code: properties.get_filter_by_id(code) for code in _MAX_PARAMETERS}
    present = [code for code, description in found.items() if description is not None]
    # Asked for by their codes first: asking by position for one with many parameters has crashed the library.
    usual = all(len(found[code][1]) <= _MAX_PARAMETERS[code] for code in present)
    if properties.get_nfilters() != len(present) or not usual:
        raise InvalidArgumentError(
            None,
            None,
            f"{part}: filters other than deflate and shuffle are not read; `h5repack -f NONE` takes them away.",
        )
    return tuple(properties.get_filter(position)[0] for position in range(len(present)))


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
    ratio = _MAX_RATIO if h5z.FILTER_DEFLATE in filters else 1
    if dataset.get_storage_size() * ratio < nbytes:
        raise damaged(part, f"it declares {nbytes} bytes, but the file holds {dataset.get_storage_size()}.")


def inflated_size(dataset: h5d.DatasetID, itemsize: int) -> int:
    """Bytes that the chunks of a dataset inflate to, which may be more than its values take."""
    chunk = dataset.get_create_plist().get_chunk()
    padded = (-(-length // step) * step for length, step in zip(dataset.shape, chunk, strict=True))
    size: int = math.prod(padded, start=itemsize)
    return size


def read_chunked(opened: Opened, dataset: h5d.DatasetID, itemsize: int, part: str) -> bytes:
    """The bytes of a dataset that is stored in chunks.

    Raises
    ------
    DataLossError
        A chunk is missing or damaged.
    """
    properties = dataset.get_create_plist()
    chunk = properties.get_chunk()
    filters = filters_of(properties, part)
    values = np.zeros(dataset.shape, dtype=np.dtype((np.void, itemsize)))
    stored = {info.chunk_offset: info for info in _chunks(dataset)}
    for start in _corners(dataset.shape, chunk):
        if start not in stored:
            raise damaged(part, f"the chunk at {start} is missing.")
        data = _plain(_read(opened, stored[start], part), stored[start].filter_mask, filters, chunk, itemsize)
        if len(data) != math.prod(chunk) * itemsize:
            raise damaged(part, f"the chunk at {start} does not hold {math.prod(chunk) * itemsize} bytes.")
        target = values[tuple(slice(at, at + size) for at, size in zip(start, chunk, strict=True))]
        whole = np.frombuffer(data, dtype=values.dtype).reshape(chunk)
        target[...] = whole[tuple(map(slice, target.shape))]
    return values.tobytes()


def _chunks(dataset: h5d.DatasetID) -> list[Any]:
    found: list[Any] = []
    # The callback must not raise, nor return anything, which would end the walk.
    dataset.chunk_iter(found.append)
    return found


def _corners(shape: tuple[int, ...], chunk: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return product(*(range(0, size, step) for size, step in zip(shape, chunk, strict=True)))


def _read(opened: Opened, info: Any, part: str) -> bytes:
    if info.byte_offset is None or info.byte_offset + info.size > opened.size:
        raise damaged(part, f"the chunk at {info.chunk_offset} does not lie within the file.")
    data = bytearray(info.size)
    read_at(opened.fd, memoryview(data), info.byte_offset)
    return bytes(data)


def _plain(data: bytes, mask: int, filters: tuple[int, ...], chunk: tuple[int, ...], itemsize: int) -> bytes:
    """Undo the filters that were applied to a chunk; of any length when it is damaged."""
    for position, code in reversed(list(enumerate(filters))):
        if mask & (1 << position):
            continue
        if code == h5z.FILTER_DEFLATE:
            data = _inflate(data, math.prod(chunk) * itemsize)
        elif len(data) == math.prod(chunk) * itemsize:
            data = np.frombuffer(data, dtype=np.uint8).reshape(itemsize, -1).T.tobytes()
    return data


def _inflate(data: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        # One byte more than there may be, so that a longer stream is seen and yet not inflated.
        return inflater.decompress(data, size + 1)
    except zlib.error:
        return b""
