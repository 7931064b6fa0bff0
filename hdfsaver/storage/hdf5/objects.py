"""HDF5 objects: created so that the same state gives the same bytes, and checked when they are opened.

Datasets created here are contiguous, allocated at once and never filled; no object has timestamps; attributes are
strings of fixed length. An opened object must be in the file itself: soft and external links, chunks, filters, and
sizes beyond the stored bytes are refused before anything is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, TypeAlias

import numpy as np
from h5py import h5a, h5d, h5g, h5i, h5l, h5o, h5p, h5s, h5t, h5z

from hdfsaver import limits
from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError, from_os_error
from hdfsaver.tensor_info import Array

Node: TypeAlias = "h5g.GroupID | h5d.DatasetID"

_H5PY_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def damaged(part: str, what: str) -> DataLossError:
    """Make the error for a damaged part of the file, ``"/graph/nodes"``."""
    return DataLossError(None, None, f"{part}: {what}")


@contextmanager
def reading(part: str) -> Iterator[None]:
    """Turn the errors of h5py on a damaged file into a `DataLossError` that names the part.

    An error of the operating system, which passes through the library, says nothing about damage.
    """
    try:
        yield
    except _H5PY_ERRORS as error:
        if isinstance(error, OSError) and error.errno:
            raise from_os_error(error, f"{part} cannot be read") from error
        raise damaged(part, f"the HDF5 library cannot read it ({error}).") from error


def location(node: Node) -> str:
    """The full path of an object, for errors."""
    name = h5i.get_name(node)
    return "an object without a name" if name is None else name.decode("utf-8", "backslashreplace")


# --- making ---------------------------------------------------------------------------------------------------------


@cache
def _dataset_properties(when: int = h5d.ALLOC_TIME_EARLY) -> h5p.PropDCID:
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_layout(h5d.CONTIGUOUS)
    properties.set_alloc_time(when)
    properties.set_fill_time(h5d.FILL_TIME_NEVER)
    properties.set_obj_track_times(False)
    return properties


@cache
def _group_properties() -> h5p.PropGCID:
    properties = h5p.create(h5p.GROUP_CREATE)
    properties.set_obj_track_times(False)
    return properties


@cache
def link_properties() -> h5p.PropLCID:
    """The properties of links: their names are UTF-8."""
    properties = h5p.create(h5p.LINK_CREATE)
    properties.set_char_encoding(h5t.CSET_UTF8)
    return properties


def create_group(parent: h5g.GroupID, link: str) -> h5g.GroupID:
    """Create a group."""
    return h5g.create(parent, link.encode(), link_properties(), _group_properties())


def group_for(
    parent: h5g.GroupID, path: str, made: dict[str | tuple[int, str], h5g.GroupID]
) -> tuple[h5g.GroupID, str]:
    """Get the parent group of a path, and create it if it is missing.

    Parameters
    ----------
    parent : h5py.h5g.GroupID
        The group that the path begins at.
    path : str
        Links with ``/`` between them.
    made : dict
        A cache of the groups below ``parent``, kept by the caller between calls.

    Returns
    -------
    h5py.h5g.GroupID
        The group for the last link.
    str
        The last link.
    """
    above, _, link = path.rpartition("/")
    if not above:
        return parent, link
    group = made.get(above)
    if group is None:
        # A loop instead of recursion: a name may have more components than Python's recursion limit. Groups are known
        # by the one above and the link, since the paths of one name with many components have many characters.
        group = parent
        for name in above.split("/"):
            place = (group.id, name)
            if place not in made:
                made[place] = create_group(group, name)
            group = made[place]
        made[above] = group
    return group, link


def allocate(parent: h5g.GroupID, link: str, datatype: h5t.TypeID, shape: tuple[int, ...]) -> h5d.DatasetID:
    """Create a dataset with allocated space, but without a value.

    Parameters
    ----------
    parent : h5py.h5g.GroupID
    link : str
    datatype : h5py.h5t.TypeID
    shape : tuple of int

    Returns
    -------
    h5py.h5d.DatasetID
        The new dataset.
    """
    return h5d.create(parent, link.encode(), datatype, _space(shape), _dataset_properties(), link_properties())


def create_without_place(parent: h5g.GroupID, link: str, datatype: h5t.TypeID, shape: tuple[int, ...]) -> h5d.DatasetID:
    """Create a dataset for whose bytes no space is allocated.

    Parameters
    ----------
    parent : h5py.h5g.GroupID
    link : str
    datatype : h5py.h5t.TypeID
    shape : tuple of int

    Returns
    -------
    h5py.h5d.DatasetID
        The new dataset.
    """
    properties = _dataset_properties(h5d.ALLOC_TIME_LATE)
    return h5d.create(parent, link.encode(), datatype, _space(shape), properties, link_properties())


def allocate_chunked(
    parent: h5g.GroupID,
    link: str,
    datatype: h5t.TypeID,
    shape: tuple[int, ...],
    chunk: tuple[int, ...],
    filters: Sequence[tuple[int, tuple[int, ...]]],
) -> h5d.DatasetID:
    """Create a chunked dataset without allocated chunks.

    Parameters
    ----------
    parent : h5py.h5g.GroupID
    link : str
    datatype : h5py.h5t.TypeID
    shape, chunk : tuple of int
        The shape of the dataset, and of a chunk.
    filters : sequence of (int, tuple of int)
        The numbers and parameters of the filters, in order.

    Returns
    -------
    h5py.h5d.DatasetID
        The new dataset.
    """
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk(chunk)
    properties.set_fill_time(h5d.FILL_TIME_NEVER)
    properties.set_obj_track_times(False)
    for code, parameters in filters:
        # Optional filters, because the library may not have them: it never runs them here.
        properties.set_filter(code, h5z.FLAG_OPTIONAL, parameters)
    return h5d.create(parent, link.encode(), datatype, _space(shape), properties, link_properties())


@lru_cache(maxsize=64)
def _space(shape: tuple[int, ...]) -> h5s.SpaceID:
    # Cached, because a model has many variables of few shapes.
    return h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)


def create_dataset(
    parent: h5g.GroupID, link: str, datatype: h5t.TypeID, values: Array, attributes: Mapping[str, str] | None = None
) -> None:
    """Create a dataset from an array, and write its bytes without conversion.

    Parameters
    ----------
    parent : h5py.h5g.GroupID
    link : str
    datatype : h5py.h5t.TypeID
        The datatype of the stored bytes.
    values : ndarray
        Little-endian, with elements of the datatype's size.
    attributes : mapping of str to str, optional
        Attributes of the dataset.
    """
    dataset = allocate(parent, link, datatype, values.shape)
    if values.size:
        dataset.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(values), datatype)
    for name, text in (attributes or {}).items():
        set_text(dataset, name, text)


def set_text(node: Node, name: str, text: str) -> None:
    """Write an attribute: a string of fixed length, in UTF-8.

    Parameters
    ----------
    node : h5py.h5g.GroupID or h5py.h5d.DatasetID
    name : str
        The attribute.
    text : str
        Its value; NULs at its end are lost.
    """
    datatype, value = _stored_text(text)
    h5a.create(node, name.encode(), datatype, _space(())).write(value, datatype)


@lru_cache(maxsize=64)
def _stored_text(text: str) -> tuple[h5t.TypeID, Array]:
    # Cached, because a model has many variables of few dtypes.
    encoded = text.encode()
    datatype = text_type(len(encoded), has_nul="\0" in text)
    datatype.lock()
    return datatype, np.array(encoded, dtype=f"S{len(encoded) + 1}")


def text_type(width: int, charset: int = h5t.CSET_UTF8, *, has_nul: bool = False) -> h5t.TypeID:
    """The datatype of strings of at most ``width`` bytes and a final NUL.

    Strings with NULs in them are declared as padded with NULs, so that other programs show the bytes after a NUL. But
    h5dump then shows the padding too, so all other strings are declared as ending at their first NUL.

    Parameters
    ----------
    width : int
    charset : int, optional
        HDF5's number of the encoding.
    has_nul : bool, optional
        Whether a string has a NUL in it.

    Returns
    -------
    h5py.h5t.TypeID
    """
    datatype = h5t.C_S1.copy()
    datatype.set_size(width + 1)
    datatype.set_strpad(h5t.STR_NULLPAD if has_nul else h5t.STR_NULLTERM)
    datatype.set_cset(charset)
    return datatype


# --- opening --------------------------------------------------------------------------------------------------------


def has_link(parent: h5g.GroupID, link: str) -> bool:
    """Whether a group has a link of that name, of any kind."""
    with reading(location(parent)):
        return bool(parent.links.exists(link.encode()))


def open_group(parent: h5g.GroupID, path: str) -> h5g.GroupID:
    """Open a group, one link at a time.

    Raises
    ------
    DataLossError
        It is missing, or is not a group.
    """
    group = parent
    for link in path.split("/"):
        found = open_object(group, link)
        if not isinstance(found, h5g.GroupID):
            raise damaged(location(found), "a group was expected here.")
        group = found
    return group


def open_dataset(parent: h5g.GroupID, path: str) -> h5d.DatasetID:
    """Open a dataset, one link at a time, and check that all its bytes are stored in the file as one plain block.

    Raises
    ------
    DataLossError
        It is missing, or its bytes are not in the file.
    InvalidArgumentError
        It is stored in another way.
    """
    above, _, link = path.rpartition("/")
    found = open_object(open_group(parent, above) if above else parent, link)
    if not isinstance(found, h5d.DatasetID):
        raise damaged(location(found), "a dataset was expected here.")
    _check_storage(found)
    return found


def first_chunk(parent: h5g.GroupID, path: str) -> int | None:
    """The file offset of the first chunk of a dataset, None without chunks; errors as in `open_dataset`."""
    above, _, link = path.rpartition("/")
    found = open_object(open_group(parent, above) if above else parent, link)
    part = location(found)
    with reading(part):
        if not isinstance(found, h5d.DatasetID) or found.get_create_plist().get_layout() != h5d.CHUNKED:
            return None
        offset: int | None = found.get_chunk_info_by_coord((0,) * found.rank).byte_offset
        return offset


def filters_of(parent: h5g.GroupID, path: str) -> list[tuple[int, tuple[int, ...]]]:
    """The numbers and parameters of the filters of a dataset, in order; errors as in `open_dataset`."""
    above, _, link = path.rpartition("/")
    found = open_object(open_group(parent, above) if above else parent, link)
    with reading(location(found)):
        if not isinstance(found, h5d.DatasetID):
            return []
        properties = found.get_create_plist()
        filters = [properties.get_filter(number) for number in range(properties.get_nfilters())]
        return [(code, tuple(parameters)) for code, _flags, parameters, _label in filters]


def open_object(parent: h5g.GroupID, link: str) -> Any:
    """Open the object of a hard link; `DataLossError` if it is missing or another kind of link."""
    part = f"{location(parent).rstrip('/')}/{link}"
    name = link.encode()
    with reading(part):
        if b"\0" in name or not parent.links.exists(name):
            raise damaged(part, "it is missing.")
        if parent.links.get_info(name).type != h5l.TYPE_HARD:
            raise damaged(part, "it is a soft or external link; such links are never followed.")
        return h5o.open(parent, name)


def _check_storage(dataset: h5d.DatasetID) -> None:
    part = location(dataset)
    with reading(part):
        properties = dataset.get_create_plist()
        # The layout first: a query for the shape of a virtual dataset opens other files.
        if properties.get_layout() not in (h5d.CONTIGUOUS, h5d.COMPACT) or properties.get_external_count():
            what = "it must be stored contiguously in this file; `h5repack -l CONTI IN OUT` stores it so."
            raise InvalidArgumentError(None, None, f"{part}: {what}")
        needed = math.prod(dataset.shape) * dataset.get_type().get_size()
        stored = dataset.get_storage_size()
        offset = dataset.get_offset() or 0
        size = file_size(dataset)
    if stored != needed:
        raise damaged(part, f"it declares {needed} bytes, but the file holds {stored}.")
    if needed > size or offset > size - needed:
        raise damaged(part, "its bytes are not within the file.")


def file_size(node: Node) -> int:
    """The length in bytes of an object's file."""
    size: int = h5i.get_file_id(node).get_filesize()
    return size


