"""HDF5's filters for the bytes of a chunk, applied and undone without the HDF5 library.

A chunk gives exactly the bytes that its dataset declares, or an error; no decoder gets more memory than these bytes
need; and no plugin is loaded for an unknown filter.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from h5py import h5z

from hdfsaver.storage.chunks.chunk_codecs import BY_NAME, TABLE, Buffer
from hdfsaver.storage.chunks.fletcher32 import LENGTH, without_checksum
from hdfsaver.storage.chunks.foreign_codecs import FOREIGN

SHUFFLE = "shuffle"
"""The shuffle filter: all first bytes of the elements, then all second bytes, and so on."""

FLETCHER32 = "fletcher32"
"""The filter that appends a checksum."""

Filters: TypeAlias = tuple[str, ...]
"""Names of filters in the order in which they were applied."""

Bytes: TypeAlias = npt.NDArray[np.uint8]

NAMES_BY_CODE = {
    h5z.FILTER_SHUFFLE: SHUFFLE,
    h5z.FILTER_FLETCHER32: FLETCHER32,
    **{codec.code: codec.name for codec in (*TABLE, *FOREIGN)},
}
"""The filters that are read, by HDF5's numbers."""

_DECODERS = {codec.name: codec.decode for codec in (*TABLE, *FOREIGN)}


def is_known(filters: Filters) -> bool:
    """Whether a variable of this format can have the filters: at most one shuffle, then one codec that is written."""
    return len(filters) in (1, 2) and filters[-1] in BY_NAME and filters[:-1] in ((), (SHUFFLE,))


def codecs_of(filters: Filters) -> Filters:
    """All codecs among filters."""
    return tuple(name for name in filters if name in _DECODERS)


def shuffled(data: Buffer, itemsize: int) -> memoryview:
    """Shuffle whole elements."""
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(-1, itemsize).T).reshape(-1).data


def unshuffled(data: Buffer, itemsize: int) -> Bytes:
    """Undo `shuffled`; bytes after the last whole element, such as a checksum, stay where they are."""
    source = np.frombuffer(data, np.uint8)
    whole = source.size // itemsize * itemsize
    found = np.empty(source.size, np.uint8)
    for place, plane in enumerate(source[:whole].reshape(itemsize, -1)):  # three times as fast as a transposed copy
        found[place:whole:itemsize] = plane
    found[whole:] = source[whole:]
    return found


def undo(data: Buffer, filters: Filters, size: int, itemsize: int, chunk: tuple[int, ...] = ()) -> Bytes:
    """Undo filters.

    Parameters
    ----------
    data : bytes-like
    filters : tuple of str
        The applied filters, in order; at most one codec among them.
    size : int
        The expected number of bytes.
    itemsize : int
        Bytes of an element.
    chunk : tuple of int
        The shape of the chunk, if its codec may store one.

    Returns
    -------
    ndarray of uint8
        The bytes; for damaged data of another length than ``size``, but never much longer.

    Raises
    ------
    ImportError
        A codec is not installed.
    UnsupportedChunkError
        A chunk uses a part of its codec that is not supported.
    """
    checksums = sum(name == FLETCHER32 for name in filters[: _place_of_codec(filters)])
    for name in reversed(filters):
        if name == SHUFFLE:
            data = unshuffled(data, itemsize).data
        elif name == FLETCHER32:
            content = without_checksum(data)
            if content is None:
                return np.empty(0, np.uint8)
            data = content
        else:
            # A codec that comes after a checksum has compressed bytes, not an array.
            data = _DECODERS[name](data, size + checksums * LENGTH, () if checksums else chunk)
    return np.frombuffer(data, np.uint8)


def _place_of_codec(filters: Filters) -> int:
    return next((place for place, name in enumerate(filters) if name in _DECODERS), len(filters))
