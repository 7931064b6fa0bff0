"""Moving bytes: positional reads and writes in pieces, digests taken while the pieces are hot, in several threads.

`read_at` and `write_at` leave the position of the file alone where the system can (``preadv``, ``pwrite``); elsewhere
one lock makes seek and read one step.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeAlias, TypeVar

import xxhash

from hdfsaver.files.lazy_arrays import JoinedBytes
from hdfsaver.files.progress import SILENT, Progress

PIECE = 1 << 20
"""Bytes moved at once: fits into the cache of one core, so that the digest costs no second trip to memory."""

PARALLEL = 4 << 20
"""Bytes from which a second thread earns its start."""

MAX_THREADS = 8

WriteJob: TypeAlias = "tuple[int, memoryview | JoinedBytes]"
"""``(offset in the file, bytes)``; the bytes may come into being as they are written."""

Job: TypeAlias = "tuple[int, memoryview]"
"""``(offset in the file, bytes)``: the bytes are a flat view, writable when they are to be filled."""

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


def read_at(fd: int, view: memoryview, offset: int) -> None:
    """Fill a view from a position of a file.

    Raises
    ------
    EOFError
        The file ends before the view is full.
    OSError
        The system cannot read it.
    """
    done = 0
    while done < len(view):
        count = _read_some(fd, view[done:], offset + done)
        if not count:
            raise EOFError(f"The file ends at byte {offset + done}; {len(view) - done} more were expected there.")
        done += count


def write_at(fd: int, view: memoryview, offset: int) -> None:
    """Write a view at a position of a file; `OSError` where the system cannot."""
    done = 0
    while done < len(view):
        done += _write_some(fd, view[done:], offset + done)


def write_all(fd: int, jobs: Sequence[WriteJob], progress: Progress = SILENT) -> list[int]:
    """Write every job's bytes; the XXH3-64 digest of each, in order."""
    return in_threads(lambda job, halt: _write_hashed(fd, *job, progress, halt), jobs, _length)


def read_all(fd: int, jobs: Sequence[Job], progress: Progress = SILENT) -> list[int]:
    """Fill every job's view; the XXH3-64 digest of each, in order. Errors are those of `read_at`."""
    return in_threads(lambda job, halt: _read_hashed(fd, *job, progress, halt), jobs, _length)


def digest_all(fd: int, extents: Sequence[tuple[int, int]], progress: Progress = SILENT) -> list[int]:
    """The XXH3-64 digest of every extent, ``(offset, length)``, in order. Errors are those of `read_at`."""
    return in_threads(lambda extent, halt: _digest(fd, *extent, progress, halt), extents, lambda extent: extent[1])


def starts(nbytes: int, halt: threading.Event) -> Iterator[int]:
    """Where the pieces begin, as long as nobody asks to stop."""
    for start in range(0, nbytes, PIECE):
        if halt.is_set():
            raise _HaltedError
        yield start


class _HaltedError(Exception):
    """Raised in a thread whose work nobody waits for any more."""


def _write_hashed(
    fd: int, offset: int, view: memoryview | JoinedBytes, progress: Progress, halt: threading.Event
) -> int:
    hasher = xxhash.xxh3_64()
    for start in starts(len(view), halt):
        piece = view[start : start + PIECE]
        hasher.update(piece)
        write_at(fd, piece, offset + start)
        progress.advance(len(piece))
    return hasher.intdigest()


def _read_hashed(fd: int, offset: int, view: memoryview, progress: Progress, halt: threading.Event) -> int:
    hasher = xxhash.xxh3_64()
    for start in starts(len(view), halt):
        piece = view[start : start + PIECE]
        read_at(fd, piece, offset + start)
        hasher.update(piece)
        progress.advance(len(piece))
    return hasher.intdigest()


def _length(job: WriteJob) -> int:
    return len(job[1])


def _digest(fd: int, offset: int, nbytes: int, progress: Progress, halt: threading.Event) -> int:
    hasher = xxhash.xxh3_64()
    buffer = memoryview(bytearray(min(nbytes, PIECE)))
    for start in starts(nbytes, halt):
        piece = buffer[: min(PIECE, nbytes - start)]
        read_at(fd, piece, offset + start)
        hasher.update(piece)
        progress.advance(len(piece))
    return hasher.intdigest()


def in_threads(
    work: Callable[[_Work, threading.Event], int], jobs: Sequence[_Work], size: Callable[[_Work], int]
) -> list[int]:
    """What the work gives for each job, in order; several at once where ``size``, in bytes, makes it worth it.

    An event tells the work that nobody waits for it any more: see `starts`.
    """
    sizes = [size(job) for job in jobs]
    threads = min(len(jobs), os.cpu_count() or 1, MAX_THREADS)
    halt = threading.Event()
    if threads < 2 or sum(sizes) < PARALLEL:
        return [work(job, halt) for job in jobs]
    # The largest first: a big one that comes last would be alone.
    order = sorted(range(len(jobs)), key=lambda index: -sizes[index])
    pool = ThreadPoolExecutor(threads, thread_name_prefix="hdfsaver")
    try:
        running = [pool.submit(work, jobs[index], halt) for index in order]
        for future in wait(running, return_when=FIRST_EXCEPTION).done:
            future.result()  # raises what went wrong, if anything did
        digests = {index: future.result() for index, future in zip(order, running, strict=True)}
    finally:
        end(pool, halt)
    return [digests[index] for index in range(len(jobs))]


def end(pool: ThreadPoolExecutor, halt: threading.Event) -> None:
    """Stop the threads and wait for them, however often somebody presses Ctrl-C: a file is never closed under one.

    What has not begun never does; what has stops behind its present piece.
    """
    try:
        halt.set()
        pool.shutdown(wait=True, cancel_futures=True)
    except BaseException:
        end(pool, halt)
        raise