def read_dataset(dataset: h5d.DatasetID, values: Array, datatype: h5t.TypeID) -> None:
    """Read a dataset into an array.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
    values : ndarray
        The array to fill, of the dataset's shape.
    datatype : h5py.h5t.TypeID
        The datatype of the array's elements; HDF5 converts to it.

    Raises
    ------
    DataLossError
        The HDF5 library cannot read the dataset.
    """
    if values.size:
        with reading(location(dataset)):
            dataset.read(h5s.ALL, h5s.ALL, values, datatype)


def get_text(node: Node, name: str) -> str | None:
    """The string of an attribute, or None if the object has no such attribute.

    Raises
    ------
    DataLossError
        The attribute is not a single string of fixed length.
    """
    part = f"{location(node)}, attribute {name!r}"
    with reading(part):
        if not h5a.exists(node, name.encode()):
            return None
        attribute = h5a.open(node, name.encode())
        datatype = attribute.get_type()
        if not (is_fixed_text(datatype) and attribute.shape == ()):
            raise damaged(part, "a single string of fixed length was expected.")
        if datatype.get_size() > limits.get().attribute_bytes:
            raise limits.refused(part, f"its string has {datatype.get_size()} bytes", "attribute_bytes")
        value = np.zeros((), dtype=f"S{datatype.get_size()}")
        attribute.read(value, without_spaces(datatype))
        text = bytes(value.item())
        return (text if datatype.get_strpad() == h5t.STR_NULLPAD else text.partition(b"\0")[0]).decode()


