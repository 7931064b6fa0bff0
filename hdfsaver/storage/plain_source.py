"""A plain HDF5 file, without index and seal: made with h5py, MATLAB or R, or changed by another program.

The file is read through the HDF5 library, but not trusted. A dataset must be in the file itself, as one block or in
chunks with supported filters, and have one of the dtypes; anything else is refused before it is read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from h5py import h5d, h5g, h5s, h5t

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError
from hdfsaver.files.opening import Opened
from hdfsaver.files.partial_reads import part_of, read_part
from hdfsaver.files.positional_io import read_at
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.storage import groups, layout
from hdfsaver.storage.chunks.filters import Filters
from hdfsaver.storage.chunks.foreign_chunks import check_chunks, filters_of, inflated_size, read_chunked
from hdfsaver.storage.hdf5 import datatypes, link_names, objects, strings
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.hdf5_source import Hdf5Source
from hdfsaver.storage.seal import advice
from hdfsaver.storage.sealed_source import newer_version
from hdfsaver.tensor_info import STRING, Array, Key, TensorInfo


class _Dataset(NamedTuple):
    """An open dataset that has passed every check."""

    id: h5d.DatasetID
    part: str
    dtype: str
    datatype: h5t.TypeID
    layout: int
    labels: dict[str, str]

    @property
    def itemsize(self) -> int:
        size: int = self.datatype.get_size()
        return size

    @property
    def nbytes(self) -> int:
        size: int = math.prod(self.id.shape) * self.itemsize
        return size

    @property
    def chunking(self) -> tuple[Filters, tuple[int, ...]]:
        """Filters and shape of its chunks; empty for an uncompressed dataset."""
        if self.layout != h5d.CHUNKED:
            return (), ()
        properties = self.id.get_create_plist()
        filters = filters_of(properties, self.part)
        return (filters, properties.get_chunk()) if filters else ((), ())

    @property
    def inflated(self) -> int:
        """Bytes that reading it produces: a chunk may be larger than its part of the dataset."""
        return inflated_size(self.id, self.itemsize) if self.layout == h5d.CHUNKED else self.nbytes


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
            is_own = _check_version(root)
            self._below = _container(groups.open_model(root, group), is_own)
            self.has_structure = self._below is None or self._below == layout.VARIABLES
            self.has_variables = self._below is not None
            self._links: dict[str, str] = {}
            self.entries: dict[str, TensorInfo] = {}
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
        declared = 0
        for path, parent, link in objects.walk(self._container(root)):
            name = _name(path)
            if name in self.entries:
                raise damaged(objects.location(parent), f"two links have the name {name!r} of one variable.")
            dataset = _open(self._opened, parent, link)
            shape = strings.shape_of(dataset.id.shape, dataset.labels)
            self.entries[name] = TensorInfo(name, dataset.dtype, shape, dataset.nbytes, *dataset.chunking)
            self._links[name] = path
            declared += dataset.inflated
            limits.check_declared(dataset.part, declared, self._opened.size)

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of variables, in the order of ``names``."""
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        found = {}
        with hdf5_root(self._opened) as root:
            container = self._container(root)
            for name in names:
                found[name] = self._read(container, self._links[name])
                progress.advance(self.entries[name].nbytes)
        return found

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a variable's value; of a value in one block only the part is read."""
        with hdf5_root(self._opened) as root:
            dataset = self._dataset(self._container(root), self._links[name])
            with objects.reading(dataset.part):
                if dataset.dtype == STRING or dataset.layout == h5d.COMPACT or not dataset.nbytes:
                    return part_of(_decoded(dataset, _bytes(self._opened, dataset)), key)
                part = _part(self._opened, dataset, key)
                return _numbers(dataset, part.tobytes(), part.shape)

    def _container(self, root: h5g.GroupID) -> h5g.GroupID:
        model = groups.open_model(root, self._group)
        return objects.open_group(model, self._below) if self._below else model

    def _dataset(self, group: h5g.GroupID, path: str) -> _Dataset:
        above, _, link = path.rpartition("/")
        return _open(self._opened, objects.open_group(group, above) if above else group, link)

    def _read(self, group: h5g.GroupID, path: str) -> Array:
        dataset = self._dataset(group, path)
        with objects.reading(dataset.part):
            return _decoded(dataset, _bytes(self._opened, dataset))


