"""The skeleton of a file: HDF5 lays out the structure in memory, with space for values, digests and seal.

Two saves of the same variables differ only in these, so one skeleton serves both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import xxhash
from h5py import h5d, h5f, h5fd, h5g, h5p, h5t

from hdfsaver.schema import Structure
from hdfsaver.storage import groups, layout
from hdfsaver.storage.chunks.chunk_writing import Output, Packing
from hdfsaver.storage.graph import graph_group
from hdfsaver.storage.hdf5 import link_names, objects, tables
from hdfsaver.storage.hdf5.sparse_memory import SparseMemory
from hdfsaver.storage.index import text_of
from hdfsaver.storage.layout import Extent
from hdfsaver.storage.random_places import allocate_places
from hdfsaver.storage.seal import Extents, Seal, pack
from hdfsaver.tensor_info import LARGE
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
    packing: Packing | None = None

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


@dataclass(frozen=True)
class Segment:
    """A range of the file without large values: structure and small values."""

    offset: int
    data: bytearray


class Skeleton:
    """A file without values.

    Attributes
    ----------
    size : int
        Length of the file in bytes.
    extents : ndarray
        Rows of `layout.EXTENTS_ROW`, one for each variable, then one for each chunk of those that are compressed.
        Digests are zero, except for compressed variables and their chunks.
    """

    def __init__(
        self,
        memory: SparseMemory,
        extents: Extents,
        variables: int,
        extents_offset: int,
        seal_offset: int,
        flags: int = 0,
        random_offset: int = 0,
    ) -> None:
        self.size = memory.size
        self._flags = flags
        self.extents = extents
        self._extents_offset = extents_offset
        self._seal_offset = seal_offset
        self._random_offset = random_offset
        self._segments = [
            Segment(start, memory.read_at(start, stop - start)) for start, stop in _without_large(extents, memory.size)
        ]
        self._starts = [segment.offset for segment in self._segments]
        self._structure, self._split, self._places = self._joined_structure()
        self._before = self._digest_before()
        self._runs = _runs(extents[:variables], self._segments)

    def _joined_structure(self) -> tuple[bytearray, int, int]:
        """The structure without the table of extents, and the places in it of that table and of random operations."""
        starts, stops = _structure_around(self.extents, self._seal_offset, self._extents_offset, self.size)
        joined = bytearray().join(self._bytes(start, stop) for start, stop in zip(starts, stops, strict=True))
        firsts = [0, *accumulate(stop - start for start, stop in zip(starts, stops, strict=True))]
        split = firsts[bisect_left(starts, self._extents_offset)]
        piece = max(0, bisect_right(starts, self._random_offset) - 1)
        return joined, split, firsts[piece] + self._random_offset - starts[piece]

    def _digest_before(self) -> Any:
        """The digest of the structure before the table of extents, to go on with."""
        return xxhash.xxh3_64(memoryview(self._structure)[: self._split])

    def _bytes(self, start: int, stop: int) -> bytearray:
        segment = self._segments[bisect_right(self._starts, start) - 1]
        return segment.data[start - segment.offset : stop - segment.offset]

    def _put(self, offset: int, data: bytes) -> None:
        """Write bytes into their segment."""
        if data:
            segment = self._segments[bisect_right(self._starts, offset) - 1]
            start = offset - segment.offset
            segment.data[start : start + len(data)] = data

    def fill(self, small: bytes, digests: npt.NDArray[np.uint64], places: bytes = b"") -> list[Segment]:
        """Fill the segments for one save; the next save reuses them.

        Parameters
        ----------
        small : bytes
            The values smaller than `LARGE`, concatenated in the order of the variables.
        digests : ndarray of uint64
            XXH3-64 of the bytes of every variable, in order, and of every chunk.
        places : bytes, optional
            The numbers of `hdfsaver.storage.random_places`.

        Returns
        -------
        list of Segment
        """
        values = memoryview(small)
        for data, place, source in self._runs:
            data[place] = values[source]
        if places:
            self._put(self._random_offset, places)
            self._structure[self._places : self._places + len(places)] = places
            if self._places < self._split:
                self._before = self._digest_before()
        table = self.extents.copy()
        table["xxh3_64"] = digests
        self._put(self._extents_offset, table.tobytes())
        self._put(self._seal_offset, pack(self._seal(table)))
        return self._segments

    def _seal(self, table: Extents) -> Seal:
        hasher = self._before.copy()
        hasher.update(table.tobytes())
        hasher.update(memoryview(self._structure)[self._split :])
        return Seal(
            offset=self._seal_offset,
            extents_offset=self._extents_offset,
            extents_rows=len(table),
            file_size=self.size,
            structure_xxh3_64=hasher.intdigest(),
            flags=self._flags,
        )


_Run: TypeAlias = tuple[bytearray, slice, slice]
"""Adjacent small values in the file: their segment's data, the offset in it, and their range in ``small``."""


