"""Everything in an HDF5 file, object by object and attribute by attribute, as something that can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np


def contents_of(path: Path) -> dict[str, Any]:
    """The objects, links and attributes of a file by their paths, apart from its index and its producer.

    Objects that several links lead to are listed once, with all their paths; references are the paths that they lead
    to. Layout and datatype are left out for the datasets of variables, which the format fixes.
    """
    found: dict[str, Any] = {}
    with h5py.File(path) as file:
        paths = _paths(file)
        for names in paths.values():
            if names[0].split("/")[1] != "index":
                found[names[0]] = (names, *_described(file, file[names[0]]))
        found.update(_links(file))
        found["/index"] = ([], _attributes(file, file["index"]))
    found["/"][-1].pop("producer")
    return found


def _walk(group: h5py.Group, seen: set[Any]) -> Any:
    for name in group:
        link = group.get(name, getlink=True)
        path = f"{group.name.rstrip('/')}/{name}"
        yield path, link
        if isinstance(link, h5py.HardLink) and isinstance(group[name], h5py.Group):
            address = h5py.h5o.get_info(group[name].id).addr
            if address not in seen:
                seen.add(address)
                yield from _walk(group[name], seen)


def _all(file: h5py.File) -> Any:
    return _walk(file["/"], {h5py.h5o.get_info(file["/"].id).addr})


def _paths(file: h5py.File) -> dict[Any, list[str]]:
    found: dict[Any, list[str]] = {h5py.h5o.get_info(file["/"].id).addr: ["/"]}
    for path, link in _all(file):
        if isinstance(link, h5py.HardLink):
            found.setdefault(h5py.h5o.get_info(file[path].id).addr, []).append(path)
    return {address: sorted(paths) for address, paths in found.items()}


def _links(file: h5py.File) -> Any:
    for path, link in _all(file):
        if isinstance(link, h5py.SoftLink):
            yield path, ("soft", link.path)
        elif isinstance(link, h5py.ExternalLink):
            yield path, ("external", link.filename, link.path)


def _described(file: h5py.File, object_: Any) -> tuple[Any, ...]:
    attributes = _attributes(file, object_)
    if isinstance(object_, h5py.Group):
        properties = object_.id.get_create_plist()
        in_order = list(object_) if properties.get_link_creation_order() else []
        return "group", in_order, attributes
    if isinstance(object_, h5py.Datatype):
        return "datatype", object_.dtype, attributes
    return "dataset", _dataset(file, object_), attributes


def _dataset(file: h5py.File, dataset: h5py.Dataset) -> tuple[Any, ...]:
    if dataset.is_virtual:
        return "virtual", [(source.file_name, source.dset_name) for source in dataset.virtual_sources()]
    if dataset.external:
        return "external", dataset.external
    if dataset.shape is None:
        return "empty", dataset.dtype
    named = dataset.id.get_type()
    name = h5py.h5i.get_name(named) if named.committed() else None
    parts = dataset.name.split("/")
    value = _plain(file, dataset[()]) if dataset.id.get_storage_size() and _is_readable(dataset) else None
    if "variables" in parts[1:3] or parts[1] in ("graph", "metadata"):
        return np.shape(dataset), value
    chunks = [dataset.id.read_direct_chunk(info.chunk_offset) for info in _chunks(dataset)] if dataset.chunks else []
    raw = [] if _is_variable(dataset.dtype) else chunks
    return dataset.dtype, dataset.shape, dataset.maxshape, dataset.chunks, name, value, raw


def _is_readable(dataset: h5py.Dataset) -> bool:
    properties = dataset.id.get_create_plist()
    return all(h5py.h5z.filter_avail(properties.get_filter(n)[0]) for n in range(properties.get_nfilters()))


def _is_variable(dtype: np.dtype[Any]) -> bool:
    return bool(dtype.hasobject)


def _chunks(dataset: h5py.Dataset) -> list[Any]:
    found: list[Any] = []
    dataset.id.chunk_iter(found.append)
    return found


def _attributes(file: h5py.File, object_: Any) -> dict[str, Any]:
    found = {}
    for name in object_.attrs:
        identifier = object_.attrs.get_id(name)
        named = identifier.get_type()
        found[name] = (
            named.get_class(),
            named.get_size(),
            h5py.h5i.get_name(named) if named.committed() else None,
            identifier.shape,
            _plain(file, object_.attrs[name]),
        )
    return found


def _plain(file: h5py.File, value: Any) -> Any:
    """A value with references as the paths that they lead to, and NaN as what is equal to itself."""
    if isinstance(value, h5py.RegionReference):
        return ("region", file[value].name, file[value][value].tolist()) if value else None
    if isinstance(value, h5py.Reference):
        return _paths_of(file, value) if value else None
    if isinstance(value, h5py.Empty):
        return "empty", value.dtype
    if isinstance(value, np.void) and value.dtype.names:
        return [_plain(file, value[name]) for name in value.dtype.names]
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return value.shape, [_plain(file, item) for item in value.ravel()]
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, np.generic):
        return value.dtype, value.tobytes()
    return value


def _paths_of(file: h5py.File, reference: h5py.Reference) -> list[str]:
    return _paths(file)[h5py.h5o.get_info(file[reference].id).addr]
