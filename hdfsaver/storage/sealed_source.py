"""A sealed file: names and extents from its index, values by their extents, every value checked by its digest."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import xxhash
from h5py import h5g

from hdfsaver import limits
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.coalesced_reads import fill_small
from hdfsaver.files.memory_map import map_arrays
from hdfsaver.files.opening import Opened, bytes_at
from hdfsaver.files.partial_reads import part_of, read_part
from hdfsaver.files.positional_io import PIECE, digest_all, fetched, read_all, read_array, read_at
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.readable import Readable
from hdfsaver.files.remote.pinned import pinned
from hdfsaver.storage import groups, layout, seal
from hdfsaver.storage.about import read_writer
from hdfsaver.storage.chunks.chunk_reading import Packed, chunk_of, digest_packed, read_packed, read_part_packed
from hdfsaver.storage.chunks.chunk_writing import CopiedChunks
from hdfsaver.storage.chunks.filters import NAMES_BY_CODE
from hdfsaver.storage.hdf5 import datatypes, narrow_numbers, objects, strings
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5_source import Hdf5Source
from hdfsaver.storage.hdf5_view import check_view
from hdfsaver.storage.index import NOTHING, Index, grid_of, read_index
from hdfsaver.storage.seal import Seal, StoredIndex, advice
from hdfsaver.storage.shown_places import check_places
from hdfsaver.storage.stored_values import Form, StoredValue
from hdfsaver.tensor_info import LARGE, STRING, Array, Key, TensorInfo, bytes_of, numpy_dtype

_LABELS = ("dtype", "encoding", "shape")

_SCANNED = 1 << 26
"""Bytes of the structure in which `verify` looks for the headers of datasets; the library finds the others."""

_CONVERTED = {STRING, *narrow_numbers.BITS}
"""The dtypes whose values are not stored as they are in memory, or checked."""

_digest_of: Callable[[Any], int] = xxhash.xxh3_64_intdigest  # it takes an array of any dtype


class SealedSource(Hdf5Source):
    """Reads the variables of a model in a file with a valid seal."""

    kind = "hdfsaver checkpoint"
    sealed = True
    checksums = "digests"
    is_native = True
    _compares = True

    def __init__(self, opened: Opened, found: Seal, path: str | os.PathLike[str], group: str = groups.ROOT) -> None:
        if found.major != layout.MAJOR:
            raise newer_version(f"{found.major}.{found.minor}")
        super().__init__(opened, group)
        self._path = path
        self._seal = found
        self.has_foreign_content = bool(found.flags & layout.FOREIGN)
        self.has_random_places = bool(found.flags & layout.RANDOM_STATE)
        # Where the structure is pinned, it is read when something in it is asked for.
        stored = self._checked_index()
        self._walked = None if self._is_pinned() else opened
        self._extents = stored.extents
        self._models = read_index(found, stored)
        if not self._is_pinned() or groups.link_of(group) not in self._models:
            with self._root() as root:
                groups.open_model(root, group)
        self._choose(group)

    def _is_pinned(self) -> bool:
        """Whether the HDF5 library gets the structure from memory: that of a file that others may change."""
        return not isinstance(self._opened.fd, int)

    def _checked_index(self) -> StoredIndex:
        """Compare the index with the seal and, unless it is pinned, the structure too."""
        return (seal.check_index if self._is_pinned() else seal.check)(self._opened, self._seal)

    def _check_pinned(self, walked: Opened) -> None:
        """Compare the structure, which is in memory, with the seal."""
        seal.check_structure(walked, self._seal)

    @contextmanager
    def _root(self) -> Iterator[h5g.GroupID]:
        """The root group; the library gets no byte of the structure that was not compared with the seal."""
        if self._walked is None:
            with seal.naming(self._path):
                walked = pinned(self._opened, self._seal.structure_end, self._seal.tail_start)
                self._check_pinned(walked)
            self._walked = walked
        with hdf5_root(self._walked) as root:
            yield root

    def other_content(self) -> list[str]:
        """The content that other programs have added to the file."""
        return ["content of other programs"] if self.has_foreign_content else []

    def origin(self) -> dict[str, str]:
        """The version of the format, and the program that has written the file last."""
        found = {"format": f"{layout.FORMAT} {self._seal.major}.{self._seal.minor}"}
        with self._root() as root:
            writer = read_writer(root)
        return {**found, "writer": writer} if writer else found

    def of_group(self, group: str) -> SealedSource:
        """The model of another group; seal and index, which are those of the whole file, are not checked again."""
        with self._root() as root:
            groups.open_model(root, group)
        other = copy.copy(self)
        other._choose(group)
        other._opened = self._duplicate()
        other._walked = self._walked if self._is_pinned() else other._opened
        return other

    def link_paths(self) -> Mapping[str, str]:
        """The link path of each variable below the group of the variables."""
        return {name: self._paths.get(name, name) for name in self.entries}

    def _choose(self, group: str) -> None:
        """Say which model is read."""
        self._group = group
        index = self._models.get(groups.link_of(group), NOTHING)
        self.entries, self._paths, self._encodings = index.entries, index.paths, index.encodings
        self._packed = {name: self._packed_value(index, name) for name in index.chunk_rows}
        self.__dict__.pop("_rows", None)

    @cached_property
    def _rows(self) -> dict[str, tuple[int, int]]:
        """Offset and digest of each variable, made for the first value: a list of variables needs none."""
        rows = self._extents[np.array(self._models.get(groups.link_of(self._group), NOTHING).rows, np.int64)]
        places = zip(rows["offset"].tolist(), rows["xxh3_64"].tolist(), strict=True)
        return dict(zip(self.entries, places, strict=True))

    def _packed_value(self, index: Index, name: str) -> Packed:
        entry, first = index.entries[name], index.chunk_rows[name]
        grid = grid_of(entry)
        return Packed(name, entry.filters, grid, self._extents[first : first + grid.count].tolist())

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of variables, in the order of ``names``."""
        entries = [self.entries[name] for name in names]
        progress = Progress(callback, sum(entry.nbytes for entry in entries))
        plain = [entry for entry in entries if not entry.filters]
        kinds = (
            (self._large, [entry for entry in plain if entry.nbytes >= LARGE]),
            (self._small, [entry for entry in plain if entry.nbytes < LARGE]),
            (self._unpacked, [entry for entry in entries if entry.filters]),
        )
        found: dict[str, Array] = {}
        for read, some in kinds:
            if some:
                found.update(read(some, progress))
        texts = [entry for entry in entries if entry.dtype == STRING] if self._encodings else []
        if texts:
            found.update({entry.name: self._text(entry, found[entry.name]) for entry in texts})
        narrow = [entry for entry in entries if entry.dtype in narrow_numbers.BITS]
        if narrow:
            found.update({entry.name: self._numbers(entry, found[entry.name]) for entry in narrow})
        return {name: found[name] for name in names}

    def read_unchecked(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read values without their digests, except compressed ones."""
        other = copy.copy(self)
        other._compares = False
        return other.read(names, callback)

    def read_one(self, name: str) -> Array:
        """Read one value; readers of TensorFlow's kind ask for thousands, one at a time."""
        _, dtype, shape, nbytes, filters, _ = self.entries[name]
        fd = self._opened.fd
        if filters or nbytes >= LARGE or dtype in _CONVERTED or not isinstance(fd, int):
            return self.read([name])[name]
        array = np.empty(shape, numpy_dtype(dtype))
        offset, digest = self._rows[name]
        read_array(fd, array, offset)
        if _digest_of(array) != digest:
            raise self._changed([name])
        return array

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a variable's value; for a compressed value the digests of its chunks are checked."""
        entry = self.entries[name]
        if entry.dtype == STRING:
            return part_of(self.read([name])[name], key)
        if entry.filters:
            nbytes = math.prod(each.stop - each.start for each in key) * numpy_dtype(entry.dtype).itemsize
            limits.check_declared(f"variable {name!r}", nbytes, self._opened.size)
            part = read_part_packed(self._opened.fd, self._packed[name], numpy_dtype(entry.dtype), key)
        else:
            part = read_part(self._opened.fd, self._rows[name][0], *_stored(entry), key)
        return self._numbers(entry, part) if _is_narrow(entry) else part

    def map(self, names: Sequence[str], mode: str) -> dict[str, Array]:
        """Map the values of variables into memory; values that cannot be mapped are left out."""
        extents = {
            name: (self._rows[name][0], *_stored(self.entries[name]))
            for name in names
            if self._is_mapped(self.entries[name])
        }
        return map_arrays(self._opened, extents, mode)

    def extent(self, name: str) -> tuple[int, int] | None:
        """Offset and length of a variable's bytes; None for strings, narrow numbers and compressed values."""
        entry = self.entries[name]
        if entry.dtype == STRING or entry.filters or _is_narrow(entry):
            return None
        return self._rows[name][0], entry.nbytes

    def digest(self, name: str) -> int | None:
        """The digest of a variable's stored bytes, uncompressed."""
        return int(self._rows[name][1])

    def pieces(self, name: str) -> Iterator[Array]:
        """The elements of a variable in order, with at most one chunk or 1 MiB in memory."""
        entry = self.entries[name]
        if entry.dtype == STRING or _is_narrow(entry):
            return super().pieces(name)
        dtype = numpy_dtype(entry.dtype)
        return (np.frombuffer(piece, dtype) for piece in self._stream(name))

    def stored(self, name: str, *, unpacked: bool) -> StoredValue | None:
        """The stored bytes of a variable, compared with their digest while they are read."""
        entry = self.entries[name]
        chunks = None
        if entry.filters and not unpacked:
            parameters = self._parameters(name)
            chunks = CopiedChunks(self._opened.fd, self._packed[name], parameters, self._rows[name][1])
        form = self._text_form(name) if entry.dtype == STRING else _form_of(entry)
        return StoredValue(entry, form, lambda: self._stream(name), chunks)

    def _stream(self, name: str) -> Iterator[memoryview]:
        """The decoded bytes of a variable, piece by piece; the last one comes when the digest is right."""
        entry = self.entries[name]
        hasher, last = xxhash.xxh3_64(), memoryview(b"")
        for piece in self._chunks(name) if entry.filters else self._blocks(self._rows[name][0], entry.nbytes):
            hasher.update(piece)
            if last:
                yield last
            last = piece
        if hasher.intdigest() != self._rows[name][1]:
            raise self._changed([name])
        if last:
            yield last

    def _blocks(self, offset: int, nbytes: int) -> Iterator[memoryview]:
        for start in range(0, nbytes, PIECE):
            piece = memoryview(bytearray(min(PIECE, nbytes - start)))
            read_at(self._opened.fd, piece, offset + start)
            yield piece

    def _chunks(self, name: str) -> Iterator[memoryview]:
        packed, fd = self._packed[name], self._opened.fd
        limits.check_declared(f"variable {name!r}", self.entries[name].nbytes, self._opened.size)
        for batch in fetched(fd, range(packed.grid.count), lambda number: packed.chunks[number][:2]):
            for number in batch:
                start, stop = packed.grid.stretch(number)
                yield chunk_of(fd, packed, number)[: stop - start].data

    def _parameters(self, name: str) -> list[tuple[int, tuple[int, ...]]]:
        """The filters of a compressed variable as HDF5 records them."""
        with self._root() as root:
            filters = objects.filters_of(self._variables(root), self._paths.get(name, name))
        if tuple(NAMES_BY_CODE.get(code, "") for code, _ in filters) != self.entries[name].filters:
            raise objects.damaged(f"variable {name!r}", "its filters are not those of the index.")
        return filters

    def _text_form(self, name: str) -> Form:
        with self._root() as root:
            dataset = objects.open_dataset(self._variables(root), self._paths.get(name, name))
            found = {label: objects.get_text(dataset, label) for label in _LABELS}
            labels = {label: text for label, text in found.items() if text is not None}
            with objects.reading(objects.location(dataset)):
                datatype, shape = dataset.get_type(), dataset.shape
                dtype = strings.stored_dtype(datatype, labels)
            if dtype is None or math.prod(shape) * dtype.itemsize != self.entries[name].nbytes:
                raise objects.damaged(objects.location(dataset), "it is not the string tensor of the index.")
            return Form(datatype.copy(), shape, labels)

    def _variables(self, root: h5g.GroupID) -> h5g.GroupID:
        return objects.open_group(groups.open_model(root, self._group), layout.VARIABLES)

    @staticmethod
    def _is_mapped(entry: TensorInfo) -> bool:
        return entry.dtype != STRING and entry.nbytes >= LARGE and not entry.filters and not _is_narrow(entry)

    def _unpacked(self, entries: Sequence[TensorInfo], progress: Progress) -> dict[str, Array]:
        declared = 0
        for entry in entries:
            declared += entry.nbytes
            limits.check_declared(f"variable {entry.name!r}", declared, self._opened.size)
        arrays = {entry.name: np.empty(*_stored(entry)) for entry in entries}
        values = [(self._packed[name], array) for name, array in arrays.items()]
        digests = read_packed(self._fd_of_chunks(entries), values, progress)
        self._check(dict(zip(arrays, digests, strict=True)))
        return arrays

    def _fd_of_chunks(self, entries: Sequence[TensorInfo]) -> Readable:
        """The file that the chunks of compressed values are read from."""
        return self._opened.fd

    def _large(self, entries: Sequence[TensorInfo], progress: Progress) -> dict[str, Array]:
        arrays = {entry.name: np.empty(*_stored(entry)) for entry in entries}
        jobs = [(self._rows[name][0], bytes_of(array)) for name, array in arrays.items()]
        digests = read_all(self._opened.fd, jobs, progress, hashed=self._compares)
        if self._compares:
            self._check(dict(zip(arrays, digests, strict=True)))
        return arrays

    def _small(self, entries: Sequence[TensorInfo], progress: Progress) -> dict[str, Array]:
        arrays = {entry.name: np.empty(*_stored(entry)) for entry in entries}
        fill_small(self._opened.fd, [self._rows[name][0] for name in arrays], list(arrays.values()))
        progress.advance(sum([entry.nbytes for entry in entries]))
        if self._compares:
            self._check(dict(zip(arrays, map(_digest_of, arrays.values()), strict=True)))
        return arrays

    def _check(self, digests: Mapping[str, int]) -> None:
        changed = [name for name, digest in digests.items() if digest != self._rows[name][1]]
        if changed:
            raise self._changed(changed)

    def _changed(self, names: Sequence[str]) -> DataLossError:
        shown = ", ".join(map(repr, names[:10])) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        variables = "variable" if len(names) == 1 else f"{len(names)} variables"
        return DataLossError(
            None,
            None,
            f"{self._path}: the bytes of {variables} {shown} differ from those that were saved. {advice(self._path)}",
        )

    def _numbers(self, entry: TensorInfo, stored: Array) -> Array:
        with self._naming(entry):
            return narrow_numbers.checked(stored, entry.dtype)

    def _text(self, entry: TensorInfo, stored: Array) -> Array:
        with self._naming(entry):
            return strings.decode_bytes(stored, self._encodings[entry.name], entry.shape)

    @contextmanager
    def _naming(self, entry: TensorInfo) -> Iterator[None]:
        """Add file and variable to the message of an error of decoding."""
        try:
            yield
        except DataLossError as error:
            raise DataLossError(None, None, f"{self._path}: variable {entry.name!r}: {error.message}") from None

    def verify(self, callback: Callback | None = None) -> None:
        """Check the seal again, and every value of every model against its digest; HDF5 must show the same index."""
        with seal.naming(self._path):
            seal.check(self._opened, self._seal)
            seal.check_padding(self._opened.fd, self._extents, self._seal)
        with self._root() as root:
            check_view(root, self._seal)
            self._check_shown(root)
        names = {row: label for link, index in self._models.items() for row, label in _labelled(link, index)}
        packed = {
            row: self._packed_value(index, name)
            for index in self._models.values()
            for row, name in zip(index.rows, index.entries, strict=True)
            if name in index.chunk_rows
        }
        plain = np.array([row for row in range(len(names)) if row not in packed], dtype=np.int64)
        extents = self._extents[plain]
        progress = Progress(callback, int(extents["nbytes"].sum()) + sum(each.grid.size for each in packed.values()))
        found = np.zeros(len(names), dtype=np.uint64)
        places = list(zip(extents["offset"].tolist(), extents["nbytes"].tolist(), strict=True))
        found[plain] = self._digests(plain.tolist(), places, progress)
        found[list(packed)] = digest_packed(self._opened.fd, list(packed.values()), progress)
        changed = np.flatnonzero(found != self._extents["xxh3_64"][: len(names)]).tolist()
        if changed:
            raise self._changed([names[row] for row in changed])

    def _check_shown(self, root: h5g.GroupID) -> None:
        """Check that HDF5 shows the bytes of the extents as the values of the variables."""
        plain, packed = {}, {}
        offsets = self._extents["offset"].tolist()
        for link, index in self._models.items():
            above = f"{link}/{layout.VARIABLES}/" if link else f"{layout.VARIABLES}/"
            for row, (name, entry) in zip(index.rows, index.entries.items(), strict=True):
                path = above + index.paths.get(name, name)
                if name in index.chunk_rows:
                    packed[path] = [chunk[:2] for chunk in self._packed_value(index, name).chunks]
                elif entry.nbytes:
                    plain[path] = offsets[row], entry.nbytes
        assert self._walked is not None
        structure = bytes_at(self._walked, 0, min(self._seal.structure_end, _SCANNED))
        check_places(root, structure, plain, packed)

    def _digests(self, rows: Sequence[int], places: Sequence[tuple[int, int]], progress: Progress) -> list[int]:
        """The XXH3-64 digests of the values of some rows of the index, in one block each."""
        return digest_all(self._opened.fd, places, progress)


def _labelled(link: str, index: Index) -> Iterator[tuple[int, str]]:
    """The rows of a model, each with the names of its group and its variable."""
    for row, name in zip(index.rows, index.entries, strict=True):
        yield row, f"{link}/{layout.VARIABLES}/{name}" if link else name


def _form_of(entry: TensorInfo) -> Form:
    """How a variable of numbers is stored."""
    labels = datatypes.labels_of(entry.dtype, not entry.shape)
    shape = datatypes.ROW if datatypes.SHAPE in labels else entry.shape
    return Form(datatypes.type_of(entry.dtype), shape, labels)


def _is_narrow(entry: TensorInfo) -> bool:
    """Whether the numbers of a variable have fewer than 8 bits, so that its bytes differ from those in memory."""
    return entry.dtype in narrow_numbers.BITS


def _stored(entry: TensorInfo) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of the array for a variable's bytes."""
    if entry.dtype == STRING:
        return (entry.nbytes,), np.dtype(np.uint8)
    return entry.shape, numpy_dtype(entry.dtype)


def newer_version(version: str) -> InvalidArgumentError:
    """Make the error for an unsupported version of the format."""
    return InvalidArgumentError(
        None,
        None,
        f"The file has format version {version}, but this hdfsaver reads only version {layout.MAJOR}. "
        "Read it with the hdfsaver that wrote it, or a newer one.",
    )
