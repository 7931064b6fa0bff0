"""Reading and writing tensors with TensorFlow's checksum, in pieces and in several threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from hdfsaver.files.live_bytes import LiveBytes
from hdfsaver.files.positional_io import PIECE, in_threads, pieces, read_at, starts, write_at
from hdfsaver.files.progress import Progress
from hdfsaver.interop.table import checksum


class Stretch(NamedTuple):
    """Bytes of an open file: descriptor, offset, length."""

    fd: int
    offset: int
    nbytes: int


def read_all(jobs: Sequence[tuple[Stretch, memoryview]], progress: Progress) -> list[int]:
    """Fill views from stretches of the same lengths, and return the masked checksum of each, in order.

    Raises
    ------
    EOFError, OSError
        See `hdfsaver.files.positional_io.read_at`.
    """
    return in_threads(lambda job, halt: _read(*job, progress, halt), jobs, lambda job: job[0].nbytes)


def digest_all(stretches: Sequence[Stretch], progress: Progress) -> list[int]:
    """Compute the masked checksum of each stretch, in order; errors as in `read_all`."""
    return in_threads(lambda stretch, halt: _digest(stretch, progress, halt), stretches, lambda stretch: stretch.nbytes)


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
