"""One dataset of a plain HDF5 file, checked before it is read.

It must be in the file itself, as one block or in chunks with supported filters, and have a supported type; anything
else is refused. A dataset of compounds is a table, of which only the columns are read: see `plain_columns`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from h5py import h5d, h5g, h5s, h5t

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.opening import Opened
from hdfsaver.files.partial_reads import part_of, read_part
from hdfsaver.files.positional_io import read_at
from hdfsaver.storage import layout, plain_attributes
from hdfsaver.storage.chunks.fill_values import check_defined, fill_value, filled
from hdfsaver.storage.chunks.filters import Filters
from hdfsaver.storage.chunks.foreign_chunks import check_chunks, inflated_size, read_chunked
from hdfsaver.storage.chunks.foreign_filters import filters_of
from hdfsaver.storage.hdf5 import datatypes, narrow_numbers, objects, strings
from hdfsaver.storage.hdf5.elements import BYTE_OF_TRUTH, Element, element_of, labelled
from hdfsaver.storage.hdf5.foreign_types import described, stored_size
from hdfsaver.storage.hdf5.global_heap import read_strings
from hdfsaver.storage.hdf5.heap_fill import check_fill_value, may_use_heap
from hdfsaver.storage.hdf5.objects import damaged
from hdfsaver.storage.plain_attributes import Meaning, meaning_of
from hdfsaver.tensor_info import STRING, Array, Key, TensorInfo, numpy_dtype

_JOINED = Element(STRING, (), 1, np.asarray)
"""A byte of a string tensor in the joined form, which is decoded as a whole."""

_MOST_ELEMENTS = 2**59
"""NumPy counts elements in 63 bits."""


class PlainDataset(NamedTuple):
    """An open dataset, or a column of one, that has passed every check.

    Attributes
    ----------
    id : h5py.h5d.DatasetID
    part : str
        Its path, for errors.
    datatype : h5py.h5t.TypeID
        The datatype of the whole elements.
    layout : int
        HDF5's number of its layout.
    stored_shape : tuple of int
        The shape of the dataset in the file; ``(0,)`` for a dataset without a value.
    itemsize : int
        Bytes of a whole element in the file.
    element : Element or None
        How its elements become values; None for a table, of which only the columns have values.
    offset : int
        Where the element begins in the whole element: other than 0 for most columns.
    labels : dict of str to str
        The attributes of a string tensor of this project in the joined form; empty for all others.
    bits_are_truth : bool
        Whether bitfields of 8 bits are booleans.
    empty : tuple of int or None
        The shape of an empty array; None if the dataset has the values themselves.
    is_scalar : bool
        Whether its one row is a scalar of this project.
    """

    id: h5d.DatasetID
    part: str
    datatype: h5t.TypeID
    layout: int
    stored_shape: tuple[int, ...]
    itemsize: int
    element: Element | None
    offset: int = 0
    labels: dict[str, str] = {}  # noqa: RUF012 - never changed
    bits_are_truth: bool = False
    empty: tuple[int, ...] | None = None
    is_scalar: bool = False

    @property
    def in_heap(self) -> bool:
        """Whether its elements are strings of variable length, which only refer to the file's heap."""
        return self.element is not None and self.element.in_heap

    @property
    def nbytes(self) -> int:
        """Bytes of the whole dataset, uncompressed."""
        return math.prod(self.stored_shape) * self.itemsize

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its value."""
        if self.empty is not None:
            return self.empty
        if self.is_scalar:
            return ()
        return strings.shape_of(self.stored_shape, self.labels) + (self.element.shape if self.element else ())

    @property
    def is_column(self) -> bool:
        """Whether it is a part of the elements of a dataset."""
        return self.element is not None and self.element.size != self.itemsize

    @property
    def chunking(self) -> tuple[Filters, tuple[int, ...]]:
        """Filters and shape of its chunks; empty for an uncompressed dataset, and for a part of its elements."""
        if self.layout != h5d.CHUNKED or self.is_column or self.shape != self.stored_shape:
            return (), ()
        properties = self.id.get_create_plist()
        filters = filters_of(properties, self.part)
        return (filters, properties.get_chunk()) if filters else ((), ())

    @property
    def inflated(self) -> int:
        """Bytes that reading it produces: a chunk may be larger than its part of the dataset."""
        return inflated_size(self.id, self.itemsize) if self.layout == h5d.CHUNKED else self.nbytes

    def inflated_part(self, key: Key) -> int:
        """Bytes that reading a part of it produces: a whole chunk for each that the part overlaps."""
        rank = len(self.stored_shape)
        if self.is_read_whole or self.layout not in (h5d.CHUNKED, h5d.CONTIGUOUS):
            return self.inflated
        if self.layout == h5d.CHUNKED:
            return inflated_size(self.id, self.itemsize, key[:rank])
        lengths = [max(0, each.stop - (each.start or 0)) for each in key[:rank]]
        nbytes: int = math.prod(lengths) * self.itemsize
        return nbytes

    @property
    def is_read_whole(self) -> bool:
        """Whether a part of it cannot be read alone."""
        is_small = self.empty is not None or self.layout == h5d.COMPACT or not self.nbytes
        return bool(self.labels) or is_small or self.is_scalar or not self.stored_shape

    def texts(self, count: int | None = None) -> int:
        """The strings of fixed length among ``count`` of its elements, by default all: objects, each of a few bytes."""
        if self.element is None or self.element.dtype != STRING or self.in_heap or self.labels:
            return 0
        return math.prod(self.element.shape) * (math.prod(self.stored_shape) if count is None else count)

    def info(self, name: str) -> TensorInfo:
        """Its description, under a name."""
        assert self.element is not None, "a table has no value of its own"
        # The length of strings in the heap is not known before they are read.
        is_unknown = self.in_heap or self.empty is not None
        nbytes = 0 if is_unknown else math.prod(self.stored_shape) * self.element.size
        return TensorInfo(name, self.element.dtype, self.shape, nbytes, *self.chunking)

    def rows(self, opened: Opened) -> Array:
        """Read the bytes of all whole elements, a row for each; columns of one table share them."""
        with objects.reading(self.part):
            # Without elements, not even the fill value is read: one element may declare gigabytes.
            if self.empty is not None or not self.nbytes:
                return np.zeros((0, self.itemsize), np.uint8)
            return np.frombuffer(bytearray(_bytes(opened, self)), np.uint8).reshape(-1, self.itemsize)

    def decoded(self, rows: Array, opened: Opened, declared: int = 0) -> Array:
        """Its value from the bytes of all elements.

        Parameters
        ----------
        rows : ndarray
            From `rows`.
        opened : Opened
            The file, for strings of variable length.
        declared : int
            The bytes of values that are read with it.

        Returns
        -------
        ndarray
            New and writable, or a view of ``rows``.
        """
        with objects.reading(self.part):
            if self.labels:
                return strings.decode(rows.reshape(-1), self.labels)
            return self._values(rows, opened, declared).reshape(self.shape)

    def read(self, opened: Opened) -> Array:
        """Read its value: a new, writable array."""
        return self.decoded(self.rows(opened), opened, self.inflated)

    def read_slice(self, opened: Opened, key: Key) -> Array:
        """Read a part of its value; of a value in one block only the part is read."""
        with objects.reading(self.part):
            rank = len(self.stored_shape)
            if self.is_read_whole:
                return part_of(self.read(opened), key)
            part = _part(opened, self, key[:rank])
            values = self._values(
                part.reshape(-1).view(np.uint8).reshape(-1, self.itemsize), opened, self.inflated_part(key)
            )
            values = values.reshape(part.shape + values.shape[1:])
            return part_of(values, (slice(None),) * rank + key[rank:]) if key[rank:] else values

    def _values(self, rows: Array, opened: Opened, declared: int) -> Array:
        """The values of elements from their bytes; the dimensions of an element follow the first one."""
        assert self.element is not None, "a table has no value of its own"
        if self.empty is not None:
            return np.zeros(self.empty, numpy_dtype(self.element.dtype))
        try:
            values = self.element.decode(rows[:, self.offset : self.offset + self.element.size])
        except DataLossError as fault:
            raise damaged(self.part, fault.message) from None
        return read_strings(opened, values, self.part, declared) if self.in_heap else values


def open_plain(opened: Opened, parent: h5g.GroupID, link: str, *, is_own: bool = False) -> PlainDataset | None:
    """Open the dataset of a link, and check its storage and type.

    Parameters
    ----------
    opened : Opened
        The file.
    parent : h5py.h5g.GroupID
        The group.
    link : str
        The link in it.
    is_own : bool
        Whether the file declares the format of this project, which says what attributes mean.

    Returns
    -------
    PlainDataset or None
        None for a dataset that is not an array: a dimension of a netCDF file, an empty cell array.

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
            raise refused(part, "it is neither a group nor a dataset")
        check_fill_value(opened, dataset, part)
        properties = dataset.get_create_plist()
        # The layout first: a query for the shape of a virtual dataset opens other files.
        kind = properties.get_layout()
        if kind not in (h5d.CONTIGUOUS, h5d.COMPACT, h5d.CHUNKED) or properties.get_external_count():
            raise refused(part, "its values are in other files")
        meaning = meaning_of(opened, dataset, is_own)
        if meaning is None:
            return None
        found = _described(dataset, part, kind, meaning)
        if found.empty is None:
            _check_storage(opened, found)
        return found if is_own else _with_values(opened, parent, link, found)


