"""Reading a file: the structure is checked when it is opened, and values are read on request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.storage import groups, seal
from hdfsaver.storage.child_probe import try_out
from hdfsaver.storage.chunks.compression import Compression, kept
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.hdf5_source import Hdf5Source
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
        os.close(opened.fd)
        raise


def _source(opened: Opened, path: str | os.PathLike[str], group: str) -> Hdf5Source:
    with seal.naming(path):
        found = None if opened.base else seal.find(opened.head)
        if found is not None:
            return SealedSource(opened, found, path, group)
    try_out(path, opened.size, group)
    return PlainSource(opened, path, group)


class Rest(NamedTuple):
    """A file without one of its models: the other models by their groups, and the metadata."""

    models: dict[str, Model]
    metadata: dict[str, str]


def read_rest(path: str | os.PathLike[str], group: str) -> Rest:
    """Read a file into memory, except the model of one group; the result is empty without a file.

    Raises
    ------
    OpError
        See `open_file`.
    """
    if not os.path.lexists(path):
        return Rest({}, {})
    with open_file(path) as file:
        return Rest({other: _model(file, other) for other in file.groups() if other != group}, file.metadata())


def _model(whole: TensorFile, group: str) -> Model:
    with whole.model(group) as file:
        values = file.read_many(file.variables) or None
        return Model(values, file.structure(), dtypes_of(file.variables), compression_of(file.variables))


def dtypes_of(entries: Mapping[str, TensorInfo]) -> dict[str, str]:
    """The dtype of each variable."""
    return {name: entry.dtype for name, entry in entries.items()}


def compression_of(entries: Mapping[str, TensorInfo]) -> dict[str, Compression]:
    """The compression of variables, as far as it can be applied again."""
    return kept({name: entry.filters for name, entry in entries.items()})
