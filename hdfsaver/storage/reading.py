"""Reading a file: cheap to open, checked before it is believed, values when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Protocol, Self

from hdfsaver.errors import FailedPreconditionError, NotFoundError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened
from hdfsaver.files.partial_reads import normalized
from hdfsaver.files.progress import Callback
from hdfsaver.schema import Structure
from hdfsaver.storage import groups, seal
from hdfsaver.storage.child_probe import try_out
from hdfsaver.storage.chunks.compression import Compression, kept
from hdfsaver.storage.graph.graph_group import read_structure
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.index import read_names
from hdfsaver.storage.metadata import read_metadata
from hdfsaver.storage.plain_source import PlainSource
from hdfsaver.storage.sealed_source import SealedSource
from hdfsaver.storage.writing import Model, write_models
from hdfsaver.tensor_info import Array, Key, TensorInfo

__all__ = ["CheckpointFile", "TensorInfo", "open_file", "reseal"]


class _Source(Protocol):
    """Where variables come from: a sealed file or a plain one."""

    entries: dict[str, TensorInfo]

    @property
    def sealed(self) -> bool: ...

    @property
    def has_structure(self) -> bool: ...

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]: ...

    def map(self, names: Sequence[str], mode: str) -> dict[str, Array]: ...

    def read_slice(self, name: str, key: Key) -> Array: ...

    def verify(self, callback: Callback | None = None) -> None: ...


class CheckpointFile:
    """An open checkpoint; a context manager. `open_file` makes it.

    Attributes
    ----------
    path : str
        The file.
    variables : mapping of str to TensorInfo
        Its variables by name, in the order of the file.
    group : str
        Whose model is read; the empty name stands for the root.
    sealed : bool
        Whether index and seal vouch for it; a file of another program has neither.
    """

    def __init__(self, path: str, opened: Opened, source: _Source, group: str) -> None:
        self.path = path
        self.group = group
        self.sealed = source.sealed
        self.variables: Mapping[str, TensorInfo] = MappingProxyType(source.entries)
        self._opened: Opened | None = opened
        self._source = source

    def read(self, name: str) -> Array:
        """The value of a variable.

        Returns
        -------
        ndarray
            Fresh and writable, of the variable's shape (a scalar has no dimensions); string tensors are of dtype
            object, and hold bytes.

        Raises
        ------
        NotFoundError
            The file has no such variable.
        DataLossError
            Its bytes are not what was saved.
        """
        return self.read_many([name])[name]

    def read_many(
        self, names: Iterable[str], *, mmap_mode: str | None = None, progress: Callback | None = None
    ) -> dict[str, Array]:
        """The values of several variables, read in parallel; see `read`.

        Parameters
        ----------
        names : iterable of str
        mmap_mode : str, optional
            ``"r"`` or ``"c"``, as in `numpy.memmap`: large values are not read but mapped into memory, read-only or
            copied when they are written on, and loaded as they are used. No digest is checked then (`verify` does),
            and the file must not be changed in place while an array lives: a page that is gone ends the process.
            Small and compressed values, texts, and all values of plain files are read.
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.

        Raises
        ------
        ValueError
            ``mmap_mode`` is another.
        """
        wanted = list(dict.fromkeys(names))
        self._open()
        for name in wanted:
            self._entry(name)
        with about(self.path):
            if mmap_mode is None:
                return self._source.read(wanted, progress)
            mapped = self._source.map(wanted, mmap_mode)
            found = {**mapped, **self._source.read([name for name in wanted if name not in mapped], progress)}
        return {name: found[name] for name in wanted}

    def read_slice(self, name: str, key: tuple[slice, ...]) -> Array:
        """A part of a variable's value, read without the rest as far as the file allows it.

        Only the bytes of the part are read, and gaps between them that are not worth skipping; of a dataset in chunks
        those chunks that have some of the part, of a string tensor everything.

        Parameters
        ----------
        name : str
        key : tuple of slice
            One for each dimension, with step 1; bounds are those of Python's slicing.

        Returns
        -------
        ndarray
            Fresh and writable.

        Raises
        ------
        NotFoundError
            The file has no such variable.
        ValueError
            ``key`` is not as said.

        Notes
        -----
        A digest covers a value as a whole, so that of a part's bytes alone nothing is checked; `verify` checks all. Of
        a compressed value each chunk has a digest, which is checked.
        """
        self._open()
        bounds = normalized(key, self._entry(name).shape, name)
        with about(self.path):
            return self._source.read_slice(name, bounds)

    def _entry(self, name: str) -> TensorInfo:
        entry = self.variables.get(name)
        if entry is None:
            raise NotFoundError(None, None, f"Variable {name!r} is not in {self.path}.")
        return entry

    def structure(self) -> Structure | None:
        """The graph with what belongs to it, or None where the file has none.

        Raises
        ------
        DataLossError, InvalidArgumentError
            The graph is damaged, or names a dtype that there is not.
        """
        opened = self._open()
        if not self._source.has_structure:
            return None
        with about(self.path), hdf5_root(opened) as root:
            return read_structure(groups.open_model(root, self.group))

    def metadata(self) -> dict[str, str]:
        """What the file says of itself; nothing for one of another program."""
        opened = self._open()
        with about(self.path), hdf5_root(opened) as root:
            return read_metadata(root)

    def groups(self) -> list[str]:
        """The groups of the file that have a model, the root, ``""``, first."""
        opened = self._open()
        with about(self.path), hdf5_root(opened) as root:
            return groups.names_in(root)

    def verify(self, *, progress: Callback | None = None) -> None:
        """Check every byte of the file that a digest covers; of a plain file, that all its values can be read.

        Parameters
        ----------
        progress : callable, optional
            See `hdfsaver.files.progress.Callback`.

        Raises
        ------
        DataLossError
            Something is not what was saved; all variables that differ are named.
        """
        self._open()
        with about(self.path):
            self._source.verify(progress)

    def _open(self) -> Opened:
        if self._opened is None:
            raise FailedPreconditionError(None, None, f"{self.path} is closed. Open it again to read it.")
        return self._opened

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        opened, self._opened = self._opened, None
        if opened is not None:
            os.close(opened.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_opened", None) is not None:
            self.close()


def open_file(path: str | os.PathLike[str], group: str = groups.ROOT) -> CheckpointFile:
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
            return CheckpointFile(os.fspath(path), opened, _source(opened, path, group), group)
    except BaseException:
        os.close(opened.fd)
        raise


def _source(opened: Opened, path: str | os.PathLike[str], group: str) -> _Source:
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
        return Rest({other: _model(path, other) for other in file.groups() if other != group}, file.metadata())


def _model(path: str | os.PathLike[str], group: str) -> Model:
    with open_file(path, group) as file:
        values = file.read_many(file.variables) or None
        return Model(values, file.structure(), _dtypes(file.variables), _compression(file.variables))


def _dtypes(entries: Mapping[str, TensorInfo]) -> dict[str, str]:
    return {name: entry.dtype for name, entry in entries.items()}


def _compression(entries: Mapping[str, TensorInfo]) -> dict[str, Compression]:
    """What variables were compressed with, as far as they can be so again."""
    return kept({name: entry.filters for name, entry in entries.items()})


def reseal(path: str | os.PathLike[str]) -> None:
    """Accept a file as it is now: read it through the HDF5 library alone, and write it afresh with index and seal.

    Raises
    ------
    DataLossError, InvalidArgumentError
        It cannot be read; see `open_file`. The file is as it was.
    OpError
        What the operating system reports.
    """
    opened = open_hdf5(path)
    try:
        with about(path):
            with hdf5_root(opened) as root:
                names = groups.names_in(root) or [groups.ROOT]
                metadata = read_metadata(root)
            models = {group: _accepted(opened, path, group) for group in names}
    finally:
        os.close(opened.fd)
    write_models(path, models, metadata=metadata)


def _accepted(opened: Opened, path: str | os.PathLike[str], group: str) -> Model:
    source = PlainSource(opened, path, group, accept=True)
    with hdf5_root(opened) as root:
        structure = read_structure(groups.open_model(root, group)) if source.has_structure else None
    values = source.read(_in_old_order(opened, source.entries, group))
    return Model(
        values if source.has_variables else None, structure, _dtypes(source.entries), _compression(source.entries)
    )


def _in_old_order(opened: Opened, entries: Mapping[str, TensorInfo], group: str) -> list[str]:
    """The variables in the order of the index, as far as it is there and can be read, and those that it lacks."""
    try:
        with hdf5_root(opened) as root:
            old = dict.fromkeys(read_names(root, groups.link_of(group)))
    except OpError:
        old = {}
    return [*(name for name in old if name in entries), *(name for name in entries if name not in old)]
