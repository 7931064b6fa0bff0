"""Each limit of reading is kept where it is meant, names the object, and can be raised."""

from __future__ import annotations

import time

import h5py
import networkx as nx
import numpy as np
import pytest

from hdfsaver import errors, limits, schema
from hdfsaver.schema import CollectionDef, Structure
from hdfsaver.storage.graph import attr_json
from hdfsaver.storage.hdf5 import tables
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file


def _read(path):
    with open_file(path) as file:
        file.check_readable()
        return file.read_many(file.variables), file.structure()


def _plain(path, fill):
    with h5py.File(path, "w") as file:
        fill(file)
    return path


@pytest.mark.parametrize(
    ("limit", "fill", "part"),
    [
        ("chunks", lambda file: file.create_dataset("x", data=np.arange(8), chunks=(2,)), "/x: it has 4 chunks"),
        (
            "depth",
            lambda file: file.create_dataset("a/b/c/d/x", data=1.0),
            "/a/b/c/d...: it is a group nested 4 levels",
        ),
        ("links", lambda file: [file.create_dataset(f"x{i}", data=1.0) for i in range(4)], "/: there are more links"),
        (
            "attribute_bytes",
            lambda file: file.create_dataset("x", data=1.0).attrs.create("dtype", np.bytes_(b"float64")),
            "/x, attribute 'dtype': its string has 7 bytes",
        ),
    ],
)
def test_a_plain_file_beyond_a_limit_is_refused(tmp_path, limit, fill, part):
    """The sentence says which object and which limit; with a higher limit, the file is read."""
    path = _plain(tmp_path / "x.h5", fill)
    with limits.use(**{limit: 3}), pytest.raises(errors.ResourceExhaustedError, match=f"{path}: {part}.*`{limit}`"):
        _read(path)
    with limits.use(**{limit: 20}):
        _read(path)


def test_a_bomb_of_zeros_is_refused_before_it_is_inflated(tmp_path):
    """Two gigabytes in two megabytes; the second dataset is the one that is too much."""

    def fill(file):
        for name in "ab":
            made = file.create_dataset(name, (2**30 - 2**20,), "u1", chunks=(2**20,), compression=9)
            chunk = np.zeros(2**20, np.uint8)
            made[: 2**20] = chunk
            _, data = made.id.read_direct_chunk((0,))
            for start in range(2**20, made.shape[0], 2**20):
                made.id.write_direct_chunk((start,), data)

    path = _plain(tmp_path / "x.h5", fill)
    started = time.process_time()
    with pytest.raises(errors.ResourceExhaustedError, match=r"/b: with it, the values declare 2145386496 bytes"):
        _read(path)
    assert time.process_time() - started < 2


def test_strings_count_as_they_are_in_memory(tmp_path):
    """A million strings of a byte each, none of which is stored, are objects of 64 bytes; parts are read."""

    def fill(file):
        file.create_dataset("x", (2**20,), "S1")
        file.create_dataset("t", (2**20,), np.dtype([("text", "S1"), ("number", "i1")]))

    path = _plain(tmp_path / "x.h5", fill)
    with limits.use(declared_bytes=2**22), open_file(path) as file:
        for name in ("x", "t/text"):
            with pytest.raises(errors.ResourceExhaustedError, match="the values declare 6[89][0-9]{6} bytes"):
                file.read(name)
            assert [b"", b""] == file.read_slice(name, (slice(5, 7),)).tolist()
        assert 2**20 == file.read("t/number").size
    with limits.use(declared_bytes=2**27), open_file(path) as file:
        assert {b""} == set(file.read("x").tolist())


def test_an_empty_dataset_of_large_elements(tmp_path):
    """No element is made, not even the fill value, which would take a gigabyte."""

    def fill(file):
        kind = h5py.h5t.array_create(h5py.h5t.STD_I8LE, (2**28,))
        h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((0,)))

    path = _plain(tmp_path / "x.h5", fill)
    started = time.process_time()
    with open_file(path) as file:
        assert (0, 2**28) == file.read("x").shape
        assert (0, 3) == file.read_slice("x", (slice(0, 0), slice(2, 5))).shape
    assert time.process_time() - started < 0.2


