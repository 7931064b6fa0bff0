"""Statistics of arrays, block by block, against NumPy's of the whole."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from hdfsaver.inspection.array_statistics import statistics

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int8", "uint64", ml_dtypes.bfloat16])
@pytest.mark.parametrize("parts", [1, 3])
def test_against_numpy(dtype, parts):
    """All numbers are NumPy's, in one block or several, for every dtype."""
    value = np.abs(RNG.standard_normal((30, 7)) * 30 + 20).astype(dtype)
    value[3, :2] = 0
    found = statistics(lambda: np.array_split(value, parts), bins=10)
    wide = value.astype(np.float64)
    assert (210, float(wide.min()), float(wide.max()), 210 - int(np.count_nonzero(wide))) == (
        found.size,
        found.min,
        found.max,
        found.zeros,
    )
    assert np.allclose([wide.mean(), wide.std()], [found.mean, found.std], rtol=1e-12)
    counts, edges = np.histogram(wide, bins=10)
    assert (counts.tolist(), 210) == (found.counts, sum(found.counts))
    assert np.allclose(edges, found.edges)


def test_numbers_that_are_not_finite():
    """They are counted, and no part of the other numbers."""
    value = np.array([1, np.nan, np.inf, 3, -np.inf, 0], np.float32)
    found = statistics(lambda: [value[:2], value[2:]], bins=2)
    assert (1, 2, 1) == (found.nan, found.inf, found.zeros)
    assert (0, 3, 4 / 3) == (found.min, found.max, found.mean)
    assert [2, 1] == found.counts
    nothing = statistics(lambda: [np.array([np.nan])], bins=2)
    assert (None, None, None, [], []) == (nothing.min, nothing.mean, nothing.std, nothing.edges, nothing.counts)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (np.array([2**63 - 1, -(2**63)]), -(2**63), 2**63 - 1),
        (np.array([2**64 - 1, 0], np.uint64), 0, 2**64 - 1),
        (np.array([True, False]), 0, 1),
        (np.array([3 + 4j, 0]), 0, 5),
        (np.array([1.7e308, -1.7e308]), -1.7e308, 1.7e308),
        (np.array([5e-324, 0]), 0, 5e-324),
        (np.array([7.0]), 7, 7),
    ],
)
def test_extremes(value, least, most):
    """The largest numbers of each kind are exact, and a histogram of any range has every number."""
    found = statistics(lambda: [value], bins=4)
    assert (least, most) == (found.min, found.max)
    assert value.size == sum(found.counts)
    assert found.edges == sorted(found.edges)
