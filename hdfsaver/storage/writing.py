"""Writing a file: HDF5 lays it out, its bytes are written in parallel, and the seal is added."""

from __future__ import annotations

import os
from collections.abc import Collection, Hashable, Mapping, Sequence
from contextlib import suppress
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import xxhash

from hdfsaver.files.atomic_write import atomic_write
from hdfsaver.files.lazy_arrays import Deferred, Pending
from hdfsaver.files.positional_io import batches, write_all, write_at, write_together
from hdfsaver.files.progress import SILENT, Callback, Progress
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.remote.uploads import upload
from hdfsaver.schema import Structure
from hdfsaver.storage import groups
from hdfsaver.storage.chunks.chunk_writing import Chunks, Output, Packing
from hdfsaver.storage.chunks.compression import Compression, grid_for
from hdfsaver.storage.incremental import Kept, Sharing, clear_last_pages, write_differing, written
from hdfsaver.storage.random_places import RandomPlaces, packed
from hdfsaver.storage.skeleton import Beside, Place, Plan, Skeleton, lay_out
from hdfsaver.storage.small_values import small_bytes
from hdfsaver.storage.stored_values import StoredValue
from hdfsaver.storage.streaming import Content, stream
from hdfsaver.storage.values import Value, Values, layout_key, prepare_all, view_of
from hdfsaver.tensor_info import LARGE, STRING, Array, nbytes_of


class Model(NamedTuple):
    """The content of one group of a file.

    Attributes
    ----------
    variables : mapping of str to ndarray or Pending, or None
        The values by name, in the order of the index; None for a model without ``variables``.
    structure : Structure or None
        The graph; None for a model without ``graph``.
    dtypes : mapping of str to str
        The names of the dtypes that NumPy does not have (the quantized ones).
    compression : mapping of str to Compression
        The compression by variable; the others are not compressed.
    live : collection of str, optional
        The variables whose memory the rest of the program may change during the save, by default all: their bytes are
        copied, block by block, before they are digested and written.
    random : mapping of str to tuple of int, optional
        The places of random operations; see `hdfsaver.storage.random_places`.
    """

    variables: Mapping[str, Array | Pending] | None
    structure: Structure | None
    dtypes: Mapping[str, str]
    compression: Mapping[str, Compression] = MappingProxyType({})
    live: Collection[str] | None = None
    random: RandomPlaces = MappingProxyType({})


_RANDOM = attrgetter("random")
_OFFSET = itemgetter(0)

_AT_ONCE = 8 << 20
"""Bytes of small values that are in memory together; those of most models are fewer."""

_JOINED = 2 << 20
"""Bytes of the largest file that is written in one call: each call lets other threads run, and may wait for them."""


class WriteOptions(NamedTuple):
    """Options for writing a file.

    Attributes
    ----------
    durable : bool
        Return only when the file is on the disk.
    sweep : bool
        First remove the drafts of this file that killed programs left.
    progress : callable or None
        See `hdfsaver.files.progress.Callback`; it counts the bytes of the values.
    new_only : bool
        Replace no file; see `atomic_write`.
    """

    durable: bool = True
    sweep: bool = True
    progress: Callback | None = None
    new_only: bool = False


def write_file(
    path: str | os.PathLike[str],
    *,
    variables: Mapping[str, npt.NDArray[Any]] | None,
    structure: Structure | None,
    dtypes: Mapping[str, str] | None = None,
    durable: bool = True,
) -> None:
    """Write a checkpoint file; an earlier file is replaced only when the new one is complete.

    Parameters
    ----------
    path : path-like
        The file.
    variables : mapping of str to ndarray, or None
        The values by name, in the order of the index; None for a file without ``/variables``.
    structure : Structure or None
        The graph; None for a file without ``/graph``.
    dtypes : mapping of str to str, optional
        The names of the dtypes that NumPy does not have (the quantized ones).
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    TypeError, ValueError
        A value or a name cannot be stored.
    NotFoundError
        The folder does not exist.
    OpError
        The operating system refuses: `PermissionDeniedError`, `ResourceExhaustedError` and so on.
    """
    write_models(path, {groups.ROOT: Model(variables, structure, dtypes or {})}, durable=durable)