def test_a_chunk_larger_than_its_dataset_counts_whole(tmp_path):
    """A dataset of ten bytes whose one chunk inflates to a megabyte declares a megabyte."""

    def fill(file):
        file.create_dataset("x", data=np.ones(10, "u1"), chunks=(2**20,), maxshape=(None,), compression=9)

    path = _plain(tmp_path / "x.h5", fill)
    with (
        limits.use(declared_bytes=2**20 - 1, declared_ratio=1),
        pytest.raises(errors.ResourceExhaustedError, match="declare 1048576 bytes"),
    ):
        _read(path)
    with limits.use(declared_bytes=2**20, declared_ratio=1):
        _read(path)


def test_the_depth_of_json_is_limited():
    """Brackets inside of strings do not count."""
    text = '{"a": ' + "[" * 300 + "]" * 300 + "}"
    with pytest.raises(ValueError, match="too deeply, beyond the limit `json_depth`"):
        attr_json.attrs_from_json(text, None)
    with limits.use(json_depth=301):
        attr_json.attrs_from_json(text, None)
    assert {"a": b"[" * 300} == attr_json.attrs_from_json('{"a": "' + "[" * 300 + '"}', None)


@pytest.mark.parametrize(
    "text",
    ['{"a": "' + '\\"' * 100_000, '{"a": "' + "\\n" * 20 + "[" * 300, "[" * 10**6, '{"a": ' * 10**5, '"\\' + "[" * 300],
)
def test_malformed_json_takes_no_time(text):
    """Neither endless escapes nor a million brackets."""
    started = time.process_time()
    with pytest.raises(ValueError, match=r"\w"):
        attr_json.attrs_from_json(text, None)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"f": {"func": {"name": "x", "name": "y", "attr": {}}}}'])
def test_two_members_of_one_name_are_refused(text):
    """Which of them counts, readers do not agree on."""
    with pytest.raises(ValueError, match="two members with the same name"):
        attr_json.attrs_from_json(text, None)


def test_numbers_of_any_length_take_no_time():
    """Python itself refuses integers of more than 4300 digits."""
    with pytest.raises(ValueError, match="integer string conversion"):
        attr_json.attrs_from_json('{"a": ' + "9" * 10**6 + "}", None)
    with pytest.raises(ValueError, match="inf is not a valid value"):
        attr_json.attrs_from_json('{"a": 1e999}', None)


def test_a_long_cell_is_referred_to_once(tmp_path):
    """A million cells of four bytes that share a megabyte would be a terabyte of text."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        tables.write_table(file.id, "t", {"a": ["x" * 50_000, "y" * 60_000] + ["z"] * 2000})
        stored = file["t"][...]
        stored["a"][1] = stored["a"][0]
        file["t"][...] = stored
        with pytest.raises(errors.DataLossError, match=r"/t, column 'a', row 1: .*another cell refers to the same"):
            tables.read_table(file.id, "t")


def test_a_constant_is_read_once(tmp_path):
    """Rows that refer to one constant share its array."""
    digraph = nx.DiGraph()
    for name in "ab":
        schema.add_node(digraph, name, op="Const", attrs={"value": np.arange(100.0)}, outputs=(("float64", (100,)),))
    write_file(tmp_path / "x.h5", variables=None, structure=Structure(digraph))
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        rows = file["graph/nodes"][...]
        rows["attrs"][1] = rows["attrs"][0]
        file["graph/nodes"][...] = rows
        from hdfsaver.storage.graph.graph_group import read_structure

        nodes = read_structure(file.id).digraph.nodes
        assert nodes["a"]["attrs"]["value"] is nodes["b"]["attrs"]["value"]


def test_a_collection_has_one_link(tmp_path):
    """A thousand links to one large collection would be a thousand large collections."""
    structure = Structure(nx.DiGraph(), {"c": CollectionDef("int64_list", [1, 2])})
    write_file(tmp_path / "x.h5", variables=None, structure=structure)
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file["graph/collections/d"] = file["graph/collections/c"]
        from hdfsaver.storage.graph.graph_group import read_structure

        with pytest.raises(errors.DataLossError, match="/graph/collections/d: more than one link leads to it"):
            read_structure(file.id)
