"""The skeleton of a file: HDF5 lays out the structure in memory, with space for digests and seal; values follow it.

Two saves of the same variables differ only in these, so one skeleton serves both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import xxhash
from h5py import h5d, h5f, h5fd, h5g, h5p, h5t

from hdfsaver.errors import InternalError
from hdfsaver.schema import Structure
from hdfsaver.storage import groups, layout
from hdfsaver.storage.about import write_about
from hdfsaver.storage.chunks.chunk_writing import Chunks, Output
from hdfsaver.storage.graph import graph_group
from hdfsaver.storage.hdf5 import late_places, link_names, objects, strings, tables
from hdfsaver.storage.hdf5.dataset_copies import DatasetCopies, Described
from hdfsaver.storage.hdf5.sparse_memory import SparseMemory
from hdfsaver.storage.index import described, text_of
from hdfsaver.storage.layout import Extent
from hdfsaver.storage.random_places import allocate_places
from hdfsaver.storage.seal import Extents, Seal, pack
from hdfsaver.tensor_info import LARGE, STRING
from hdfsaver.version import __version__


class Place(NamedTuple):
    """The description of one variable for the skeleton: everything but the value, unless it is compressed."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    datatype: h5t.TypeID
    stored_shape: tuple[int, ...]
    nbytes: int
    attributes: Mapping[str, str]
    packing: Chunks | None = None

    @property
    def contiguous_bytes(self) -> int:
        """The length of its extent; 0 for a compressed value, which has an extent for each chunk."""
        return 0 if self.packing else self.nbytes


class Plan(NamedTuple):
    """The content of one group: variables in the order of the index, and the graph; None for a missing one.

    ``random`` has the names of the operations whose places are stored.
    """

    places: Sequence[Place] | None
    structure: Structure | None
    random: Sequence[str] = ()


class Segment(NamedTuple):
    """A range of the file without large values: the structure, or the small values."""

    offset: int
    data: bytearray | bytes


class Skeleton:
    """A file without values.

    Parameters
    ----------
    structure : bytearray
        The structure, with the places of all values.
    seal : Seal
        The seal, without digests.
    extents : ndarray
        The rows of the table of extents; only compressed variables and their chunks have digests.
    variables : int
        The number of variables.
    random_offset : int
        Where the numbers of `hdfsaver.storage.random_places` are.

    Attributes
    ----------
    size : int
        Length of the file in bytes.
    seal : Seal
        The seal, without digests.
    extents : ndarray
        Rows of `layout.EXTENTS_ROW`, one for each variable, then one for each chunk of those that are compressed.
    """

    def __init__(self, structure: bytearray, seal: Seal, extents: Extents, variables: int, random_offset: int) -> None:
        self.size = seal.file_size
        self.extents = extents
        self._structure = structure
        self.seal = seal
        self._random_offset = random_offset
        own = extents[:variables]
        small = own[(own["nbytes"] < LARGE) & (own["nbytes"] > 0)]
        self._small_offset = int(small["offset"][0]) if len(small) else 0
        pads = -small["nbytes"].astype(np.int64)[:-1] % layout.ALIGNMENT
        self._pads = [bytes(count) for count in pads.tolist()] if pads.any() else []

    def fill(self, small: Sequence[bytes], digests: npt.NDArray[np.uint64], places: bytes = b"") -> list[Segment]:
        """Fill the segments for one save; the next save reuses them.

        Parameters
        ----------
        small : sequence of bytes
            The values smaller than `LARGE`, in the order of the variables.
        digests : ndarray of uint64
            XXH3-64 of the bytes of every variable, in order, and of every chunk.
        places : bytes, optional
            The numbers of `hdfsaver.storage.random_places`.

        Returns
        -------
        list of Segment
            In the order of the file.
        """
        data = self._structure
        data[self._random_offset : self._random_offset + len(places)] = places
        table = self.extents.copy()
        table["xxh3_64"] = digests
        data[self.seal.extents_offset : self.seal.extents_offset + table.nbytes] = table.tobytes()
        data[self.seal.offset : self.seal.offset + self.seal.nbytes] = pack(self._sealed())
        full = [value for value in small if value]
        if not full:
            return [Segment(0, data)]
        pieces = chain.from_iterable(zip(full, [*self._pads, b""], strict=True)) if self._pads else full
        return [Segment(0, data), Segment(self._small_offset, b"".join(pieces))]

    def is_like(self, seal: Seal) -> bool:
        """Whether a seal of a file differs from that of this one in digests only."""
        return self.seal == replace(seal, index_xxh3_64=0, structure_xxh3_64=0)

    def has_index_of(self, structure: bytes, extents: Extents) -> bool:
        """Whether a file whose seal `is_like` this one has the same variables in the same places.

        Parameters
        ----------
        structure : bytes
            The structure of that file.
        extents : ndarray
            Its table of extents.
        """
        own = memoryview(self._structure)
        rows = [slice(offset, offset + nbytes) for offset, nbytes in self.seal.index[1:]]
        places = all(np.array_equal(extents[column], self.extents[column]) for column in ("offset", "nbytes"))
        return places and all(own[part] == structure[part] for part in rows)

    def _sealed(self) -> Seal:
        view, seal = memoryview(self._structure), self.seal
        index, structure = xxhash.xxh3_64(), xxhash.xxh3_64()
        for offset, nbytes in seal.index:
            index.update(view[offset : offset + nbytes])
        structure.update(view[: seal.offset])
        structure.update(view[seal.offset + seal.nbytes :])
        return replace(seal, index_xxh3_64=index.intdigest(), structure_xxh3_64=structure.intdigest())