def without_spaces(text: h5t.TypeID) -> h5t.TypeID:
    """The memory datatype for strings that end at a NUL or at the end of the cell."""
    if text.get_strpad() != h5t.STR_SPACEPAD:
        return text
    datatype = text.copy()  # of the same encoding: HDF5 does not convert encodings
    datatype.set_strpad(h5t.STR_NULLPAD)
    return datatype


def is_fixed_text(datatype: h5t.TypeID) -> bool:
    """Whether a datatype is a string of fixed length."""
    return isinstance(datatype, h5t.TypeStringID) and not datatype.is_variable_str()


def links_of(group: h5g.GroupID) -> list[str]:
    """The names of a group's links, sorted.

    Raises
    ------
    DataLossError
        A name is not UTF-8, or there are more links than the file can hold.
    ResourceExhaustedError
        There are more links than the limit `links` allows.
    """
    return _decoded(_links(group, location(group), _most_links(group)), location(group))


class LinkBudget:
    """Counts the links that are read below a group, and refuses more than the file can hold or the limit allows."""

    def __init__(self, group: h5g.GroupID) -> None:
        self._left = _most_links(group)

    def of(self, group: h5g.GroupID) -> list[str]:
        """The names of a group's links, sorted; errors as in `links_of`."""
        return _decoded(self.bytes_of(group), location(group))

    def bytes_of(self, group: h5g.GroupID) -> list[bytes]:
        """The names of a group's links as they are in the file, sorted, in any encoding."""
        names = _links(group, location(group), self._left)
        self._left -= len(names)
        return names