def _runs(extents: Extents, segments: Sequence[Segment]) -> list[_Run]:
    """The runs of the small values."""
    small = extents[(extents["nbytes"] < LARGE) & (extents["nbytes"] > 0)]
    if not len(small):
        return []
    starts, sizes = small["offset"].astype(np.int64), small["nbytes"].astype(np.int64)
    ends = starts + sizes
    firsts = np.concatenate([[0], np.flatnonzero(starts[1:] != ends[:-1]) + 1])
    lasts = [*(firsts[1:] - 1), len(small) - 1]
    begins, stops = starts[firsts], ends[lasts]
    sources = np.cumsum(sizes)[lasts]
    offsets = np.array([segment.offset for segment in segments])
    holders = np.searchsorted(offsets, begins, side="right") - 1
    columns = (holders, begins - offsets[holders], stops - offsets[holders], sources - (stops - begins), sources)
    return [
        (segments[holder].data, slice(start, stop), slice(first, last))
        for holder, start, stop, first, last in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _without_large(extents: Extents, size: int) -> list[tuple[int, int]]:
    large = np.sort(extents[extents["nbytes"] >= LARGE], order="offset")
    begins = large["offset"].tolist()
    ends = (large["offset"] + large["nbytes"]).tolist()
    gaps = zip([0, *ends], [*begins, size], strict=True)
    return [(start, stop) for start, stop in gaps if start < stop]


def _structure_around(extents: Extents, seal: int, table: int, size: int) -> tuple[list[int], list[int]]:
    """The ranges of the structure, without the table of extents."""
    full = extents[extents["nbytes"] > 0]
    offsets = [*full["offset"].tolist(), seal]
    ends = [*(full["offset"] + full["nbytes"]).tolist(), seal + layout.SEAL_RECORD.itemsize]
    if len(extents):
        offsets.append(table)
        ends.append(table + extents.nbytes)
    gaps = zip([0, *sorted(ends)], [*sorted(offsets), size], strict=True)
    kept = [(start, stop) for start, stop in gaps if start < stop]
    return [start for start, _stop in kept], [stop for _start, stop in kept]


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


def _laid_out(
    plans: Mapping[str, Plan], metadata: Mapping[str, str], output: Output, beside: Beside | None
) -> Skeleton:
    memory = output.memory
    file = h5f.create(b"hdfsaver", h5f.ACC_TRUNC, file_properties(), access_properties(memory))
    try:
        root = h5g.open(file, b"/")
        extents, extents_offset, seal_offset, random_offset = _write_all(root, plans, metadata, output)
        flags = layout.FOREIGN if beside is not None and beside(root) else 0
    finally:
        file.close()
    if memory.error is not None:
        raise memory.error
    variables = len(extents) - len(output.chunks)
    return Skeleton(memory, extents, variables, extents_offset, seal_offset, flags, random_offset)


def _write_all(
    root: h5g.GroupID, plans: Mapping[str, Plan], metadata: Mapping[str, str], output: Output
) -> tuple[Extents, int, int, int]:
    objects.set_text(root, layout.FORMAT_ATTRIBUTE, layout.FORMAT)
    objects.set_text(root, layout.VERSION_ATTRIBUTE, layout.VERSION)
    objects.set_text(root, layout.PRODUCER_ATTRIBUTE, f"hdfsaver {__version__}")
    index = objects.create_group(root, layout.INDEX)
    # The first dataset: readers search the seal near the beginning of the file.
    seal = objects.allocate(index, layout.SEAL, _record_type(layout.SEAL_RECORD), ())
    rows = [(groups.link_of(group), place) for group, plan in plans.items() for place in plan.places or ()]
    chunks = sum(place.packing.grid.count for _link, place in rows if place.packing)
    table = objects.allocate(index, layout.EXTENTS, _record_type(layout.EXTENTS_ROW), (len(rows) + chunks,))
    extents_offset = table.get_offset() or 0
    paths = {group: link_names.paths_of(place.name for place in plan.places or ()) for group, plan in plans.items()}
    _write_index(index, rows, [path for found in paths.values() for path in found.values()])
    drawing = [(groups.link_of(group), name) for group, plan in plans.items() for name in plan.random]
    random_offset = allocate_places(index, drawing) if drawing else 0
    if metadata:
        columns = (list(metadata), list(metadata.values()))
        tables.write_table(root, layout.METADATA, dict(zip(layout.METADATA_COLUMNS, columns, strict=True)))
    found = [row for group, plan in plans.items() for row in _write_model(root, group, plan, paths[group], output)]
    extents = np.array([*found, *output.chunks], dtype=layout.EXTENTS_ROW)
    return extents, extents_offset, seal.get_offset(), random_offset


def _write_index(index: h5g.GroupID, rows: Sequence[tuple[str, Place]], paths: list[str]) -> None:
    columns = (paths, [place.dtype for _link, place in rows], [text_of(place.shape) for _link, place in rows])
    named = dict(zip(layout.VARIABLES_COLUMNS, columns, strict=True))
    if any(link for link, _place in rows):
        named[layout.GROUP_COLUMN] = [link for link, _place in rows]
    if any(place.packing for _link, place in rows):
        packings = [place.packing for _link, place in rows]
        described = [(" ".join(each.filters), text_of(each.grid.chunk)) if each else ("", "") for each in packings]
        named |= dict(zip(layout.CHUNK_COLUMNS, map(list, zip(*described, strict=True)), strict=True))
    tables.write_table(index, layout.INDEX_VARIABLES, named)


def _write_model(root: h5g.GroupID, group: str, plan: Plan, paths: Mapping[str, str], output: Output) -> list[Extent]:
    """Write the structure of one model, allocate its variables, and return their rows of the table of extents."""
    model = objects.create_group(root, groups.link_of(group)) if group else root
    if plan.structure is not None:
        graph_group.write_structure(model, plan.structure)
    if plan.places is None:
        return []
    return _allocate_variables(objects.create_group(model, layout.VARIABLES), plan.places, paths, output)


def _allocate_variables(
    group: h5g.GroupID, places: Sequence[Place], paths: Mapping[str, str], output: Output
) -> list[Extent]:
    groups: dict[str | tuple[int, str], h5g.GroupID] = {}
    rows = []
    for place in places:
        parent, link = objects.group_for(group, paths[place.name], groups)
        dataset, digest = _allocate(parent, link, place, output)
        for name, text in place.attributes.items():
            objects.set_text(dataset, name, text)
        # HDF5 allocates no space for an empty dataset, and no single block for chunks.
        rows.append((dataset.get_offset() or 0, place.contiguous_bytes, digest))
    return rows


def _allocate(parent: h5g.GroupID, link: str, place: Place, output: Output) -> tuple[h5d.DatasetID, int]:
    """Create the dataset of a variable; return its digest if it is compressed, because it is stored at once."""
    if place.packing is None:
        return objects.allocate(parent, link, place.datatype, place.stored_shape), 0
    packing = place.packing
    dataset = objects.allocate_chunked(
        parent, link, place.datatype, place.shape, packing.grid.chunk, packing.described()
    )
    return dataset, output.pack(dataset, packing)


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
    properties.set_alignment(LARGE, layout.PAGE)
    properties.set_fileobj_driver(h5fd.fileobj_driver, file)
    # Objects that a failure leaves open are closed with the file; later, the Python object below them does not exist.
    properties.set_fclose_degree(h5f.CLOSE_STRONG)
    return properties
