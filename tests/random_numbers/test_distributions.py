"""Numbers made of words: TensorFlow's, bit for bit, as recorded (`make_recorded.py`); and how the C library helps."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdfsaver import dtypes
from hdfsaver.random_numbers import normal, uniform
from hdfsaver.random_numbers.philox import seeded
from tests.random_numbers.make_recorded import digested

FUNCTIONS = {
    "RandomUniform": uniform.fractions,
    "RandomStandardNormal": normal.normal,
    "TruncatedNormal": normal.truncated_normal,
}

RECORDED = [
    case
    for case in json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
    if case["op"] in FUNCTIONS
]


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['op']}-{case['attrs']['dtype']}")
def test_recorded(case: dict[str, Any]) -> None:
    """Fractions and normal numbers of every dtype; a run begins 256 blocks later for each number of the one before."""
    if case["op"] != "RandomUniform" and platform.libc_ver()[0] != "glibc":
        pytest.skip("Normal numbers are made with functions of the C library, and were recorded with glibc.")
    attrs, (shape,) = case["attrs"], case["inputs"]
    dtype, count = dtypes.numpy_dtype(attrs["dtype"]), int(np.prod(shape[2], dtype=int))
    stream = seeded(attrs["seed"], attrs["seed2"])
    runs = [FUNCTIONS[case["op"]](stream.after(256 * count * run), count, dtype) for run in range(len(case["runs"]))]
    assert case["runs"] == [[digested(run)] for run in runs]


def test_without_the_logarithm_of_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not found, fewer than one number in a hundred differs, by two units of its last place at most."""
    stream, dtype = seeded(1, 2), np.dtype(np.float32)
    expected = normal.normal(stream, 20_000, dtype)
    monkeypatch.setattr(normal, "_c_logarithm", lambda: None)
    found = normal.normal(stream, 20_000, dtype)
    differs = expected != found
    assert 0 < np.count_nonzero(differs) < 200
    assert np.all(np.abs(expected - found) <= 2 * np.spacing(np.abs(expected)))


def test_the_c_library_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without the function, or without the library, gets None and no error."""
    normal._c_logarithm.cache_clear()
    monkeypatch.setattr("ctypes.CDLL", _missing)
    assert normal._c_logarithm() is None
    normal._c_logarithm.cache_clear()


def _missing(name: str | None) -> object:
    if name is None:
        return object()  # a library without the function
    raise OSError(name)