def _described(dataset: h5d.DatasetID, part: str, kind: int, meaning: Meaning) -> PlainDataset:
    datatype, labels = dataset.get_type(), meaning.labels
    is_null = dataset.get_space().get_simple_extent_type() == h5s.NULL
    joined = strings.stored_dtype(datatype, labels) if labels.get("encoding") == strings.JOINED else None
    element = _JOINED if joined is not None else _element(datatype, meaning)
    size = element.size if element is not None else stored_size(datatype)
    if size is None or (element is None and datatype.get_class() != h5t.COMPOUND):
        raise refused(part, f"its HDF5 datatype is unsupported: {described(datatype)}{_hint(datatype, part)}")
    if kind == h5d.COMPACT and may_use_heap(datatype):
        remedy = f"`h5repack -l {part}:CONTI IN OUT` moves them out of it"
        raise refused(part, f"its strings of variable length are in the header of the dataset ({remedy})")
    shape, empty = ((0,), (0,)) if is_null else (dataset.shape, None)
    is_scalar = joined is None and datatypes.shape_of(shape, datatype, labels) != shape
    labels = labels if joined is not None else {}
    bits_are_truth = meaning.bits_are_truth
    found = PlainDataset(
        dataset, part, datatype, kind, shape, size, element, 0, labels, bits_are_truth, empty, is_scalar
    )
    if len(found.shape) > layout.MAX_RANK:
        raise refused(part, f"it has more than {layout.MAX_RANK} dimensions")
    return found


