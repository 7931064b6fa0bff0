"""Writing compressed values: chunks are filtered in several threads, and stored in order.

HDF5 allocates and records each chunk; its own filters never run.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import xxhash
from h5py import h5d, h5z

from hdfsaver.files.lazy_arrays import JoinedBytes
from hdfsaver.files.live_bytes import LiveBytes
from hdfsaver.files.positional_io import MAX_THREADS, end, fetched, write_at
from hdfsaver.files.progress import SILENT, Progress
from hdfsaver.files.readable import Readable
from hdfsaver.files.thread_pool import ThreadPool
from hdfsaver.storage.chunks.chunk_codecs import BY_NAME, Buffer
from hdfsaver.storage.chunks.chunk_reading import Packed, stored_chunk
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.chunks.filters import SHUFFLE, Filters, shuffled
from hdfsaver.storage.chunks.grid import Grid
from hdfsaver.storage.hdf5.sparse_memory import SparseMemory
from hdfsaver.storage.layout import Extent

_AHEAD = 2
"""Chunks that may wait to be stored, for each thread; they bound the memory that packing takes."""


class Packing(NamedTuple):
    """A value that is being compressed.

    Attributes
    ----------
    compression : Compression
    grid : Grid
    view : memoryview, LiveBytes or JoinedBytes
        The value's bytes.
    """

    compression: Compression
    grid: Grid
    view: memoryview | LiveBytes | JoinedBytes

    @property
    def filters(self) -> Filters:
        """The filters, in the order in which they are applied."""
        return self.compression.filters_for(self.grid.itemsize)

    @property
    def level(self) -> int:
        """The codec's level."""
        level = self.compression.level
        return BY_NAME[self.compression.codec].level if level is None else level

    def described(self) -> list[tuple[int, tuple[int, ...]]]:
        """The filters as HDF5 records them: their numbers and parameters."""
        codec = BY_NAME[self.compression.codec]
        shuffle = [(h5z.FILTER_SHUFFLE, (self.grid.itemsize,))] if SHUFFLE in self.filters else []
        return [*shuffle, (codec.code, codec.parameters(self.level, self._element, self.grid.chunk))]

    @property
    def _element(self) -> int:
        """Bytes of an element, as passed to the codec."""
        return self.grid.itemsize if self.compression.shuffle else 1

    def piece(self, number: int, spare: list[memoryview]) -> memoryview:
        """The bytes of a chunk, or a buffer for live ones; chunks must be requested in order."""
        start, stop = self.grid.stretch(number)
        if not isinstance(self.view, LiveBytes):
            return self.view[start:stop]
        buffer = spare.pop() if spare else memoryview(bytearray(self.grid.nbytes))
        return buffer[: stop - start]

    def stored(self, number: int, piece: memoryview) -> Buffer:
        """A chunk in its stored form; live bytes are first copied into ``piece``, by the thread that filters them."""
        if isinstance(self.view, LiveBytes):
            self.view.copy_into(piece, self.grid.stretch(number)[0])
        return self.filtered(piece)

    def filtered(self, piece: memoryview) -> Buffer:
        """A chunk in its stored form: padded at the end of the array, and filtered unless filtering makes it longer."""
        missing = self.grid.nbytes - len(piece)
        data = b"".join((piece, bytes(missing))) if missing else piece
        plain = shuffled(data, self.grid.itemsize) if SHUFFLE in self.filters else data
        found = BY_NAME[self.compression.codec].encode(plain, self.level, self._element)
        return found if len(found) < self.grid.nbytes else data


class CopiedChunks(NamedTuple):
    """A compressed value of another file, whose chunks are copied unchanged.

    Attributes
    ----------
    fd : int or PositionalFile
        That file.
    packed : Packed
        The value there.
    parameters : list of (int, tuple of int)
        The numbers and parameters of its filters, as HDF5 records them.
    digest : int
        The XXH3-64 digest of the decoded value.
    """

    fd: Readable
    packed: Packed
    parameters: list[tuple[int, tuple[int, ...]]]
    digest: int

    @property
    def grid(self) -> Grid:
        """The chunks of the value."""
        return self.packed.grid

    @property
    def filters(self) -> Filters:
        """The filters, in the order in which they were applied."""
        return self.packed.filters

    def described(self) -> list[tuple[int, tuple[int, ...]]]:
        """The filters as HDF5 records them: their numbers and parameters."""
        return self.parameters