def _most_links(group: h5g.GroupID) -> int:
    """The largest number of links below a group, given the length of the file and the limit."""
    with reading(location(group)):
        return min(file_size(group) // limits.LINK_BYTES, limits.get().links)


def _decoded(names: list[bytes], part: str) -> list[str]:
    with reading(part):
        return [name.decode() for name in names]


def _links(group: h5g.GroupID, part: str, most: int) -> list[bytes]:
    found: list[bytes] = []

    def note(name: bytes) -> bool | None:
        # The callback must not raise; a result other than None ends the walk.
        found.append(name)
        return True if len(found) > most else None

    with reading(part):
        group.links.iterate(note)
        if len(found) > most:
            raise _too_many(group, part)
        return sorted(found)


def _too_many(group: h5g.GroupID, part: str) -> OpError:
    if limits.get().links <= file_size(group) // limits.LINK_BYTES:
        return limits.refused(part, "there are more links", "links")
    return damaged(part, "there are more links than the file can hold.")


def walk(group: h5g.GroupID, *, once: bool = False) -> Iterator[tuple[str, h5g.GroupID, str]]:
    """Walk all datasets below a group: the path below it, the parent group, and the link.

    Parameters
    ----------
    group : h5py.h5g.GroupID
    once : bool
        Also refuse datasets with more than one link.

    Raises
    ------
    DataLossError
        A group has more than one link, which may be a cycle; or there are more links than the file can hold.
    ResourceExhaustedError
        There are more links than the limit `links` allows, or groups nested deeper than `depth`.
    """
    seen: set[Any] = set()
    waiting = [("", group, 0)]
    budget = LinkBudget(group)
    while waiting:
        prefix, current, depth = waiting.pop()
        part = location(current)
        note_address(current, part, seen)
        for link in budget.of(current):
            found = open_object(current, link)
            if isinstance(found, h5g.GroupID):
                check_depth(found, depth + 1)
                waiting.append((f"{prefix}{link}/", found, depth + 1))
            else:
                if once:
                    note_address(found, f"{part}/{link}", seen)
                yield prefix + link, current, link


def check_depth(group: h5g.GroupID, depth: int) -> None:
    """Refuse a group nested deeper than the limit `depth`."""
    if depth > limits.get().depth:
        shown = location(group)
        raise limits.refused(f"{shown[:80]}...", f"it is a group nested {depth} levels deep", "depth")


def note_address(node: Node, part: str, seen: set[Any]) -> None:
    """Remember the address of an object, and check that it is new.

    Parameters
    ----------
    node : h5py.h5g.GroupID or h5py.h5d.DatasetID
    part : str
        The path of the object, for errors.
    seen : set
        The addresses so far; the new one is added.

    Raises
    ------
    DataLossError
        Another link led to the object before.
    """
    with reading(part):
        address = h5o.get_info(node).addr
    if address in seen:
        raise damaged(part, "more than one link leads to it.")
    seen.add(address)
