"""What was never written is the fill value, within the limits; where there is none, it is not called damage."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t

from hdfsaver import errors, limits, load_file, open_file
from hdfsaver.storage.resealing import reseal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.h5"


def test_partly_written_chunks_are_the_fill_value(path):
    """Whole and in parts, listed and resealed."""
    with h5py.File(path, "w") as file:
        file.attrs["format"] = np.bytes_("hdfsaver")
        file.create_dataset("variables/x", (10,), "f4", chunks=(4,), fillvalue=np.nan)[0:3] = 1
    expected = np.array([1] * 3 + [np.nan] * 7, np.float32)
    np.testing.assert_array_equal(expected, load_file(path)["x"])
    with open_file(path) as file:
        assert ("float32", (10,), 40) == (file["x"].dtype.name, file["x"].shape, file["x"].nbytes)
        for part in (slice(2, 5), slice(5, 9), slice(0, 0), slice(9, 10)):
            np.testing.assert_array_equal(expected[part], file.get_slice("x")[part])
    reseal(path)
    np.testing.assert_array_equal(expected, load_file(path)["x"])


@pytest.mark.parametrize(
    "options", [{}, {"chunks": (2, 2)}, {"chunks": (2, 2), "compression": "gzip", "shuffle": True}]
)
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("f4", 1.5),
        (">f8", -2.5),
        (">i2", 258),
        ("u8", 2**63),
        ("f2", np.inf),
        ("c8", 1 + 2j),
        ("?", True),
        ("S5", b"ab"),
        ("i4", 0),
        ("i4", None),
    ],
)
def test_every_dtype_is_filled(path, options, dtype, fill):
    """What h5py gives for a dataset without a value, and for one with a single element, is read here."""
    with h5py.File(path, "w") as file:
        file.create_dataset("never", (3, 5), dtype, fillvalue=fill, **options)
        made = file.create_dataset("partly", (3, 5), dtype, fillvalue=fill, **options)
        made[1, 1] = np.zeros((), dtype)[()]
        expected = {name: file[name][...] for name in ("never", "partly")}
    found = load_file(path)
    for name, value in expected.items():
        assert value.tolist() == found[name].tolist()
        assert found[name].flags.writeable
        assert found[name].dtype.isnative


def _made(path, fill_time, value, chunk):
    properties = h5p.create(h5p.DATASET_CREATE)
    if chunk:
        properties.set_chunk(chunk)
    if value != "undefined":
        properties.set_fill_value(np.array(value, "i4"))
    properties.set_fill_time(fill_time)
    with h5py.File(path, "w") as file:
        h5d.create(file.id, b"x", h5t.STD_I32LE, h5s.create_simple((10,)), properties)


@pytest.mark.parametrize("fill_time", [h5d.FILL_TIME_ALLOC, h5d.FILL_TIME_IFSET, h5d.FILL_TIME_NEVER])
@pytest.mark.parametrize("chunk", [(), (4,)])
def test_the_fill_time_does_not_matter(path, fill_time, chunk):
    """It says when HDF5 writes the fill value; the value of what was never written is the same."""
    _made(path, fill_time, 7, chunk)
    assert [7] * 10 == load_file(path)["x"].tolist()


def test_an_undefined_fill_value_is_not_damage():
    """A program may say that there is no fill value; what it has not written then has no value, and is refused."""
    with open_file(Path(__file__).with_name("golden") / "undefined_fill.h5") as file:
        # HDF5 allocates a block for the first element that is written to it.
        assert {"block_partly", "block_whole", "chunks_whole"} == set(file)
        assert [1] * 10 == file["chunks_whole"].tolist()
        assert {"block_never", "chunks_never", "chunks_partly"} == set(file.unreadable)
        for name in file.unreadable:
            with pytest.raises(
                errors.InvalidArgumentError,
                match=f"/{name}: it was not written in full, and its fill value is undefined",
            ):
                file[name]


@pytest.mark.parametrize("chunk", [None, (1024,), (1,)])
@pytest.mark.parametrize("shape", [(2**40,), (2**20, 2**20)])
def test_what_is_declared_and_not_stored_is_bounded(path, shape, chunk):
    """It is listed without a large allocation; a value is refused by the limit, and a small part is read."""
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape, "f8", chunks=chunk and chunk * len(shape))
        file["w"] = np.ones(3)
    assert path.stat().st_size < 10_000
    with open_file(path) as file:
        assert shape == file.variables["x"].shape
        assert [1, 1, 1] == file["w"].tolist()
        with pytest.raises(errors.ResourceExhaustedError, match="/x: .* beyond the limit `declared_bytes`"):
            file["x"]
        assert not file.get_slice("x")[:1].any()


@pytest.mark.parametrize("chunk", [None, (2**10, 2**10)])
def test_a_part_counts_as_what_it_is(path, chunk):
    """Of a dataset of terabytes, a small part is read, and a large one is refused."""
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (2**20, 2**20), "f8", chunks=chunk, fillvalue=2.5)
    with open_file(path) as file:
        assert [[2.5, 2.5]] == file.read_slice("x", np.s_[2**19 : 2**19 + 1, 5:7]).tolist()
        with pytest.raises(errors.ResourceExhaustedError, match="/x: .*`declared_bytes`"):
            file.read_slice("x", np.s_[: 2**14, : 2**14])
        with pytest.raises(errors.ResourceExhaustedError, match="/x: .*`declared_bytes`"):
            file.read("x")


def test_declared_bytes_may_be_raised(path):
    """The limit that the message names can be raised as it says."""
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1000,), "f8", fillvalue=2)
    with limits.use(declared_bytes=10, declared_ratio=0):
        with pytest.raises(errors.ResourceExhaustedError, match=r"limits.use\(declared_bytes=...\)"):
            load_file(path)
        with limits.use(declared_bytes=8000):
            assert [2] * 1000 == load_file(path)["x"].tolist()


def test_nothing_is_made_beside_the_file(path, monkeypatch):
    """The fill value is found in memory."""
    monkeypatch.chdir(path.parent)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (3,), "i4", fillvalue=2)
    assert [2, 2, 2] == load_file(path)["x"].tolist()
    assert ["x.h5"] == os.listdir()


@pytest.mark.parametrize("fillvalue", ["none", "", None])
@pytest.mark.parametrize("chunks", [(3,), None])
def test_strings_of_variable_length_that_were_never_written(tmp_path, chunks, fillvalue):
    """They are the fill value, which HDF5 itself gives only to a program that may write to the file."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", (6,), h5py.string_dtype(), chunks=chunks, fillvalue=fillvalue)
        if chunks:
            made[:3] = ["a", "b", "c"]
    rest = [(fillvalue or "").encode()] * 3
    first = [b"a", b"b", b"c"] if chunks else rest
    with open_file(tmp_path / "x.h5") as file:
        assert first + rest == file["x"].tolist()
        assert rest[:2] == file.get_slice("x")[4:].tolist()
