"""Arrays in pieces: in the file as if they had been one."""

from __future__ import annotations

import tracemalloc
import weakref

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.files.lazy_arrays import Deferred, Joined, JoinedBytes, Piece
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.values import prepare
from hdfsaver.storage.writing import Model, write_file, write_models


def in_pieces(array, count, axis=0):
    """An array cut along an axis."""
    pieces, start = [], 0
    for part in np.array_split(array, count, axis):
        key = [slice(0, size) for size in array.shape]
        key[axis] = slice(start, start + part.shape[axis])
        pieces.append(Piece(tuple(key), part.copy()))  # the values of a session own their memory
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
    """Pieces that are columns are put together from the first slice to the last one."""
    found = JoinedBytes(in_pieces(np.arange(6, dtype=np.uint8).reshape(2, 3), 2, axis=1))
    assert (6, b"\0\1\2\3") == (len(found), bytes(found[0:4]))
    assert found._whole is not None
    assert b"\4\5" == bytes(found[4:8])
    assert found._whole is None


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.sampled_from([0, 1]))
def test_slices_of_the_bytes(rows, count, step, axis):
    """Slices of any length are those of the whole, with empty pieces too, and whichever piece comes first."""
    array = np.arange(rows * 4, dtype=np.int16).reshape(rows, 4)
    joined = in_pieces(array, count, axis)
    found = JoinedBytes(Joined(array.shape, joined._pieces[::-1]))
    parts = [bytes(found[start : start + step]) for start in range(0, len(found), step)]
    assert array.tobytes() == b"".join(parts)


@pytest.mark.parametrize(("axis", "most"), [(0, 0.5), (1, 3.5)])
def test_few_are_put_together_at_a_time(tmp_path, monkeypatch, axis, most):
    """A save of ten arrays in two threads needs the memory of two; if the pieces are rows, it needs no extra memory."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    array = np.zeros((64, 1 << 14), np.float32)
    values = {f"x{index}": in_pieces(array, 4, axis) for index in range(10)}
    write_file(tmp_path / "warm.h5", variables={"x": np.zeros(3)}, structure=None, durable=False)
    tracemalloc.start()
    try:
        write_file(tmp_path / "x.h5", variables=values, structure=None, durable=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most * array.nbytes


def test_deferred_values_are_made_one_at_a_time(tmp_path):
    """Each is made when its turn has come, once, and is gone before the next; what is saved is what was made."""
    alive: list[weakref.ref] = []
    most = []

    def make(number):
        def made():
            array = np.full((1000, 100), number, np.float32)
            alive.append(weakref.ref(array))
            most.append(sum(each() is not None for each in alive))
            return array

        return made

    values = {f"v{number}": Deferred((1000, 100), np.dtype(np.float32), make(number)) for number in range(6)}
    compression = {"v5": Compression("gzip")}
    write_models(tmp_path / "x.h5", {"": Model(values, None, {}, compression)})
    assert ([1] * 6, 6) == (most, len(alive))
    with open_file(tmp_path / "x.h5") as file:
        file.verify()
        assert list(range(6)) == [int(file.read(f"v{number}")[-1, -1]) for number in range(6)]


def test_a_deferred_value_of_another_size_is_refused(tmp_path):
    """An array of an unexpected size is an error, and the earlier file is kept."""
    value = Deferred((20_000,), np.dtype(np.float64), lambda: np.zeros(5))
    with pytest.raises(ValueError, match="40 bytes were made where 160000 were expected"):
        write_models(tmp_path / "x.h5", {"": Model({"a": value}, None, {})})
    assert [] == list(tmp_path.iterdir())


def test_deferred_values_of_every_dtype_wait_for_their_turn(tmp_path):
    """Those that NumPy has no dtype for are named, and made as late as the others."""
    made = []

    def make():
        made.append("made")
        return np.ones(100_000, np.int8)

    value = Deferred((100_000,), np.dtype(np.int8), make)
    assert ("qint8", value) == prepare("a", value, "qint8")[:3:2]
    assert [] == made
    write_models(tmp_path / "x.h5", {"": Model({"a": value}, None, {"a": "qint8"})})
    with open_file(tmp_path / "x.h5") as file:
        assert ("qint8", ["made"]) == (file.variables["a"].dtype, made)
    with pytest.raises(TypeError, match="'a' should have dtype float32"):
        prepare("a", value, "float32")