def write_models(
    path: str | os.PathLike[str],
    models: Mapping[str, Model],
    *,
    metadata: Mapping[str, str] | None = None,
    beside: Beside | None = None,
    durable: bool = True,
) -> None:
    """Write a file with a model in each of several groups.

    Parameters
    ----------
    path : path-like
        The file.
    models : mapping of str to Model
        The model of each group; see `hdfsaver.storage.groups`.
    metadata : mapping of str to str, optional
        The metadata of the file.
    beside : callable, optional
        Adds the content of other programs; see `hdfsaver.storage.foreign_content`.
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    TypeError, ValueError, OpError
        See `write_file`.
    """
    Writer().write(path, models, metadata=metadata, beside=beside, options=WriteOptions(durable=durable))


class Writer:
    """Writes files, and remembers the layout of the last one for the next save of the same variables.

    Parameters
    ----------
    sharing : Sharing, optional
        Lets files share the blocks of what has not changed; by default every file is written in full.
    """

    def __init__(self, sharing: Sharing | None = None) -> None:
        self._layouts: list[tuple[Hashable, Skeleton]] = []
        self._sharing = sharing

    def write(
        self,
        path: str | os.PathLike[str],
        models: Mapping[str, Model],
        *,
        metadata: Mapping[str, str] | None = None,
        beside: Beside | None = None,
        structure_version: Hashable = None,
        options: WriteOptions = WriteOptions(),  # noqa: B008 - a tuple, which is immutable
    ) -> None:
        """Write a file.

        Parameters
        ----------
        path, models, metadata, beside
            See `write_models`.
        structure_version : hashable, optional
            A value that changes whenever a structure does, such as a graph and its version. Without it, a file with a
            structure is laid out again in every save.
        options : WriteOptions, optional

        Raises
        ------
        TypeError, ValueError, OpError
            See `write_file`.
        """
        values = {group: _prepared(model) for group, model in models.items()}
        packings = {group: _packings(values[group], model.compression) for group, model in models.items()}
        moved = Progress(options.progress, _nbytes(values)) if options.progress else SILENT
        is_alone = beside is None and not any(packings.values())
        known = self._layout_for(values, models, metadata or {}, structure_version) if is_alone else None
        places = packed(map(_RANDOM, models.values()))
        try:
            if isinstance(path, RemoteName):
                # Its bytes go out in the order of the file; the digests at its beginning are those of what follows.
                with upload(path, _nbytes(values)) as sent:
                    plans = {} if known else _plans(values, models, packings)
                    skeleton = known[1] if known else lay_out(plans, metadata or {}, Output(-1), beside)
                    content = Content(_blocks(values, packings), _in_one(packings), names_of(values), places)
                    stream(sent, skeleton, content, moved)
                if self._sharing:
                    self._sharing.tell("remote", f"{path} is written in full: a URL shares no blocks.")
                return
            place = atomic_write(path, durable=options.durable, sweep=options.sweep, new_only=options.new_only)
            blocks = _blocks(values, packings)
            sharing = self._sharing_for(path, is_alone=is_alone)
            with place as draft:
                # The offsets of chunks depend on their compressed lengths: they are stored while the file is laid out.
                skeleton = (
                    known[1]
                    if known
                    else lay_out(_plans(values, models, packings), metadata or {}, Output(draft.fd, moved), beside)
                )
                large = _large(blocks, skeleton) if sharing else {}
                kept = sharing.begin(draft, skeleton, large) if sharing else None
                if kept is None:
                    draft.reserve(skeleton.size)
                else:
                    draft.size = skeleton.size - int(skeleton.extents["nbytes"][list(kept.rows)].sum())
                _write(draft.fd, skeleton, blocks, moved, values, places, kept)
                last = written(draft, skeleton, large) if sharing else None
        finally:
            if known and known[0] is not None:
                self._layouts[:] = [known]
        if self._sharing:
            self._sharing.end(last, is_shared=kept is not None)

    def _sharing_for(self, path: str | os.PathLike[str], *, is_alone: bool) -> Sharing | None:
        """The object that lets a file share blocks; None for a file that is written in full."""
        if self._sharing is not None and not is_alone:
            why = "compressed values, or content of other programs, shares no blocks with the one before"
            self._sharing.tell("compressed", f"{path} is written in full: a file with {why}.")
            return None
        return self._sharing

    def _layout_for(
        self, values: Mapping[str, _Values], models: Mapping[str, Model], metadata: Mapping[str, str], version: Hashable
    ) -> tuple[Hashable, Skeleton]:
        """The layout, and the key under which the next save may find it; None for a key if it may not."""
        has_structure = any(model.structure is not None for model in models.values())
        key = (
            *((group, found and layout_key(found)) for group, found in values.items()),
            *metadata.items(),
            *map(tuple, map(_RANDOM, models.values())),
            has_structure,
            version,
        )
        last = None
        # A save that comes within this one, from a signal handler, must not fill the same layout: it finds none.
        with suppress(IndexError):
            last = self._layouts.pop()
        if last is not None and key == last[0]:
            return last
        # Released first, so that the old layout and the new one are not in memory together.
        last = None
        skeleton = lay_out(_plans(values, models, {}), metadata)
        return (key if not has_structure or version is not None else None), skeleton


