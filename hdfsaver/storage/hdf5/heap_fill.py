"""The fill value of strings of variable length.

The HDF5 library reads the fill value from the heap when it is asked for the properties of a dataset, among them its
layout. So the heap is checked first where the header of the dataset says that there is such a value.

Source of the layouts: "HDF5 File Format Specification Version 3.0", IV.A.2.f, the fill value message.
"""

from __future__ import annotations

import struct

import numpy as np
from h5py import h5d, h5o, h5t

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import Opened
from hdfsaver.storage.hdf5.global_heap import RECORD, check_collection, is_heap_string, read_strings
from hdfsaver.storage.hdf5.header_messages import messages
from hdfsaver.storage.hdf5.objects import damaged

_OLD_FILL, _FILL = 0x04, 0x05
_NOTHING = bytes(RECORD.itemsize)


def may_use_heap(datatype: h5t.TypeID) -> bool:
    """Whether the elements of a datatype refer to the heap, or to other objects."""
    kind = datatype.get_class()
    if kind == h5t.COMPOUND:
        return any(may_use_heap(datatype.get_member_type(index)) for index in range(datatype.get_nmembers()))
    if kind in (h5t.ARRAY, h5t.ENUM):
        return may_use_heap(datatype.get_super())
    return kind in (h5t.VLEN, h5t.REFERENCE) or is_heap_string(datatype)


def fill_record(opened: Opened, dataset: h5d.DatasetID, part: str) -> bytes:
    """The stored element of a dataset of strings of variable length where nothing was written.

    Parameters
    ----------
    opened : Opened
        The file.
    dataset : h5py.h5d.DatasetID
    part : str
        The path of the dataset, for errors.

    Returns
    -------
    bytes
        An element as in `hdfsaver.storage.hdf5.global_heap.RECORD`, which `read_strings` reads; by default an empty
        string.

    Raises
    ------
    DataLossError
        The header of the dataset is damaged.
    """
    return _stored(opened, dataset, part) or _NOTHING


def check_fill_value(opened: Opened, dataset: h5d.DatasetID, part: str) -> None:
    """Check the fill value of a dataset, before the library is asked for the properties of the dataset.

    Parameters
    ----------
    opened : Opened
        The file.
    dataset : h5py.h5d.DatasetID
    part : str
        The path of the dataset, for errors.

    Raises
    ------
    DataLossError
        The fill value is not in the heap, or the heap is damaged there.
    InvalidArgumentError
        The fill value refers to the heap, but is not a string.
    """
    datatype = dataset.get_type()
    if not may_use_heap(datatype):
        return
    value = _stored(opened, dataset, part)
    if not value.strip(b"\0"):
        return
    if not is_heap_string(datatype):
        what = "its fill value refers to other parts of the file"
        raise InvalidArgumentError(None, None, f"{part}: {what}; it is refused.")
    if len(value) != RECORD.itemsize:
        raise damaged(part, f"its fill value has {len(value)} bytes instead of {RECORD.itemsize}.")
    record = np.frombuffer(value, RECORD)
    read_strings(opened, record, part)
    if record["address"][0]:
        check_collection(opened, int(record["address"][0]), part)


def _stored(opened: Opened, dataset: h5d.DatasetID, part: str) -> bytes:
    """The bytes of the fill value in the file; empty if the dataset has none of its own."""
    value = b""
    for kind, body in messages(opened, h5o.get_info(dataset).addr, part):
        if kind in (_FILL, _OLD_FILL):
            try:
                value = _value(kind, body) or value
            except (IndexError, struct.error):
                raise damaged(part, "its fill value is damaged.") from None
    return value


def _value(kind: int, body: bytes) -> bytes:
    if kind == _OLD_FILL:
        start = 0
    elif body[0] == 3:
        start = 2 if body[1] & 0x20 else -1
    else:
        start = 4 if body[3] else -1
    if start < 0:
        return b""
    (size,) = struct.unpack_from("<i", body, start)
    return body[start + 4 : start + 4 + size] if size > 0 else b""