def read_each(opened: Opened) -> tuple[dict[str, Array], dict[str, str], dict[str, str]]:
    """Read the values and dtypes of all readable datasets, and the faults of the others, by path.

    Raises
    ------
    DataLossError
        The groups themselves cannot be walked.
    """
    values: dict[str, Array] = {}
    dtypes_found: dict[str, str] = {}
    lost: dict[str, str] = {}
    declared = 0
    with hdf5_root(opened) as root:
        below = layout.VARIABLES if groups.is_group(root, layout.VARIABLES) else ""
        container = objects.open_group(root, below) if below else root
        for parent, link in _links_below(container, lost):
            path = f"{objects.location(parent).rstrip('/')}/{link}"
            name = path.removeprefix(f"/{below}").removeprefix("/")
            try:
                dataset = _open(opened, parent, link)
                limits.check_declared(dataset.part, declared + dataset.inflated, opened.size)
                declared += dataset.inflated
                with objects.reading(dataset.part):
                    name = link_names.name_of(name)
                    values[name] = _decoded(dataset, _bytes(opened, dataset))
                    dtypes_found[name] = dataset.dtype
            except OpError as error:
                lost[name] = error.message
    return values, dtypes_found, lost


def _links_below(container: h5g.GroupID, lost: dict[str, str]) -> Iterator[tuple[h5g.GroupID, str]]:
    """The links of all objects that are not groups; groups that cannot be walked are added to ``lost``."""
    waiting = [container]
    seen: set[int] = set()
    while waiting:
        group = waiting.pop()
        part = objects.location(group)
        try:
            objects.note_address(group, part, seen)
            for link in objects.links_of(group):
                if groups.is_group(group, link):
                    waiting.append(objects.open_group(group, link))
                else:
                    yield group, link
        except OpError as error:
            lost[part] = error.message


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


def _name(path: str) -> str:
    try:
        return link_names.name_of(path)
    except ValueError as error:
        raise damaged(f"/{path}", str(error)) from None


# --- one dataset ----------------------------------------------------------------------------------------------------


def _open(opened: Opened, parent: h5g.GroupID, link: str) -> _Dataset:
    part = f"{objects.location(parent).rstrip('/')}/{link}"
    with objects.reading(part):
        dataset = objects.open_object(parent, link)
        if not isinstance(dataset, h5d.DatasetID):
            raise _refused(part, "it is neither a group nor a dataset")
        properties = dataset.get_create_plist()
        # The layout first: a query for the shape of a virtual dataset opens other files.
        kind = properties.get_layout()
        if kind not in (h5d.CONTIGUOUS, h5d.COMPACT, h5d.CHUNKED) or properties.get_external_count():
            raise _refused(part, "its values are in other files")
        if dataset.get_space().get_simple_extent_type() == h5s.NULL:
            raise _refused(part, "it has no value")
        found = _described(dataset, part, kind)
        _check_storage(opened, found)
        return found


def _described(dataset: h5d.DatasetID, part: str, kind: int) -> _Dataset:
    datatype = dataset.get_type()
    labels = _labels(dataset)
    if strings.stored_dtype(datatype, labels) is not None or objects.is_fixed_text(datatype):
        return _Dataset(dataset, part, STRING, datatype, kind, labels)
    dtype = datatypes.dtype_name(datatype, labels.get(datatypes.LABEL))
    if dtype is None:
        raise _refused(part, "its HDF5 datatype is unsupported (as are strings of variable length)")
    return _Dataset(dataset, part, dtype, datatype, kind, {})


