"""Positional reads and writes in pieces, with digests computed while a piece is in the cache, in several threads.

`read_at` and `write_at` do not move the position of the file where the system has ``preadv`` and ``pwrite``; elsewhere
a lock makes seek and read one step.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, wait
from typing import Any, TypeAlias, TypeVar

import xxhash

from hdfsaver import limits
from hdfsaver.files.lazy_arrays import JoinedBytes
from hdfsaver.files.live_bytes import LiveBytes
from hdfsaver.files.progress import SILENT, Progress
from hdfsaver.files.readable import WINDOW, PositionalFile, Readable, fetch_ahead
from hdfsaver.files.thread_pool import ThreadPool
from hdfsaver.tensor_info import Array, bytes_of

PIECE = 1 << 20
"""Bytes moved at once: they fit into the cache of one core, so that the digest does not read memory again."""

_COPIED = 1 << 19
"""Bytes of live memory copied at once: the copy and what the system makes of it fit into the cache together."""

PARALLEL = 4 << 20
"""Bytes from which a second thread is worth starting."""

MAX_THREADS = 8

_PARTS = 512
"""The most parts in one call; systems allow 1024."""

WriteJob: TypeAlias = "tuple[int, memoryview | LiveBytes | JoinedBytes]"
"""``(offset in the file, bytes)``; the bytes may be made while they are written. The memory of a memoryview must not
change meanwhile."""

Job: TypeAlias = "tuple[int, memoryview]"
"""``(offset in the file, bytes)``: the bytes are a flat view, writable for a read."""

FeedJob: TypeAlias = "tuple[Sequence[tuple[int, int]], Callable[[memoryview], object]]"
"""Ranges of the file, ``(offset, length)``, and what takes their bytes in pieces, such as a hasher's ``update``."""

_Work = TypeVar("_Work")

_position = threading.Lock()


def _seek_and_read(fd: int, view: memoryview, offset: int) -> int:
    with _position:
        os.lseek(fd, offset, os.SEEK_SET)
        data = os.read(fd, len(view))
    view[: len(data)] = data
    return len(data)


def _seek_and_write(fd: int, view: memoryview, offset: int) -> int:
    with _position:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, view)


if hasattr(os, "preadv"):

    def _read_some(fd: int, view: memoryview, offset: int) -> int:
        return os.preadv(fd, [view], offset)

    def _write_some(fd: int, view: memoryview, offset: int) -> int:
        return os.pwrite(fd, view, offset)

else:  # Windows, and macOS before 11
    _read_some = _seek_and_read
    _write_some = _seek_and_write


read_parts: Callable[[int, list[Any], int], int] | None = getattr(os, "preadv", None)
"""Fills several views or arrays, one after the other, from an offset of a file; None where the system has no such call.

It returns the number of bytes, which may be less than what was asked for.
"""


def read_at(fd: Readable, view: memoryview, offset: int) -> None:
    """Fill a view with the bytes at an offset of a file.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    view : memoryview
        A flat, writable view.
    offset : int
        Where to begin, in bytes.

    Raises
    ------
    EOFError
        The file ends before the view is full.
    OSError
        The operating system cannot read it.
    """
    if not isinstance(fd, int):
        fd.read_into(view, offset)
        return
    done = 0
    while done < len(view):
        count = _read_some(fd, view[done:], offset + done)
        if not count:
            raise EOFError(f"The file ends at byte {offset + done}; {len(view) - done} more were expected there.")
        done += count


def read_array(fd: int, array: Array, offset: int) -> None:
    """Fill a small array; `read_at` with fewer steps where the system gives all bytes at once.

    Parameters
    ----------
    fd : int
        The open file.
    array : ndarray
        Contiguous and writable.
    offset : int
        Where to begin, in bytes.

    Raises
    ------
    EOFError, OSError
        See `read_at`.
    """
    if read_parts is None or read_parts(fd, [array], offset) != array.nbytes:
        read_at(fd, bytes_of(array), offset)


def write_at(fd: int, view: memoryview, offset: int) -> None:
    """Write the bytes of a view at an offset of a file.

    Parameters
    ----------
    fd : int
        The open file.
    view : memoryview
        A flat view.
    offset : int
        Where to begin, in bytes.

    Raises
    ------
    OSError
        The operating system cannot write it.
    """
    done = 0
    while done < len(view):
        done += _write_some(fd, view[done:], offset + done)


def write_together(fd: int, parts: Sequence[memoryview]) -> None:
    """Write parts one after the other from the beginning of a file, in one call where the system has ``pwritev``.

    Parameters
    ----------
    fd : int
        The open file.
    parts : sequence of memoryview
        Flat views of bytes.

    Raises
    ------
    OSError
        The operating system cannot write them.
    """
    done = os.pwritev(fd, parts, 0) if hasattr(os, "pwritev") and len(parts) <= _PARTS else 0
    start = 0
    for part in parts:
        rest = max(0, done - start)
        if rest < len(part):  # the system may write less than it was given
            write_at(fd, part[rest:], start + rest)
        start += len(part)


