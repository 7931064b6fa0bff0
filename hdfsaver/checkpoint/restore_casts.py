"""Values of a file for variables of another dtype: which can be converted, and the check that each number fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DType
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.tensor_info import Array

_FOUR_BITS = [np.dtype(dtype.as_numpy_dtype) for dtype in (dtypes.int4, dtypes.uint4)]
"""They are neither compared with numbers nor converted to each other."""

REMEDY = "pass cast=True to convert the values"


def is_castable(stored: str, wanted: str) -> bool:
    """Whether numbers of one dtype are converted to another; a conversion that loses their kind is not made.

    Real numbers become real or complex ones, integers and truth values any numbers. Real numbers do not become
    integers, nor complex ones real: that would cut off what they are. Codes of quantized dtypes are not numbers.
    """
    source, target = dtypes.as_dtype(stored), dtypes.as_dtype(wanted)
    return -1 < _kind(source) <= _kind(target) and _kind(target) > 0


def _kind(dtype: DType) -> int:
    """The place of a dtype in the order of kinds, each of which holds those before it; -1 for what is not a number."""
    kinds = (dtype.is_bool, dtype.is_integer, dtype.is_floating, dtype.is_complex)
    return kinds.index(True) if any(kinds) else -1


def cast_all(values: Sequence[Array], wanted: str, described: str) -> list[Array]:
    """Convert arrays, such as the parts of one value.

    Parameters
    ----------
    values : sequence of ndarray
    wanted : str
        The name of a dtype for which `is_castable` is true.
    described : str
        The variable and the tensor, for the error.

    Returns
    -------
    list of ndarray

    Raises
    ------
    InvalidArgumentError
        Numbers are beyond the range of the dtype; the message has their count.
    """
    target = dtypes.as_dtype(wanted)
    found, beyond = [], 0
    for stored in values:
        value = stored.astype(np.int8) if stored.dtype in _FOUR_BITS else stored
        with np.errstate(over="ignore", invalid="ignore"):
            cast = value.astype(target.as_numpy_dtype)
        beyond += _beyond(value, cast, target)
        found.append(cast)
    if beyond:
        count = sum(value.size for value in values)
        raise InvalidArgumentError(
            None,
            None,
            f"{described}: {beyond} of {count} numbers are beyond the range of {wanted}. Nothing was restored; restore "
            "them into a variable of a larger dtype.",
        )
    return found


def _beyond(value: Array, cast: Array, target: DType) -> int:
    """How many numbers have become others, infinite or not a number."""
    if target.is_integer:
        wide = value.astype(np.int8) if value.dtype == np.bool_ else value
        return int(np.count_nonzero((wide < int(target.min)) | (wide > int(target.max))))
    if np.isfinite(cast).all():
        return 0
    changed = (np.isfinite(value) & ~np.isfinite(cast)) | (~np.isnan(value) & np.isnan(cast))
    return int(np.count_nonzero(changed))
