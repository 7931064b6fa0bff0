"""Arrays that are read block by block, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver
from hdfsaver.formats.open_source import open_source
from hdfsaver.inspection import array_blocks
from hdfsaver.inspection.array_edges import edges, edges_of


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("shape", [(1000,), (37, 50), (3, 5, 70), (2, 0, 3), ()])
@pytest.mark.parametrize("block", [64, 1000, 100_000])
def test_blocks_are_the_array(tmp_path, monkeypatch, shape, block, compression):
    """In their order they have every element once, and none is much larger than it should be."""
    monkeypatch.setattr(array_blocks, "AT_ONCE", 0)
    monkeypatch.setattr(array_blocks, "_BLOCK", block)
    value = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    hdfsaver.save_file({"w": value}, tmp_path / "x.h5", compression=compression)
    with open_source(tmp_path / "x.h5") as file:
        found = list(array_blocks.blocks(file, "w"))
    joined = np.concatenate([each.reshape(-1) for each in found]) if found else np.zeros(0)
    assert np.array_equal(value.reshape(-1), joined)
    if compression is None:
        assert all(each.nbytes <= max(block, 4) for each in found)


@pytest.mark.parametrize("shape", [(5,), (100,), (100, 4), (3, 100), (20, 30, 40), (1, 8, 1, 9)])
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_edges_are_printed_as_the_array(tmp_path, shape, dtype):
    """NumPy prints the edges as it prints the whole, whether they are read alone or taken from it."""
    value = (np.random.default_rng(1).standard_normal(shape) * 100).astype(dtype)
    hdfsaver.save_file({"w": value}, tmp_path / "x.h5")
    with open_source(tmp_path / "x.h5") as file, np.printoptions(threshold=0):
        assert str(value) == str(edges(file, "w")) == str(edges_of(value))
