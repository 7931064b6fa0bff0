"""Accepting a checkpoint that another program has changed: it is written again with a new index and seal.

Nothing is lost on the way: content that the format does not know is copied, or an error names it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from h5py import h5g, h5l, h5o

from hdfsaver.errors import AbortedError, InvalidArgumentError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.file_systems import on_this_machine, path_text
from hdfsaver.files.folder_lock import folder_lock
from hdfsaver.files.opening import Opened, end_reading
from hdfsaver.files.os_errors import is_refusal
from hdfsaver.storage import groups, layout
from hdfsaver.storage.child_probe import try_out
from hdfsaver.storage.foreign_content import ForeignContent, successors
from hdfsaver.storage.graph.graph_group import read_structure
from hdfsaver.storage.hdf5 import link_names, objects
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.index import read_names
from hdfsaver.storage.metadata import read_metadata
from hdfsaver.storage.ownership import check_own
from hdfsaver.storage.plain_source import PlainSource
from hdfsaver.storage.plain_walk import Found, walk
from hdfsaver.storage.reading import compression_of, dtypes_of
from hdfsaver.storage.skeleton import lay_out
from hdfsaver.storage.writing import Model, write_models
from hdfsaver.tensor_info import TensorInfo


class Resealed(NamedTuple):
    """The content of a file that was sealed again.

    Attributes
    ----------
    variables : int
        The number of variables of all models.
    graphs : int
        The number of graphs.
    kept : list of str
        The paths of objects and attributes that other programs have added: ``/notes``, ``/variables/w/@units``. The
        content of an added group is not listed. It is covered by the seal, and ignored by readers.
    """

    variables: int
    graphs: int
    kept: list[str]


def reseal(path: str | os.PathLike[str]) -> Resealed:
    """Accept the present content of a checkpoint that another program has changed.

    The file is read through the HDF5 library, and replaced by a file with the same content, a new index and a new seal.
    Attributes, datasets, groups, named datatypes and links that other programs have added are copied, in memory.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Resealed

    Raises
    ------
    InvalidArgumentError
        It is not a checkpoint of this package, or has something that can neither be read nor kept; the message names
        it. The file is unchanged, as after every error.
    DataLossError
        It cannot be read; see `open_file`.
    AbortedError
        Another program has changed the file meanwhile.
    OpError
        The operating system refuses.

    Examples
    --------
    >>> import h5py
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"w": np.ones(2)}, "noted.h5")
    >>> with h5py.File("noted.h5", "a") as file:
    ...     file["variables/w"].attrs["units"] = "m"
    >>> hdfsaver.reseal("noted.h5")
    Resealed(variables=1, graphs=0, kept=['/variables/w/@units'])
    """
    path = on_this_machine(path_text(path))
    # Savers of the folder wait, so that none of their files is replaced by content that was read before.
    with folder_lock(os.path.dirname(path)):
        opened = open_hdf5(path)
        try:
            with about(path):
                try_out(path, opened.size, groups.ROOT, "reseal")
            return _resealed(opened, path)
        finally:
            end_reading(opened.fd)


def rehearse(path: str | os.PathLike[str]) -> None:
    """Let the HDF5 library do everything that a reseal asks of it, without writing; errors as in `reseal`."""
    opened = open_hdf5(path)
    try:
        _read(opened, path)
        # Without any models, all of the file is copied.
        lay_out({}, {}, beside=ForeignContent(opened, path, {}).copy_into)
    finally:
        end_reading(opened.fd)


def _read(opened: Opened, path: str | os.PathLike[str]) -> tuple[dict[str, Model], dict[str, str], ForeignContent]:
    """The models of a file, its metadata, and its foreign content."""
    with about(path):
        with hdf5_root(opened) as root:
            check_own(root, opened, path)
            names = groups.names_in(root) or [groups.ROOT]
            metadata = read_metadata(root)
        old = _old_orders(opened)
        paths: dict[str, str] = {}
        orders = {group: old.get(groups.link_of(group), []) for group in names}
        models = {group: _accepted(opened, path, group, order, paths) for group, order in orders.items()}
    return models, metadata, ForeignContent(opened, path, paths)


def _resealed(opened: Opened, path: str | os.PathLike[str]) -> Resealed:
    with about(path):
        assert isinstance(opened.fd, int)
        before = os.fstat(opened.fd)
    models, metadata, foreign = _read(opened, path)

    def beside(root: h5g.GroupID) -> bool:
        has_foreign = foreign.copy_into(root)
        _check_unchanged(before, path)
        return has_foreign

    write_models(path, models, metadata=metadata, beside=beside)
    variables = sum(len(model.variables or ()) for model in models.values())
    return Resealed(variables, sum(model.structure is not None for model in models.values()), foreign.kept)


def _check_unchanged(before: os.stat_result, path: str | os.PathLike[str]) -> None:
    """Check that no other program has changed or replaced the file since it was opened."""
    after = None
    with about(path), suppress(FileNotFoundError):
        after = os.stat(path)
    if after is None or any(getattr(before, name) != getattr(after, name) for name in _IDENTITY):
        raise AbortedError(
            None, None, f"{path} was changed by another program while it was read; it was not sealed. Seal it again."
        )


_IDENTITY = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
"""The fields that differ after a file was replaced or written to."""


def _accepted(
    opened: Opened, path: str | os.PathLike[str], group: str, old: Iterable[str], paths: dict[str, str]
) -> Model:
    """Read a model, and note the paths of its variables in the file and in its successor."""
    source = PlainSource(opened, path, group, accept=True)
    with hdf5_root(opened) as root:
        model = groups.open_model(root, group)
        structure = read_structure(model) if source.has_structure else None
        for found in walk(objects.open_group(model, layout.VARIABLES)) if source.unreadable else ():
            fault = source.unreadable.get(link_names.name_of(found.path))
            if fault is not None:
                _check_unreadable(found, fault)
    for table in source.tables():
        part = f"{groups.link_of(group)}/{layout.VARIABLES}/{table}"
        raise _not_a_variable(f"/{part.lstrip('/')}: it is a table, whose columns are arrays of their own.")
    values = source.read(_in_old_order(source.entries, old))
    paths.update(successors(group, source.link_paths()))
    return Model(
        values if source.has_variables else None,
        structure,
        dtypes_of(source.entries),
        compression_of(source.entries),
        random=source.random_places(),
    )


def _check_unreadable(found: Found, fault: OpError) -> None:
    """Raise the error of an element among the variables, unless it is a link or a datatype, which have no value."""
    with objects.reading(objects.location(found.parent)):
        is_hard = found.parent.links.get_info(found.link.encode()).type == h5l.TYPE_HARD
        has_value = is_hard and h5o.get_info(found.parent, found.link.encode()).type != h5o.TYPE_NAMED_DATATYPE
    if not isinstance(fault, InvalidArgumentError):
        raise fault
    if has_value:
        raise _not_a_variable(fault.message) from None


def _not_a_variable(why: str) -> InvalidArgumentError:
    remedy = f"So it cannot be a variable. Move it out of /{layout.VARIABLES}, where it is kept."
    return InvalidArgumentError(None, None, f"{why} {remedy}")


def _old_orders(opened: Opened) -> dict[str, list[str]]:
    """The variables of each model, by its link, in the order of the old index, as far as it can be read."""
    try:
        with hdf5_root(opened) as root:
            return read_names(root)
    except OpError as error:
        if is_refusal(error):
            raise
        return {}


def _in_old_order(entries: Mapping[str, TensorInfo], old: Iterable[str]) -> list[str]:
    """The variables in the order of the old index, followed by those that it lacks."""
    first = dict.fromkeys(name for name in old if name in entries)
    return [*first, *(name for name in entries if name not in first)]
