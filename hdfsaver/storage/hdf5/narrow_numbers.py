"""Numbers of fewer than 8 bits, which have a byte each in the file: what the unused bits of the byte are.

The HDF5 library ignores unused bits, but many readers do not know of them. So a signed integer is extended with its
sign, and such a reader finds -3 and not 13; the unused bits of all other numbers are zero. ml_dtypes ignores them in
memory, where some of its operations leave bits in them; it makes them zero itself, and so do the functions here.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError
from hdfsaver.tensor_info import Array

_BYTE = 8


def _bits_of(row: dtypes.Row) -> int:
    kind = np.dtype(row.numpy)
    if kind.itemsize > 1 or kind.isbuiltin == 1:
        return _BYTE
    return int((ml_dtypes.finfo(kind) if "float" in row.name else ml_dtypes.iinfo(kind)).bits)


BITS = {row.name: bits for row in dtypes.TABLE if (bits := _bits_of(row)) < _BYTE}
"""The bits of the numbers of each dtype that has fewer than 8."""


def _is_signed(name: str) -> bool:
    return name.startswith("int")


def to_bytes(array: Array, name: str) -> Array:
    """The integers of one byte that are stored for an array of a dtype of `BITS`, in a new array."""
    unused = np.uint8(_BYTE - BITS[name])
    raised = np.ascontiguousarray(array).view(np.uint8).reshape(array.shape) << unused
    return raised.view(np.int8) >> unused.view(np.int8) if _is_signed(name) else raised >> unused


def from_bytes(stored: Array, name: str) -> Array:
    """The numbers of stored bytes; only the used bits count, as for the HDF5 library.

    Parameters
    ----------
    stored : ndarray
        Of one byte each; not changed.
    name : str
        A dtype of `BITS`.
    """
    used = np.uint8((1 << BITS[name]) - 1)
    return (stored.view(np.uint8) & used).view(dtypes.numpy_dtype(name))


def checked(stored: Array, name: str) -> Array:
    """The numbers of bytes that this project has stored, whose unused bits must be as `to_bytes` makes them.

    Raises
    ------
    DataLossError
        They are not, so that programs would read different numbers.
    """
    array = from_bytes(stored, name)
    wrong = np.flatnonzero(to_bytes(array, name).view(np.uint8) != stored.view(np.uint8))
    if wrong.size:
        code = int(stored.view(np.uint8).reshape(-1)[wrong[0]])
        raise DataLossError(
            None,
            None,
            f"element {wrong[0]} has the byte 0x{code:02x}, which is not a number of dtype {name}: its unused bits "
            f"must be {'the sign' if _is_signed(name) else 'zero'}.",
        )
    return array
