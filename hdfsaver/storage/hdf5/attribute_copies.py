"""Copies of attributes of any type, from an object of one file to an object of another one."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Any

import numpy as np
from h5py import h5, h5a, h5s, h5t

from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.references import Renewal, has_references


def copy_attributes(
    old: Any, new: Any, renewal: Renewal, datatype_of: Callable[[h5t.TypeID], h5t.TypeID], without: Container[str] = ()
) -> list[str]:
    """Copy the attributes that an object of another file does not have.

    Parameters
    ----------
    old, new : h5py.h5g.GroupID, h5py.h5d.DatasetID or h5py.h5t.TypeID
        The two objects.
    renewal : Renewal
        For the references in their values.
    datatype_of : callable
        The datatype in the new file for one of the old file, which may be a named datatype.
    without : container of str
        The names of attributes that are not copied.

    Returns
    -------
    list of str
        The names of the copied attributes.

    Raises
    ------
    InvalidArgumentError
        An attribute has a reference that leads to nothing in the new file.
    DataLossError
        The HDF5 library cannot read an attribute.
    """
    copied = []
    part = objects.location(old)
    for attribute in _attributes(old, part):
        with objects.reading(part):
            raw: bytes = attribute.name
        name = raw.decode("utf-8", "backslashreplace")
        if name in without or h5a.exists(new, raw):
            continue
        _copy(attribute, new, renewal, datatype_of, f"{part.rstrip('/')}/@{name}")
        copied.append(name)
    return copied


def _attributes(node: Any, part: str) -> Iterator[h5a.AttrID]:
    """The attributes of an object, in the order of their creation if HDF5 has recorded it."""
    with objects.reading(part):
        count = h5a.get_num_attrs(node)
        order = h5.INDEX_NAME
        if count and not isinstance(node, h5t.TypeID) and node.get_create_plist().get_attr_creation_order():
            order = h5.INDEX_CRT_ORDER
    for number in range(count):
        with objects.reading(part):
            found = h5a.open(node, index=number, index_type=order)
        yield found


def _copy(
    old: h5a.AttrID, node: Any, renewal: Renewal, datatype_of: Callable[[h5t.TypeID], h5t.TypeID], part: str
) -> None:
    with objects.reading(part):
        datatype, space = old.get_type(), old.get_space()
        is_empty = space.get_simple_extent_type() == h5s.NULL
        shape = () if is_empty else space.shape
        new = h5a.create(node, old.name, datatype_of(datatype), space)
    if is_empty or not np.prod(shape, dtype=object):
        return
    if has_references(datatype):
        value = renewal.read(old, shape, part)
        with objects.reading(part):
            new.write(value)
        return
    with objects.reading(part):
        # The unchanged bytes of any type; of values of variable length their addresses, which HDF5 releases when they
        # are written.
        data = np.empty(shape, f"V{datatype.get_size()}")
        old.read(data, datatype)
        new.write(data, datatype)
