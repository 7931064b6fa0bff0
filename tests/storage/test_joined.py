"""Arrays in pieces: in the file as if they had been one."""

from __future__ import annotations

import tracemalloc

import ml_dtypes
import numpy as np
import pytest

from hdfsaver.storage.joined import Joined, JoinedBytes, Piece
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file


def in_pieces(array, count, axis=0):
    """An array cut along an axis."""
    pieces, start = [], 0
    for part in np.array_split(array, count, axis):
        key = [slice(0, size) for size in array.shape]
        key[axis] = slice(start, start + part.shape[axis])
        pieces.append(Piece(tuple(key), part))
        start += part.shape[axis]
    return Joined(array.shape, pieces)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("size", [4, 700])
@pytest.mark.parametrize("dtype", ["<f4", ">i8", "?", "c8", ml_dtypes.bfloat16, ml_dtypes.int4])
def test_the_file_is_that_of_one_array(tmp_path, dtype, size, axis):
    """Small and large, of any dtype and byte order, cut along any dimension: the same bytes."""
    array = (np.arange(size * size).reshape(size, size) % 7).astype(dtype)
    for name, value in (("whole.h5", array), ("pieces.h5", in_pieces(array, 3, axis))):
        write_file(tmp_path / name, variables={"x": value}, structure=None, durable=False)
    assert (tmp_path / "whole.h5").read_bytes() == (tmp_path / "pieces.h5").read_bytes()


def test_texts(tmp_path):
    """String tensors in pieces are encoded as a whole."""
    array = np.array([b"a", b"bc\0", b"", b"d" * 100], dtype=object)
    write_file(tmp_path / "x.h5", variables={"x": in_pieces(array, 2)}, structure=None, durable=False)
    with open_file(tmp_path / "x.h5") as file:
        assert array.tolist() == file.read("x").tolist()


def test_the_bytes_are_there_no_longer_than_needed():
    """From the first slice to the last one."""
    found = JoinedBytes(in_pieces(np.arange(6, dtype=np.uint8), 2))
    assert (6, b"\0\1\2\3") == (len(found), bytes(found[0:4]))
    assert found._bytes is not None
    assert b"\4\5" == bytes(found[4:8])
    assert found._bytes is None


def test_few_are_put_together_at_a_time(tmp_path, monkeypatch):
    """A save of many needs the memory of as many as it has threads, not of all."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    array = np.zeros((16, 1 << 16), np.float32)
    values = {f"x{index}": in_pieces(array, 4) for index in range(10)}
    write_file(tmp_path / "warm.h5", variables={"x": np.zeros(3)}, structure=None, durable=False)
    tracemalloc.start()
    try:
        write_file(tmp_path / "x.h5", variables=values, structure=None, durable=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert array.nbytes <= peak < 3.5 * array.nbytes
