"""An array in pieces, which are put together when its bytes go into a file, and not before."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Piece(NamedTuple):
    """A part of an array, and what to index the whole with to get it."""

    key: tuple[slice, ...]
    array: npt.NDArray[Any]


class Joined:
    """Pieces that make up an array.

    Pieces that are rows, as those along the first dimension are, lie in the file one after the other: they cost no
    memory. Others are put together, as many arrays at a time as a save has threads.

    Parameters
    ----------
    shape : tuple of int
        The whole.
    pieces : sequence of Piece
        Each element of the whole is in one of them; all have one dtype.
    """

    def __init__(self, shape: tuple[int, ...], pieces: Sequence[Piece]) -> None:
        self.shape = shape
        self.dtype: np.dtype[Any] = pieces[0].array.dtype
        self.nbytes = math.prod(shape) * self.dtype.itemsize
        self._pieces = pieces

    def array(self) -> npt.NDArray[Any]:
        """The whole."""
        whole = np.empty(self.shape, self.dtype)
        for piece in self._pieces:
            whole[piece.key] = piece.array
        return whole

    def tobytes(self) -> bytes:
        """The bytes of the whole."""
        return self.array().tobytes()

    def rows(self) -> list[memoryview] | None:
        """The bytes of the pieces one after the other, if that is the bytes of the whole."""
        pieces = sorted(self._pieces, key=lambda piece: piece.key[0].start)
        if all(self._is_rows(piece.array) for piece in pieces):
            return [piece.array.reshape(-1).view(np.uint8).data for piece in pieces]
        return None

    def _is_rows(self, array: npt.NDArray[Any]) -> bool:
        return array.flags.c_contiguous and array.dtype == self.dtype and array.shape[1:] == self.shape[1:]


class JoinedBytes:
    """The bytes of a `Joined`, to be read from the front to the end."""

    def __init__(self, joined: Joined) -> None:
        self._joined = joined
        self._rows = joined.rows()
        self._starts = list(accumulate(map(len, self._rows or []), initial=0))
        self._whole: memoryview | None = None

    def __len__(self) -> int:
        return self._joined.nbytes

    def __getitem__(self, key: slice) -> memoryview:
        start, stop, _ = key.indices(len(self))
        return self._of_whole(start, stop) if self._rows is None else self._of_rows(self._rows, start, stop)

    def _of_rows(self, rows: list[memoryview], start: int, stop: int) -> memoryview:
        first, last = bisect_right(self._starts, start) - 1, bisect_left(self._starts, stop)
        found = [
            row[max(0, start - begin) : stop - begin]
            for row, begin in zip(rows[first:last], self._starts[first:last], strict=True)
        ]
        return found[0] if len(found) == 1 else memoryview(b"".join(found))

    def _of_whole(self, start: int, stop: int) -> memoryview:
        """There from the first slice to the last one."""
        if self._whole is None:
            self._whole = self._joined.array().reshape(-1).view(np.uint8).data
        found = self._whole[start:stop]
        if stop == len(self):
            self._whole = None
        return found
