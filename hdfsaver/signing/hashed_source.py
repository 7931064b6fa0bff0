"""A sealed file whose parts get SHA-256 digests, beside the digests of its seal."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import xxhash

from hdfsaver.files.opening import Opened
from hdfsaver.files.positional_io import FeedJob, feed_all
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.signing.signature_table import INDEX, STRUCTURE, VARIABLE, Part, Ranges, merged
from hdfsaver.storage import layout
from hdfsaver.storage.index import Index, text_of
from hdfsaver.storage.seal import Seal
from hdfsaver.storage.sealed_source import SealedSource


class HashedSource(SealedSource):
    """Computes the SHA-256 digests of a whole file while it verifies it."""

    _hashers: Sequence[Any] = ()
    """While the file is verified: the hasher of each row of the index."""

    def parts(self) -> tuple[Part, ...]:
        """The parts of the file that a signature covers: index, structure, and the variables of all models."""
        variables = [part for _row, part in sorted(self._signed_variables())]
        return Part(INDEX, index_ranges(self._seal)), Part(STRUCTURE, structure_ranges(self._seal)), *variables

    def _signed_variables(self) -> Iterator[tuple[int, Part]]:
        """Every variable with its row of the index."""
        for link, index in self._models.items():
            above = f"/{link}/{layout.VARIABLES}" if link else f"/{layout.VARIABLES}"
            for row, (name, entry) in zip(index.rows, index.entries.items(), strict=True):
                kind = f"{entry.dtype}[{text_of(entry.shape)}]"
                yield (
                    row,
                    Part(VARIABLE, self._ranges(index, row, name), kind, f"{above}/{index.paths.get(name, name)}"),
                )

    def _ranges(self, index: Index, row: int, name: str) -> Ranges:
        """Where the stored bytes of a variable are; those of a compressed one in the order of its chunks."""
        if name in index.chunk_rows:
            return merged([(offset, nbytes) for offset, nbytes, _ in self._packed_value(index, name).chunks])
        offset, nbytes, _ = self._extents[row].item()
        return merged([(offset, nbytes)])

    def _packed_rows(self) -> list[int]:
        return [
            row
            for index in self._models.values()
            for row, name in zip(index.rows, index.entries, strict=True)
            if name in index.chunk_rows
        ]

    def hashed(self, callback: Callback | None = None) -> tuple[str, ...]:
        """Verify the file, and compute the SHA-256 digest of each part, hexadecimal.

        Values that are not compressed are read once for both.

        Raises
        ------
        DataLossError
            See `SealedSource.verify`.
        """
        parts = self.parts()
        hashers = [hashlib.sha256() for _ in parts]
        other = copy.copy(self)
        other._hashers = hashers[2:]
        SealedSource.verify(other, callback)
        rest = [0, 1, *(row + 2 for row in self._packed_rows())]
        feed_all(self._opened.fd, [(parts[number].ranges, hashers[number].update) for number in rest])
        return tuple(hasher.hexdigest() for hasher in hashers)

    def _digests(self, rows: Sequence[int], places: Sequence[tuple[int, int]], progress: Progress) -> list[int]:
        if not self._hashers:
            return super()._digests(rows, places, progress)
        both = [(xxhash.xxh3_64(), self._hashers[row]) for row in rows]
        jobs: list[FeedJob] = [([place], _Pair(*pair).update) for place, pair in zip(places, both, strict=True)]
        feed_all(self._opened.fd, jobs, progress)
        return [digest.intdigest() for digest, _ in both]


class _Pair:
    """Two hashers of the same bytes."""

    def __init__(self, first: Any, second: Any) -> None:
        self._first, self._second = first, second

    def update(self, piece: memoryview) -> None:
        """Give a piece to both."""
        self._first.update(piece)
        self._second.update(piece)


def index_ranges(found: Seal) -> Ranges:
    """Where the record of the seal and the three parts of the index are."""
    return merged([(found.offset, found.nbytes), *found.index])


def structure_ranges(found: Seal) -> Ranges:
    """Where everything is that is no value and no padding."""
    return merged([(0, found.structure_end), (found.tail_start, found.file_size - found.tail_start)])


def sha256_of(opened: Opened, ranges: Ranges) -> str:
    """The SHA-256 digest of ranges of an open file, hexadecimal."""
    hasher = hashlib.sha256()
    feed_all(opened.fd, [(ranges, hasher.update)])
    return hasher.hexdigest()
