"""Arrays as memory maps: nothing is read before it is used, and nothing is copied."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from typing import Any

import numpy as np

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.opening import Opened
from hdfsaver.tensor_info import Array

_ACCESS = {"r": mmap.ACCESS_READ, "c": mmap.ACCESS_COPY}


def map_arrays(
    opened: Opened, places: Mapping[str, tuple[int, tuple[int, ...], np.dtype[Any]]], mode: str
) -> dict[str, Array]:
    """Map arrays that are stored in a file as one block each.

    Parameters
    ----------
    opened : Opened
        The file; it may be closed, replaced or removed afterwards.
    places : mapping of str to (int, tuple of int, dtype)
        Offset in bytes, shape and dtype of each array, which must be within the file.
    mode : str
        ``"r"``: the views are read-only. ``"c"``: they are writable, and changes never reach the file.

    Returns
    -------
    dict of str to ndarray
        A view of each array.

    Raises
    ------
    ValueError
        The mode is neither ``"r"`` nor ``"c"``.
    OSError
        The system cannot map the file.
    InvalidArgumentError
        It is not a file of this machine.
    """
    if mode not in _ACCESS:
        raise ValueError(f"mmap_mode must be 'r' or 'c', not {mode!r}.")
    if not places:
        return {}
    if not isinstance(opened.fd, int):
        raise InvalidArgumentError(None, None, "a remote file cannot be mapped into memory; read it without mmap_mode.")
    memory = mmap.mmap(opened.fd, opened.size, access=_ACCESS[mode])
    return {name: np.ndarray(shape, dtype, memory, offset) for name, (offset, shape, dtype) in places.items()}
