"""Tables of plain files: each column is an array, read as a whole or in part."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t

from hdfsaver import errors, limits
from hdfsaver.storage.reading import open_file

ROWS = np.zeros((4, 3), [("x", ">f4"), ("inner", [("n", "i2"), ("z", "c8")]), ("name", "S4"), ("pair", "u1", (2,))])
ROWS["x"] = np.arange(12).reshape(4, 3)
ROWS["inner"]["n"] = -ROWS["x"]
ROWS["inner"]["z"] = ROWS["x"] * 1j
ROWS["name"] = b"ab"
ROWS["pair"] = np.arange(24).reshape(4, 3, 2)


@pytest.mark.parametrize(
    "options", [{}, {"chunks": (2, 2)}, {"chunks": (3, 2), "compression": "gzip", "shuffle": True}]
)
def test_columns_are_arrays(tmp_path, options):
    """With the names of their members, in any layout; parts of them are what NumPy's slices give."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("t", data=ROWS, **options)
    expected = {
        "t/x": ROWS["x"].astype("f4"),
        "t/inner/n": ROWS["inner"]["n"],
        "t/inner/z": ROWS["inner"]["z"],
        "t/name": ROWS["name"].astype(object),
        "t/pair": ROWS["pair"],
    }
    with open_file(tmp_path / "x.h5") as file:
        assert list(expected) == list(file.variables)
        together = file.read_many(reversed(expected))
        assert list(reversed(expected)) == list(together)
        for name, values in expected.items():
            assert values.shape == file.variables[name].shape
            assert values.nbytes == file.variables[name].nbytes or name == "t/name"
            np.testing.assert_array_equal(values, file.read(name))
            np.testing.assert_array_equal(values, together[name])
            np.testing.assert_array_equal(values[1:3, 2:], file.get_slice(name)[1:3, 2:])
        np.testing.assert_array_equal(ROWS["pair"][1:, :, 1], file.get_slice("t/pair")[1:, :, 1])
        assert file.read("t/x").flags.writeable
        with pytest.raises(errors.NotFoundError, match="no tensor 't'"):
            file.read("t")


def test_strings_of_variable_length_in_a_table(tmp_path):
    """A member of variable length shifts the members after it in the file; all are read."""
    text = h5py.string_dtype()
    dtype = np.dtype(
        [("a", "f4"), ("s", text), ("b", "i2"), ("more", text, (2,)), ("v", h5py.vlen_dtype("i4")), ("c", "f8")]
    )
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset("t", (2,), dtype)
        for index in range(2):
            dataset[index] = (index + 0.5, f"s{index}", index, np.array(["x", ""], object), np.arange(3), -index)
    with open_file(tmp_path / "x.h5") as file:
        assert [0.5, 1.5] == file.read("t/a").tolist()
        assert [b"s0", b"s1"] == file.read("t/s").tolist()
        assert [b"s1"] == file.get_slice("t/s")[1:].tolist()
        assert [0, 1] == file.read("t/b").tolist()
        assert [[b"x", b""], [b"x", b""]] == file.read("t/more").tolist()
        assert [0, -1] == file.read("t/c").tolist()
        assert {"t/v"} == set(file.unreadable)
        with pytest.raises(errors.InvalidArgumentError, match="/t/v: .*: variable-length sequence of int32"):
            file.read("t/v")


def test_names_that_meet_are_not_guessed(tmp_path):
    """A member whose name is a path may meet one that is nested."""
    dtype = np.dtype([("a/b", "i4"), ("a", [("b", "i4"), ("c", "i4")])])
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["t"] = np.zeros(2, dtype)
    with open_file(tmp_path / "x.h5") as file:
        assert ["t/a/c"] == list(file.variables)
        with pytest.raises(errors.InvalidArgumentError, match="two elements of the file have the name 't/a/b'"):
            file.read("t/a/b")


