"""A plain HDF5 file, without index and seal: made with h5py, MATLAB or R, or changed by another program.

The file is read through the HDF5 library, but not trusted. An element that cannot be read is listed with the reason;
the others are read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from h5py import h5g, h5o

from hdfsaver import limits
from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError
from hdfsaver.files.opening import Opened, end_reading
from hdfsaver.files.os_errors import is_refusal
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.storage import groups, layout
from hdfsaver.storage.hdf5 import link_names, objects
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5_source import Hdf5Source
from hdfsaver.storage.ownership import has_index
from hdfsaver.storage.plain_columns import columns_of
from hdfsaver.storage.plain_dataset import PlainDataset, open_plain
from hdfsaver.storage.plain_walk import Found, attributed, walk
from hdfsaver.storage.seal import advice
from hdfsaver.storage.sealed_source import newer_version
from hdfsaver.tensor_info import STRING_BYTES, Array, Key, TensorInfo


class _Place(NamedTuple):
    """Where an array is: the path of its dataset, and its column if that is a table."""

    path: str
    column: str


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
            if not accept and has_index(root):
                raise DataLossError(None, None, f"{path} has an index, but no valid seal. {advice(path)}")
            self._is_own = _check_version(root)
            self._below = _container(groups.open_model(root, group), self._is_own)
            self.has_structure = self._is_own
            self.has_variables = self._below is not None
            self._places: dict[str, _Place] = {}
            self.entries: dict[str, TensorInfo] = {}
            self.unreadable: dict[str, OpError] = {}
            self._scan(root)
            self.left_out = self._hidden(root)

    def of_group(self, group: str) -> PlainSource:
        """The model of another group."""
        opened = self._duplicate()
        try:
            return PlainSource(opened, self._path, group)
        except BaseException:
            end_reading(opened.fd)
            raise

    def groups(self) -> list[str]:
        """The groups that have a model; a file of another program is one model if all its arrays are read."""
        return [groups.ROOT] if self._below == "" and self._group == groups.ROOT else super().groups()

    def other_content(self) -> list[str]:
        """The attributes of another program."""
        if self._is_own:
            return []
        with hdf5_root(self._opened) as root:
            container = self._container(root)
            with objects.reading(objects.location(container)):
                count = int(h5o.get_info(container).num_attrs > 0) + attributed(container)
        return [f"attributes of {count:,} object{'' if count == 1 else 's'}"] if count else []

    def link_paths(self) -> Mapping[str, str]:
        """The link path of each variable below the group of the variables."""
        return {name: place.path for name, place in self._places.items()}

    def tables(self) -> list[str]:
        """The link paths of tables, whose columns are read as arrays."""
        return list(dict.fromkeys(place.path for place in self._places.values() if place.column))

    def _hidden(self, root: h5g.GroupID) -> dict[str, str]:
        """The objects of another program beside the group of the variables, which are not read."""
        if self._is_own or self._group != groups.ROOT or self._below != layout.VARIABLES:
            return {}
        beside = (link for link in objects.links_of(root) if link != layout.VARIABLES)
        return {f"/{link}": f"beside the group /{layout.VARIABLES}, which has the arrays" for link in beside}

    def _scan(self, root: h5g.GroupID) -> None:
        if self._below is None:
            return
        for found in walk(self._container(root)):
            for column, element in self._elements(found):
                self._add(_Place(found.path, column), element)

    def _elements(self, found: Found) -> Iterator[tuple[str, PlainDataset | OpError]]:
        """The array that a link leads to, with an empty name, or the columns of a table."""
        if found.fault is not None:
            yield "", found.fault
            return
        try:
            dataset = open_plain(self._opened, found.parent, found.link, is_own=self._is_own)
            if dataset is not None and dataset.element is None:
                yield from columns_of(dataset)
            elif dataset is not None:
                yield "", dataset
        except OpError as fault:
            if is_refusal(fault):
                raise
            yield "", fault

    def _add(self, place: _Place, element: PlainDataset | OpError) -> None:
        name = place.path
        try:
            name = self._name(place)
            if name in self.entries or name in self.unreadable:
                self.entries.pop(name, None)
                raise _twice(place, name)
            if isinstance(element, OpError):
                self.unreadable[name] = element
                return
            self.entries[name] = element.info(name)
            self._places[name] = place
        except OpError as fault:
            if is_refusal(fault):
                raise
            self.unreadable[name] = fault

    def _name(self, place: _Place) -> str:
        """The name of an array; only this project's files escape names."""
        try:
            path = link_names.name_of(place.path) if self._is_own else place.path
        except ValueError as error:
            raise damaged(f"/{place.path}", str(error)) from None
        return f"{path}/{place.column}" if place.column else path

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of variables, in the order of ``names``."""
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        found = {}
        with hdf5_root(self._opened) as root:
            container = self._container(root)
            wholes = [(self._dataset(container, path), some) for path, some in self._paths(names).items()]
            datasets = [(whole, self._parts(whole, some)) for whole, some in wholes]
            declared = self._check_declared(datasets)
            for whole, parts in datasets:
                # The columns of a table are decoded from the same bytes.
                rows = whole.rows(self._opened)
                for name, dataset in parts:
                    found[name] = dataset.decoded(rows, self._opened, declared)
                    declared += sum(map(len, found[name].flat)) if dataset.in_heap else 0
                    progress.advance(self.entries[name].nbytes)
        return {name: found[name] for name in names}

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a variable's value; of a value in one block only the part is read."""
        with hdf5_root(self._opened) as root:
            whole = self._dataset(self._container(root), self._places[name].path)
            ((_name, dataset),) = self._parts(whole, [name])
            count = math.prod(max(0, each.stop - (each.start or 0)) for each in key[: len(whole.stored_shape)])
            texts = dataset.texts(None if dataset.is_read_whole else count)
            self._budget().take(whole.part, nbytes=whole.inflated_part(key) + texts * STRING_BYTES)
            return dataset.read_slice(self._opened, key)

    def _paths(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The paths of datasets, and which of the names are in each."""
        found: dict[str, list[str]] = {}
        for name in names:
            found.setdefault(self._places[name].path, []).append(name)
        return found

    def _parts(self, dataset: PlainDataset, names: Sequence[str]) -> list[tuple[str, PlainDataset]]:
        """The arrays of these names in a dataset: itself, or columns of a table."""
        if dataset.element is not None:
            return [(name, dataset) for name in names]
        columns = dict(columns_of(dataset))
        found = [(name, columns.get(self._places[name].column)) for name in names]
        parts = [(name, column) for name, column in found if isinstance(column, PlainDataset)]
        if len(parts) != len(names):
            raise damaged(dataset.part, "its columns have changed since the file was opened.")
        return parts

    def _budget(self) -> limits.Budget:
        return limits.Budget(self._opened.size)

    def _check_declared(self, datasets: Sequence[tuple[PlainDataset, Sequence[tuple[str, PlainDataset]]]]) -> int:
        """The memory for the values that are read at once; an error if the limits do not allow it."""
        budget, declared = self._budget(), 0
        for whole, parts in datasets:
            nbytes = whole.inflated + sum(part.texts() for _, part in parts) * STRING_BYTES
            budget.take(whole.part, nbytes=nbytes)
            declared += nbytes
        return declared

    def _container(self, root: h5g.GroupID) -> h5g.GroupID:
        model = groups.open_model(root, self._group)
        return objects.open_group(model, self._below) if self._below else model

    def _dataset(self, container: h5g.GroupID, path: str) -> PlainDataset:
        above, _, link = path.rpartition("/")
        parent = objects.open_group(container, above) if above else container
        found = open_plain(self._opened, parent, link, is_own=self._is_own)
        if found is None:
            raise damaged(f"/{path}", "it has changed since the file was opened.")
        return found


def _twice(place: _Place, name: str) -> OpError:
    if place.column:
        what = f"two elements of the file have the name {name!r}; it is refused."
        return InvalidArgumentError(None, None, f"/{place.path}: {what}")
    return damaged(f"/{place.path}", f"two links have the name {name!r} of one variable.")


def _check_version(root: h5g.GroupID) -> bool:
    """Whether the file declares this format; another version of the format is refused."""
    try:
        is_own = objects.get_text(root, layout.FORMAT_ATTRIBUTE) == layout.FORMAT
        version = (objects.get_text(root, layout.VERSION_ATTRIBUTE) or layout.VERSION) if is_own else layout.VERSION
    except (DataLossError, InvalidArgumentError):  # an attribute of another program with the same name
        return False
    if version.partition(".")[0] != str(layout.MAJOR):
        raise newer_version(version)
    return is_own


def _container(model: h5g.GroupID, is_own: bool) -> str | None:
    """The group with the variables: ``variables`` if it exists, otherwise the whole group of a foreign file."""
    if groups.is_group(model, layout.VARIABLES):
        return layout.VARIABLES
    return None if is_own else ""
