"""HDF5's filters for the bytes of a chunk, applied and undone without the HDF5 library.

The library returns uninitialized memory for a compressed chunk that is too short, allocates any amount for one that is
too long, and loads plugins for unknown filters.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from h5py import h5z

from hdfsaver.storage.chunks.chunk_codecs import BY_CODE, BY_NAME, Buffer

SHUFFLE = "shuffle"
"""The shuffle filter: all first bytes of the elements, then all second bytes, and so on."""

Filters: TypeAlias = tuple[str, ...]
"""Names of filters in the order in which they were applied."""

Bytes: TypeAlias = npt.NDArray[np.uint8]

NAMES_BY_CODE = {h5z.FILTER_SHUFFLE: SHUFFLE, **{code: codec.name for code, codec in BY_CODE.items()}}
"""The filters that are read, by HDF5's numbers."""


def is_known(filters: Filters) -> bool:
    """Whether a variable can have the filters: at most one shuffle, then one codec."""
    return len(filters) in (1, 2) and filters[-1] in BY_NAME and filters[:-1] in ((), (SHUFFLE,))


def codec_of(filters: Filters) -> str:
    """The codec among filters, or an empty string."""
    return next((name for name in filters if name in BY_NAME), "")


def shuffled(data: Buffer, itemsize: int) -> memoryview:
    """Shuffle whole elements."""
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(-1, itemsize).T).reshape(-1).data


def unshuffled(data: Buffer, itemsize: int) -> Bytes:
    """Undo `shuffled`."""
    planes = np.frombuffer(data, np.uint8).reshape(itemsize, -1)
    found = np.empty(planes.size, np.uint8)
    for place, plane in enumerate(planes):  # three times as fast as a transposed copy
        found[place::itemsize] = plane
    return found


def undo(data: Buffer, filters: Filters, size: int, itemsize: int) -> Bytes:
    """Undo filters.

    Parameters
    ----------
    data : bytes-like
    filters : tuple of str
        The applied filters, in order.
    size : int
        The expected number of bytes.
    itemsize : int
        Bytes of an element.

    Returns
    -------
    ndarray of uint8
        The bytes; for damaged data of another length than ``size``, but never much longer.

    Raises
    ------
    ImportError
        A codec is not installed.
    """
    for name in reversed(filters):
        if name != SHUFFLE:
            data = BY_NAME[name].decode(data, size)
        elif len(data) == size:
            data = unshuffled(data, itemsize).data
    return np.frombuffer(data, np.uint8)
