"""Writing a file, looked at with other tools."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import h5py
import networkx as nx
import numpy as np
import pytest
import xxhash

from hdfsaver import errors, schema
from hdfsaver.schema import Structure
from hdfsaver.storage import incremental, layout, writing
from hdfsaver.storage.incremental import Sharing
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.skeleton import lay_out
from hdfsaver.storage.writing import Model, Writer, write_file
from tests import forks
from tests.clones import Copying


@pytest.fixture
def structure():
    """A graph of two nodes."""
    digraph = nx.DiGraph()
    schema.add_node(digraph, "c", op="Const", attrs={"value": np.ones(2)}, outputs=(("float64", (2,)),))
    schema.add_node(digraph, "i", op="Identity", inputs=(("c", 0),), outputs=(("float64", (2,)),))
    return Structure(digraph)


def test_h5py_reads_every_dtype(tmp_path, every_dtype):
    """Other programs find the values under the variables' names."""
    names = {name: name for name in every_dtype}
    write_file(tmp_path / "x.h5", variables=every_dtype, structure=None, dtypes=names)
    with h5py.File(tmp_path / "x.h5") as file:
        assert set(every_dtype) == set(file["variables"])
        for name in ("float32", "float64", "int64", "uint8", "bool", "complex64", "float16"):
            # Bits, because some of them are NaN.
            assert every_dtype[name].tobytes() == file["variables"][name][...].tobytes()
        assert b"quint8" == file["variables/quint8"].attrs["dtype"]
        assert "dtype" not in file["variables/uint8"].attrs


def test_what_the_file_says_of_itself(tmp_path):
    """Format, version and producer are attributes of the root group, text of fixed length."""
    write_file(tmp_path / "x.h5", variables={}, structure=None)
    with h5py.File(tmp_path / "x.h5") as file:
        assert b"hdfsaver" == file.attrs["format"]
        assert b"1.0" == file.attrs["format_version"]
        assert file.attrs["producer"].startswith(b"hdfsaver ")


def test_the_same_state_gives_the_same_bytes(tmp_path, every_dtype, structure):
    """Two saves are identical, also in another process that hashes strings differently, and from a kept layout."""
    writer = Writer()
    for name in ("a.h5", "b.h5"):
        writer.write(tmp_path / name, {"": Model(every_dtype, structure, {})}, structure_version=1)
    write_file(tmp_path / "c.h5", variables=every_dtype, structure=structure)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes() == (tmp_path / "c.h5").read_bytes()
    code = """
import sys, numpy as np
from hdfsaver.storage.writing import write_file
write_file(sys.argv[1], variables={f"g{i % 3}/v{i}": np.arange(i) for i in range(50)}, structure=None)
"""
    for name, seed in (("d.h5", "1"), ("e.h5", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, tmp_path / name], check=True, env=environment)
    assert (tmp_path / "d.h5").read_bytes() == (tmp_path / "e.h5").read_bytes()


