"""The description of a tensor in a file of any format: name, dtype, shape and bytes."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes

Array: TypeAlias = npt.NDArray[Any]

Key = tuple[slice, ...]
"""A slice for each dimension, with step 1, start and stop within the dimension."""

STRING = "string"

STRING_BYTES = 64
"""About the memory that a short string takes, which a file may have in one byte or in none."""

_NUMBERS = "iufc"
"""The kinds of NumPy's dtypes that have a byte order and one size for each type."""

_LARGEST_ITEM = 16
"""Bytes of the largest number."""

LARGE = 65536
"""A tensor of at least this many bytes is moved on its own, compressed or mapped; smaller ones together."""


class TensorInfo(NamedTuple):
    """A tensor in a file.

    Attributes
    ----------
    name : str
    dtype : str
        The dtype's name.
    shape : tuple of int
    nbytes : int
        Bytes of its values, uncompressed; of strings the bytes that they take in the file, or 0 if that is not known
        before they are read.
    filters : tuple of str
        The filters of its chunks, ``("shuffle", "zstd")``; empty for a value in one block.
    chunk : tuple of int
        The shape of the chunks; empty for a value in one block.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    filters: tuple[str, ...] = ()
    chunk: tuple[int, ...] = ()


def bytes_of(array: Array) -> memoryview:
    """The bytes of a contiguous array as one flat view."""
    # Through NumPy, because a memoryview does not support the small floats.
    return array.reshape(-1).view(np.uint8).data


def native(array: Array) -> Array:
    """The same numbers in row-major order and this machine's byte order; the array itself where it has both."""
    # A dtype whose byte order was given is not `isbuiltin`, even if it is this machine's.
    if array.flags.c_contiguous and array.dtype.isbuiltin:
        return array
    dtype = array.dtype.newbyteorder("=")
    if dtype.kind in _NUMBERS:
        dtype = np.dtype(dtype.type)
    return np.asarray(array, dtype, order="C")


def nbytes_of(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of a value of any dtype but ``string``."""
    return math.prod(shape) * numpy_dtype(dtype).itemsize


def is_possible(shape: tuple[int, ...], itemsize: int) -> bool:
    """Whether NumPy can have such an array: it counts bytes in 63 bits, and leaves out dimensions of size 0."""
    # The elements may become objects, or numbers of 16 bytes.
    return math.prod(size or 1 for size in shape) * max(itemsize, _LARGEST_ITEM) < 2**63


def is_utf8(name: str | bytes) -> bool:
    """Whether a name can be encoded, or is encoded: a lone surrogate, which JSON allows, cannot."""
    try:
        _ = name.encode() if isinstance(name, str) else name.decode()
    except UnicodeError:
        return False
    return True


def counted(entry: TensorInfo, value: Array) -> TensorInfo:
    """The description of a tensor that was read: a string tensor has the bytes of its strings.

    A file may store strings in any form, so that their number of bytes is known only when they are read.
    """
    return entry._replace(nbytes=sum(map(len, value.flat))) if entry.dtype == STRING else entry


@cache
def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """NumPy's dtype for a dtype's name; `KeyError` for an unknown name."""
    return dtypes.numpy_dtype(dtype)