_Values: TypeAlias = "Values | None"

_Packings: TypeAlias = "Mapping[str, Chunks]"


def _prepared(model: Model) -> _Values:
    return None if model.variables is None else prepare_all(model.variables, model.dtypes, model.live)


def _nbytes(values: Mapping[str, _Values]) -> int:
    return sum(data.nbytes for found in values.values() if found for data in found.data)


def _packings(values: _Values, compression: Mapping[str, Compression]) -> _Packings:
    """The compression of values, where it is requested and useful, or where they have it and keep it."""
    if values is None:
        return {}
    copied: dict[str, Chunks] = {
        name: data.chunks
        for name, data in zip(values.names, values.data, strict=True)
        if isinstance(data, StoredValue) and data.chunks is not None and name not in compression
    }
    if not compression:
        return copied
    chosen = {name: values.row(place) for place, name in enumerate(values.names) if name in compression}
    grids = {name: grid_for(value.dtype, value.shape, value.data.dtype.itemsize) for name, value in chosen.items()}
    packed = {name: Packing(compression[name], grid, chosen[name].view()) for name, grid in grids.items() if grid}
    return {**copied, **packed}


def names_of(values: Mapping[str, _Values]) -> list[str]:
    """The name of each row of the index."""
    return [name for found in values.values() if found for name in found.names]


def _blocks(values: Mapping[str, _Values], packings: Mapping[str, _Packings]) -> dict[int, Array | Pending]:
    """The values that are not compressed, by their rows in the index."""
    blocks: dict[int, Array | Pending] = {}
    row = 0
    for group, found in values.items():
        if found is not None:
            blocks.update(enumerate(found.data, row))
            for place in (place for place, name in enumerate(found.names) if name in packings[group]):
                del blocks[row + place]
            row += len(found.names)
    return blocks


def _large(blocks: Mapping[int, Array | Pending], skeleton: Skeleton) -> dict[int, Array | Pending]:
    sizes = skeleton.extents["nbytes"].tolist()
    return {row: block for row, block in blocks.items() if sizes[row] >= LARGE}


def _in_one(packings: Mapping[str, _Packings]) -> list[Chunks]:
    """The compressed values of all groups, in the order of the file."""
    return [packing for found in packings.values() for packing in found.values()]


def _plans(
    values: Mapping[str, _Values], models: Mapping[str, Model], packings: Mapping[str, _Packings]
) -> dict[str, Plan]:
    return {group: _plan(values[group], model, packings.get(group, {})) for group, model in models.items()}


def _plan(values: _Values, model: Model, packings: _Packings) -> Plan:
    random = tuple(model.random)
    if values is None:
        return Plan(None, model.structure, random)
    places = [_place(name, values.row(place), packings.get(name)) for place, name in enumerate(values.names)]
    return Plan(places, model.structure, random)


def _place(name: str, value: Value, packing: Chunks | None) -> Place:
    # From the same dtype and shape as the index: those of a live array may be set meanwhile.
    is_text = value.dtype == STRING
    shape = value.stored_shape()
    nbytes = value.data.nbytes if is_text else nbytes_of(value.dtype, shape)
    return Place(name, value.dtype, value.shape, value.datatype(), shape, nbytes, value.attributes, packing)


