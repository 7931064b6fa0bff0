"""One dataset of a plain HDF5 file, checked before it is read.

It must be in the file itself, as one block or in chunks with supported filters, and have a supported type; anything
else is refused.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from h5py import h5d, h5g, h5s, h5t

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import Opened
from hdfsaver.files.partial_reads import part_of, read_part
from hdfsaver.files.positional_io import read_at
from hdfsaver.storage import layout
from hdfsaver.storage.chunks.filters import Filters
from hdfsaver.storage.chunks.foreign_chunks import check_chunks, filters_of, inflated_size, read_chunked
from hdfsaver.storage.hdf5 import datatypes, objects, strings
from hdfsaver.storage.hdf5.global_heap import RECORD, is_heap_string, read_strings
from hdfsaver.storage.hdf5.heap_fill import check_fill_value
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.tensor_info import STRING, Array, Key, TensorInfo


class PlainDataset(NamedTuple):
    """An open dataset that has passed every check."""

    id: h5d.DatasetID
    part: str
    dtype: str
    datatype: h5t.TypeID
    layout: int
    labels: dict[str, str]

    @property
    def itemsize(self) -> int:
        """Bytes of an element in the file."""
        size: int = RECORD.itemsize if self.in_heap else self.datatype.get_size()
        return size

    @property
    def in_heap(self) -> bool:
        """Whether its elements are strings of variable length, which only refer to the file's heap."""
        return is_heap_string(self.datatype)

    @property
    def nbytes(self) -> int:
        """Bytes of its value, uncompressed."""
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

    def info(self, name: str) -> TensorInfo:
        """Its description, under a name."""
        shape = strings.shape_of(self.id.shape, self.labels)
        # The length of strings in the heap is not known before they are read.
        return TensorInfo(name, self.dtype, shape, 0 if self.in_heap else self.nbytes, *self.chunking)

    def read(self, opened: Opened, declared: int = 0) -> Array:
        """Read its value, a new, writable array; ``declared`` counts the bytes of values that are read with it."""
        with objects.reading(self.part):
            data = _bytes(opened, self)
            if self.in_heap:
                return read_strings(opened, np.frombuffer(data, RECORD).reshape(self.id.shape), self.part, declared)
            return _decoded(self, data)

    def read_slice(self, opened: Opened, key: Key) -> Array:
        """Read a part of its value; of a value in one block only the part is read."""
        with objects.reading(self.part):
            if self.in_heap and self.nbytes:
                return read_strings(opened, _part(opened, self, key), self.part, self.inflated)
            if self.dtype == STRING or self.layout == h5d.COMPACT or not self.nbytes:
                return part_of(_decoded(self, _bytes(opened, self)), key)
            part = _part(opened, self, key)
            return _numbers(self, part.tobytes(), part.shape)


def open_plain(opened: Opened, parent: h5g.GroupID, link: str) -> PlainDataset:
    """Open the dataset of a link, and check its storage and type.

    Parameters
    ----------
    opened : Opened
        The file.
    parent : h5py.h5g.GroupID
        The group.
    link : str
        The link in it.

    Returns
    -------
    PlainDataset

    Raises
    ------
    InvalidArgumentError
        It is not a dataset, is stored in other files, or has an unsupported type or filter.
    DataLossError
        Its bytes are not in the file.
    """
    part = f"{objects.location(parent).rstrip('/')}/{link}"
    with objects.reading(part):
        dataset = objects.open_object(parent, link)
        if not isinstance(dataset, h5d.DatasetID):
            raise _refused(part, "it is neither a group nor a dataset")
        check_fill_value(opened, dataset, part)
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


def _described(dataset: h5d.DatasetID, part: str, kind: int) -> PlainDataset:
    datatype = dataset.get_type()
    if is_heap_string(datatype):
        if kind == h5d.COMPACT:
            remedy = f"`h5repack -l {part}:CONTI IN OUT` moves them out of it"
            raise _refused(part, f"its strings of variable length are in the header of the dataset ({remedy})")
        return PlainDataset(dataset, part, STRING, datatype, kind, {})
    labels = _labels(dataset)
    if strings.stored_dtype(datatype, labels) is not None or objects.is_fixed_text(datatype):
        return PlainDataset(dataset, part, STRING, datatype, kind, labels)
    dtype = datatypes.dtype_name(datatype, labels.get(datatypes.LABEL))
    if dtype is None:
        raise _refused(part, "its HDF5 datatype is unsupported")
    return PlainDataset(dataset, part, dtype, datatype, kind, {})


def _labels(dataset: h5d.DatasetID) -> dict[str, str]:
    label = objects.get_text(dataset, datatypes.LABEL)
    if label is None:
        return {}
    # The other two attributes belong to string tensors; elsewhere they may be another program's, of any type.
    rest = ("encoding", "shape") if label == STRING else ()
    found = {name: objects.get_text(dataset, name) for name in rest}
    return {datatypes.LABEL: label, **{name: text for name, text in found.items() if text is not None}}


def _check_storage(opened: Opened, dataset: PlainDataset) -> None:
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


def _bytes(opened: Opened, dataset: PlainDataset) -> bytes:
    if dataset.layout == h5d.CHUNKED:
        return read_chunked(opened, dataset.id, dataset.itemsize, dataset.part).tobytes()
    data = np.zeros(dataset.nbytes, dtype=np.uint8)
    if dataset.layout == h5d.CONTIGUOUS and dataset.nbytes:
        read_at(opened.fd, data.data, dataset.id.get_offset())
    elif dataset.nbytes:
        dataset.id.read(h5s.ALL, h5s.ALL, data.view(np.dtype((np.void, dataset.itemsize))), dataset.datatype)
    return data.tobytes()


def _part(opened: Opened, dataset: PlainDataset, key: Key) -> Array:
    if dataset.layout == h5d.CHUNKED:
        return read_chunked(opened, dataset.id, dataset.itemsize, dataset.part, key)
    element = np.dtype((np.void, dataset.itemsize))
    return read_part(opened.fd, dataset.id.get_offset(), dataset.id.shape, element, key)


def _decoded(dataset: PlainDataset, data: bytes) -> Array:
    return _strings(dataset, data) if dataset.dtype == STRING else _numbers(dataset, data, dataset.id.shape)


def _numbers(dataset: PlainDataset, data: bytes, shape: tuple[int, ...]) -> Array:
    dtype = dtypes.numpy_dtype(dataset.dtype)
    if dataset.dtype == "bool" and data.translate(None, b"\0\1"):
        raise damaged(dataset.part, "a boolean is neither 0 nor 1.")
    if datatypes.is_big_endian(dataset.datatype) and dtype.itemsize > 1:
        # Swapped explicitly: NumPy has no byte order for bfloat16.
        data = np.frombuffer(data, dtype=np.uint8).reshape(-1, dtype.itemsize)[:, ::-1].tobytes()
    return np.frombuffer(bytearray(data), dtype=dtype).reshape(shape)


def _strings(dataset: PlainDataset, data: bytes) -> Array:
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
