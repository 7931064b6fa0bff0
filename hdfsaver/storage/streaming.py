"""Writing a file from its first byte to its last, where it cannot be written in any other order.

The table of digests is at the beginning, before the values. So each value is read twice in memory: first for its
digest, and again when its bytes go out, whose digest must be the same. One that is compressed is compressed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import NamedTuple, Protocol

import numpy as np
import xxhash

from hdfsaver.errors import AbortedError
from hdfsaver.files.lazy_arrays import Deferred, Pending
from hdfsaver.files.positional_io import digest_views, pieces
from hdfsaver.files.progress import Progress
from hdfsaver.storage.chunks.chunk_writing import Chunks, stored_in_order
from hdfsaver.storage.skeleton import Skeleton
from hdfsaver.storage.small_values import small_bytes
from hdfsaver.storage.values import view_of
from hdfsaver.tensor_info import LARGE, Array


class Content(NamedTuple):
    """The content of a file beside its skeleton.

    Attributes
    ----------
    blocks : mapping of int to ndarray or Pending
        The values that are not compressed, by their rows in the index.
    packings : sequence of Packing or CopiedChunks
        The values that are compressed, in the order of the file.
    names : sequence of str
        The name of each row of the index, for errors.
    places : bytes
        The numbers of `hdfsaver.storage.random_places`.
    """

    blocks: Mapping[int, Array | Pending]
    packings: Sequence[Chunks]
    names: Sequence[str]
    places: bytes


class Sink(Protocol):
    """Where bytes are sent, one after the other."""

    def write(self, data: memoryview | bytes, /) -> int:
        """Send bytes behind those that were sent before."""


_ZEROS = memoryview(bytes(65536))


class _Sent:
    """The bytes that were sent; what is between two parts is zero."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._end = 0

    def put(self, data: memoryview | bytes, offset: int) -> None:
        """Send bytes for an offset that is not before the end of what was sent."""
        while self._end < offset:
            zeros = _ZEROS[: offset - self._end]
            self._sink.write(zeros)
            self._end += len(zeros)
        self._sink.write(data)
        self._end += len(data)


def stream(sink: Sink, skeleton: Skeleton, content: Content, progress: Progress) -> None:
    """Write a file in order.

    Parameters
    ----------
    sink : Sink
    skeleton : Skeleton
    content : Content
    progress : Progress
        Counts the bytes of values that are sent.

    Raises
    ------
    AbortedError
        A value was changed while it was written; nothing has its name.
    OpError
        The bytes cannot be sent.
    """
    blocks = content.blocks
    offsets, sizes = skeleton.extents["offset"].tolist(), skeleton.extents["nbytes"].tolist()
    small = [row for row in blocks if sizes[row] < LARGE]
    large = [row for row in blocks if sizes[row] >= LARGE]
    digests = skeleton.extents["xxh3_64"].copy()
    together = [row for row in large if not isinstance(blocks[row], Deferred)]
    digests[together] = digest_views([view_of(blocks[row]) for row in together])
    for row in (row for row in large if isinstance(blocks[row], Deferred)):  # two at a time would need memory for two
        digests[row : row + 1] = digest_views([view_of(blocks[row])])
    copies = small_bytes(blocks, small, sizes, content.names.__getitem__)
    digests[small] = np.fromiter(map(xxhash.xxh3_64_intdigest, copies), np.uint64, len(copies))
    structure, *rest = skeleton.fill(copies, digests, content.places)
    sent = _Sent(sink)
    sent.put(memoryview(structure.data), structure.offset)
    chunks = zip(offsets[len(content.names) :], digests[len(content.names) :].tolist(), strict=True)
    for packing in content.packings:
        _send_chunks(sent, packing, chunks, progress)
    for segment in rest:
        sent.put(memoryview(segment.data), segment.offset)
    progress.advance(sum(sizes[row] for row in small))
    for row in sorted(large, key=offsets.__getitem__):
        _send_value(sent, content, row, offsets[row], int(digests[row]), progress)


def _send_value(sent: _Sent, content: Content, row: int, offset: int, digest: int, progress: Progress) -> None:
    hasher = xxhash.xxh3_64()
    for start, piece in pieces(view_of(content.blocks[row]), Event()):
        hasher.update(piece)
        sent.put(piece, offset + start)
        progress.advance(len(piece))
    if hasher.intdigest() != digest:
        raise _changed(f"Variable {content.names[row]!r}")


def _send_chunks(sent: _Sent, packing: Chunks, chunks: Iterator[tuple[int, int]], progress: Progress) -> None:
    """Send the chunks of a compressed value, for which the next rows of the index are."""
    for nbytes, stored in stored_in_order(packing):
        offset, digest = next(chunks)
        # The chunk may have become longer than its place.
        if xxhash.xxh3_64_intdigest(stored) != digest:
            raise _changed("A compressed variable")
        sent.put(memoryview(stored), offset)
        progress.advance(nbytes)


def _changed(what: str) -> AbortedError:
    return AbortedError(
        None,
        None,
        f"{what} was changed while it was saved: a remote file begins with the digests of its values. Nothing was "
        "written; save again while it does not change, or save a copy.",
    )
