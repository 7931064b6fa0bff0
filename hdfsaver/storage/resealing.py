"""Accepting a file that another program has changed: a new index and seal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from hdfsaver.errors import OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened
from hdfsaver.storage import groups
from hdfsaver.storage.graph.graph_group import read_structure
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.index import read_names
from hdfsaver.storage.metadata import read_metadata
from hdfsaver.storage.plain_source import PlainSource
from hdfsaver.storage.reading import compression_of, dtypes_of
from hdfsaver.storage.writing import Model, write_models
from hdfsaver.tensor_info import TensorInfo


def reseal(path: str | os.PathLike[str]) -> None:
    """Accept the present content of a file: read it through the HDF5 library, and write it again with index and seal.

    Raises
    ------
    DataLossError, InvalidArgumentError
        It cannot be read; see `open_file`. The file is unchanged.
    OpError
        The operating system refuses.
    """
    opened = open_hdf5(path)
    try:
        with about(path):
            with hdf5_root(opened) as root:
                names = groups.names_in(root) or [groups.ROOT]
                metadata = read_metadata(root)
            old = _old_orders(opened)
            models = {group: _accepted(opened, path, group, old.get(groups.link_of(group), [])) for group in names}
    finally:
        os.close(opened.fd)
    write_models(path, models, metadata=metadata)


def _accepted(opened: Opened, path: str | os.PathLike[str], group: str, old: Iterable[str]) -> Model:
    source = PlainSource(opened, path, group, accept=True)
    for fault in source.unreadable.values():
        raise fault
    with hdf5_root(opened) as root:
        structure = read_structure(groups.open_model(root, group)) if source.has_structure else None
    values = source.read(_in_old_order(source.entries, old))
    return Model(
        values if source.has_variables else None, structure, dtypes_of(source.entries), compression_of(source.entries)
    )


def _old_orders(opened: Opened) -> dict[str, list[str]]:
    """The variables of each model, by its link, in the order of the old index, as far as it can be read."""
    try:
        with hdf5_root(opened) as root:
            return read_names(root)
    except OpError:
        return {}


def _in_old_order(entries: Mapping[str, TensorInfo], old: Iterable[str]) -> list[str]:
    """The variables in the order of the old index, followed by those that it lacks."""
    first = dict.fromkeys(name for name in old if name in entries)
    return [*first, *(name for name in entries if name not in first)]
