"""What can be read from: arrays by name, one at a time, and sometimes a graph with them."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import numpy as np

from hdfsaver.errors import NotFoundError
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import STRING, Array, TensorInfo, nbytes_of


class Source:
    """An open file with arrays; a context manager.

    Attributes
    ----------
    path : str
        The file, or the prefix of a checkpoint of several.
    kind : str
        What it is, in words.
    variables : mapping of str to TensorInfo
        What is in it, by name, in its order.
    """

    def __init__(self, path: str, kind: str, variables: Mapping[str, TensorInfo]) -> None:
        self.path = path
        self.kind = kind
        self.variables = variables

    def read(self, name: str) -> Array:
        """The value of an array, whose bytes are checked where the file allows it.

        Raises
        ------
        NotFoundError
            There is none of that name.
        DataLossError
            The file is damaged.
        """
        if name not in self.variables:
            raise NotFoundError(None, None, f"There is no {name!r} in {self.path}.")
        return self._read(name)

    def _read(self, name: str) -> Array:
        raise NotImplementedError

    def structure(self) -> Structure | None:
        """The graph that belongs to the arrays; None where there is none."""
        return None

    def metadata(self) -> dict[str, str]:
        """What the file says of itself."""
        return {}

    def groups(self) -> list[str]:
        """The groups of a file of ours with several models; nothing for any other."""
        return []

    def close(self) -> None:
        """Close the file; a second time does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def entry_of(name: str, dtype: str, shape: tuple[int, ...]) -> TensorInfo:
    """What is said of an array that lies in one block; of texts no length is known."""
    return TensorInfo(name, dtype, shape, 0 if dtype == STRING else nbytes_of(dtype, shape))


def texts(array: Array) -> Array:
    """Text of fixed width, as NumPy has it, as an array of bytes."""
    found = np.empty(array.shape, object)
    flat = found.reshape(-1)
    flat[:] = [item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()]
    return found
