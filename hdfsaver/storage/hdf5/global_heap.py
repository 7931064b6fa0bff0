"""Strings of variable length: read from the global heap of a file, without the HDF5 library.

An element of such a dataset is a reference to the heap, the only part of a file that no checksum ever covers. So
every number is checked here before it is used.

Source of the layouts: "HDF5 File Format Specification Version 3.0", III.E, Disk Format: Level 1E - Global Heap, and
IV.A.2.d, the class "Variable-length" of the datatype message.
"""

from __future__ import annotations

import struct

import numpy as np
from h5py import h5t

from hdfsaver import limits
from hdfsaver.files.opening import Opened, bytes_at
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import Array

RECORD = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
"""An element: the bytes of the string, the address of a collection, and the index of an object in it."""

_SIGNATURE = b"GCOL"
_HEADER = struct.Struct("<4sB3xQ")
"""Signature, version, and the size of a collection."""

_OBJECT = struct.Struct("<HHIQ")
"""Index, reference count, reserved, and the size of an object; its bytes follow, padded to a multiple of 8."""

_USUAL = 4096
"""Bytes of a collection unless a string is longer."""


def is_heap_string(datatype: h5t.TypeID) -> bool:
    """Whether a datatype is a string of variable length."""
    return isinstance(datatype, h5t.TypeStringID) and bool(datatype.is_variable_str())


def read_strings(opened: Opened, records: Array, part: str, declared: int = 0) -> Array:
    """Read the strings that the elements of a dataset refer to.

    Each collection is read once, and only if an element refers to it. As in every HDF5 program, a string ends at its
    first NUL, and an element that was never written is empty.

    Parameters
    ----------
    opened : Opened
        The file.
    records : ndarray
        The stored elements, of any dtype of 16 bytes.
    part : str
        The path of the dataset, for errors.
    declared : int
        The bytes of other values that are read together with these, which count for the limit.

    Returns
    -------
    ndarray
        Dtype object, of bytes, with the shape of ``records``; writable.

    Raises
    ------
    DataLossError
        An element refers to something else than a string within the file, or a collection is damaged.
    ResourceExhaustedError
        The strings declare more bytes than the limits `declared_bytes` and `declared_ratio` allow.
    """
    elements = np.ascontiguousarray(records).reshape(-1).view(RECORD)
    limits.check_declared(part, declared + int(elements["length"].sum(dtype=np.uint64)), opened.size)
    if elements["length"][elements["address"] == 0].any():
        raise damaged(part, "a string that is not empty has no place in the heap.")
    strings = np.full(elements.size, b"", dtype=object)
    order = np.flatnonzero(elements["address"])
    order = order[np.argsort(elements["address"][order], kind="stable")]
    addresses, first = np.unique(elements["address"][order], return_index=True)
    groups = np.split(order, first[1:]) if order.size else []
    end = 0
    for address, places in zip(addresses.tolist(), groups, strict=True):
        if address < end:
            raise damaged(part, f"the collections of its strings overlap at byte {address}.")
        data = _collection(opened, address, part)
        end = address + len(data)
        strings[places] = _strings(data, elements[places], part)
    return strings.reshape(records.shape)


def check_collection(opened: Opened, address: int, part: str) -> None:
    """Check a whole collection, so that the HDF5 library can read it.

    Parameters
    ----------
    opened : Opened
        The file.
    address : int
        The address of the collection.
    part : str
        The path of the dataset, for errors.

    Raises
    ------
    DataLossError
        It is damaged.
    """
    _objects(_collection(opened, address, part), part, whole=True)


def _strings(data: bytes, elements: Array, part: str) -> list[bytes]:
    """The strings of elements that refer to one collection."""
    starts, stops = _objects(data, part)
    index, length = elements["index"], elements["length"]
    if index.max() >= len(starts) or (stops[index] - starts[index] != length).any():
        raise damaged(part, "an element refers to a string that is not in the heap.")
    begin = starts[index]
    places = zip(begin.tolist(), (begin + length).tolist(), strict=True)
    return [item.partition(b"\0")[0] for item in (data[start:stop] for start, stop in places)]


def _collection(opened: Opened, address: int, part: str) -> bytes:
    place = opened.base + address
    left = opened.size - place
    if left < _HEADER.size:
        raise damaged(part, "its strings are not within the file.")
    data = bytes_at(opened, place, min(_USUAL, left))
    signature, version, nbytes = _HEADER.unpack_from(data)
    if signature != _SIGNATURE or version != 1 or nbytes < _HEADER.size:
        raise damaged(part, f"the collection of its strings at byte {address} is damaged.")
    if nbytes > left:
        raise damaged(part, "its strings are not within the file.")
    return data[:nbytes] if nbytes <= len(data) else data + bytes_at(opened, place + len(data), nbytes - len(data))


def _objects(data: bytes, part: str, *, whole: bool = False) -> tuple[Array, Array]:
    """Where the object of each index begins and ends in a collection; one that is not there ends before it begins."""
    found: dict[int, int] = {}
    sizes: list[int] = []
    position, end, unpack = _HEADER.size, len(data), _OBJECT.unpack_from
    while position <= end - _OBJECT.size:
        index, _, _, nbytes = unpack(data, position)
        if index == 0:  # the free space, which is last
            if whole and nbytes != end - position:
                raise damaged(part, "the free space in the collection of its strings is damaged.")
            break
        position += _OBJECT.size
        if nbytes > end - position or index in found:
            raise damaged(part, "an object in the collection of its strings is damaged.")
        found[index] = position
        sizes.append(nbytes)
        position += nbytes + 7 & ~7
    starts = np.zeros(max(found, default=0) + 1, dtype=np.int64)
    stops = np.full(starts.shape, -1, dtype=np.int64)
    indices, begins = np.array(list(found), np.int64), np.array(list(found.values()), np.int64)
    starts[indices] = begins
    stops[indices] = begins + np.array(sizes, np.int64)
    return starts, stops