Chunks: TypeAlias = "Packing | CopiedChunks"
"""How the chunks of a compressed value come about."""


@dataclass
class Output:
    """The file that chunks are written to while HDF5 lays it out.

    Attributes
    ----------
    fd : int
        The file for the chunks; -1 to find out their lengths and digests only.
    memory : SparseMemory
        The file object that HDF5 writes to.
    progress : Progress
    chunks : list of (int, int, int)
        Offset, length and digest of all stored chunks, in the order of the file.
    """

    fd: int
    progress: Progress = SILENT
    memory: SparseMemory = field(default_factory=SparseMemory)
    chunks: list[Extent] = field(default_factory=list)

    @staticmethod
    def record(dataset: h5d.DatasetID, packing: Chunks) -> None:
        """Have HDF5 allocate its records of the chunks of a value, before any chunk has its place.

        It does so for the first chunk, which is one byte here and is replaced later. There are no records of one chunk.
        """
        if packing.grid.count > 1:
            dataset.write_direct_chunk(packing.grid.corner(0), b"\0", 0)

    def pack(self, dataset: h5d.DatasetID, packing: Chunks) -> int:
        """Store the chunks of a value, and return the XXH3-64 digest of the value's bytes."""
        if isinstance(packing, CopiedChunks):
            return self._copy(dataset, packing)
        hasher = xxhash.xxh3_64()
        for number, (piece, stored) in enumerate(in_order(packing)):
            hasher.update(piece)
            self.chunks.append(self._store(dataset, packing, number, stored))
            self.progress.advance(len(piece))
        return hasher.intdigest()

    def _copy(self, dataset: h5d.DatasetID, copied: CopiedChunks) -> int:
        """Store the chunks of another file, each compared with its digest."""
        for number, (nbytes, stored) in enumerate(stored_in_order(copied)):
            self.chunks.append(self._store(dataset, copied, number, stored))
            self.progress.advance(nbytes)
        return copied.digest

    def _store(self, dataset: h5d.DatasetID, packing: Chunks, number: int, data: Buffer) -> Extent:
        corner = packing.grid.corner(number)
        # One bit for each skipped filter.
        mask = 0 if len(data) < packing.grid.nbytes else (1 << len(packing.filters)) - 1
        dataset.write_direct_chunk(corner, bytes(data), mask)
        offset: int = dataset.get_chunk_info_by_coord(corner).byte_offset
        if self.fd >= 0:
            write_at(self.fd, memoryview(data), offset)
        self.memory.forget(offset, len(data))
        return offset, len(data), xxhash.xxh3_64_intdigest(data)


def stored_in_order(packing: Chunks) -> Iterator[tuple[int, Buffer]]:
    """The stored chunks of a value in order, each with the length of its decoded bytes."""
    if isinstance(packing, Packing):
        yield from ((len(piece), stored) for piece, stored in in_order(packing))
        return
    chunks = packing.packed.chunks
    for batch in fetched(packing.fd, range(packing.grid.count), lambda number: chunks[number][:2]):
        for number in batch:
            start, stop = packing.grid.stretch(number)
            yield stop - start, stored_chunk(packing.fd, packing.packed, number)


def in_order(packing: Packing) -> Iterator[tuple[memoryview, Buffer]]:
    """The pieces of a value and their stored chunks, in order; some are made in advance."""
    threads = min(os.cpu_count() or 1, MAX_THREADS, packing.grid.count)
    pool = ThreadPool(threads)
    waiting: deque[tuple[memoryview, Future[Buffer]]] = deque()
    spare: list[memoryview] = []
    try:
        for number in range(packing.grid.count):
            piece = packing.piece(number, spare)
            waiting.append((piece, pool.submit(packing.stored, number, piece)))
            if len(waiting) > threads * _AHEAD:
                done = _done(*waiting.popleft())
                yield done
                if isinstance(packing.view, LiveBytes):
                    spare.append(memoryview(done[0].obj))
        while waiting:
            yield _done(*waiting.popleft())
    finally:
        end(pool, threading.Event())


def _done(piece: memoryview, future: Future[Buffer]) -> tuple[memoryview, Buffer]:
    return piece, future.result()
