"""The common part of conversion sources: arrays that are read one at a time, and their descriptions."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from hdfsaver.errors import DataLossError
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorSource
from hdfsaver.tensor_info import STRING, Array, TensorInfo, native, nbytes_of


class OneByOneSource(TensorSource):
    """A format whose arrays are read one after the other."""

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of arrays, in the order of ``names``."""
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        found = {}
        for name in names:
            found[name] = self.read_one(name)
            progress.advance(self.entries[name].nbytes)
        return found

    @abstractmethod
    def read_one(self, name: str) -> Array:
        """Read the value of an array."""


def entry_of(name: str, dtype: str, shape: tuple[int, ...]) -> TensorInfo:
    """Describe an array in one block.

    Parameters
    ----------
    name : str
    dtype : str
        The dtype's name.
    shape : tuple of int

    Returns
    -------
    TensorInfo
        Its ``nbytes`` is 0 for strings, whose length is unknown.
    """
    return TensorInfo(name, dtype, shape, 0 if dtype == STRING else nbytes_of(dtype, shape))


def strings_of(array: Array) -> Array:
    """Convert NumPy's strings of fixed width, of either byte order, to an array of bytes objects.

    Raises
    ------
    DataLossError
        It has a code that does not stand for a character.
    """
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        # NumPy itself fails on such codes with an error of the interpreter.
        codes = native(array).reshape(-1).view(np.uint32)
        if int(codes.max()) > sys.maxunicode:
            raise DataLossError(None, None, "a string has a code that does not stand for a character.")
    found = np.empty(array.shape, object)
    flat = found.reshape(-1)
    flat[:] = [_encoded(item) for item in array.reshape(-1).tolist()]
    return found


def _encoded(item: str | bytes) -> bytes:
    return item.encode("utf-8", "surrogatepass") if isinstance(item, str) else item
