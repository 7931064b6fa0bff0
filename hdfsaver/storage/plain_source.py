"""A plain HDF5 file, without index and seal: made with h5py, MATLAB or R, or changed by another program.

The file is read through the HDF5 library, but not trusted. An element that cannot be read is listed with the reason;
the others are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from h5py import h5g

from hdfsaver import limits
from hdfsaver.errors import DataLossError, OpError
from hdfsaver.files.opening import Opened
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.storage import groups, layout
from hdfsaver.storage.hdf5 import link_names, objects
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5_source import Hdf5Source
from hdfsaver.storage.plain_dataset import PlainDataset, open_plain
from hdfsaver.storage.plain_walk import Found, walk
from hdfsaver.storage.seal import advice
from hdfsaver.storage.sealed_source import newer_version
from hdfsaver.tensor_info import Array, Key, TensorInfo


class PlainSource(Hdf5Source):
    """Reads the variables of a file through the HDF5 library.

    Parameters
    ----------
    opened : Opened
    path : path-like
    group : str
        The group of the model; see `hdfsaver.storage.groups`.
    accept : bool
        Also read a file whose seal is broken.
    """

    kind = "HDF5 file"

    def __init__(
        self, opened: Opened, path: str | os.PathLike[str], group: str = groups.ROOT, *, accept: bool = False
    ) -> None:
        super().__init__(opened, group)
        self._path = path
        with hdf5_root(opened) as root:
            if not accept and _has_index(root):
                raise DataLossError(None, None, f"{path} has an index, but no valid seal. {advice(path)}")
            self._is_own = _check_version(root)
            self._below = _container(groups.open_model(root, group), self._is_own)
            self.has_structure = self._below is None or self._below == layout.VARIABLES
            self.has_variables = self._below is not None
            self._links: dict[str, str] = {}
            self.entries: dict[str, TensorInfo] = {}
            self.unreadable: dict[str, OpError] = {}
            self._scan(root)

    def of_group(self, group: str) -> PlainSource:
        """The model of another group."""
        opened = self._duplicate()
        try:
            return PlainSource(opened, self._path, group)
        except BaseException:
            os.close(opened.fd)
            raise

    def _scan(self, root: h5g.GroupID) -> None:
        if self._below is None:
            return
        for found in walk(self._container(root)):
            name = self._name(found.path)
            if name in self._links or name in self.unreadable:
                self.entries.pop(name, None)
                self.unreadable[name] = damaged(f"/{found.path}", f"two links have the name {name!r} of one variable.")
                continue
            try:
                self.entries[name] = _entry(self._opened, found, name)
                self._links[name] = found.path
            except OpError as fault:
                self.unreadable[name] = fault

    def _name(self, path: str) -> str:
        """The name of a path; only this project's files escape names."""
        try:
            return link_names.name_of(path) if self._is_own else path
        except ValueError as error:
            raise damaged(f"/{path}", str(error)) from None

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of variables, in the order of ``names``."""
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        found = {}
        with hdf5_root(self._opened) as root:
            container = self._container(root)
            datasets = {name: self._dataset(container, name) for name in names}
            declared = self._check_declared(datasets.values())
            for name, dataset in datasets.items():
                found[name] = dataset.read(self._opened, declared)
                declared += sum(map(len, found[name].flat)) if dataset.in_heap else 0
                progress.advance(self.entries[name].nbytes)
        return found

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a variable's value; of a value in one block only the part is read."""
        with hdf5_root(self._opened) as root:
            dataset = self._dataset(self._container(root), name)
            self._check_declared([dataset])
            return dataset.read_slice(self._opened, key)

    def _check_declared(self, datasets: Iterable[PlainDataset]) -> int:
        """The memory for the values that are read at once; an error if the limits do not allow it."""
        declared = 0
        for dataset in datasets:
            declared += dataset.inflated
            limits.check_declared(dataset.part, declared, self._opened.size)
        return declared

    def _container(self, root: h5g.GroupID) -> h5g.GroupID:
        model = groups.open_model(root, self._group)
        return objects.open_group(model, self._below) if self._below else model

    def _dataset(self, container: h5g.GroupID, name: str) -> PlainDataset:
        above, _, link = self._links[name].rpartition("/")
        return open_plain(self._opened, objects.open_group(container, above) if above else container, link)


def _has_index(root: h5g.GroupID) -> bool:
    if not groups.is_group(root, layout.INDEX):
        return False
    index = objects.open_group(root, layout.INDEX)
    return any(objects.has_link(index, link) for link in (layout.SEAL, layout.EXTENTS))


def _check_version(root: h5g.GroupID) -> bool:
    """Whether the file declares this format; another version of the format is refused."""
    try:
        is_own = objects.get_text(root, layout.FORMAT_ATTRIBUTE) == layout.FORMAT
        version = (objects.get_text(root, layout.VERSION_ATTRIBUTE) or layout.VERSION) if is_own else layout.VERSION
    except OpError:  # an attribute of another program with the same name
        return False
    if version.partition(".")[0] != str(layout.MAJOR):
        raise newer_version(version)
    return is_own


def _container(model: h5g.GroupID, is_own: bool) -> str | None:
    """The group with the variables: ``variables`` if it exists, otherwise the whole group of a foreign file."""
    if groups.is_group(model, layout.VARIABLES):
        return layout.VARIABLES
    return None if is_own else ""


def _entry(opened: Opened, found: Found, name: str) -> TensorInfo:
    if found.fault is not None:
        raise found.fault
    return open_plain(opened, found.parent, found.link).info(name)