def test_the_layout_is_kept_between_saves(tmp_path, monkeypatch, structure):
    """Only another layout, or a structure that may differ, is laid out again; the values are always the new ones."""
    calls = []

    def counted(*args):
        calls.append(1)
        return lay_out(*args)

    monkeypatch.setattr(writing, "lay_out", counted)
    writer = Writer()

    def save(value, graph=None, version=None):
        writer.write(tmp_path / "x.h5", {"": Model({"v": value}, graph, {})}, structure_version=version)
        with open_file(tmp_path / "x.h5") as file:
            np.testing.assert_array_equal(value, file.read("v"))
            assert (graph is None) == (file.structure() is None)
        return len(calls)

    saves = [(np.zeros(3),), (np.ones(3),), (np.ones(4),), (np.ones(4), structure), (np.ones(4), structure)]
    assert [1, 1, 2, 3, 4] == [save(*arguments) for arguments in saves]
    versions = [(np.ones(4), structure, 1), (np.zeros(4), structure, 1), (np.zeros(4), structure, 2), (np.ones(4),)]
    assert [5, 5, 6, 7] == [save(*arguments) for arguments in versions]


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("joined", [0, 2 << 20])
def test_a_write_within_a_write(tmp_path, monkeypatch, shares, joined):
    """A signal handler may save with the same Writer at any step of a save; each file has its own values."""
    monkeypatch.setattr(incremental, "clone", Copying())
    monkeypatch.setattr(incremental, "_SMALLEST", 0)
    monkeypatch.setattr(writing, "_JOINED", joined)
    writer = Writer(Sharing(None, pytest.fail) if shares else None)
    values, waiting, seen = {"large": np.zeros(70_000), "fixed": np.ones(70_000), "small": np.zeros(3)}, [], set()

    def save(name, more):
        saved = {**values, "large": values["large"] + more, "small": values["small"] + more}
        writer.write(tmp_path / name, {"": Model(saved, None, {})})
        with open_file(tmp_path / name) as file:
            file.verify()
            np.testing.assert_array_equal(saved["small"], file.read("small"))

    def interrupted(step):
        def then(*args):
            if waiting == [step]:
                waiting.clear()
                seen.add(step)
                save("within.h5", 1)
            return original(*args)

        original = getattr(writing, step)
        return then

    steps = ("write_all", "write_at", "write_together", "write_differing", "written")
    for step in steps:
        monkeypatch.setattr(writing, step, interrupted(step))
    for number, step in enumerate(("", *steps)):
        waiting[:] = [step]
        values["large"][0] = values["small"][0] = 10 * number
        save("x.h5", 0)
    assert len(seen) >= 1 + 2 * shares
    waiting.clear()
    save("x.h5", 2)


def test_a_group_is_absent_when_it_was_not_given(tmp_path, structure):
    """Without variables no `/variables`, without a structure no `/graph`; the index is always there."""
    for variables, graph in ((None, structure), ({"a": np.ones(1)}, None), ({}, structure), (None, None)):
        write_file(tmp_path / "x.h5", variables=variables, structure=graph)
        with h5py.File(tmp_path / "x.h5") as file:
            assert (variables is not None) == ("variables" in file)
            assert (graph is not None) == ("graph" in file)
            assert {"extents", "seal", "variables"} == set(file["index"])


def test_names_are_paths(tmp_path):
    """A slash makes a group, but not below a variable."""
    names = ["dense/kernel", "dense/kernel/Adam", "bias", "", "/", "é", "\n"]
    write_file(tmp_path / "x.h5", variables={name: np.ones(1) for name in names}, structure=None)
    with h5py.File(tmp_path / "x.h5") as file:
        found = []
        file["variables"].visititems(lambda path, node: found.append(path) if isinstance(node, h5py.Dataset) else None)
        assert ["%", "%0A", "%2F", "bias", "dense/kernel", "dense/kernel%2FAdam", "é"] == sorted(found)


