"""Reading a file."""

from __future__ import annotations

import fcntl
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import h5py
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hdfsaver import dtypes, errors, schema
from hdfsaver.schema import Structure
from hdfsaver.storage import sealed_source
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.writing import Model, write_file, write_models
from hdfsaver.tensor_info import TensorInfo

QUANTIZED = [row.name for row in dtypes.TABLE if dtypes.as_dtype(row.name).is_quantized]


def assert_same(expected, found):
    """Equal bit for bit, in dtype and in shape; elements of string tensors are bytes."""
    assert expected.shape == found.shape
    assert expected.dtype == found.dtype
    assert (expected.tolist() if expected.dtype == object else expected.tobytes()) == (
        found.tolist() if found.dtype == object else found.tobytes()
    )


def test_small_values_one_at_a_time(tmp_path, every_dtype):
    """A small value that is read alone is the same one, writable, and its digest is checked."""
    path = tmp_path / "x.h5"
    write_file(path, variables=every_dtype, structure=None, dtypes={name: name for name in every_dtype})
    with open_file(path) as file:
        for name, value in every_dtype.items():
            assert_same(value, file.read(name))
            assert file.read(name).flags.writeable
        extent = file.extent("float32")
    assert extent is not None
    with path.open("r+b") as damaged:
        damaged.seek(extent[0])
        damaged.write(b"\xa5")
    with open_file(path) as file, pytest.raises(errors.DataLossError, match="'float32' differ"):
        file.read("float32")


def test_every_dtype_comes_back(tmp_path, every_dtype):
    """Values bit for bit, names of dtypes, shapes and order are restored."""
    write_file(tmp_path / "x.h5", variables=every_dtype, structure=None, dtypes={name: name for name in every_dtype})
    with open_file(tmp_path / "x.h5") as file:
        assert file.sealed
        assert list(every_dtype) == list(file.variables)
        assert list(every_dtype) == [entry.dtype for entry in file.variables.values()]
        for name, found in file.read_many(every_dtype).items():
            assert_same(every_dtype[name], found)
            assert every_dtype[name].shape == file.variables[name].shape
            assert found.flags.writeable
        file.verify()


ARRAYS = npst.arrays(
    st.sampled_from(["<f4", ">f8", "?", "<c8", ">u2", "i1"]), npst.array_shapes(min_dims=0, max_dims=4, min_side=0)
)
TEXTS = npst.arrays(object, npst.array_shapes(min_dims=0, max_dims=3, min_side=0), elements=st.binary(max_size=40))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=10) | st.sampled_from(["a", "a/b", "a/b/c", "a//b"])


@given(st.dictionaries(NAMES, ARRAYS | TEXTS, max_size=6))
def test_any_variables_come_back(tmp_path_factory, variables):
    """Any names and arrays are restored exactly, and the seal is valid."""
    path = tmp_path_factory.getbasetemp() / "any.h5"
    write_file(path, variables=variables, structure=None, durable=False)
    with open_file(path) as file:
        file.verify()
        found = file.read_many(file.variables)
    assert list(variables) == list(found)
    for name, array in variables.items():
        assert_same(array.astype(array.dtype.newbyteorder("<"), order="C"), found[name])


def test_texts_of_numpy_and_python(tmp_path):
    """NumPy's bytes and text, and str in an object array, become bytes."""
    values = {"S": np.array([b"ab", b"c"]), "U": np.array(["é", ""]), "O": np.array("é", object)}
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        assert [b"ab", b"c"] == file.read("S").tolist()
        assert ["é".encode(), b""] == file.read("U").tolist()
        assert "é".encode() == file.read("O").item()


def test_long_strings(tmp_path):
    """Strings that are too long for a column of fixed width, in large and small values."""
    values = {"long": np.array([b"x" * 70000, b"", b"\0"], object), "few": np.array([[b"y" * 9000], [b""]], object)}
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        for name, value in values.items():
            assert_same(value, file.read(name))


def test_strings_need_no_hdf5(tmp_path, monkeypatch):
    """String tensors of both forms are decoded from the index and their bytes, also in a group."""
    values = {
        "counted": np.array([[b"a\0", b""], [b"\xff", b"hello"]], dtype=object),
        "joined": np.array([b"x" * 70_000, b""], dtype=object),
        "none": np.empty((0, 3), dtype=object),
        "scalar": np.array(b"one", dtype=object),
    }
    write_models(tmp_path / "x.h5", {group: Model(values, None, {}) for group in ("", "teacher")})
    with open_file(tmp_path / "x.h5") as file, file.model("teacher") as other:
        monkeypatch.setattr(sealed_source, "hdf5_root", None)
        for each in (file, other):
            for name, value in values.items():
                assert_same(value, each.read(name))


