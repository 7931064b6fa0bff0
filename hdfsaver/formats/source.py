"""The common part of conversion sources: arrays that are read one at a time, and their descriptions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorSource
from hdfsaver.tensor_info import STRING, Array, TensorInfo, nbytes_of


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
    """Convert NumPy's strings of fixed width to an array of bytes objects."""
    found = np.empty(array.shape, object)
    flat = found.reshape(-1)
    flat[:] = [item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()]
    return found