def write_all(fd: int, jobs: Sequence[WriteJob], progress: Progress = SILENT) -> list[int]:
    """Write the bytes of every job.

    Parameters
    ----------
    fd : int
        The open file.
    jobs : sequence of WriteJob
    progress : Progress
        Counts the bytes.

    Returns
    -------
    list of int
        The XXH3-64 digest of each job's bytes, in order.

    Raises
    ------
    OSError
        The operating system cannot write them.
    """
    return in_threads(lambda job, halt: _write_hashed(fd, *job, progress, halt), jobs, _length)


def read_all(fd: Readable, jobs: Sequence[Job], progress: Progress = SILENT, *, hashed: bool = True) -> list[int]:
    """Fill the view of every job.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    jobs : sequence of Job
    progress : Progress
        Counts the bytes.
    hashed : bool
        Compute the digests; otherwise all are 0.

    Returns
    -------
    list of int
        The XXH3-64 digest of each job's bytes, in order.

    Raises
    ------
    EOFError, OSError
        See `read_at`.
    """
    if not isinstance(fd, int):
        fd.read_many(jobs, progress.advance)
        return in_threads(lambda job, halt: xxhash.xxh3_64_intdigest(job[1]) if hashed else 0, jobs, _length)
    return in_threads(lambda job, halt: _read_hashed(fd, *job, progress, halt, hashed), jobs, _length)


def digest_all(fd: Readable, extents: Sequence[tuple[int, int]], progress: Progress = SILENT) -> list[int]:
    """Compute the XXH3-64 digests of extents of a file.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    extents : sequence of (int, int)
        Offset and length of each, in bytes.
    progress : Progress
        Counts the bytes.

    Returns
    -------
    list of int
        The digest of each extent, in order.

    Raises
    ------
    EOFError, OSError
        See `read_at`.
    """
    hashers = [xxhash.xxh3_64() for _ in extents]
    feed_all(fd, [([extent], hasher.update) for extent, hasher in zip(extents, hashers, strict=True)], progress)
    return [hasher.intdigest() for hasher in hashers]


def feed_all(fd: Readable, jobs: Sequence[FeedJob], progress: Progress = SILENT) -> None:
    """Give the bytes of every job's ranges to its function, in order, with a few pieces in memory at once.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    jobs : sequence of FeedJob
    progress : Progress
        Counts the bytes.

    Raises
    ------
    EOFError, OSError
        See `read_at`.
    """
    if isinstance(fd, int):
        in_threads(lambda job, halt: _fed(fd, job, progress, halt), jobs, lambda job: sum(size for _, size in job[0]))
    else:
        _feed_remote(fd, jobs, progress)


def digest_views(views: Sequence[memoryview | LiveBytes | JoinedBytes]) -> list[int]:
    """Compute the XXH3-64 digests of bytes in memory.

    Parameters
    ----------
    views : sequence of memoryview, LiveBytes or JoinedBytes
        The digest of live bytes that change meanwhile is that of no moment.

    Returns
    -------
    list of int
        The digest of each, in order.
    """
    return in_threads(_digest_view, views, len)


def starts(nbytes: int, halt: threading.Event) -> Iterator[int]:
    """The offsets of the pieces; stops when ``halt`` is set."""
    for start in range(0, nbytes, PIECE):
        if halt.is_set():
            raise _HaltedError
        yield start


def pieces(view: memoryview | LiveBytes | JoinedBytes, halt: threading.Event) -> Iterator[tuple[int, memoryview]]:
    """The pieces with their offsets, to be digested and written; each is valid until the next one.

    Of live memory each piece is a copy, so that the bytes that are digested are those that are written.
    """
    if not isinstance(view, LiveBytes):
        for start in starts(len(view), halt):
            yield start, view[start : start + PIECE]
        return
    step = min(PIECE, _COPIED)
    if len(view) <= step:
        yield 0, view[:]
        return
    buffer = memoryview(bytearray(step))
    for first in starts(len(view), halt):
        stop = min(first + PIECE, len(view))
        for start in range(first, stop, step):
            piece = buffer[: stop - start]
            view.copy_into(piece, start)
            yield start, piece


class _HaltedError(Exception):
    """Raised in a thread that must stop, because another one failed."""


def _write_hashed(
    fd: int, offset: int, view: memoryview | LiveBytes | JoinedBytes, progress: Progress, halt: threading.Event
) -> int:
    hasher = xxhash.xxh3_64()
    for start, piece in pieces(view, halt):
        hasher.update(piece)
        write_at(fd, piece, offset + start)
        progress.advance(len(piece))
    return hasher.intdigest()