def _hint(datatype: h5t.TypeID, part: str) -> str:
    """The remedy for values that h5py and old files of Keras store without their dtype."""
    if datatype.get_class() != h5t.OPAQUE or labelled(datatype.get_size(), "bfloat16") is None:
        return ""
    return f"; if they are bfloat16, say so, in h5py with file[{part!r}].attrs['dtype'] = 'bfloat16'"


def _element(datatype: h5t.TypeID, meaning: Meaning) -> Element | None:
    """How the elements are decoded; the label of another program counts only where the format defines it."""
    element = element_of(datatype, bits_are_truth=meaning.bits_are_truth)
    label = meaning.labels.get(datatypes.LABEL)
    if label is None or (element is not None and element.dtype == label):
        return element
    if element is None:
        return labelled(datatype.get_size(), label) if datatype.get_class() == h5t.OPAQUE else None
    if datatypes.dtype_name(datatype, label) is not None:
        plain = element.decode
        if label in narrow_numbers.BITS:
            return element._replace(dtype=label, decode=lambda rows: narrow_numbers.checked(plain(rows), label))
        return element._replace(dtype=label, decode=lambda rows: plain(rows).view(numpy_dtype(label)))
    return None if meaning.is_own else element


def _check_storage(opened: Opened, dataset: PlainDataset) -> None:
    if len(dataset.id.shape) > layout.MAX_RANK:
        raise refused(dataset.part, f"it has more than {layout.MAX_RANK} dimensions")
    if dataset.layout == h5d.CHUNKED:
        check_chunks(dataset.id, dataset.itemsize, dataset.part)
        return
    stored = dataset.id.get_storage_size()
    if not stored and dataset.nbytes and dataset.layout == h5d.CONTIGUOUS:
        # Never written: its elements are the fill value.
        check_defined(dataset.id.get_create_plist(), dataset.part)
        return
    if stored != dataset.nbytes:
        raise damaged(dataset.part, f"it declares {dataset.nbytes} bytes, but the file holds {stored}.")
    if dataset.layout == h5d.CONTIGUOUS and dataset.nbytes:
        offset = dataset.id.get_offset()
        if offset is None or offset + dataset.nbytes > opened.size:
            raise damaged(dataset.part, "its bytes are not within the file.")


