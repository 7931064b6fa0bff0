"""Lazy arrays: read, or assembled from pieces, only when their bytes are written into a file."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hdfsaver.files.live_bytes import LiveBytes, steady_bytes
from hdfsaver.tensor_info import bytes_of

_END = memoryview(b"")


class Piece(NamedTuple):
    """A part of an array, and its index in the whole array."""

    key: tuple[slice, ...]
    array: npt.NDArray[Any]


class Pending:
    """An array that is made when it is needed."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype
        self.nbytes = math.prod(shape) * dtype.itemsize

    def array(self) -> npt.NDArray[Any]:
        """The array."""
        raise NotImplementedError

    def tobytes(self) -> bytes:
        """Its bytes."""
        return self.checked_array().tobytes()

    def checked_array(self) -> npt.NDArray[Any]:
        """The array; `ValueError` if it does not have the bytes that were expected."""
        array = self.array()
        if array.nbytes != self.nbytes:
            raise ValueError(f"{array.nbytes} bytes were made where {self.nbytes} were expected.")
        return array

    def rows(self) -> list[memoryview | LiveBytes] | None:
        """The bytes of the pieces in order, if they exist already; otherwise None."""
        return None

    def stream(self) -> Iterator[memoryview] | None:
        """The bytes from the beginning to the end, each piece in memory of its own; None for an array made as a whole.

        If the bytes are wrong, the error comes before the last piece.
        """
        return None


class Deferred(Pending):
    """An array that is made when it is written, and released afterwards.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    make : callable
        Returns the array, whose memory nothing else may change; called without arguments.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], make: Callable[[], npt.NDArray[Any]]) -> None:
        super().__init__(shape, dtype)
        self._make = make

    def array(self) -> npt.NDArray[Any]:
        """The array, made again at each call."""
        return np.asarray(self._make(), self.dtype, order="C")


class Streamed(Pending):
    """An array that is never in memory as a whole: it is made piece by piece while it is written.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    make : callable
        Returns an iterator of flat arrays that together have the elements in order; called once for each reading.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], make: Callable[[], Iterator[npt.NDArray[Any]]]
    ) -> None:
        super().__init__(shape, dtype)
        self._make = make

    def array(self) -> npt.NDArray[Any]:
        """The whole array."""
        found = list(self._make())
        return np.concatenate(found).reshape(self.shape) if found else np.empty(self.shape, self.dtype)

    def tobytes(self) -> bytes:
        """Its bytes."""
        return JoinedBytes(self)[:].tobytes()

    def stream(self) -> Iterator[memoryview]:
        """The bytes of each piece."""
        return (bytes_of(np.asarray(piece, self.dtype, order="C")) for piece in self._make())


class Joined(Pending):
    """An array that consists of pieces.

    Pieces along the first dimension follow one another in the file, so they need no extra memory. Other pieces are
    assembled, as many arrays at a time as a save has threads.

    Parameters
    ----------
    shape : tuple of int
        The shape of the whole array.
    pieces : sequence of Piece
        Every element of the whole is in exactly one piece; all pieces have one dtype.
    """

    def __init__(self, shape: tuple[int, ...], pieces: Sequence[Piece]) -> None:
        super().__init__(shape, pieces[0].array.dtype)
        self._pieces = pieces

    def array(self) -> npt.NDArray[Any]:
        """The shape of the whole array."""
        whole = np.empty(self.shape, self.dtype)
        for piece in self._pieces:
            whole[piece.key] = piece.array
        return whole

    def rows(self) -> list[memoryview | LiveBytes] | None:
        """The bytes of the pieces in order, if these are the bytes of the whole; otherwise None."""
        pieces = sorted(self._pieces, key=lambda piece: piece.key[0].start)
        if all(self._is_rows(piece.array) for piece in pieces):
            return [steady_bytes(piece.array) for piece in pieces]
        return None

    def _is_rows(self, array: npt.NDArray[Any]) -> bool:
        return array.flags.c_contiguous and array.dtype == self.dtype and array.shape[1:] == self.shape[1:]


class JoinedBytes:
    """The bytes of a `Pending` array, which must be read from the beginning to the end."""

    def __init__(self, joined: Pending) -> None:
        self._joined = joined
        self._stream = joined.stream()
        self._at = 0
        self._rest = memoryview(b"")
        self._rows = joined.rows()
        self._starts = list(accumulate(map(len, self._rows or []), initial=0))
        self._whole: memoryview | None = None

    def __len__(self) -> int:
        return self._joined.nbytes

    def __getitem__(self, key: slice) -> memoryview:
        start, stop, _ = key.indices(len(self))
        if self._stream is not None:
            return self._of_stream(self._stream, start, stop)
        return self._of_whole(start, stop) if self._rows is None else self._of_rows(self._rows, start, stop)

    def _of_rows(self, rows: list[memoryview | LiveBytes], start: int, stop: int) -> memoryview:
        first, last = bisect_right(self._starts, start) - 1, bisect_left(self._starts, stop)
        found = [
            row[max(0, start - begin) : stop - begin]
            for row, begin in zip(rows[first:last], self._starts[first:last], strict=True)
        ]
        return found[0] if len(found) == 1 else memoryview(b"".join(found))

    def _of_stream(self, stream: Iterator[memoryview], start: int, stop: int) -> memoryview:
        """The next bytes of a stream, which is read once."""
        if start != self._at:
            raise ValueError(f"Byte {start} was asked for where byte {self._at} comes next.")
        found, missing = [], stop - start
        while missing:
            piece = self._rest or next(stream, _END)
            if not piece:
                raise ValueError(f"{stop - missing} bytes were made where {len(self)} were expected.")
            found.append(piece[:missing])
            self._rest, missing = piece[missing:], missing - len(found[-1])
        self._at = stop
        if stop == len(self) and (self._rest or next(stream, _END)):
            raise ValueError(f"More bytes were made than the {len(self)} that were expected.")
        return found[0] if len(found) == 1 else memoryview(b"".join(found))

    def _of_whole(self, start: int, stop: int) -> memoryview:
        """Made at the first slice, released after the last one."""
        if self._whole is None:
            self._whole = bytes_of(self._joined.checked_array())
        found = self._whole[start:stop]
        if stop == len(self):
            self._whole = None
        return found