def test_all_columns_together_need_no_more_than_the_table(tmp_path):
    """They share one read, for the limits too."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["t"] = np.zeros(1000, [(f"c{index}", "f8") for index in range(20)])
    with limits.use(declared_bytes=170_000, declared_ratio=0), open_file(tmp_path / "x.h5") as file:
        assert 20 == len(file.read_many(file.variables))
    refused = pytest.raises(errors.ResourceExhaustedError, match="declared_bytes")
    with limits.use(declared_bytes=150_000, declared_ratio=0), open_file(tmp_path / "x.h5") as file, refused:
        file.read("t/c0")


def test_a_table_of_references_of_hdf5_1_12_is_refused_as_a_whole(tmp_path):
    """The places of its columns in the file are not known."""
    reference = h5t.decode(bytes.fromhex("03004712000012000000"))
    row = h5t.create(h5t.COMPOUND, 4 + reference.get_size())
    row.insert(b"a", 0, h5t.STD_I32LE)
    row.insert(b"b", 4, reference)
    with h5py.File(tmp_path / "x.h5", "w", libver="latest") as file:
        h5d.create(file.id, b"t", row, h5s.create_simple((2,)))
        file["w"] = np.ones(2)
    with open_file(tmp_path / "x.h5") as file:
        assert ["w"] == list(file.variables)
        with pytest.raises(errors.InvalidArgumentError, match="compound with the members a: int32, b: reference"):
            file.read("t")


def test_a_compact_table(tmp_path):
    """In the header of the dataset, unless it refers to the heap."""
    compact = h5p.create(h5p.DATASET_CREATE)
    compact.set_layout(h5d.COMPACT)
    plain = np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")])
    with_text = np.array([(1, "x")], [("a", "i4"), ("b", h5py.string_dtype())])
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, rows in (("plain", plain), ("text", with_text)):
            datatype = h5t.py_create(rows.dtype, logical=True)
            dataset = h5d.create(file.id, name.encode(), datatype, h5s.create_simple((1,)), compact)
            h5py.Dataset(dataset)[:] = rows
    with open_file(tmp_path / "x.h5") as file:
        assert {"plain/a": [1], "plain/b": [2.5]} == {name: file.read(name).tolist() for name in file.variables}
        with pytest.raises(errors.InvalidArgumentError, match="in the header of the dataset"):
            file.read("text")


def test_a_table_without_rows_or_without_a_value(tmp_path):
    """Its columns are empty arrays."""
    dtype = np.dtype([("a", "i4"), ("b", "f4", (2,)), ("s", h5py.string_dtype())])
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("none", (0,), dtype)
        file["null"] = h5py.Empty(dtype)
    with open_file(tmp_path / "x.h5") as file:
        found = {name: file.read(name) for name in file.variables}
    shapes = {name: (str(value.dtype), value.shape) for name, value in found.items()}
    columns = {"a": ("int32", (0,)), "b": ("float32", (0, 2)), "s": ("object", (0,))}
    assert {f"{table}/{name}": each for table in ("none", "null") for name, each in columns.items()} == shapes


@pytest.mark.parametrize("chunks", [None, (2,)])
def test_rows_that_were_never_written(tmp_path, chunks):
    """They are the fill value: zeros and empty strings by default, also where the row refers to the heap."""
    text = h5py.string_dtype()
    plain = np.dtype([("a", "i4"), ("b", "f8")])
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("plain", (4,), plain, chunks=chunks, fillvalue=np.array((7, 1.5), plain))
        file.create_dataset("mixed", (4,), [("a", "i4"), ("s", text), ("b", "f8")], chunks=chunks)
        file.create_dataset("text", (4,), text, chunks=chunks, fillvalue="none")
        file.create_dataset("arrays", (4,), np.dtype(("i2", (2,))), chunks=chunks)
        if chunks:
            file["mixed"][0] = (1, "x", 2.5)
    with open_file(tmp_path / "x.h5") as file:
        found = {name: file.read(name).tolist() for name in file.variables}
        assert [7] == file.get_slice("plain/a")[3:].tolist()
        assert [b""] == file.get_slice("mixed/s")[3:].tolist()
    first = (1, b"x", 2.5) if chunks else (0, b"", 0)
    assert {
        "plain/a": [7] * 4,
        "plain/b": [1.5] * 4,
        "mixed/a": [first[0], 0, 0, 0],
        "mixed/s": [first[1], b"", b"", b""],
        "mixed/b": [first[2], 0, 0, 0],
        "text": [b"none"] * 4,
        "arrays": [[0, 0]] * 4,
    } == found