# --- laying out -----------------------------------------------------------------------------------------------------


Beside: TypeAlias = "Callable[[h5g.GroupID], bool]"
"""Adds the content of other programs to a file that is being laid out, and says whether there was any."""


def lay_out(
    plans: Mapping[str, Plan],
    metadata: Mapping[str, str],
    output: Output | None = None,
    beside: Beside | None = None,
) -> Skeleton:
    """Lay out a file with the HDF5 library.

    Parameters
    ----------
    plans : mapping of str to Plan
        The content of each group; see `hdfsaver.storage.groups`.
    metadata : mapping of str to str
        The metadata of the file.
    output : Output, optional
        The output for compressed values, if there are any.
    beside : callable, optional
        Adds content of other programs when everything else has its place.

    Returns
    -------
    Skeleton

    Raises
    ------
    TypeError, ValueError
        Something cannot be stored.
    OSError, MemoryError
        A compressed value cannot be written, or memory is exhausted.
    OpError
        The content of other programs cannot be added.
    """
    try:
        return _laid_out(plans, metadata, output or Output(-1), beside)
    except SystemError as error:
        # A signal handler, such as that of Ctrl-C, has raised an exception in a method of the file object.
        raise _first(error) from None


def _first(error: BaseException) -> BaseException:
    """The exception that began a chain; h5py may close the chain to a ring."""
    chain = [error]
    while (before := chain[-1].__cause__ or chain[-1].__context__) is not None and before not in chain:
        chain.append(before)
    return next((each for each in chain if not isinstance(each, Exception)), chain[-1])


class _Variable(NamedTuple):
    """A variable in the file: its description, the path of its dataset, the address of its header, and its name."""

    place: Place
    path: str
    header: int
    labels: Mapping[str, str]


def _laid_out(
    plans: Mapping[str, Plan], metadata: Mapping[str, str], output: Output, beside: Beside | None
) -> Skeleton:
    memory = output.memory
    file = h5f.create(b"hdfsaver", h5f.ACC_TRUNC, file_properties(), access_properties(memory))
    try:
        root = h5g.open(file, b"/")
        variables, found, random_offset = _write_all(root, plans, metadata)
        flags = layout.RANDOM_STATE if any(plan.random for plan in plans.values()) else 0
        flags |= layout.FOREIGN if beside is not None and beside(root) else 0
    finally:
        file.close()
    _check(memory)
    found = replace(found, flags=flags, structure_end=memory.size)
    stored = _pack(output, variables) if any(row.place.packing for row in variables) else {}
    return _skeleton(output, variables, stored, found, random_offset)


