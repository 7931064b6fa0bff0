"""The fill value of a dataset: what its elements are where nothing was ever written."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t, h5z

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import Opened
from hdfsaver.storage.hdf5.global_heap import is_heap_string
from hdfsaver.storage.hdf5.heap_fill import fill_record, may_use_heap
from hdfsaver.tensor_info import Array


def check_defined(properties: h5p.PropDCID, part: str) -> None:
    """Refuse a dataset that was not written in full, and has no fill value.

    Raises
    ------
    InvalidArgumentError
        The program that made the dataset has declared the fill value as undefined.
    """
    if properties.fill_value_defined() == h5d.FILL_VALUE_UNDEFINED:
        raise InvalidArgumentError(
            None,
            None,
            f"{part}: it was not written in full, and its fill value is undefined, so it has no value there.",
        )


def filled(shape: tuple[int, ...] | list[int], fill: bytes) -> Array:
    """Make an array of a fill value.

    Parameters
    ----------
    shape : tuple or list of int
    fill : bytes
        An element, from `fill_value`.

    Returns
    -------
    ndarray
        Elements as void of the length of ``fill``.
    """
    element = np.dtype((np.void, len(fill)))
    if not fill.strip(b"\0"):
        return np.zeros(shape, element)
    found = np.empty(shape, element)
    found[...] = np.frombuffer(fill, element)[0]
    return found


def fill_value(opened: Opened, dataset: h5d.DatasetID, itemsize: int, part: str) -> bytes:
    """The bytes of an element where nothing was written, as the file would hold them.

    Parameters
    ----------
    opened : Opened
        The file.
    dataset : h5py.h5d.DatasetID
        A dataset that has passed `hdfsaver.storage.hdf5.heap_fill.check_fill_value`.
    itemsize : int
        Bytes of an element in the file.
    part : str
        The path of the dataset, for errors.

    Returns
    -------
    bytes
    """
    datatype = dataset.get_type()
    if is_heap_string(datatype):
        return fill_record(opened, dataset, part)
    properties = dataset.get_create_plist()
    if may_use_heap(datatype) or properties.fill_value_defined() != h5d.FILL_VALUE_USER_DEFINED:
        return bytes(itemsize)
    return _user_defined(properties, datatype, np.dtype((np.void, itemsize))).tobytes()


def _user_defined(properties: h5p.PropDCID, datatype: h5t.TypeID, element: np.dtype[Any]) -> Array:
    """Read the fill value in the form of the file.

    h5py has it only as a NumPy value, which not every datatype has. An unwritten dataset in memory gives its bytes,
    without a look at the file.
    """
    found = np.zeros((), element)
    made = properties.copy()
    made.remove_filter(h5z.FILTER_ALL)
    made.set_layout(h5d.CONTIGUOUS)
    made.set_alloc_time(h5d.ALLOC_TIME_LATE)
    made.set_fill_time(h5d.FILL_TIME_ALLOC)
    with h5py.File("fill value", "w", driver="core", backing_store=False) as memory:
        unwritten = h5d.create(memory.id, None, datatype.copy(), h5s.create(h5s.SCALAR), made)
        unwritten.read(h5s.ALL, h5s.ALL, found, datatype)
    return found
