"""Values that tests of storage share."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hdfsaver import dtypes
from hdfsaver.storage.hdf5 import narrow_numbers


def _bits(row: dtypes.Row, rng: np.random.Generator) -> np.ndarray:
    """Any bits that a dtype can have, in an array of shape (2, 3, 4)."""
    dtype = np.dtype(row.numpy)
    codes = 2 if row.name == "bool" else 1 << narrow_numbers.BITS.get(row.name, 8)
    return rng.integers(0, codes, 24 * dtype.itemsize, dtype=np.uint8).view(dtype).reshape(2, 3, 4)


@pytest.fixture
def every_dtype() -> dict[str, np.ndarray]:
    """A value of every dtype that can be stored, under the dtype's name."""
    rng = np.random.default_rng(7)
    texts = np.array([[b"a\0", b""], [b"\xff\xfe", b"hello"]], dtype=object)
    rows = [row for row in dtypes.TABLE if row.hdf5 is not None]
    return {row.name: texts if row.name == "string" else _bits(row, rng) for row in rows}


def _described(value: Any) -> Any:
    """A value as text and tuples of text, in which types, bits and orders show, and NaN is equal to itself."""
    kind = type(value)
    if kind in (list, tuple):
        return kind.__name__, [_described(item) for item in value]
    if kind in (set, frozenset):
        return kind.__name__, sorted(map(repr, map(_described, value)))
    if kind is dict:
        return kind.__name__, [(_described(key), _described(item)) for key, item in value.items()]
    if kind is float:
        return kind.__name__, struct.pack(">d", value).hex()
    if kind is complex:
        return kind.__name__, _described(value.real), _described(value.imag)
    if isinstance(value, np.ndarray | np.generic) and kind not in (np.str_, np.bytes_):
        items = _described(value.ravel().tolist()) if value.dtype.hasobject else value.tobytes().hex()
        return kind.__name__, value.dtype.str, str(value.dtype), value.shape, items
    return kind.__name__, ascii(value)


@pytest.fixture(scope="session")
def described() -> Callable[[Any], Any]:
    """The properties that two identical values share."""
    return _described