def _check(memory: SparseMemory) -> None:
    if memory.error is not None:
        raise memory.error


class _Stored(NamedTuple):
    """A compressed value: the digest of its decoded bytes, and its chunks."""

    digest: int
    chunks: list[Extent]


def _pack(output: Output, variables: Sequence[_Variable]) -> dict[str, _Stored]:
    """Store the chunks of compressed values behind everything else, and return what was stored by the paths of values.

    HDF5 places the chunks; its records of them have their places already.
    """
    properties = access_properties(output.memory)
    properties.set_alignment(1, layout.ALIGNMENT)
    stored: dict[str, _Stored] = {}
    file = h5f.open(b"hdfsaver", h5f.ACC_RDWR, properties)
    try:
        root = h5g.open(file, b"/")
        for row in variables:
            if row.place.packing is not None:
                first = len(output.chunks)
                digest = output.pack(h5d.open(root, row.path.encode()), row.place.packing)
                stored[row.path] = _Stored(digest, output.chunks[first:])
    finally:
        file.close()
    _check(output.memory)
    return stored


_NOTHING = _Stored(0, [])


def _skeleton(
    output: Output, variables: Sequence[_Variable], stored: Mapping[str, _Stored], seal: Seal, random_offset: int
) -> Skeleton:
    """Give every value its place, and write the places into the structure."""
    end = output.memory.size
    _check_between(output, seal.structure_end, end)
    sizes = np.array([row.place.contiguous_bytes for row in variables], np.int64)
    offsets, size = _placed(sizes, end)
    packed = [stored.get(row.path, _NOTHING) for row in variables]
    rows = zip(offsets.tolist(), sizes.tolist(), [each.digest for each in packed], strict=True)
    chunks = [chunk for each in packed for chunk in each.chunks]
    extents = np.array([*rows, *chunks], dtype=layout.EXTENTS_ROW)
    structure = output.memory.read_at(0, seal.structure_end)
    full = sizes > 0
    headers = np.array([row.header for row in variables], np.int64)
    late_places.put_places(structure, headers[full], offsets[full], sizes[full])
    late_places.put_end(structure, size)
    whole = replace(seal, file_size=size, tail_start=size)
    return Skeleton(structure, whole, extents, len(variables), random_offset)


def _check_between(output: Output, begin: int, end: int) -> None:
    """Check that HDF5 has put nothing but zeros between the chunks."""
    starts = [begin, *(offset + nbytes for offset, nbytes, _digest in output.chunks)]
    stops = [*(offset for offset, _nbytes, _digest in output.chunks), end]
    for start, stop in zip(starts, stops, strict=True):
        if start > stop or any(output.memory.read_at(start, stop - start)):
            raise InternalError(None, None, "The HDF5 library has put its own structures between compressed values.")