def _read_hashed(
    fd: int, offset: int, view: memoryview, progress: Progress, halt: threading.Event, hashed: bool
) -> int:
    hasher = xxhash.xxh3_64()
    for start in starts(len(view), halt):
        piece = view[start : start + PIECE]
        read_at(fd, piece, offset + start)
        if hashed:
            hasher.update(piece)
        progress.advance(len(piece))
    return hasher.intdigest() if hashed else 0


def _length(job: WriteJob) -> int:
    return len(job[1])


def _fed(fd: int, job: FeedJob, progress: Progress, halt: threading.Event) -> int:
    ranges, feed = job
    buffer = memoryview(bytearray(min(PIECE, max((nbytes for _, nbytes in ranges), default=0))))
    for offset, nbytes in ranges:
        for start in starts(nbytes, halt):
            piece = buffer[: min(PIECE, nbytes - start)]
            read_at(fd, piece, offset + start)
            feed(piece)
            progress.advance(len(piece))
    return 0


def _digest_view(view: memoryview | LiveBytes | JoinedBytes, halt: threading.Event) -> int:
    hasher = xxhash.xxh3_64()
    steady = view.present if isinstance(view, LiveBytes) else view
    for start in starts(len(steady), halt):
        hasher.update(steady[start : start + PIECE])
    return hasher.intdigest()


def _feed_remote(fd: PositionalFile, jobs: Sequence[FeedJob], progress: Progress) -> None:
    parts = [
        (feed, offset + start, min(WINDOW, nbytes - start))
        for ranges, feed in jobs
        for offset, nbytes in ranges
        for start in range(0, nbytes, WINDOW)
    ]
    for batch in batches(parts, lambda part: part[2]):
        views = [memoryview(bytearray(nbytes)) for _, _, nbytes in batch]
        fd.read_many([(offset, view) for (_, offset, _), view in zip(batch, views, strict=True)], progress.advance)
        for (feed, _, _), view in zip(batch, views, strict=True):
            feed(view)


def batches(jobs: Sequence[_Work], size: Callable[[_Work], int], most: int = WINDOW) -> Iterator[Sequence[_Work]]:
    """Jobs in batches of a bounded number of bytes.

    Parameters
    ----------
    jobs : sequence
    size : callable
        Gives the bytes of a job.
    most : int
        The most bytes of a batch; a larger job is alone.

    Yields
    ------
    sequence
    """
    first = total = 0
    for number, job in enumerate(jobs):
        nbytes = size(job)
        if number > first and total + nbytes > most:
            yield jobs[first:number]
            first, total = number, 0
        total += nbytes
    if first < len(jobs):
        yield jobs[first:]


def fetched(
    fd: Readable, jobs: Sequence[_Work], extent: Callable[[_Work], tuple[int, int]]
) -> Iterator[Sequence[_Work]]:
    """Jobs in batches whose extents have been fetched together; all of them at once for a file of this machine.

    Parameters
    ----------
    fd : int or PositionalFile
        The open file.
    jobs : sequence
    extent : callable
        Gives offset and length of what a job reads.

    Yields
    ------
    sequence
    """
    if isinstance(fd, int):
        yield jobs
        return
    for batch in batches(jobs, lambda job: extent(job)[1], min(WINDOW, limits.get().remote_cache_bytes)):
        fetch_ahead(fd, [extent(job) for job in batch])
        yield batch


def in_threads(
    work: Callable[[_Work, threading.Event], int], jobs: Sequence[_Work], size: Callable[[_Work], int]
) -> list[int]:
    """Apply a function to every job, in several threads if there are enough bytes.

    Parameters
    ----------
    work : callable
        Called with a job and an event; the event tells it to stop, see `starts`.
    jobs : sequence
    size : callable
        Gives the bytes of a job.

    Returns
    -------
    list of int
        The results in the order of the jobs.
    """
    sizes = [size(job) for job in jobs]
    halt = threading.Event()
    # In this order, as the system is asked for the number of processors.
    threads = 1 if len(jobs) < 2 or sum(sizes) < PARALLEL else min(len(jobs), os.cpu_count() or 1, MAX_THREADS)
    if threads < 2:
        return [work(job, halt) for job in jobs]
    # The largest first: a large job that begins last would run alone.
    order = sorted(range(len(jobs)), key=lambda index: -sizes[index])
    pool = ThreadPool(threads)
    try:
        running = [pool.submit(work, jobs[index], halt) for index in order]
        for future in wait(running, return_when=FIRST_EXCEPTION).done:
            future.result()  # raises the error of the job, if it failed
        digests = {index: future.result() for index, future in zip(order, running, strict=True)}
    finally:
        end(pool, halt)
    return [digests[index] for index in range(len(jobs))]


def end(pool: Executor, halt: threading.Event) -> None:
    """Stop the threads and wait for them, even if Ctrl-C is pressed again: no file is closed while a thread uses it.

    Jobs that have not begun never begin; the others stop after their present piece.
    """
    try:
        halt.set()
        pool.shutdown(wait=True, cancel_futures=True)
    except BaseException:
        end(pool, halt)
        raise
