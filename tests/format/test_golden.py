"""Files of format 1.0 are read in every later version; `make_golden.py` made them."""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
from pathlib import Path

import h5py
import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.storage import layout, seal
from hdfsaver.storage.reading import open_file

GOLDEN = Path(__file__).parent / "golden"


def maker():
    """The module that made the files."""
    spec = importlib.util.spec_from_file_location("make_golden", Path(__file__).parent / "make_golden.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_every_byte_is_as_it_was(name):
    """Version, seal and digests hold."""
    with h5py.File(GOLDEN / name) as file:
        assert b"1.0" == file.attrs["format_version"]
    with open_file(GOLDEN / name) as opened:
        assert opened.sealed
        opened.verify()


def test_dtypes_and_names():
    """Values of every dtype and variables of every name are what was written."""
    for name, expected in (("dtypes.h5", maker().every_dtype()), ("names.h5", maker().every_name())):
        found = tf.load_file(GOLDEN / name)
        assert list(expected) == list(found)
        for key, value in expected.items():
            assert value.dtype == found[key].dtype
            assert value.tolist() == found[key].tolist()
    with tf.open_file(GOLDEN / "names.h5") as file:
        assert {"author": "hdfsaver", "note": "é"} == file.metadata()


def test_a_checkpoint():
    """Graph, collections, constants, partitioned variables and the Saver come back."""
    saver = tf.train.import_meta_graph(GOLDEN / "checkpoint.h5")
    (y,) = tf.get_collection("outputs")
    with tf.Session() as sess:
        saver.restore(sess, GOLDEN / "checkpoint.h5")
        assert [[3.0, 5.0, 7.0]] == sess.run(y, {"x:0": [[1.0, 1.0]]}).tolist()
        assert [[1.0, 1.0], [1.0, 1.0]] == sess.run("parts/part_1:0").tolist()
        assert list(range(100)) == sess.run("table:0").tolist()
    assert [("kernel", [2, 3]), ("parts", [4, 2])] == tf.train.list_variables(GOLDEN / "checkpoint.h5")


def test_groups_and_digraphs():
    """Models under groups, and a DiGraph of plain values."""
    for name, value in (("teacher", 1.0), ("student", 2.0)):
        assert value == tf.train.load_variable(GOLDEN / "groups.h5", "w", group=name)
    found, expected = tf.read_digraph(GOLDEN / "digraph.h5"), maker().digraph()
    assert nx.utils.nodes_equal(expected.nodes(data=True), found.nodes(data=True))
    assert expected.graph == found.graph
    assert (2, 1) == found.edges["Rome", (41.9, 12.5)]["lanes"]
    np.testing.assert_array_equal(np.arange(40), found.edges["Rome", (41.9, 12.5)]["heights"])


def seal_as(path, major, minor):
    """Seal a file as it is now, as a program of another version would."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        old = seal.find(file.read(layout.HEAD))
        assert old is not None
        new = dataclasses.replace(old, major=major, minor=minor, file_size=size)
        stretches = seal._structure(seal.read_extents(file.fileno(), size, new), new)
        new = dataclasses.replace(new, structure_xxh3_64=seal._structure_digest(file.fileno(), *stretches))
        file.seek(new.offset)
        file.write(seal.pack(new))


def test_a_newer_minor_version_is_read(tmp_path):
    """What was added is ignored: groups, attributes and columns that nobody here knows."""
    path = tmp_path / "x.h5"
    shutil.copy(GOLDEN / "checkpoint.h5", path)
    with h5py.File(path, "r+") as file:
        file.attrs["later"] = np.bytes_(b"something")
        file["later/thing"] = np.arange(3)
        file["graph/later"] = np.arange(3)
    seal_as(path, 1, 7)
    with open_file(path) as opened:
        assert opened.sealed
        opened.verify()
    assert [("kernel", [2, 3]), ("parts", [4, 2])] == tf.train.list_variables(path)
    assert tf.train.import_meta_graph(path) is not None


def test_a_newer_major_version_is_refused(tmp_path):
    """A reader that could misread a file says so, and what to do."""
    path = tmp_path / "x.h5"
    shutil.copy(GOLDEN / "dtypes.h5", path)
    seal_as(path, 2, 0)
    with pytest.raises(errors.InvalidArgumentError, match=r"x\.h5.*format version 2\.0.*reads version 1 alone"):
        tf.load_file(path)


@pytest.mark.parametrize(("name", "values"), [("dtypes.h5", "every_dtype"), ("names.h5", "every_name")])
def test_golden_files_are_salvaged(name, values):
    """The raw bytes are understood without the HDF5 library, in every dtype and under every name."""
    expected = getattr(maker(), values)()
    salvaged = tf.salvage(GOLDEN / name)
    assert {} == salvaged.lost
    assert list(expected) == list(salvaged.values)
    for key, value in expected.items():
        assert value.tolist() == salvaged.values[key].tolist()
