"""Moving the bytes of tensors with TensorFlow's checksum: in pieces that are still hot, several tensors at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from hdfsaver.files.positional_io import PIECE, in_threads, read_at, starts, write_at
from hdfsaver.files.progress import Progress
from hdfsaver.interop.table import checksum


class Stretch(NamedTuple):
    """Bytes of an open file: descriptor, offset, length."""

    fd: int
    offset: int
    nbytes: int


def read_all(jobs: Sequence[tuple[Stretch, memoryview]], progress: Progress) -> list[int]:
    """Fill views from stretches of the same lengths; the masked checksum of each, in order.

    Raises
    ------
    EOFError, OSError
        See `transfer.read_at`.
    """
    return in_threads(lambda job, halt: _read(*job, progress, halt), jobs, lambda job: job[0].nbytes)


def digest_all(stretches: Sequence[Stretch], progress: Progress) -> list[int]:
    """The masked checksum of each stretch, in order, keeping none; errors are those of `read_all`."""
    return in_threads(lambda stretch, halt: _digest(stretch, progress, halt), stretches, lambda stretch: stretch.nbytes)


def write(fd: int, offset: int, view: memoryview, progress: Progress) -> int:
    """Write a view at a position of a file; its masked checksum. `OSError` where the system cannot."""
    crc = 0
    for start in range(0, len(view), PIECE):
        piece = view[start : start + PIECE]
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
