"""Reading and writing tensors with TensorFlow's checksum, in pieces and in several threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from hdfsaver.files.live_bytes import LiveBytes
from hdfsaver.files.positional_io import PIECE, batches, in_threads, pieces, read_at, starts, write_at
from hdfsaver.files.progress import Progress
from hdfsaver.files.readable import WINDOW, Readable
from hdfsaver.interop.table import checksum


class Stretch(NamedTuple):
    """Bytes of an open file: descriptor, offset, length."""

    fd: Readable
    offset: int
    nbytes: int


def read_all(jobs: Sequence[tuple[Stretch, memoryview]], progress: Progress) -> list[int]:
    """Fill views from stretches of the same lengths, and return the masked checksum of each, in order.

    Raises
    ------
    EOFError, OSError
        See `hdfsaver.files.positional_io.read_at`.
    """
    remote = [job for job in jobs if not isinstance(job[0].fd, int)]
    if remote:
        return _read_remote(jobs, progress)
    return in_threads(lambda job, halt: _read(*job, progress, halt), jobs, lambda job: job[0].nbytes)


def _read_remote(jobs: Sequence[tuple[Stretch, memoryview]], progress: Progress) -> list[int]:
    files = {id(stretch.fd): stretch.fd for stretch, _ in jobs}
    for key, fd in files.items():
        if not isinstance(fd, int):
            fd.read_many([(stretch.offset, view) for stretch, view in jobs if id(stretch.fd) == key], progress.advance)
    return in_threads(lambda job, halt: checksum.masked(job[1]), jobs, lambda job: job[0].nbytes)


def digest_all(stretches: Sequence[Stretch], progress: Progress) -> list[int]:
    """Compute the masked checksum of each stretch, in order; errors as in `read_all`."""
    if any(not isinstance(stretch.fd, int) for stretch in stretches):
        return [crc for batch in batches(stretches, lambda it: it.nbytes) for crc in _digests(batch, progress)]
    return in_threads(lambda stretch, halt: _digest(stretch, progress, halt), stretches, lambda stretch: stretch.nbytes)


def _digests(stretches: Sequence[Stretch], progress: Progress) -> list[int]:
    """The checksums of stretches of remote files, at most `WINDOW` bytes of a long one in memory."""
    if len(stretches) > 1 or stretches[0].nbytes <= WINDOW:
        return _read_remote([(it, memoryview(bytearray(it.nbytes))) for it in stretches], progress)
    (long,), crc = stretches, 0
    for start in range(0, long.nbytes, WINDOW):
        view = memoryview(bytearray(min(WINDOW, long.nbytes - start)))
        read_at(long.fd, view, long.offset + start)
        crc = checksum.extend(crc, view)
        progress.advance(len(view))
    return [checksum.mask(crc)]


def write(fd: int, offset: int, view: memoryview | LiveBytes, progress: Progress) -> int:
    """Write a view at an offset of a file.

    Parameters
    ----------
    fd : int
        The open file.
    offset : int
        Where to begin, in bytes.
    view : memoryview or LiveBytes
        A flat view.
    progress : Progress
        Counts the bytes.

    Returns
    -------
    int
        The masked checksum of the bytes.

    Raises
    ------
    OSError
        The operating system cannot write it.
    """
    crc = 0
    for start, piece in pieces(view, threading.Event()):
        crc = checksum.extend(crc, piece)
        write_at(fd, piece, offset + start)
        progress.advance(len(piece))
    return checksum.mask(crc)


def _read(stretch: Stretch, view: memoryview, progress: Progress, halt: threading.Event) -> int:
    crc = 0
    for start in starts(len(view), halt):
        piece = view[start : start + PIECE]
        read_at(stretch.fd, piece, stretch.offset + start)
        crc = checksum.extend(crc, piece)
        progress.advance(len(piece))
    return checksum.mask(crc)


def _digest(stretch: Stretch, progress: Progress, halt: threading.Event) -> int:
    crc = 0
    buffer = memoryview(bytearray(min(stretch.nbytes, PIECE)))
    for start in starts(stretch.nbytes, halt):
        piece = buffer[: min(PIECE, stretch.nbytes - start)]
        read_at(stretch.fd, piece, stretch.offset + start)
        crc = checksum.extend(crc, piece)
        progress.advance(len(piece))
    return checksum.mask(crc)
