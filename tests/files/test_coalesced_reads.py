"""Many small reads at once."""

import os

import numpy as np
import pytest

from hdfsaver.files import coalesced_reads
from hdfsaver.files.coalesced_reads import fill_small


@pytest.fixture
def many(tmp_path):
    """An open file with 1,500 arrays of many lengths in it, some empty, with gaps; their places, and new arrays."""
    data = np.random.default_rng(3).integers(0, 256, 200_000, np.uint8)
    (tmp_path / "x").write_bytes(data.tobytes())
    sizes = [number % 70 for number in range(1500)]
    offsets = [128 * number for number in range(1500)]
    arrays = [np.zeros(size, np.uint8) for size in sizes]
    order = np.random.default_rng(4).permutation(1500).tolist()
    fd = os.open(tmp_path / "x", os.O_RDONLY)
    yield fd, data, [offsets[number] for number in order], [arrays[number] for number in order]
    os.close(fd)


def assert_filled(data, offsets, arrays):
    """Each array has the bytes of its place."""
    for offset, array in zip(offsets, arrays, strict=True):
        np.testing.assert_array_equal(data[offset : offset + len(array)], array)


def test_arrays_are_filled_in_few_calls(many, monkeypatch):
    """Arrays in any order have the bytes of their places after a few calls of the system."""
    fd, data, offsets, arrays = many
    calls = []

    def counted(*args):
        calls.append(args)
        return os.preadv(*args)

    monkeypatch.setattr(coalesced_reads, "read_parts", counted)
    fill_small(fd, offsets, arrays)
    assert_filled(data, offsets, arrays)
    assert len(calls) < 6


def test_less_than_was_asked_for(many, monkeypatch):
    """Arrays are filled where the system gives less than it was asked for, and where it cannot fill several."""
    fd, data, offsets, arrays = many
    for read_parts in (lambda fd, parts, at: os.preadv(fd, [memoryview(parts[0])[:7]], at), None):
        for array in arrays:
            array[:] = 0
        monkeypatch.setattr(coalesced_reads, "read_parts", read_parts)
        fill_small(fd, offsets, arrays)
        assert_filled(data, offsets, arrays)


def test_the_end_of_the_file(many):
    """A place beyond the end of the file is an error."""
    with pytest.raises(EOFError, match="ends at byte 200000"):
        fill_small(many[0], [0, 199_990], [np.zeros(20, np.uint8), np.zeros(20, np.uint8)])
