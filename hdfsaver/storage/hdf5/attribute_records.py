"""The bytes of an attribute in the file, for attributes that the HDF5 library reads only together with the heap.

Only attributes in the header of the object are found, not those in the separate storage of an object with many.

Source of the layouts: "HDF5 File Format Specification Version 3.0", IV.A.2.m, the attribute message.
"""

from __future__ import annotations

import struct

from h5py import h5o

from hdfsaver.files.opening import Opened
from hdfsaver.storage.hdf5.header_messages import messages
from hdfsaver.storage.hdf5.objects import Node, damaged

_ATTRIBUTE = 0x0C
_SIZES = struct.Struct("<BxHHH")
"""The version, and the sizes of the name, the datatype and the dataspace, which precede the value."""


def attribute_bytes(opened: Opened, node: Node, name: str, part: str) -> bytes | None:
    """The stored value of an attribute.

    Parameters
    ----------
    opened : Opened
        The file.
    node : h5py.h5g.GroupID or h5py.h5d.DatasetID
        The object.
    name : str
        The attribute.
    part : str
        The path of the attribute, for errors.

    Returns
    -------
    bytes or None
        None if it is not in the header.

    Raises
    ------
    DataLossError
        The header is damaged.
    """
    for kind, body in messages(opened, h5o.get_info(node).addr, part):
        if kind == _ATTRIBUTE:
            try:
                found, value = _attribute(body)
            except struct.error:
                raise damaged(part, "the header of the object is damaged.") from None
            if found == name.encode():
                return value
    return None


def _attribute(body: bytes) -> tuple[bytes, bytes]:
    version, *sizes = _SIZES.unpack_from(body)
    position = _SIZES.size + (1 if version == 3 else 0)
    name = body[position : position + sizes[0]].partition(b"\0")[0]
    # In version 1, each part is padded to eight bytes.
    return name, body[position + sum(size + 7 & ~7 if version == 1 else size for size in sizes) :]