def _labels(dataset: h5d.DatasetID) -> dict[str, str]:
    label = objects.get_text(dataset, datatypes.LABEL)
    if label is None:
        return {}
    # The other two attributes belong to string tensors; elsewhere they may be another program's, of any type.
    rest = ("encoding", "shape") if label == STRING else ()
    found = {name: objects.get_text(dataset, name) for name in rest}
    return {datatypes.LABEL: label, **{name: text for name, text in found.items() if text is not None}}


def _check_storage(opened: Opened, dataset: _Dataset) -> None:
    if len(dataset.id.shape) > layout.MAX_RANK:
        raise _refused(dataset.part, f"it has more than {layout.MAX_RANK} dimensions")
    if dataset.layout == h5d.CHUNKED:
        check_chunks(dataset.id, dataset.itemsize, dataset.part)
        return
    stored = dataset.id.get_storage_size()
    if stored != dataset.nbytes:
        raise damaged(dataset.part, f"it declares {dataset.nbytes} bytes, but the file holds {stored}.")
    if dataset.layout == h5d.CONTIGUOUS and dataset.nbytes:
        offset = dataset.id.get_offset()
        if offset is None or offset + dataset.nbytes > opened.size:
            raise damaged(dataset.part, "its bytes are not within the file.")


def _refused(part: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"{part}: {why}; it is refused.")


def _bytes(opened: Opened, dataset: _Dataset) -> bytes:
    if dataset.layout == h5d.CHUNKED:
        return read_chunked(opened, dataset.id, dataset.itemsize, dataset.part).tobytes()
    data = np.zeros(dataset.nbytes, dtype=np.uint8)
    if dataset.layout == h5d.CONTIGUOUS and dataset.nbytes:
        read_at(opened.fd, data.data, dataset.id.get_offset())
    elif dataset.nbytes:
        dataset.id.read(h5s.ALL, h5s.ALL, data.view(np.dtype((np.void, dataset.itemsize))), dataset.datatype)
    return data.tobytes()


def _part(opened: Opened, dataset: _Dataset, key: Key) -> Array:
    if dataset.layout == h5d.CHUNKED:
        return read_chunked(opened, dataset.id, dataset.itemsize, dataset.part, key)
    element = np.dtype((np.void, dataset.itemsize))
    return read_part(opened.fd, dataset.id.get_offset(), dataset.id.shape, element, key)


def _decoded(dataset: _Dataset, data: bytes) -> Array:
    return _strings(dataset, data) if dataset.dtype == STRING else _numbers(dataset, data, dataset.id.shape)


def _numbers(dataset: _Dataset, data: bytes, shape: tuple[int, ...]) -> Array:
    dtype = dtypes.numpy_dtype(dataset.dtype)
    if dataset.dtype == "bool" and data.translate(None, b"\0\1"):
        raise damaged(dataset.part, "a boolean is neither 0 nor 1.")
    if datatypes.is_big_endian(dataset.datatype) and dtype.itemsize > 1:
        # Swapped explicitly: NumPy has no byte order for bfloat16.
        data = np.frombuffer(data, dtype=np.uint8).reshape(-1, dtype.itemsize)[:, ::-1].tobytes()
    return np.frombuffer(bytearray(data), dtype=dtype).reshape(shape)


def _strings(dataset: _Dataset, data: bytes) -> Array:
    stored = strings.stored_dtype(dataset.datatype, dataset.labels)
    if stored is not None:
        return strings.decode(np.frombuffer(data, dtype=stored).reshape(dataset.id.shape), dataset.labels)
    width = dataset.itemsize
    padding = dataset.datatype.get_strpad()
    items = np.empty(len(data) // width, dtype=object)
    items[:] = [_unpadded(data[start : start + width], padding) for start in range(0, len(data), width)]
    return items.reshape(dataset.id.shape)


def _unpadded(item: bytes, padding: int) -> bytes:
    if padding == h5t.STR_SPACEPAD:
        return item.rstrip(b" ")
    return item.rstrip(b"\0") if padding == h5t.STR_NULLPAD else item.partition(b"\0")[0]