@pytest.mark.parametrize("length", [1000, 70000])
def test_long_names(tmp_path, length):
    """A link of any length is held."""
    name = "n" * length
    write_file(tmp_path / "x.h5", variables={name: np.ones(1), "short": np.zeros(1)}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        assert [name, "short"] == list(file.variables)
        assert 1.0 == file.read(name)[0]
    assert (tmp_path / "x.h5").stat().st_size < 10 * length + 20000


def test_names_of_many_components(tmp_path):
    """A path of more groups than Python has calls."""
    name = "/".join("a" * 1500)
    write_file(tmp_path / "x.h5", variables={name: np.ones(1)}, structure=None)
    with open_file(tmp_path / "x.h5") as file:
        assert 1.0 == file.read(name)[0]


def test_digests_can_be_made_with_other_tools(tmp_path):
    """The output of h5dump has the digest in the table of extents, and so says xxhsum."""
    values = {"a": np.arange(1000, dtype=np.float32), "b": np.arange(30000.0)}
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    with h5py.File(tmp_path / "x.h5") as file:
        extents = file["index/extents"][...]
    for row, name in enumerate(values):
        out = tmp_path / "out"
        command = ["h5dump", "-d", f"/variables/{name}", "-b", "LE", "-o", out, tmp_path / "x.h5"]
        subprocess.run(command, check=True, capture_output=True)
        assert extents["xxh3_64"][row] == xxhash.xxh3_64_intdigest(out.read_bytes())
        raw = (tmp_path / "x.h5").read_bytes()
        offset, nbytes = int(extents["offset"][row]), int(extents["nbytes"][row])
        assert out.read_bytes() == raw[offset : offset + nbytes]


def test_old_tools_list_the_file(tmp_path, every_dtype):
    """h5ls shows every variable, and the offsets of h5dump are those of the index."""
    write_file(tmp_path / "x.h5", variables=every_dtype, structure=None)
    listing = subprocess.run(["h5ls", "-r", tmp_path / "x.h5"], check=True, capture_output=True, text=True).stdout
    assert all(f"/variables/{name} " in listing for name in every_dtype)
    command = ["h5dump", "-pH", "-d", "/variables/float16", tmp_path / "x.h5"]
    header = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    with h5py.File(tmp_path / "x.h5") as file:
        row = list(every_dtype).index("float16")
        assert int(re.findall(r"OFFSET (\d+)", header)[0]) == file["index/extents"]["offset"][row]


def test_large_values_begin_on_pages(tmp_path):
    """Offsets of large values are multiples of a page; the seal is at the beginning of the file."""
    write_file(tmp_path / "x.h5", variables={f"v{i}": np.ones(20001) for i in range(5)}, structure=None)
    with h5py.File(tmp_path / "x.h5") as file:
        assert [0] * 5 == (file["index/extents"]["offset"] % layout.PAGE).tolist()
        assert file["index/seal"].id.get_offset() < layout.HEAD


def test_no_object_carries_a_time_or_variable_length(tmp_path, every_dtype, structure):
    """Nothing in the file depends on the clock, and nothing is in the heap, which has no checksum."""
    write_file(tmp_path / "x.h5", variables=every_dtype, structure=structure)
    nodes: list = []
    with h5py.File(tmp_path / "x.h5") as file:
        nodes.append(file["/"])
        file.visititems(lambda _path, node: nodes.append(node))
        assert len(nodes) > len(every_dtype)
        for node in nodes:
            assert not node.id.get_create_plist().get_obj_track_times()
            assert 0 == h5py.h5o.get_info(node.id).mtime
    assert b"GCOL" not in (tmp_path / "x.h5").read_bytes()


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    """Whether a value cannot be stored or the disk is full: the old checkpoint stands, and no draft is left."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"a": np.ones(3)}, structure=None)
    before = path.read_bytes()
    with pytest.raises(TypeError, match="'b'"):
        write_file(path, variables={"a": np.ones(3), "b": np.zeros(1, "M8[s]")}, structure=None)

    def fail(fd, view, offset):
        raise OSError(28, "full")

    monkeypatch.setattr("hdfsaver.files.positional_io._write_some", fail)
    with pytest.raises(errors.ResourceExhaustedError, match=f"Cannot write {path}"):
        write_file(path, variables={"a": np.ones(300000)}, structure=None)
    assert before == path.read_bytes()
    assert ["x.h5"] == os.listdir(tmp_path)


def test_a_failure_of_the_layout_is_raised(tmp_path, monkeypatch):
    """An error while HDF5 writes to memory is raised when HDF5 has finished, and no file is written."""

    def fail(memory, view):
        raise MemoryError("no memory")

    monkeypatch.setattr("hdfsaver.storage.hdf5.sparse_memory.SparseMemory._write", fail)
    with pytest.raises(MemoryError, match="no memory"):
        write_file(tmp_path / "x.h5", variables={"a": np.ones(3)}, structure=None)
    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("structure", ["Structure(graph)", "None"])
def test_a_failure_is_over_when_it_is_raised(tmp_path, structure):
    """A layout that fails half-way leaves nothing open that HDF5 would trip over when the process ends."""
    code = f"""
import networkx as nx, numpy as np
from hdfsaver.schema import Structure, add_node
from hdfsaver.storage.hdf5 import sparse_memory
from hdfsaver.storage.writing import write_file

graph = nx.DiGraph()
add_node(graph, "x", op="Any", attrs={{"wrong": object()}})
def fail(memory, view):
    raise MemoryError("no memory")
if {structure} is None:
    sparse_memory.SparseMemory._write = fail
try:
    write_file({str(tmp_path / "x.h5")!r}, variables={{"a": np.ones(3)}}, structure={structure})
except (TypeError, ValueError, MemoryError) as error:
    kept = error
    print("raised")
"""
    done = forks.run("-c", code, check=False)
    assert (0, "raised\n") == (done.returncode, done.stdout), done.stderr