def test_entries(tmp_path):
    """An entry has name, dtype, shape and size without the value being read."""
    write_file(tmp_path / "x.h5", variables={"a/b": np.zeros((2, 3), np.float32), "s": np.array(1)}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        assert TensorInfo("a/b", "float32", (2, 3), 24) == file.variables["a/b"]
        assert TensorInfo("s", "int64", (), 8) == file.variables["s"]


def test_opening_reads_no_values(tmp_path):
    """A large value costs nothing until it is asked for."""
    write_file(tmp_path / "x.h5", variables={"a": np.zeros(4_000_000), "b": np.ones(2)}, structure=None)
    tracemalloc.start()
    with open_file(tmp_path / "x.h5") as file:
        file.read("b")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def test_large_and_small_values_together(tmp_path):
    """Values read in threads and values read in one go, in the order asked for, each once."""
    rng = np.random.default_rng(5)
    values = {f"v{i}": rng.random(size) for i, size in enumerate([1, 300000, 0, 8191, 8192, 8193, 200000])}
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        wanted = [*reversed(values), "v1"]
        found = file.read_many(wanted)
        assert list(reversed(values)) == list(found)
        for name, value in values.items():
            assert_same(value, found[name])


def test_a_value_belongs_to_the_caller(tmp_path):
    """Writing on what was read changes neither a second read nor a neighbour."""
    write_file(tmp_path / "x.h5", variables={"a": np.ones(3), "b": np.ones(3)}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        first = file.read_many(["a", "b"])
        first["a"][...] = 7
        assert [1, 1, 1] == first["b"].tolist() == file.read("a").tolist()


def test_the_structure_comes_back(tmp_path):
    """The graph of a file, or None without a graph."""
    digraph = nx.DiGraph()
    schema.add_node(digraph, "c", op="Const", attrs={"value": np.ones(2)}, outputs=(("float64", (2,)),))
    write_file(tmp_path / "x.h5", variables=None, structure=Structure(digraph))
    with open_file(tmp_path / "x.h5") as file:
        assert {} == dict(file.variables)
        structure = file.structure()
        assert structure is not None
        assert ["c"] == list(structure.digraph)
    write_file(tmp_path / "x.h5", variables={}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        assert file.structure() is None


def test_one_open_file_serves_many_threads(tmp_path):
    """Threads that read at the same time get their own values, including strings (which pass through HDF5)."""
    values = {f"v{i}": np.full(20000, i) for i in range(8)} | {"t": np.array([b"x", b"yz"], object)}
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    with open_file(tmp_path / "x.h5") as file, ThreadPoolExecutor(4) as pool:
        for name, found in zip([*values] * 10, pool.map(file.read, [*values] * 10), strict=True):
            assert_same(values[name], found)


def test_a_missing_variable_is_named(tmp_path):
    """The error names variable and file, and nothing is read."""
    write_file(tmp_path / "x.h5", variables={"a": np.ones(1)}, structure=None)
    with open_file(tmp_path / "x.h5") as file, pytest.raises(errors.NotFoundError, match=r"no tensor 'b' in .*x\.h5"):
        file.read_many(["a", "b"])


def test_a_closed_file_says_so(tmp_path):
    """Closing twice is fine; reading after it is not."""
    write_file(tmp_path / "x.h5", variables={"a": np.ones(1)}, structure=None)
    file = open_file(tmp_path / "x.h5")
    file.close()
    file.close()
    for use in (lambda: file.read("a"), file.structure, file.verify):
        with pytest.raises(errors.FailedPreconditionError, match="is closed"):
            use()


def test_no_descriptor_leaks(tmp_path):
    """However opening ends, the descriptor is closed."""
    write_file(tmp_path / "x.h5", variables={"a": np.ones(1)}, structure=None)
    data = (tmp_path / "x.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(data[:-1])
    (tmp_path / "bad.h5").write_bytes(data.replace(b"producer", b"Producer"))
    before = set(os.listdir("/proc/self/fd"))
    for name in ("cut.h5", "bad.h5"):
        with pytest.raises(errors.DataLossError):
            open_file(tmp_path / name)
    open_file(tmp_path / "x.h5")
    with open_file(tmp_path / "x.h5"):
        pass
    assert before == set(os.listdir("/proc/self/fd"))


def test_a_reader_keeps_its_file_when_it_is_replaced(tmp_path):
    """A save during a read: the reader sees the old file to its end, the next one the new file."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"a": np.zeros(3), "s": np.array([b"old"])}, structure=None)
    with open_file(path) as old:
        write_file(path, variables={"a": np.ones(5)}, structure=None)
        assert [0, 0, 0] == old.read("a").tolist()
        assert [b"old"] == old.read("s").tolist()
        with open_file(path) as new:
            assert [1] * 5 == new.read("a").tolist()


def test_foreign_locks_do_not_matter(tmp_path):
    """A file that another program has locked for itself alone, or has open for reading, can be read."""
    write_file(tmp_path / "x.h5", variables={"a": np.zeros(3)}, structure=None)
    with open(tmp_path / "x.h5", "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with open_file(tmp_path / "x.h5") as file:
            assert [0, 0, 0] == file.read("a").tolist()


def test_a_file_that_is_being_changed_is_refused(tmp_path):
    """While h5py has it open for writing, nothing in it can be trusted; the error says so."""
    write_file(tmp_path / "x.h5", variables={"a": np.zeros(3)}, structure=None)
    with h5py.File(tmp_path / "x.h5", "a"), pytest.raises(errors.DataLossError, match="open for writing"):
        open_file(tmp_path / "x.h5")


# --- changes by another program -------------------------------------------------------------------------------------


def test_opening_for_writing_changes_nothing(tmp_path):
    """Another program that opens and closes the file leaves the seal whole."""
    write_file(tmp_path / "x.h5", variables={"a": np.zeros(3)}, structure=None)
    before = (tmp_path / "x.h5").read_bytes()
    h5py.File(tmp_path / "x.h5", "a").close()
    assert before == (tmp_path / "x.h5").read_bytes()


def test_a_changed_value_is_noticed_and_can_be_accepted(tmp_path):
    """A value that h5py changed is an error that names it and the way out; after resealing it is the value."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"b": np.zeros(3), "a": np.zeros(3)}, structure=None)
    with h5py.File(path, "a") as file:
        file["variables/b"][1] = 5
    with open_file(path) as file:
        assert [0, 0, 0] == file.read("a").tolist()
        for use in (lambda: file.read("b"), file.verify):
            with pytest.raises(errors.DataLossError, match=rf"{path}.*variable 'b'.*`hdfsaver reseal {path}`"):
                use()
    reseal(path)
    with open_file(path) as file:
        assert file.sealed
        assert ["b", "a"] == list(file.variables)
        assert [0, 5, 0] == file.read("b").tolist()
        file.verify()


def test_a_changed_structure_is_noticed_and_can_be_accepted(tmp_path):
    """A variable that h5py added, and one that it removed: the file does not open until it is resealed."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"a": np.zeros(3), "b": np.ones(1), "w/Adam": np.ones(2)}, structure=None)
    with h5py.File(path, "a") as file:
        file["variables/new"] = np.arange(4.0)
        del file["variables/b"]
    with pytest.raises(errors.DataLossError, match=rf"{path}.*`hdfsaver reseal {path}`"):
        open_file(path)
    reseal(path)
    with open_file(path) as file:
        assert ["a", "w/Adam", "new"] == list(file.variables)
        assert [0, 1, 2, 3] == file.read("new").tolist()


def test_resealing_an_unchanged_file_gives_the_same_bytes(tmp_path, every_dtype):
    """Nothing is lost on the slow way: dtypes, order, strings, the graph."""
    path = tmp_path / "x.h5"
    digraph = nx.DiGraph()
    schema.add_node(digraph, "c", op="Const", attrs={"value": np.ones(2)}, outputs=(("float64", (2,)),))
    names = {name: name for name in every_dtype}
    for variables in (every_dtype, {}, None):
        write_file(path, variables=variables, structure=Structure(digraph), dtypes=names)
        before = path.read_bytes()
        reseal(path)
        assert before == path.read_bytes()


def test_an_index_without_its_seal_is_not_believed(tmp_path):
    """A copy made by another program has an index but no seal at its place."""
    write_file(tmp_path / "x.h5", variables={"a": np.zeros(3)}, structure=None)
    with h5py.File(tmp_path / "x.h5") as old, h5py.File(tmp_path / "y.h5", "w") as new:
        for name in ("graph", "variables", "index"):
            if name in old:
                old.copy(name, new)
        new.attrs.update(old.attrs)
    with pytest.raises(errors.DataLossError, match="has an index, but no valid seal.*reseal"):
        open_file(tmp_path / "y.h5")
    reseal(tmp_path / "y.h5")
    with open_file(tmp_path / "y.h5") as file:
        assert [0, 0, 0] == file.read("a").tolist()


def test_many_changed_variables_are_counted(tmp_path):
    """Ten are named, the rest counted."""
    path = tmp_path / "x.h5"
    write_file(path, variables={f"v{i}": np.zeros(1) for i in range(13)}, structure=None)
    with h5py.File(path, "a") as file:
        for dataset in file["variables"].values():
            dataset[0] = 1
    with open_file(path) as file, pytest.raises(errors.DataLossError, match="13 variables 'v0'.*'v9' and 3 more"):
        file.verify()
