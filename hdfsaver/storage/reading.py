"""Reading a file: the structure is checked when it is opened, and values are read on request."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened, end_reading, is_there
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.storage import groups, layout, seal
from hdfsaver.storage.child_probe import try_out
from hdfsaver.storage.chunks.compression import Compression, kept
from hdfsaver.storage.foreign_content import ForeignContent, successors
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.hdf5_source import Hdf5Source
from hdfsaver.storage.ownership import check_own
from hdfsaver.storage.plain_source import PlainSource
from hdfsaver.storage.sealed_source import SealedSource
from hdfsaver.storage.writing import Model
from hdfsaver.tensor_info import TensorInfo


def open_file(path: str | os.PathLike[str], group: str = groups.ROOT) -> TensorFile:
    """Open an HDF5 file of arrays, and check its seal.

    Parameters
    ----------
    path : path-like
        The file itself; `hdfsaver.reading.checkpoint_names.find` finds the file of a prefix.
    group : str
        The model to read, in a file that has several; see `hdfsaver.storage.groups`.

    Raises
    ------
    NotFoundError
        The file does not exist, or is a directory, or has no such group.
    DataLossError
        It is damaged, truncated, not an HDF5 file, or was changed by another program.
    InvalidArgumentError
        It has a newer format version, or is a plain HDF5 file with unsupported content.
    OpError
        The operating system refuses.
    """
    opened = open_hdf5(path)
    try:
        with about(path):
            return TensorFile(os.fspath(path), _source(opened, path, group), group)
    except BaseException:
        end_reading(opened.fd)
        raise


def _source(opened: Opened, path: str | os.PathLike[str], group: str) -> Hdf5Source:
    with seal.naming(path):
        found = None if opened.base else seal.find(opened.head)
        if found is not None:
            return SealedSource(opened, found, path, group)
    try_out(path, opened.size, group)
    return PlainSource(opened, path, group)


class Rest(NamedTuple):
    """A file without one of its models.

    Attributes
    ----------
    models : dict of str to Model
        The other models by their groups.
    metadata : dict of str to str
    foreign : ForeignContent or None
        The content of other programs, if there may be any.
    """

    models: dict[str, Model]
    metadata: dict[str, str]
    foreign: ForeignContent | None


@contextmanager
def open_rest(path: str | os.PathLike[str], group: str) -> Iterator[Rest]:
    """Read a file into memory, except the model of one group; the result is empty without a file.

    Parameters
    ----------
    path : path-like
    group : str
        The group that will be replaced.

    Yields
    ------
    Rest
        Its foreign content can be copied within the block.

    Raises
    ------
    InvalidArgumentError
        It is an HDF5 file of another program, or of a newer version of the format, so that something would be lost.
    OpError
        See `open_file`.
    """
    if not is_there(path):
        yield Rest({}, {}, None)
        return
    opened = open_hdf5(path)
    try:
        with about(path):
            source = _source(opened, path, groups.ROOT)
            with hdf5_root(opened) as root:
                check_own(root, opened, path)
            others = [other for other in source.groups() if other != group]
            found = {other: _model(source, opened, other) for other in others}
        rest = Rest({other: model for other, (model, _) in found.items()}, source.metadata(), None)
        if source.has_foreign_content:
            paths = {old: new for other, (_, links) in found.items() for old, new in successors(other, links).items()}
            link = groups.link_of(group)
            replaced = [f"{link}/{name}".lstrip("/") for name in (layout.GRAPH, layout.VARIABLES)]
            rest = rest._replace(foreign=ForeignContent(opened, path, paths, replaced))
        yield rest
    finally:
        end_reading(opened.fd)


def _model(whole: Hdf5Source, opened: Opened, group: str) -> tuple[Model, Mapping[str, str]]:
    """A model, and the link paths of its variables."""
    source = whole.of_group(group)
    try:
        for fault in source.unreadable.values():
            raise fault
        with hdf5_root(opened) as root:
            has_variables = groups.is_group(groups.open_model(root, group), layout.VARIABLES)
        values = source.read(list(source.entries)) if has_variables else None
        entries = source.entries
        model = Model(
            values, source.structure(), dtypes_of(entries), compression_of(entries), random=source.random_places()
        )
        return model, source.link_paths()
    finally:
        source.close()


def dtypes_of(entries: Mapping[str, TensorInfo]) -> dict[str, str]:
    """The dtype of each variable."""
    return {name: entry.dtype for name, entry in entries.items()}


def compression_of(entries: Mapping[str, TensorInfo]) -> dict[str, Compression]:
    """The compression of variables, as far as it can be applied again."""
    return kept({name: entry.filters for name, entry in entries.items()})