def _placed(sizes: npt.NDArray[np.int64], end: int) -> tuple[npt.NDArray[np.int64], int]:
    """The offset of each value behind an offset, small ones first, 0 for empty ones; and where the last one ends."""
    offsets = np.zeros_like(sizes)
    for chosen, multiple in (((sizes > 0) & (sizes < LARGE), layout.ALIGNMENT), (sizes >= LARGE, layout.PAGE)):
        if chosen.any():
            begin = -(-end // multiple) * multiple
            padded = -(-sizes[chosen] // multiple) * multiple
            offsets[chosen] = begin + np.cumsum(padded) - padded
            end = int(offsets[chosen][-1] + sizes[chosen][-1])
    return offsets, end


def _write_all(
    root: h5g.GroupID, plans: Mapping[str, Plan], metadata: Mapping[str, str]
) -> tuple[list[_Variable], Seal, int]:
    """Write everything but values; return the variables, the known fields of the seal, and the place of numbers."""
    objects.set_text(root, layout.FORMAT_ATTRIBUTE, layout.FORMAT)
    objects.set_text(root, layout.VERSION_ATTRIBUTE, layout.VERSION)
    objects.set_text(root, layout.PRODUCER_ATTRIBUTE, f"hdfsaver {__version__}")
    index = objects.create_group(root, layout.INDEX)
    # The first dataset: readers search the seal near the beginning of the file. The index follows, to be read with it.
    seal = objects.allocate(index, layout.SEAL, _record_type(layout.SEAL_RECORD), (1,))
    rows = [(groups.link_of(group), place) for group, plan in plans.items() for place in plan.places or ()]
    chunks = sum(place.packing.grid.count for _link, place in rows if place.packing)
    table = objects.allocate(index, layout.EXTENTS, _record_type(layout.EXTENTS_ROW), (len(rows) + chunks,))
    paths = {group: link_names.paths_of(place.name for place in plan.places or ()) for group, plan in plans.items()}
    _write_index(index, rows, [path for found in paths.values() for path in found.values()])
    found = Seal(
        offset=seal.get_offset(),
        file_size=0,
        structure_end=0,
        tail_start=0,
        extents_offset=table.get_offset() or 0,
        extents_rows=len(rows) + chunks,
        nbytes=seal.get_storage_size(),
        **described(index),
    )
    copies = DatasetCopies()
    # Variables before the graph, so that a reader of one of them finds what it needs in few blocks.
    variables = [
        row for group, plan in plans.items() for row in _declare_variables(root, group, plan, paths[group], copies)
    ]
    _name_variables(root, variables)
    write_about(root)
    if metadata:
        columns = (list(metadata), list(metadata.values()))
        tables.write_table(root, layout.METADATA, dict(zip(layout.METADATA_COLUMNS, columns, strict=True)))
    drawing = [(groups.link_of(group), name) for group, plan in plans.items() for name in plan.random]
    random_offset = allocate_places(index, drawing) if drawing else 0
    for group, plan in plans.items():
        if plan.structure is not None:
            graph_group.write_structure(_model(root, group), plan.structure)
    return variables, found, random_offset


def _write_index(index: h5g.GroupID, rows: Sequence[tuple[str, Place]], paths: list[str]) -> None:
    columns = (paths, [place.dtype for _link, place in rows], [text_of(place.shape) for _link, place in rows])
    named = dict(zip(layout.VARIABLES_COLUMNS, columns, strict=True))
    if any(link for link, _place in rows):
        named[layout.GROUP_COLUMN] = [link for link, _place in rows]
    if any(place.packing for _link, place in rows):
        packings = [place.packing for _link, place in rows]
        described = [(" ".join(each.filters), text_of(each.grid.chunk)) if each else ("", "") for each in packings]
        named |= dict(zip(layout.CHUNK_COLUMNS, map(list, zip(*described, strict=True)), strict=True))
    if any(place.dtype == STRING for _link, place in rows):
        named[layout.ENCODING_COLUMN] = [_encoding(place) for _link, place in rows]
    tables.write_table(index, layout.INDEX_VARIABLES, named)


def _encoding(place: Place) -> str:
    return place.attributes.get(layout.ENCODING_COLUMN, strings.COUNTED) if place.dtype == STRING else ""


def _model(root: h5g.GroupID, group: str) -> h5g.GroupID:
    """The group of a model, which is created if it is missing."""
    if not group:
        return root
    link = groups.link_of(group)
    if objects.has_link(root, link):
        return objects.open_group(root, link)
    made = objects.create_group(root, link)
    for label, text in link_names.labels_of(group, link).items():
        objects.set_text(made, label, text)
    return made


def _declare_variables(
    root: h5g.GroupID, group: str, plan: Plan, paths: Mapping[str, str], copies: DatasetCopies
) -> list[_Variable]:
    """Create the datasets of the variables of one model, without places for their bytes."""
    model = _model(root, group)
    if plan.places is None:
        return []
    above = objects.create_group(model, layout.VARIABLES)
    link = f"{groups.link_of(group)}/{layout.VARIABLES}".lstrip("/")
    made: dict[str | tuple[int, str], h5g.GroupID] = {}
    headers: dict[str, int] = {}
    for folder, places in _by_folders(plan.places, paths).items():
        if folder:
            parent, name = objects.group_for(above, folder, made)
            found = [_described(paths[place.name].rpartition("/")[2], place) for place in places]
            addresses = copies.make_group(parent, name, found)
            headers.update(zip([place.name for place in places], addresses, strict=True))
            continue
        for place in places:
            parent, name = objects.group_for(above, paths[place.name], made)
            headers[place.name] = _declare(parent, name, place, copies)
    return [
        _Variable(place, f"{link}/{path}", headers[place.name], link_names.labels_of(place.name, path))
        for place in plan.places
        for path in [paths[place.name]]
    ]


def _by_folders(places: Sequence[Place], paths: Mapping[str, str]) -> dict[str, list[Place]]:
    """The variables of each group that has datasets only; all others are under the empty path."""
    folders: dict[str, list[Place]] = {}
    for place in places:
        folders.setdefault(paths[place.name].rpartition("/")[0], []).append(place)
    # In this order, a group is followed by those within it.
    ordered = sorted(f"{folder}/" for folder in folders)
    plain = {path[:-1] for path, after in pairwise([*ordered, ""]) if not after.startswith(path)}
    found: dict[str, list[Place]] = {"": []}
    for folder, some in folders.items():
        is_plain = folder in plain and all(place.packing is None for place in some)
        found.setdefault(folder if is_plain else "", []).extend(some)
    return found


def _described(link: str, place: Place) -> Described:
    return Described(link, place.datatype, place.stored_shape, place.attributes)


def _name_variables(root: h5g.GroupID, variables: Sequence[_Variable]) -> None:
    """Say the names that links do not, when all datasets are there: a copy has all attributes of the first one."""
    for row in variables:
        for label, text in row.labels.items():
            objects.set_text(h5d.open(root, row.path.encode()), label, text)


def _declare(parent: h5g.GroupID, link: str, place: Place, copies: DatasetCopies) -> int:
    """Create the dataset of a variable; return the address of its header, 0 for a compressed one."""
    if place.packing is None:
        return copies.make(parent, _described(link, place))
    grid, filters = place.packing.grid, place.packing.described()
    dataset = objects.allocate_chunked(parent, link, place.datatype, place.shape, grid.chunk, filters)
    for label, text in place.attributes.items():
        objects.set_text(dataset, label, text)
    Output.record(dataset, place.packing)
    return 0


@cache
def _record_type(record: np.dtype[Any]) -> h5t.TypeID:
    return h5t.py_create(record, logical=True)


@cache
def file_properties() -> h5p.PropFCID:
    """File creation properties: without timestamps."""
    properties = h5p.create(h5p.FILE_CREATE)
    properties.set_obj_track_times(False)
    return properties


def access_properties(file: Any) -> h5p.PropFAID:
    """File access properties for a file object."""
    properties = h5p.create(h5p.FILE_ACCESS)
    # Checksums on all metadata, and a version that the h5dump of Debian 12 can read.
    properties.set_libver_bounds(h5f.LIBVER_V110, h5f.LIBVER_V110)
    properties.set_fileobj_driver(h5fd.fileobj_driver, file)
    # Objects that a failure leaves open are closed with the file; later, the Python object below them does not exist.
    properties.set_fclose_degree(h5f.CLOSE_STRONG)
    return properties