def _write(
    fd: int,
    skeleton: Skeleton,
    blocks: Mapping[int, Array | Pending],
    progress: Progress,
    values: Mapping[str, _Values],
    places: bytes,
    kept: Kept | None = None,
) -> None:
    """Write everything that is not compressed, or of that what has changed."""
    offsets = skeleton.extents["offset"].tolist()
    sizes = skeleton.extents["nbytes"].tolist()
    small = [row for row in blocks if sizes[row] < LARGE]
    rest = [row for row in blocks if sizes[row] >= LARGE]
    digests = skeleton.extents["xxh3_64"].copy()
    if kept is not None:
        same = list(kept.rows)
        digests[same] = kept.digests[same]
        progress.advance(sum(sizes[row] for row in same))
        rest = [row for row in rest if row not in kept.rows]
        clear_last_pages(fd, [(offsets[row], sizes[row]) for row in rest], skeleton.size)
    large = [row for row in rest if not isinstance(blocks[row], Deferred)]
    alone = [row for row in rest if isinstance(blocks[row], Deferred)]
    is_whole = kept is None and len(sizes) == len(blocks) and not alone
    is_joined = skeleton.size <= _JOINED and progress is SILENT and is_whole
    joined = [(offsets[row], view_of(blocks[row])[:]) for row in large] if is_joined and large else []
    if joined:
        digests[large] = [xxhash.xxh3_64_intdigest(view) for _, view in joined]
    elif large:
        digests[large] = write_all(fd, [(offsets[row], view_of(blocks[row])) for row in large], progress)
    for row in alone:  # two at a time would need memory for two
        digests[row : row + 1] = write_all(fd, [(offsets[row], view_of(blocks[row]))], progress)
    is_little = kept is not None or skeleton.size <= _AT_ONCE
    several = [small] if is_little else list(batches(small, lambda row: sizes[row], _AT_ONCE))
    pieces: list[bytes] = []
    for batch in several:
        pieces = _pieces(batch, blocks, sizes, values)
        digests[batch] = np.fromiter(map(xxhash.xxh3_64_intdigest, pieces), np.uint64, len(pieces))
        if len(several) > 1:  # not all of them are in memory together
            _write_small(fd, [offsets[row] for row in batch], pieces)
            pieces = []
    filled = skeleton.fill(pieces, digests, places)
    if kept is not None:
        write_differing(fd, filled, kept, small, skeleton.extents, digests)
    else:
        _write_segments(fd, [(each.offset, memoryview(each.data)) for each in filled], joined if is_joined else None)
    if progress is not SILENT:
        progress.advance(sum(sizes[row] for row in small))


def _pieces(
    rows: Sequence[int], blocks: Mapping[int, Array | Pending], sizes: Sequence[int], values: Mapping[str, _Values]
) -> list[bytes]:
    """The bytes of small values; `AbortedError` where one has changed its size meanwhile."""
    return small_bytes(blocks, rows, sizes, lambda row: names_of(values)[row])


def _write_segments(
    fd: int, segments: list[tuple[int, memoryview]], joined: Sequence[tuple[int, memoryview]] | None
) -> None:
    """Write each segment; or all of a small file, large values too, in one call."""
    if joined is not None:
        write_together(fd, _adjacent(sorted([*segments, *joined], key=_OFFSET)))
        return
    for offset, view in segments:
        write_at(fd, view, offset)


def _write_small(fd: int, offsets: Sequence[int], pieces: Sequence[bytes]) -> None:
    """Write small values, which follow one another, in one call; an empty one has no offset."""
    full = [(offset, piece) for offset, piece in zip(offsets, pieces, strict=True) if piece]
    if full:
        start = full[0][0]
        views = _adjacent([(offset - start, memoryview(piece)) for offset, piece in full])
        write_at(fd, memoryview(b"".join(views)), start)


def _adjacent(parts: Sequence[tuple[int, memoryview]]) -> list[memoryview]:
    """Parts of a file, with zeros in the gaps between them."""
    views, end = [], 0
    for offset, view in parts:
        if end < offset:
            views.append(memoryview(bytes(offset - end)))
        views.append(view)
        end = offset + len(view)
    return views
