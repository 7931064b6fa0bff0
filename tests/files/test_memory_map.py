"""Values as views of the file."""

from __future__ import annotations

import mmap
import os

import numpy as np
import pytest

from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file

VARIABLES = {
    "large": np.arange(100_000, dtype=np.float64).reshape(100, 1000),
    "small": np.arange(3),
    "text": np.array([b"x" * 100] * 1000, dtype=object),
    "flags": np.ones(70_000, dtype=bool),
}


@pytest.fixture
def path(tmp_path):
    """A file with large and small values and a large text."""
    write_file(tmp_path / "x.h5", variables=VARIABLES, structure=None)
    return tmp_path / "x.h5"


def base_of(array):
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


@pytest.mark.parametrize("mode", ["r", "c"])
def test_large_values_are_not_copied(path, monkeypatch, mode):
    """Large values are views of one mapping, of which not a byte is read; the others are read as always."""
    read = []

    def preadv(fd, views, offset):
        read.append(sum(map(len, views)))
        return real(fd, views, offset)

    real = os.preadv
    with open_file(path) as file:
        monkeypatch.setattr(os, "preadv", preadv)
        found = file.read_many(VARIABLES, mmap_mode=mode)
    assert 0 < sum(read) < VARIABLES["text"].size * 110 + 20_000
    assert list(VARIABLES) == list(found)
    for name, expected in VARIABLES.items():
        np.testing.assert_array_equal(expected, found[name])
    mapped = {name for name, array in found.items() if isinstance(base_of(array), mmap.mmap)}
    assert {"large", "flags"} == mapped
    assert base_of(found["large"]) is base_of(found["flags"])


def test_what_is_written_stays_in_memory(path):
    """In mode c a view can be written on, and the file keeps its bytes; in mode r it cannot."""
    before = path.read_bytes()
    with open_file(path) as file:
        copy = file.read_many(["large"], mmap_mode="c")["large"]
        view = file.read_many(["large"], mmap_mode="r")["large"]
    copy[0, 0] = -1
    assert (-1, 0) == (copy[0, 0], view[0, 0])
    assert before == path.read_bytes()
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1


def test_views_outlive_their_file(path):
    """A file that is closed, replaced and removed is still what the views show."""
    with open_file(path) as file:
        view = file.read_many(["large"], mmap_mode="r")["large"]
    write_file(path, variables={"large": np.zeros(3)}, structure=None)
    path.unlink()
    np.testing.assert_array_equal(VARIABLES["large"], view)


def test_other_modes_are_refused(path):
    """A mode in which views would change the file is refused."""
    with open_file(path) as file, pytest.raises(ValueError, match=r"mmap_mode must be 'r' or 'c', not 'r\+'"):
        file.read_many(["large"], mmap_mode="r+")
