"""The index of a bundle: its tensors, and the places of their bytes.

Source: ``tensorflow/core/util/tensor_bundle/tensor_bundle.cc``.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, NamedTuple

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.interop.bundle import bundle_slices
from hdfsaver.interop.bundle.string_tensors import ByteOrder
from hdfsaver.interop.table import ordered_code
from hdfsaver.interop.table.table import Bytes, Table
from hdfsaver.messages import message_classes, tensor_types
from hdfsaver.messages.parsing import parse
from hdfsaver.tensor_info import STRING, Key, TensorInfo

VERSION = 1
"""The version of the format that is read and written."""

_SLICES_TAG = 7 << 3 | 2
"""The byte with which a slice begins in the message of an entry; to look for it is faster than to ask for slices."""

_ORDERS: dict[int, ByteOrder] = {0: "little", 1: "big"}


class Place(NamedTuple):
    """The place of the bytes of a tensor, or of a slice.

    Attributes
    ----------
    name : str
        The name of the tensor, for errors.
    dtype : str
    shape : tuple of int
    shard, offset, nbytes : int
        The number of the data file, the first byte, and the number of bytes.
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
        The number of data files.
    order : str
        ``"little"`` or ``"big"``.
    entries : dict of str to TensorInfo
        The tensors by name, in the order of their bytes; those in slices come first, in the order of their names.
    places : dict of str to Place
        The tensors that are stored in one piece.
    parts : dict of str to list of (Key, Place)
        The tensors that are stored in slices: the position of each slice in the tensor, and its place in the files.
    """

    shards: int
    order: ByteOrder
    entries: dict[str, TensorInfo]
    places: dict[str, Place]
    parts: dict[str, list[tuple[Key, Place]]]


def read_index(table: Table) -> BundleIndex:
    """Read the index and check that it is consistent.

    Raises
    ------
    DataLossError
        It is damaged or inconsistent.
    InvalidArgumentError
        It has a newer version, or an unknown dtype.
    """
    items = table.items()
    key, value = next(items, (None, b""))
    if key != b"":
        raise DataLossError(None, None, "its first entry is not the header of a bundle.")
    header = parse(message_classes.BundleHeaderProto, value, "its header")
    return _Builder(header.num_shards).build(items, _checked(header))


def _checked(header: Any) -> ByteOrder:
    version = header.version
    if version.min_consumer > VERSION or VERSION in version.bad_consumers:
        raise InvalidArgumentError(
            None, None, f"it needs a reader of version {version.min_consumer}, but this reader has version {VERSION}."
        )
    if header.num_shards < 1 or header.endianness not in _ORDERS:
        raise DataLossError(
            None, None, f"its header is invalid: {header.num_shards} data files, byte order {header.endianness}."
        )
    return _ORDERS[header.endianness]


class _Builder:
    """Builds a `BundleIndex` from the entries of a table."""

    def __init__(self, shards: int) -> None:
        self._shards = shards
        self._kinds = tensor_types.Kinds()
        self._slices: dict[bytes, Any] = {}

    def build(self, items: Iterable[tuple[bytes, Bytes]], order: ByteOrder) -> BundleIndex:
        """Build the index from keys and values."""
        places, cut = self._sorted(items)
        parts = {name: self._parts(key, name, message) for key, name, message in cut}
        in_parts = [place for them in parts.values() for _box, place in them]
        _check_overlaps(sorted([*places, *in_parts], key=_POSITION) if in_parts else places)
        entries = {}
        for _key, name, message in cut:
            kind = self._kinds.of(message, name)
            entries[name] = TensorInfo(name, kind.dtype, kind.shape, sum(place.nbytes for _box, place in parts[name]))
        for place in places:
            entries[place.name] = TensorInfo(place.name, place.dtype, place.shape, place.nbytes)
        return BundleIndex(self._shards, order, entries, {place.name: place for place in places}, parts)

    def _sorted(self, items: Iterable[tuple[bytes, Bytes]]) -> tuple[list[Place], list[tuple[bytes, str, Any]]]:
        """Sort the entries: tensors in one piece in the order of their bytes, and tensors in slices."""
        places, cut = [], []
        for key, value in items:
            message = parse(message_classes.BundleEntryProto, value, "one of its entries")
            if key.startswith(ordered_code.SLICE_MARK):
                self._slices[key] = message
                continue
            name = tensor_types.text_of(key)
            if _SLICES_TAG in value and message.slices:
                cut.append((key, name, message))
            else:
                places.append(self._place(message, name, self._kinds.of(message, name)))
        places.sort(key=_POSITION)
        return places, cut

    def _parts(self, key: bytes, name: str, owner: Any) -> list[tuple[Key, Place]]:
        kind = self._kinds.of(owner, name)
        parts = []
        for each in owner.slices:
            extents = bundle_slices.extents_of(each)
            box = bundle_slices.box_of(extents, kind.shape, name)
            part = self._slices.get(ordered_code.slice_key(key, extents))
            if part is None or part.dtype != owner.dtype or part.slices:
                raise DataLossError(None, None, f"the slice {extents} of tensor {name!r} has no matching entry.")
            found = self._kinds.of(part, name)
            if found.shape != bundle_slices.shape_of(box):
                raise DataLossError(
                    None, None, f"the slice {extents} of tensor {name!r} has the wrong shape {found.shape}."
                )
            parts.append((box, self._place(part, name, found)))
        return parts

    def _place(self, message: Any, name: str, kind: tensor_types.Kind) -> Place:
        dtype, shape, nbytes = kind
        shard, offset, size = message.shard_id, message.offset, message.size
        if offset < 0 or size < 0 or not 0 <= shard < self._shards:
            raise DataLossError(
                None, None, f"tensor {name!r} has an invalid place: {size} bytes at byte {offset} of file {shard}."
            )
        if nbytes != size and nbytes is not None:
            raise DataLossError(
                None,
                None,
                f"tensor {name!r}, {dtype} of shape {shape}, takes {nbytes} bytes, but its entry says {size}.",
            )
        return Place(name, dtype, shape, shard, offset, size, message.crc32c)


_POSITION = itemgetter(Place._fields.index("shard"), Place._fields.index("offset"), Place._fields.index("nbytes"))


def _check_overlaps(places: list[Place]) -> None:
    """Check that no byte belongs to two tensors: otherwise a small file could need any amount of memory.

    The places are in order.
    """
    last, end, before = -1, 0, ""
    for name, _dtype, _shape, shard, offset, nbytes, _crc in places:
        if shard == last and offset < end:
            raise DataLossError(None, None, f"the bytes of tensors {before!r} and {name!r} overlap.")
        last, end, before = shard, offset + nbytes, name


def is_text(place: Place) -> bool:
    """Whether a place is that of a string tensor."""
    return place.dtype == STRING
