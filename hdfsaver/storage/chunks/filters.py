"""Filters: what HDF5 does to the bytes of a chunk before it stores them, done and undone without the HDF5 library.

The library hands out memory that was never written where a compressed chunk is shorter than it should be, asks for any
amount where it is longer, and loads code for filters that it does not know.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from h5py import h5z

from hdfsaver.storage.chunks.chunk_codecs import BY_CODE, BY_NAME, Buffer

SHUFFLE = "shuffle"
"""Bytes of one significance together: all first bytes of the elements, then all second ones."""

Filters: TypeAlias = tuple[str, ...]
"""Names of filters in the order in which they were applied."""

Bytes: TypeAlias = npt.NDArray[np.uint8]

NAMES_BY_CODE = {h5z.FILTER_SHUFFLE: SHUFFLE, **{code: codec.name for code, codec in BY_CODE.items()}}
"""The filters that are read, by HDF5's numbers."""


def is_known(filters: Filters) -> bool:
    """Whether filters are of the kind that a variable can have: at most one shuffle, then one codec."""
    return len(filters) in (1, 2) and filters[-1] in BY_NAME and filters[:-1] in ((), (SHUFFLE,))


def codec_of(filters: Filters) -> str:
    """The codec among filters, nothing where there is none."""
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
        Those that were applied, in their order.
    size : int
        How many bytes there must be in the end.
    itemsize : int
        Bytes of an element.

    Returns
    -------
    ndarray of uint8
        Of another length than ``size``, but never much longer, where the data are damaged.

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
