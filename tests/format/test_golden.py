"""Golden files, which every later version must read."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.storage import groups, seal
from hdfsaver.storage.reading import open_file, open_rest
from hdfsaver.storage.salvage import salvage
from tests.format.make_v1_0 import FOLDER, digraph, models, newer_minor, structure

FILES = models()


def plain(value):
    """A value of the structure that can be compared: arrays as their dtype, shape and elements."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def graph(found):
    """A structure as plain values."""
    nodes = {name: plain(data) for name, data in found.digraph.nodes(data=True)}
    return nodes, dict(nx.to_dict_of_dicts(found.digraph)), found.collections, found.saver, found.saved_names


@pytest.mark.parametrize(("name", "group"), [(name, group) for name, found in FILES.items() for group in found])
def test_a_golden_file_is_read(name, group):
    """Names in their order, dtypes, shapes, every element and the whole graph are those that were written."""
    expected = FILES[name][group]
    with open_file(FOLDER / f"{name}.h5", group) as file:
        assert file.sealed
        file.verify()
        values = dict(expected.variables or {})
        assert list(values) == list(file.variables)
        for key, value in values.items():
            assert expected.dtypes.get(key, file.variables[key].dtype) == file.variables[key].dtype
            found = file.read(key)
            assert (value.dtype, value.shape) == (found.dtype, found.shape)
            assert value.tolist() == found.tolist()
        assert (expected.structure is None) == (file.structure() is None)
        if expected.structure is not None:
            assert graph(expected.structure) == graph(file.structure())


@pytest.mark.parametrize("name", [name for name, found in FILES.items() if groups.ROOT in found and name != "empty"])
def test_a_golden_file_is_salvaged(name):
    """The raw bytes are understood as well, in every dtype and form."""
    expected = FILES[name][groups.ROOT].variables or {}
    found = salvage(FOLDER / f"{name}.h5")
    assert {} == found.lost
    assert {key: plain(value) for key, value in expected.items()} == {
        key: plain(value) for key, value in found.values.items()
    }


@pytest.mark.parametrize("made", ["golden", "now"])
def test_a_newer_minor_version_is_read_without_what_it_adds(tmp_path, made):
    """Unknown groups, datasets, attributes, columns, fields of the seal and flags are ignored."""
    path = FOLDER / "newer_minor.h5"
    if made == "now":
        path = tmp_path / "x.h5"
        newer_minor(path)
    with open_file(path) as file:
        file.verify()
        assert [1, 1] == file.read("dense/kernel").tolist()
        assert graph(structure()) == graph(file.structure())
    record = seal.find(path.read_bytes())
    assert (1, 7, 208, 0x80) == (record.major, record.minor, record.nbytes, record.flags)
    assert {"dense/kernel"} == salvage(path).values.keys()


@pytest.mark.parametrize("group", [None, "other"])
def test_a_newer_minor_version_is_not_changed(tmp_path, group):
    """A writer that would lose what is new refuses by the number of the version: a reseal, a save in a group."""
    path = tmp_path / "x.h5"
    path.write_bytes((FOLDER / "newer_minor.h5").read_bytes())
    with pytest.raises(errors.InvalidArgumentError, match=r"x\.h5 has format version 1\.7.*would lose what is new"):
        tf.reseal(path) if group is None else open_rest(path, group).__enter__()
    assert path.read_bytes() == (FOLDER / "newer_minor.h5").read_bytes()


def test_a_newer_major_version_is_refused_clearly():
    """The sentence says which version the file has, which one is read, and what to do."""
    expected = r"newer_major\.h5: .*format version 2\.3.*reads only version 1.*newer one"
    with pytest.raises(errors.InvalidArgumentError, match=expected):
        open_file(FOLDER / "newer_major.h5")


def test_golden_files_are_small():
    """A few kilobytes each, so that there may be many."""
    assert max(path.stat().st_size for path in FOLDER.glob("*.h5")) < 40_000


def test_a_checkpoint():
    """Graph, collections, constants, partitioned variables and the Saver come back."""
    saver = tf.train.import_meta_graph(FOLDER / "checkpoint.h5")
    (y,) = tf.get_collection("outputs")
    with tf.Session() as sess:
        saver.restore(sess, FOLDER / "checkpoint.h5")
        assert [[3.0, 5.0, 7.0]] == sess.run(y, {"x:0": [[1.0, 1.0]]}).tolist()
        assert [[1.0, 1.0], [1.0, 1.0]] == sess.run("parts/part_1:0").tolist()
        assert list(range(100)) == sess.run("table:0").tolist()
    assert [("kernel", [2, 3]), ("parts", [4, 2])] == tf.train.list_variables(FOLDER / "checkpoint.h5")


def test_a_digraph_and_metadata():
    """A DiGraph that computes nothing, and what a file says of itself."""
    found, expected = tf.read_digraph(FOLDER / "digraph.h5"), digraph()
    assert (list(expected), expected.graph) == (list(found), found.graph)
    assert (2, 1) == found.edges["Rome", (41.9, 12.5)]["lanes"]
    np.testing.assert_array_equal(np.arange(40), found.edges["Rome", (41.9, 12.5)]["heights"])
    with tf.open_file(FOLDER / "metadata.h5") as file:
        assert {"author": "hdfsaver", "note": "\N{SNOWMAN}"} == file.metadata()
