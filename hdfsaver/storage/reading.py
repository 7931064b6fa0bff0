"""Reading a file: cheap to open, checked before it is believed, values when they are asked for."""

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
    """Open a checkpoint's file and check its seal.

    Parameters
    ----------
    path : path-like
        The file itself; `hdfsaver.reading.checkpoint_names.find` gives it for a prefix.
    group : str
        The model to read, in a file that has several; see `hdfsaver.storage.groups`.

    Raises
    ------
    NotFoundError
        There is no such file, or it is a directory; or there is no such group in it.
    DataLossError
        It is damaged, cut short, no HDF5 file, or another program has changed it.
    InvalidArgumentError
        It has a newer format version, or is a plain HDF5 file with something in it that is refused.
    OpError
        What the operating system reports.
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
        found = seal.find(opened.head)
        if found is not None:
            return SealedSource(opened, found, path, group)
    try_out(path, opened.size, group)
    return PlainSource(opened, path, group)


class Rest(NamedTuple):
    """All of a file but one model: the other models by their groups, and what the file says of itself."""

    models: dict[str, Model]
    metadata: dict[str, str]


def read_rest(path: str | os.PathLike[str], group: str) -> Rest:
    """Read all of a file but the model of one group, into memory; nothing where there is no file.

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
    """What variables were compressed with, as far as they can be so again."""
    return kept({name: entry.filters for name, entry in entries.items()})
