"""Parts of variables: read without the rest."""

from __future__ import annotations

import math
import os

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hdfsaver import errors
from hdfsaver.files import partial_reads, positional_io
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file


@st.composite
def arrays_and_keys(draw):
    """An array, and a slice for each of its dimensions."""
    array = draw(npst.arrays(st.sampled_from(["<f4", ">i2", "?", "<c16"]), npst.array_shapes(min_dims=0, min_side=0)))
    bounds = st.none() | st.integers(-7, 7)
    return array, tuple(slice(draw(bounds), draw(bounds)) for _ in array.shape)


@given(arrays_and_keys(), st.sampled_from([16, 64, 1 << 20]))
def test_any_part_of_any_array(tmp_path_factory, array_and_key, piece):
    """A slice of the file is the slice of the array, in sealed and in plain files, however the reads are divided."""
    array, key = array_and_key
    folder = tmp_path_factory.getbasetemp()
    write_file(folder / "sealed.h5", variables={"x": array}, structure=None, durable=False)
    with h5py.File(folder / "plain.h5", "w") as plain:
        plain["x"] = array
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partial_reads, "PIECE", piece)
        patch.setattr(partial_reads, "_GAP", piece // 4)
        for name in ("sealed.h5", "plain.h5"):
            with open_file(folder / name) as file:
                found = file.read_slice("x", key)
                np.testing.assert_array_equal(array[key], found)
                assert found.flags.writeable
                assert found.flags.c_contiguous


def lengths_of_reads(monkeypatch):
    """The list to which every read from now on adds how many bytes it wants."""
    lengths = []

    def read_at(fd, view, offset):
        lengths.append(len(view))
        positional_io.read_at(fd, view, offset)

    monkeypatch.setattr(partial_reads, "read_at", read_at)
    return lengths


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ((slice(100, 110), slice(None)), 10 * 4000),
        ((slice(None), slice(10, 11)), 1000 * 4000),
        ((slice(5, 6), slice(0, 2)), 8),
    ],
)
def test_only_the_part_is_read(tmp_path, monkeypatch, key, most):
    """Rows are read without those around them; single elements of every row with the bytes between them."""
    array = np.arange(1_000_000, dtype=np.float32).reshape(1000, 1000)
    write_file(tmp_path / "x.h5", variables={"x": array}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        read = lengths_of_reads(monkeypatch)
        np.testing.assert_array_equal(array[key], file.read_slice("x", key))
    assert 0 < sum(read) <= most


def test_distant_rows_are_skipped(tmp_path, monkeypatch):
    """Where little is wanted of long rows, the rest of them is not read."""
    array = np.arange(8 * 100_000, dtype=np.float64).reshape(8, 100_000)
    write_file(tmp_path / "x.h5", variables={"x": array}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        read = lengths_of_reads(monkeypatch)
        np.testing.assert_array_equal(array[:, 7:9], file.read_slice("x", (slice(None), slice(7, 9))))
    assert [16] * 8 == read


@settings(max_examples=20)
@given(npst.arrays(object, (3, 2), elements=st.binary(max_size=20)))
def test_a_part_of_a_string_tensor(tmp_path_factory, array):
    """String tensors are sliced too, although all of their bytes are read."""
    path = tmp_path_factory.getbasetemp() / "strings.h5"
    write_file(path, variables={"x": array}, structure=None, durable=False)
    with open_file(path) as file:
        assert array[1:, :1].tolist() == file.read_slice("x", (slice(1, None), slice(0, 1))).tolist()


def test_chunked_datasets(tmp_path):
    """Of a compressed dataset the right part is given, big-endian numbers swapped."""
    array = np.arange(60, dtype=">f8").reshape(6, 10)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=array, chunks=(4, 4), compression="gzip")
    with open_file(tmp_path / "x.h5") as opened:
        np.testing.assert_array_equal(array[3:5, 2:9], opened.read_slice("x", (slice(3, 5), slice(2, 9))))


@pytest.mark.parametrize("key", [(), (slice(None),), (slice(None), slice(0, 4, 2)), (slice(None), 1)])
def test_other_keys_are_refused(tmp_path, key):
    """A key is a tuple of plain slices, one for each dimension."""
    write_file(tmp_path / "x.h5", variables={"x": np.zeros((2, 4))}, structure=None)
    with open_file(tmp_path / "x.h5") as file, pytest.raises(ValueError, match="tuple of 2 slices"):
        file.read_slice("x", key)


def test_unknown_names_and_closed_files(tmp_path):
    """An unknown name raises NotFoundError, a closed file FailedPreconditionError."""
    write_file(tmp_path / "x.h5", variables={"x": np.zeros(3)}, structure=None)
    with open_file(tmp_path / "x.h5") as file, pytest.raises(errors.NotFoundError, match="There is no tensor 'y' in"):
        file.read_slice("y", (slice(None),))
    with pytest.raises(errors.FailedPreconditionError, match="closed"):
        file.read_slice("x", (slice(None),))


def test_a_file_cut_short_meanwhile(tmp_path):
    """A file that loses its end while it is open is a DataLossError."""
    write_file(tmp_path / "x.h5", variables={"x": np.zeros(100_000)}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        os.truncate(tmp_path / "x.h5", 4096)
        with pytest.raises(errors.DataLossError, match=r"x\.h5"):
            file.read_slice("x", (slice(99_000, None),))


def test_memory_is_that_of_the_part(tmp_path):
    """The result owns its bytes, and not those of the whole."""
    write_file(tmp_path / "x.h5", variables={"x": np.zeros((100, 100))}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        found = file.read_slice("x", (slice(0, 2), slice(0, 3)))
    assert math.prod(found.shape) * 8 == (found if found.base is None else found.base).nbytes
