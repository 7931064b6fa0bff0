"""Incremental saves: a file begins as a clone of the one that was written before, and gets what has changed.

The clone shares the blocks of the values that have not changed: those whose digest and place are in the clone's own
index. The index is trusted only if the clone has the seal that was written, and everything that the seal covers.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt

from hdfsaver.files.atomic_write import Draft
from hdfsaver.files.cloning import clone
from hdfsaver.files.lazy_arrays import Pending
from hdfsaver.files.opening import Opened, end_reading
from hdfsaver.files.positional_io import digest_views, read_at, write_at
from hdfsaver.storage import seal
from hdfsaver.storage.layout import PAGE
from hdfsaver.storage.seal import BrokenSealError, Extents
from hdfsaver.storage.skeleton import Segment, Skeleton
from hdfsaver.storage.values import view_of
from hdfsaver.tensor_info import Array

_SMALLEST = 2 << 20
"""Bytes from which a file is worth a clone: a smaller one is written by one call."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)

_Identity: TypeAlias = tuple[int, int, int, int]

_Blocks: TypeAlias = "npt.NDArray[np.bool_]"


class _NotSharedError(Exception):
    """The last file cannot be the beginning of this one; the message says why, and ``kind`` without names."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class LastFile(NamedTuple):
    """The marks by which a file that was written is recognized.

    Attributes
    ----------
    path : Path
        Its path, without symbolic links.
    identity : tuple of int
        Device, inode, size and time of the last write.
    record : bytes
        The record of its seal, which has the digests of everything but the values.
    arrays : mapping of int to weak reference
        The arrays of its large values, by their rows, as far as nothing can write to them.
    """

    path: Path
    identity: _Identity
    record: bytes
    arrays: Mapping[int, weakref.ref[Array]]


class Kept(NamedTuple):
    """The content that a draft has from the last file.

    Attributes
    ----------
    structure : bytes
        The structure of the last file.
    digests : ndarray of uint64
        The digest of each value there.
    rows : frozenset of int
        The rows of the large values that have not changed.
    """

    structure: bytes
    digests: npt.NDArray[np.uint64]
    rows: frozenset[int]


class Sharing:
    """Says of each file of a Writer what it shares with the one before.

    Parameters
    ----------
    most : int or None
        After this many files in a row that share blocks, one is written in full; None for any number.
    tell : callable
        Told why a file shares nothing, once for each kind of reason.
    """

    def __init__(self, most: int | None, tell: Callable[[str], None]) -> None:
        self._most = most
        self._tell = tell
        self._told: set[str] = set()
        self._last: LastFile | None = None
        self._count = 0

    def begin(self, draft: Draft, skeleton: Skeleton, large: Mapping[int, Array | Pending]) -> Kept | None:
        """Let a draft begin as a clone of the last file.

        Parameters
        ----------
        draft : Draft
            The empty draft.
        skeleton : Skeleton
            The layout of the file that is being written.
        large : mapping of int to ndarray or Pending
            The values of `LARGE` bytes and more by their rows.

        Returns
        -------
        Kept or None
            None if all has to be written; the draft is empty then.

        Raises
        ------
        OSError
            The draft cannot be emptied again.
        """
        last = self._last  # read once: a signal handler may save meanwhile
        is_due = self._most is not None and self._count >= self._most
        if last is None or is_due or not skeleton.is_like(seal.unpack(last.record)):
            return None
        try:
            kept = _kept(draft.fd, skeleton, large, last)
        except _NotSharedError as error:
            kept = None
            self.tell(error.kind, f"{draft.target} is written in full: {error}")
        if kept is None:
            os.truncate(draft.fd, 0)
        return kept

    def tell(self, kind: str, message: str) -> None:
        """Say why a file is written in full, unless a reason of that kind was said before."""
        if kind not in self._told:
            self._told.add(kind)
            self._tell(message)

    def end(self, last: LastFile | None, *, is_shared: bool) -> None:
        """Remember the file that was written; None if the next one cannot share its blocks."""
        self._last = last
        self._count = self._count + 1 if is_shared else 0


def written(draft: Draft, skeleton: Skeleton, large: Mapping[int, Array | Pending]) -> LastFile | None:
    """Describe a draft that is complete, so that the next one can share its blocks.

    Parameters
    ----------
    draft : Draft
    skeleton : Skeleton
        Its layout.
    large : mapping of int to ndarray or Pending
        The values of `LARGE` bytes and more by their rows.

    Returns
    -------
    LastFile or None
        None for a small file.

    Raises
    ------
    OSError
        The operating system cannot read the draft.
    """
    if skeleton.size < _SMALLEST:
        return None
    record = bytearray(skeleton.seal.nbytes)
    read_at(draft.fd, memoryview(record), skeleton.seal.offset)
    arrays = {row: weakref.ref(array) for row, array in large.items() if _is_frozen(array)}
    return LastFile(draft.target, _identity(draft.fd), bytes(record), arrays)


def _is_frozen(array: Array | Pending) -> TypeGuard[Array]:
    """Whether nothing writes to an array: it is read-only, and the only one with its memory, as those of a session."""
    return isinstance(array, np.ndarray) and array.flags.owndata and not array.flags.writeable


def _identity(fd: int) -> _Identity:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


# -- the clone ------------------------------------------------------------------------------------------------------


def _kept(fd: int, skeleton: Skeleton, large: Mapping[int, Array | Pending], last: LastFile) -> Kept | None:
    _clone(last, fd)
    structure, extents = _checked(fd, last)
    if not skeleton.has_index_of(structure, extents):
        return None
    digests = extents["xxh3_64"]
    same = {row for row, array in large.items() if _is_array_of(last, row, array)}
    rest = [row for row in large if row not in same]
    found = np.array(digest_views([view_of(large[row]) for row in rest]), np.uint64)
    same.update(np.array(rest, np.int64)[digests[rest] == found].tolist())
    # A clone of which nothing stays would only be slower, and in more pieces on the disk.
    return Kept(structure, digests, frozenset(same)) if same or not large else None


def _is_array_of(last: LastFile, row: int, array: Array | Pending) -> bool:
    """Whether a value is the very array that was written into the last file, and could not be changed since.

    Where it is not, its bytes tell.
    """
    return row in last.arrays and last.arrays[row]() is array and _is_frozen(array)


def _clone(last: LastFile, fd: int) -> None:
    """Clone the last file, if it is still the one that was written."""
    try:
        source = os.open(last.path, _FLAGS)
    except OSError as error:
        why = f"the last checkpoint, {last.path}, cannot be opened: {error.strerror}."
        raise _NotSharedError("gone", why) from None
    try:
        _check_identity(source, last)
        clone(source, fd)
        # Once more: a write that came before the clone is in it, and has changed the time of the source.
        _check_identity(source, last)
    except OSError as error:
        why = f"its blocks on the disk cannot be those of {last.path}: {error.strerror}."
        raise _NotSharedError(f"clone {error.errno}", why) from None
    finally:
        end_reading(source)


def _check_identity(source: int, last: LastFile) -> None:
    if _identity(source) != last.identity:
        why = f"another program has changed or replaced the last checkpoint, {last.path}."
        raise _NotSharedError("changed", why)


def _checked(fd: int, last: LastFile) -> tuple[bytes, Extents]:
    """The structure of a clone and its table of extents, both checked: the clone has the seal that was written."""
    expected = seal.unpack(last.record)
    structure = bytearray(expected.structure_end)
    try:
        read_at(fd, memoryview(structure), 0)
        if structure[expected.offset : expected.offset + expected.nbytes] != last.record:
            raise BrokenSealError("its seal is not the one that was written")
        index = seal.check(Opened(fd, os.fstat(fd).st_size, bytes(structure)), expected)
    except (BrokenSealError, EOFError, OSError) as error:
        raise _NotSharedError("damaged", f"the last checkpoint, {last.path}, is damaged: {error}.") from None
    return bytes(structure), index.extents


# -- what has changed -----------------------------------------------------------------------------------------------


def clear_last_pages(fd: int, extents: Sequence[tuple[int, int]], size: int) -> None:
    """Fill the last page of values that are going to be written, where a value ends within it, with zeros.

    A page that is written in part would be read from the disk first.

    Parameters
    ----------
    fd : int
        The draft.
    extents : sequence of (int, int)
        Offset and length of each value; each begins at a page.
    size : int
        Length of the file in bytes.

    Raises
    ------
    OSError
        The operating system cannot write.
    """
    zeros = memoryview(bytes(PAGE))
    for offset, nbytes in extents:
        page = (offset + nbytes) // PAGE * PAGE
        if page < offset + nbytes and offset + nbytes < size:
            write_at(fd, zeros[: size - page], page)


def write_differing(
    fd: int, segments: Sequence[Segment], kept: Kept, small: Sequence[int], extents: Extents, digests: Any
) -> None:
    """Write the pages of the structure and of the small values that differ from those of the last file.

    Parameters
    ----------
    fd : int
        The draft.
    segments : sequence of Segment
        From `Skeleton.fill`.
    kept : Kept
    small : sequence of int
        The rows of the small values.
    extents : ndarray
        The table of extents.
    digests : ndarray of uint64
        The digest of every value.

    Raises
    ------
    OSError
        The operating system cannot write.
    """
    structure, *rest = segments
    _write_pages(fd, structure, _differing_pages(kept.structure, structure.data))
    for segment in rest:
        rows = np.array(small, np.int64)
        changed = rows[(kept.digests[rows] != digests[rows]) & (extents["nbytes"][rows] > 0)]
        _write_pages(fd, segment, _pages_of(extents[changed], segment.offset + len(segment.data)))


def _differing_pages(old: bytes, new: bytes | bytearray) -> _Blocks:
    """Which pages differ, of two structures of one length."""
    whole = len(old) // PAGE
    ours, theirs = (np.frombuffer(data, np.uint64, whole * (PAGE // 8)).reshape(whole, -1) for data in (new, old))
    return np.append((ours != theirs).any(axis=1), old[whole * PAGE :] != new[whole * PAGE :])


def _pages_of(extents: Extents, end: int) -> _Blocks:
    """Which pages of a file, up to an offset, have bytes of some values."""
    begins = extents["offset"].astype(np.int64)
    steps = np.zeros(end // PAGE + 2, np.int64)
    np.add.at(steps, begins // PAGE, 1)
    np.add.at(steps, (begins + extents["nbytes"].astype(np.int64) - 1) // PAGE + 1, -1)
    return np.cumsum(steps) > 0


def _write_pages(fd: int, segment: Segment, pages: _Blocks) -> None:
    view, end = memoryview(segment.data), segment.offset + len(segment.data)
    for first, last in _runs(pages):
        start, stop = max(first * PAGE, segment.offset), min(last * PAGE, end)
        write_at(fd, view[start - segment.offset : stop - segment.offset], start)


def _runs(pages: _Blocks) -> Iterator[tuple[int, int]]:
    """The first of pages that follow one another, and the one behind the last."""
    edges = np.flatnonzero(np.diff(pages.astype(np.int8), prepend=0, append=0)).tolist()
    return zip(edges[::2], edges[1::2], strict=True)
