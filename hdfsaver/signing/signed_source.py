"""A sealed file of which nothing is given that was not compared with a signature."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from hdfsaver.errors import DataLossError
from hdfsaver.files.opening import Opened, bytes_at
from hdfsaver.files.partial_reads import part_of
from hdfsaver.files.positional_io import read_all
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.readable import PositionalFile, Readable
from hdfsaver.files.tensor_file import TensorSource
from hdfsaver.signing.hashed_source import HashedSource, sha256_of, structure_ranges
from hdfsaver.signing.signature_table import Part, Table
from hdfsaver.storage import groups
from hdfsaver.storage.seal import Seal, StoredIndex
from hdfsaver.tensor_info import Array, Key, TensorInfo, bytes_of


class SignedSource(HashedSource):
    """Reads the variables of a sealed file, and compares every byte that it uses with a signature.

    The bytes that are compared are those that are used: they are read once, into memory. So a file that is changed
    meanwhile, and a server that gives other bytes the second time, gain nothing.

    Parameters
    ----------
    opened, found, path, group
        See `SealedSource`.
    table : Table
        What was signed.
    signature : str
        The name of the signature file, for errors.
    """

    def __init__(
        self, opened: Opened, found: Seal, path: str | os.PathLike[str], group: str, table: Table, signature: str
    ) -> None:
        self.table = table
        self._signature = signature
        self._signed: dict[str, str] = {}
        super().__init__(opened, found, path, group)
        self._check_parts()

    def _is_pinned(self) -> bool:
        return True

    def _checked_index(self) -> StoredIndex:
        stored = super()._checked_index()
        record = bytes_at(self._opened, self._seal.offset, self._seal.nbytes)
        hasher = hashlib.sha256(record)
        for part in (stored.extents.tobytes(), stored.rows, stored.long):
            hasher.update(part)
        self._index_differs = hasher.hexdigest() != self.table.digests[0]
        return stored

    def _check_parts(self) -> None:
        """Compare the index with the signature; an index that differs is decoded first, to say what differs."""
        parts = self.parts()
        if self._index_differs or parts != self.table.parts or self._opened.size != self.table.size:
            what = _difference(parts[2:], self.table.parts[2:]) or self._changed_values()
            raise self._unlike(what or "a part of its structure, such as its graph or its metadata, differs from what")

    def _changed_values(self) -> str:
        """The values that differ from what was signed, as the beginning of a sentence; remote ones are not read."""
        signed = list(zip(self.table.parts, self.table.digests, strict=True))[2:]
        if not isinstance(self._opened.fd, int) or self._opened.size != self.table.size:
            return ""
        changed = [part.path for part, digest in signed if sha256_of(self._opened, part.ranges) != digest]
        return f"{_named(changed)} {_differs(changed)} from what" if changed else ""

    def _check_pinned(self, walked: Opened) -> None:
        super()._check_pinned(walked)
        if sha256_of(walked, structure_ranges(self._seal)) != self.table.digests[1]:
            raise self._unlike("a part of its structure, such as its graph or its metadata, differs from what")

    def _choose(self, group: str) -> None:
        super()._choose(group)
        index = self._models.get(groups.link_of(group))
        rows = index.rows if index else []
        digests = self.table.digests[2:]
        # An index that differs may have more rows; `_check_parts` refuses it.
        self._signed = {name: digests[row] for name, row in zip(self.entries, rows, strict=True) if row < len(digests)}

    # Each of the following has a faster way in `SealedSource`, which the signature does not reach.

    def read_one(self, name: str) -> Array:
        """Read one value."""
        return self.read([name])[name]

    def pieces(self, name: str) -> Iterator[Array]:
        """The elements of a variable in order; all of it is read first."""
        return TensorSource.pieces(self, name)

    def stored(self, name: str, *, unpacked: bool) -> None:
        """Nothing: an edit takes the values that were compared."""

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a variable's value: all of it is read, since a digest is that of a whole value."""
        return part_of(self.read([name])[name], key)

    def map(self, names: Sequence[str], mode: str) -> dict[str, Array]:
        """Map nothing: what is mapped is read later, when it may have been changed."""
        return {}

    def _is_short(self, entry: TensorInfo) -> bool:
        return False

    def _large(self, entries: Sequence[TensorInfo], progress: Progress) -> dict[str, Array]:
        return self._proved(super()._large(entries, progress))

    def _small(self, entries: Sequence[TensorInfo], progress: Progress) -> dict[str, Array]:
        return self._proved(super()._small(entries, progress))

    def _proved(self, arrays: dict[str, Array]) -> dict[str, Array]:
        """Compare arrays, which have the bytes of the file, with the signature."""
        self._compare({name: hashlib.sha256(bytes_of(array)).hexdigest() for name, array in arrays.items()})
        return arrays

    def _fd_of_chunks(self, entries: Sequence[TensorInfo]) -> Readable:
        """The stored chunks of values, which are in memory and were compared before any of them is decoded."""
        places = {entry.name: [chunk[:2] for chunk in self._packed[entry.name].chunks] for entry in entries}
        held = {offset: bytearray(nbytes) for chunks in places.values() for offset, nbytes in chunks}
        read_all(self._opened.fd, [(offset, memoryview(data)) for offset, data in held.items()])
        found = {}
        for name, chunks in places.items():
            hasher = hashlib.sha256()
            for offset, _ in chunks:
                hasher.update(held[offset])
            found[name] = hasher.hexdigest()
        self._compare(found)
        return _Held(self._opened, held)

    def _compare(self, digests: Mapping[str, str]) -> None:
        changed = [name for name, digest in digests.items() if digest != self._signed[name]]
        if changed:
            raise self._unlike(f"{_named(changed)} {_differs(changed)} from what")

    def verify(self, callback: Callback | None = None) -> None:
        """Compare everything with the digests of the seal and with the signature."""
        found = self.hashed(callback)
        changed = [
            (part.path or part.kind)
            for part, digest, signed in zip(self.table.parts, found, self.table.digests, strict=True)
            if digest != signed
        ]
        if changed:
            raise self._unlike(f"{_named(changed)} {_differs(changed)} from what")

    def _unlike(self, what: str) -> DataLossError:
        remedy = "Do not use it: get it again from its signer. If you have changed it yourself, sign it again."
        return DataLossError(None, None, f"{self._path}: {what} was signed ({self._signature}). {remedy}")


