"""A graph's collections: one dataset each below ``/graph/collections``, with the attribute ``kind``.

===============  ==========================================================
kind             dataset
===============  ==========================================================
node_list        a string tensor of names, in UTF-8
bytes_list       a string tensor
int64_list       64-bit integers
float_list       64-bit floats
variable_list    a table, see `variable_defs`
===============  ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from h5py import h5g

from hdfsaver.schema import COLLECTION_KINDS, CollectionDef
from hdfsaver.storage.graph.variable_defs import read_variable_defs, write_variable_defs
from hdfsaver.storage.hdf5 import link_names, objects
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5.tables import LONG
from hdfsaver.tensor_info import Array

KIND = "kind"

_DTYPES: dict[str, npt.DTypeLike] = {
    "node_list": np.object_,
    "bytes_list": np.object_,
    "int64_list": np.int64,
    "float_list": np.float64,
}


def write_collections(group: h5g.GroupID, collections: Mapping[str, CollectionDef]) -> None:
    """Write collections to a group, in order of their names.

    Raises
    ------
    ValueError, TypeError, OverflowError
        A collection has an unknown kind, or an item of another type.
    """
    made: dict[str | tuple[int, str], h5g.GroupID] = {}
    paths = link_names.paths_of(collections)
    for name in sorted(collections):
        _check(name, collections[name])
        parent, link = objects.group_for(group, paths[name], made)
        _write(parent, link, collections[name], link_names.labels_of(name, paths[name]))


def _check(name: str, collection: CollectionDef) -> None:
    kind = COLLECTION_KINDS.get(collection.kind)
    if kind is None:
        raise ValueError(
            f"Collection {name!r} has unknown kind {collection.kind!r}; the kinds are {', '.join(COLLECTION_KINDS)}."
        )
    for item in collection.value:
        if not isinstance(item, kind):
            raise TypeError(f"Collection {name!r}, a {collection.kind}, cannot hold {item!r}.")


def _write(parent: h5g.GroupID, link: str, collection: CollectionDef, named: dict[str, str]) -> None:
    said = {KIND: collection.kind, **named}
    if collection.kind == "variable_list":
        write_variable_defs(parent, link, collection.value, said)
        return
    values = np.empty(len(collection.value), dtype=_DTYPES[collection.kind])
    values[:] = collection.value
    write_array(parent, link, values, said)


def read_collections(group: h5g.GroupID) -> dict[str, CollectionDef]:
    """Read the collections in a group, in order of their names.

    Raises
    ------
    DataLossError
        A dataset does not match its kind, or is damaged.
    """
    found = {}
    for path, parent, link in objects.walk(group, once=True):
        if not link.endswith(LONG):
            found[_name(path, group)] = _read(parent, link)
    return dict(sorted(found.items()))


def _name(path: str, group: h5g.GroupID) -> str:
    try:
        return link_names.name_of(path)
    except ValueError as error:
        raise damaged(objects.location(group), str(error)) from None


def _read(parent: h5g.GroupID, link: str) -> CollectionDef:
    dataset = objects.open_dataset(parent, link)
    part = objects.location(dataset)
    kind = objects.get_text(dataset, KIND)
    if kind == "variable_list":
        return CollectionDef(kind, read_variable_defs(parent, link, part))
    if kind not in _DTYPES:
        raise damaged(part, f"its attribute 'kind' is {kind!r}; the kinds are {', '.join(COLLECTION_KINDS)}.")
    values = read_array(parent, link)
    if values.dtype != _DTYPES[kind] or values.ndim != 1:
        raise damaged(part, f"a {kind} was expected, not an array of dtype {values.dtype} and shape {values.shape}.")
    return CollectionDef(kind, _names(part, values) if kind == "node_list" else values.tolist())


def _names(part: str, values: Array) -> list[str]:
    try:
        return [name.decode() for name in values.tolist()]
    except UnicodeDecodeError as error:
        raise damaged(part, f"the name {error.object!r} is not UTF-8.") from None
