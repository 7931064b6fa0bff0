"""Small pictures of arrays."""

from __future__ import annotations

import numpy as np
import pytest

from hdfsaver.page import thumbnails
from hdfsaver.page.thumbnails import NAN_CODE, SIDE, thumbnail
from hdfsaver.tensor_info import TensorInfo


def entry(value: np.ndarray) -> TensorInfo:
    return TensorInfo("a", value.dtype.name, value.shape, value.nbytes)


def reader(value):
    return lambda key: value[key]


@pytest.mark.parametrize("part", [1 << 22, 50])
def test_small_picture(monkeypatch, part):
    """Every n-th row and column, as signed codes of the largest absolute value."""
    monkeypatch.setattr(thumbnails, "PART", part)
    value = np.arange(100 * 2 * 90, dtype=np.float64).reshape(100, 2, 90) - 9000
    value[0, 0, 0] = np.nan
    found = thumbnail(entry(value), reader(value))
    assert found is not None
    assert (found.rows, found.columns) == (SIDE, SIDE)
    codes = np.frombuffer(found.codes, np.int8).reshape(SIDE, SIDE)
    assert codes[0, 0] == NAN_CODE
    assert codes[-1, -1] == 127
    assert codes[SIDE // 2, 0] == round((value.reshape(200, 90)[round(24 * 199 / 47), 0]) / found.scale * 127)


def test_no_picture_of_one_number():
    """Nor of none."""
    for value in (np.float32(1), np.zeros((0, 3))):
        assert thumbnail(entry(np.asarray(value)), reader(np.asarray(value))) is None


@pytest.mark.parametrize("value", [[3 + 4j, 0], [True, False]])
def test_other_numbers(value):
    """Complex numbers by their absolute values, and truth values."""
    found = thumbnail(entry(np.array(value)), reader(np.array(value)))
    assert found is not None
    assert (found.scale, list(found.codes)) == (abs(value[0]), [127, 0])
