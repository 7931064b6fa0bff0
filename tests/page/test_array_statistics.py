"""Statistics, histograms, small pictures and differences of arrays, compared with NumPy's."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from hdfsaver.page import array_statistics, thumbnails
from hdfsaver.page.array_statistics import BINS, as_floats, difference, parts, statistics
from hdfsaver.page.thumbnails import NAN_CODE, SIDE, thumbnail
from hdfsaver.tensor_info import TensorInfo


def entry(value: np.ndarray) -> TensorInfo:
    return TensorInfo("a", value.dtype.name, value.shape, value.nbytes)


def reader(value):
    return lambda key: value[key]


@pytest.mark.parametrize("part", [1 << 22, 7])
def test_numbers_are_those_of_numpy(monkeypatch, part):
    """In one part and in many, with NaN, infinities and zeros among the numbers."""
    monkeypatch.setattr(array_statistics, "PART", part)
    value = np.random.default_rng(1).normal(size=(5, 3, 4)).astype(np.float32)
    value[0, 0] = [np.nan, np.inf, -np.inf, 0]
    found = statistics(entry(value), reader(value))
    finite = value[np.isfinite(value)].astype(np.float64)
    assert found[:2] == (finite.min(), finite.max())
    np.testing.assert_allclose(found[2:4], (finite.mean(), finite.std()))
    assert (found.zeros, found.nans, found.infinities) == (1, 1, 2)
    assert found.histogram == np.histogram(finite, BINS)[0].tolist()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(3), (3, 3, 3, 0, 0)),
        (np.zeros((0, 4)), (None, None, None, None, 0)),
        (np.array([True, False, True]), (0, 1, 2 / 3, np.sqrt(2) / 3, 1)),
        (np.array([3 + 4j, 0]), (0, 5, 2.5, 2.5, 1)),
        (np.array([np.nan, np.nan]), (None, None, None, None, 0)),
        (np.array([1, 3], ml_dtypes.bfloat16), (1, 3, 2, 1, 0)),
        (np.array([-8, 7], ml_dtypes.int4), (-8, 7, -0.5, 7.5, 0)),
        (np.array([1.5e308, -1.5e308]), (-1.5e308, 1.5e308, 0, None, 0)),
    ],
)
def test_every_kind_of_array(value, expected):
    """Scalars, empty arrays, bool, complex, NaN alone, small dtypes, numbers whose squares are infinite."""
    value = np.asarray(value)
    found = statistics(entry(value), reader(value))
    for one, other in zip((*found[:4], found.zeros), expected, strict=True):
        assert one == pytest.approx(other)
    assert sum(found.histogram) == np.isfinite(as_floats(value)).sum()


def test_parts_are_the_array(monkeypatch):
    """Each element is in one part, in order, and no part is larger than it should be."""
    monkeypatch.setattr(array_statistics, "PART", 10)
    for shape in [(), (0,), (25,), (3, 4, 5), (2, 30), (1, 1, 33), (4, 0)]:
        value = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        found = [value[key] for key in parts(shape)]
        assert np.concatenate([part.ravel() for part in found]).tolist() == value.ravel().tolist()
        assert max(part.size for part in found) <= 30


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


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.5], (0.5, 0.25)),
        ([np.nan, np.inf], [np.nan, np.inf], (0, 0)),
        ([np.nan, 1.0], [1.0, 1.0], (np.inf, np.inf)),
        ([np.inf, 1.0], [-np.inf, 1.0], (np.inf, np.inf)),
        ([2**60, 5], [2**60 + 1, 5], (1, 0.5)),
        ([1 + 1j], [1 - 1j], (2, 2)),
        ([True, False], [True, True], (1, 0.5)),
    ],
)
def test_difference(first, second, expected):
    """The largest and the mean one; NaN at the same place is none, and large integers are not rounded."""
    values = np.array(first), np.array(second)
    assert difference(entry(values[0]), reader(values[0]), reader(values[1])) == expected
