"""Values that tests of storage share."""

from __future__ import annotations

import numpy as np
import pytest

from hdfsaver import dtypes


def _bits(row: dtypes.Row, rng: np.random.Generator) -> np.ndarray:
    """Any bits that a dtype can have, in an array of shape (2, 3, 4)."""
    dtype = np.dtype(row.numpy)
    codes = {"bool": 2, "int4": 16, "uint4": 16}.get(row.name, 256)
    return rng.integers(0, codes, 24 * dtype.itemsize, dtype=np.uint8).view(dtype).reshape(2, 3, 4)


@pytest.fixture
def every_dtype() -> dict[str, np.ndarray]:
    """A value of every dtype that can be stored, under the dtype's name."""
    rng = np.random.default_rng(7)
    texts = np.array([[b"a\0", b""], [b"\xff\xfe", b"hello"]], dtype=object)
    rows = [row for row in dtypes.TABLE if row.hdf5 is not None]
    return {row.name: texts if row.name == "string" else _bits(row, rng) for row in rows}