class _Held(PositionalFile):
    """Ranges of a file that are in memory, each of which is read as a whole."""

    def __init__(self, opened: Opened, ranges: Mapping[int, bytearray]) -> None:
        self.name, self.size = "the file", opened.size
        self._ranges = ranges

    def read_into(self, view: memoryview, offset: int) -> None:
        """Fill a view with a range."""
        view[:] = self._ranges[offset]

    def read_many(self, jobs: Sequence[tuple[int, memoryview]], advance: Callable[[int], object]) -> None:
        """Fill the views of all jobs."""
        for offset, view in jobs:
            self.read_into(view, offset)
            advance(len(view))

    def ahead(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Do nothing: all is here."""

    def check_current(self) -> None:
        """Do nothing: all was compared with the signature."""

    def share(self) -> PositionalFile:
        """The same ranges."""
        return self

    def close(self) -> None:
        """Do nothing: the file is closed by its own user."""


def _difference(found: Sequence[Part], signed: Sequence[Part]) -> str:
    """What two lists of variables differ in, as the beginning of a sentence; empty if it is only their places."""
    here, there = ({part.path: part.type for part in parts} for parts in (found, signed))
    missing = [path for path in there if path not in here]
    added = [path for path in here if path not in there]
    retyped = [path for path, kind in there.items() if here.get(path, kind) != kind]
    said = [f"it does not have {_named(missing)}"] if missing else []
    said += [f"it also has {_named(added)}"] if added else []
    said += [f"dtype or shape of {_named(retyped)} {_differs(retyped)}"] if retyped else []
    if not said and list(here) != list(there):
        said = ["the order of its variables differs"]
    return f"{', '.join(said)}, unlike what" if said else ""


def _named(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(map(repr, found[:10])) + (f" and {len(found) - 10} more" if len(found) > 10 else "")


def _differs(names: Sequence[str]) -> str:
    return "differs" if len(names) == 1 else "differ"
