"""What the index of a bundle says: which tensors there are, and where their bytes lie.

Source: ``tensorflow/core/util/tensor_bundle/tensor_bundle.cc``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.interop import messages, ordered_code, slices, tensor_types
from hdfsaver.interop.table import Table
from hdfsaver.interop.text import ByteOrder
from hdfsaver.storage.index import Entry
from hdfsaver.storage.partial import Key
from hdfsaver.storage.values import STRING

VERSION = 1
"""The version of the format that is read and written."""

_ORDERS: dict[int, ByteOrder] = {0: "little", 1: "big"}


class Place(NamedTuple):
    """Where the bytes of a tensor, or of a slice, lie.

    Attributes
    ----------
    name : str
        The tensor, for errors.
    dtype : str
    shape : tuple of int
    shard, offset, nbytes : int
        Which of the data files, from which byte on, and how many.
    crc : int
        Their masked checksum.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    nbytes: int
    crc: int


class BundleIndex(NamedTuple):
    """The index of a bundle.

    Attributes
    ----------
    shards : int
        How many data files there are.
    order : str
        ``"little"`` or ``"big"``.
    entries : dict of str to Entry
        The tensors by name, in the order of their bytes; those in slices come first, in the order of their names.
    places : dict of str to Place
        Those that are stored in one piece.
    parts : dict of str to list of (Key, Place)
        Those that are stored in slices: where each slice lies in the tensor, and in the files.
    """

    shards: int
    order: ByteOrder
    entries: dict[str, Entry]
    places: dict[str, Place]
    parts: dict[str, list[tuple[Key, Place]]]


def read_index(table: Table) -> BundleIndex:
    """Read the index and check that it makes sense.

    Raises
    ------
    DataLossError
        It is damaged, or says what cannot be.
    InvalidArgumentError
        It is of a newer version, or has a dtype that is not known.
    """
    items = table.items()
    key, value = next(items, (None, b""))
    if key != b"":
        raise DataLossError(None, None, "its first entry is not the header of a bundle.")
    header = messages.parse(messages.BundleHeader, value, "its header")
    order = _checked(header)
    found = {key: messages.parse(messages.BundleEntry, value, f"the entry of key {key!r}") for key, value in items}
    index = _Builder(header.num_shards, found).build(order)
    _check_overlaps([*index.places.values(), *(place for parts in index.parts.values() for _box, place in parts)])
    return index


def _checked(header: Any) -> ByteOrder:
    version = header.version
    if version.min_consumer > VERSION or VERSION in version.bad_consumers:
        raise InvalidArgumentError(
            None, None, f"it asks for a reader of version {version.min_consumer}, and this is one of version {VERSION}."
        )
    if header.num_shards < 1 or header.endianness not in _ORDERS:
        raise DataLossError(
            None, None, f"its header says {header.num_shards} data files and byte order {header.endianness}."
        )
    return _ORDERS[header.endianness]


class _Builder:
    """Goes through the entries of an index."""

    def __init__(self, shards: int, found: dict[bytes, Any]) -> None:
        self._shards = shards
        self._found = found

    def build(self, order: ByteOrder) -> BundleIndex:
        index = BundleIndex(self._shards, order, {}, {}, {})
        tensors = [item for item in self._found.items() if not item[0].startswith(ordered_code.SLICE_MARK)]
        for key, message in sorted(tensors, key=_position):
            name = tensor_types.text_of(key)
            dtype = tensor_types.dtype_name(message.dtype, name)
            shape = tensor_types.shape_of(message.shape, name)
            if message.slices:
                parts = self._parts(key, message, name, dtype, shape)
                index.parts[name] = parts
                nbytes = sum(place.nbytes for _box, place in parts)
            else:
                index.places[name] = place = self._place(message, name, dtype, shape)
                nbytes = place.nbytes
            index.entries[name] = Entry(name, dtype, shape, nbytes)
        return index

    def _parts(
        self, key: bytes, message: Any, name: str, dtype: str, shape: tuple[int, ...]
    ) -> list[tuple[Key, Place]]:
        parts = []
        for each in message.slices:
            extents = slices.extents_of(each)
            box = slices.box_of(extents, shape, name)
            part = self._found.get(ordered_code.slice_key(key, extents))
            if part is None or part.dtype != message.dtype or part.slices:
                raise DataLossError(None, None, f"the slice {extents} of tensor {name!r} has no entry that fits.")
            found = tensor_types.shape_of(part.shape, name)
            if found != slices.shape_of(box):
                raise DataLossError(
                    None, None, f"the slice {extents} of tensor {name!r}, of shape {shape}, is said to be {found}."
                )
            parts.append((box, self._place(part, name, dtype, found)))
        return parts

    def _place(self, message: Any, name: str, dtype: str, shape: tuple[int, ...]) -> Place:
        nbytes = tensor_types.nbytes_of(dtype, shape)
        place = Place(name, dtype, shape, message.shard_id, message.offset, message.size, message.crc32c)
        if place.offset < 0 or place.nbytes < 0 or not 0 <= place.shard < self._shards:
            raise DataLossError(
                None,
                None,
                f"tensor {name!r} is said to be {place.nbytes} bytes at byte {place.offset} of file {place.shard}.",
            )
        if nbytes is not None and nbytes != place.nbytes:
            raise DataLossError(
                None,
                None,
                f"tensor {name!r}, {dtype} of shape {shape}, takes {nbytes} bytes; its entry says {place.nbytes}.",
            )
        return place


def _position(item: tuple[bytes, Any]) -> tuple[bool, int, int, bool]:
    _key, message = item
    return not message.slices, message.shard_id, message.offset, message.size > 0


def _check_overlaps(places: list[Place]) -> None:
    """No byte belongs to two tensors: otherwise a small file could ask for any amount of memory."""
    extents = sorted((place.shard, place.offset, place.nbytes, place.name) for place in places if place.nbytes)
    for one, other in pairwise(extents):
        if one[0] == other[0] and one[1] + one[2] > other[1]:
            raise DataLossError(None, None, f"tensors {one[3]!r} and {other[3]!r} are said to lie in the same bytes.")


def is_text(place: Place) -> bool:
    """Whether a place holds a string tensor."""
    return place.dtype == STRING