def _with_values(opened: Opened, parent: h5g.GroupID, link: str, dataset: PlainDataset) -> PlainDataset | None:
    """A dataset of another program, of which an attribute may say that its numbers mean something else."""
    if dataset.element is None or dataset.empty is not None:
        return dataset
    if plain_attributes.is_octave_empty(parent, link):
        return _emptied(opened, dataset, plain_attributes.octave_dtype(_octave_type(opened, parent)))
    if dataset.element.dtype == "uint8" and plain_attributes.is_matlab_logical(dataset.id):
        return dataset._replace(element=BYTE_OF_TRUTH)
    if dataset.element.dtype == "uint64" and plain_attributes.is_matlab_empty(dataset.id):
        return _emptied(opened, dataset, plain_attributes.matlab_dtype(dataset.id))
    return dataset


def _octave_type(opened: Opened, group: h5g.GroupID) -> str:
    found = open_plain(opened, group, "type")
    is_text = found is not None and found.element is not None and found.element.dtype == STRING and found.shape == ()
    return found.read(opened).item().decode("ascii", "replace") if found is not None and is_text else ""


def _emptied(opened: Opened, dataset: PlainDataset, dtype: str | None) -> PlainDataset | None:
    """The empty array of a dataset that has its dimensions as values; they are in the order of columns.

    None for an empty cell array or structure, which is like an empty group.
    """
    if len(dataset.shape) != 1 or not dataset.shape[0] <= layout.MAX_RANK:
        return dataset
    shape = tuple(map(int, reversed(dataset.read(opened).tolist())))
    if 0 not in shape or min(shape) < 0 or math.prod(size or 1 for size in shape) >= _MOST_ELEMENTS:
        return dataset
    if dtype is None:
        return None
    assert dataset.element is not None
    return dataset._replace(element=dataset.element._replace(dtype=dtype), empty=shape)


def refused(part: str, why: str) -> InvalidArgumentError:
    """Make the error for a dataset or a column that is not read."""
    return InvalidArgumentError(None, None, f"{part}: {why}; it is refused.")


def _bytes(opened: Opened, dataset: PlainDataset) -> bytes:
    if dataset.layout == h5d.CHUNKED:
        return read_chunked(opened, dataset.id, dataset.itemsize, dataset.part).tobytes()
    if _is_unwritten(dataset):
        return _filled(opened, dataset, dataset.id.shape).tobytes()
    data = np.zeros(dataset.nbytes, dtype=np.uint8)
    if dataset.layout == h5d.CONTIGUOUS and dataset.nbytes:
        read_at(opened.fd, data.data, dataset.id.get_offset())
    elif dataset.nbytes:
        dataset.id.read(h5s.ALL, h5s.ALL, data.view(np.dtype((np.void, dataset.itemsize))), dataset.datatype)
    return data.tobytes()


def _is_unwritten(dataset: PlainDataset) -> bool:
    return dataset.layout == h5d.CONTIGUOUS and not dataset.id.get_storage_size()


def _filled(opened: Opened, dataset: PlainDataset, shape: tuple[int, ...]) -> Array:
    return filled(shape, fill_value(opened, dataset.id, dataset.itemsize, dataset.part))


def _part(opened: Opened, dataset: PlainDataset, key: Key) -> Array:
    if dataset.layout == h5d.CHUNKED:
        return read_chunked(opened, dataset.id, dataset.itemsize, dataset.part, key)
    if _is_unwritten(dataset):
        return _filled(opened, dataset, tuple(each.stop - (each.start or 0) for each in key))
    element = np.dtype((np.void, dataset.itemsize))
    return read_part(opened.fd, dataset.id.get_offset(), dataset.id.shape, element, key)
