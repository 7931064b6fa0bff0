"""An array in pieces, which are put together when its bytes go into a file, and not before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Piece(NamedTuple):
    """A part of an array, and what to index the whole with to get it."""

    key: tuple[slice, ...]
    array: npt.NDArray[Any]


class Joined:
    """Pieces that make up an array.

    A save that has many such arrays puts together as many at a time as it has threads, so that it needs the memory of
    the largest few, not of all.

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


class JoinedBytes:
    """The bytes of a `Joined`, to be read once from the front to the end: there from the first slice to the last."""

    def __init__(self, joined: Joined) -> None:
        self._joined = joined
        self._bytes: memoryview | None = None

    def __len__(self) -> int:
        return self._joined.nbytes

    def __getitem__(self, key: slice) -> memoryview:
        if self._bytes is None:
            self._bytes = self._joined.array().reshape(-1).view(np.uint8).data
        piece = self._bytes[key]
        if key.stop is None or key.stop >= len(self):
            self._bytes = None
        return piece
