"""Several models in one file."""

from __future__ import annotations

import h5py
import networkx as nx
import numpy as np
import pytest

from hdfsaver import errors, schema
from hdfsaver.schema import Structure
from hdfsaver.storage.reading import open_file, open_rest
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.writing import Model, write_models


def model(value, constants=False):
    """A model with variables of several kinds, and a graph with a constant that stands in a dataset."""
    digraph = nx.DiGraph()
    attrs = {"value": np.arange(100.0), "dtype": "float64"} if constants else {}
    schema.add_node(digraph, f"n{value}", op="Const", attrs=attrs, outputs=(("float64", (100,)),))
    texts = np.array([b"a", b"longer"], dtype=object)
    return Model({"w": np.full(3, value), "w/Adam": np.zeros((2, 2)), "t": texts}, Structure(digraph), {})


@pytest.fixture
def path(tmp_path):
    """A file with a model at the root and two under groups, one of which has an odd name."""
    write_models(tmp_path / "x.h5", {"": model(0), "teacher": model(1, constants=True), "50% off": model(2)})
    return tmp_path / "x.h5"


@pytest.mark.parametrize(("group", "value"), [("", 0), ("teacher", 1), ("50% off", 2)])
def test_each_model_is_read_by_itself(path, group, value):
    """Names, values, strings and graphs are those of the requested group."""
    with open_file(path, group) as file:
        assert ["w", "w/Adam", "t"] == list(file.variables)
        np.testing.assert_array_equal(np.full(3, value), file.read("w"))
        assert [b"a", b"longer"] == file.read("t").tolist()
        assert [value] * 2 == file.read_slice("w", (slice(1, None),)).tolist()
        assert [f"n{value}"] == list(file.structure().digraph)
        assert ["", "50% off", "teacher"] == file.groups()
        file.verify()


def test_h5py_finds_them(path):
    """Each group has what the root has, and there is one index."""
    with h5py.File(path) as file:
        assert {"about", "graph", "variables", "index", "teacher", "50%25 off"} == set(file)
        assert {"graph", "variables"} == set(file["teacher"])
        assert ["", "", "", *[b"teacher"] * 3, *[b"50%25 off"] * 3] == [
            row or "" for row in file["index/variables"]["group"]
        ]


def test_a_missing_group_is_named(path):
    """The error for a missing group lists the groups."""
    with pytest.raises(
        errors.NotFoundError, match=r"x\.h5: There is no group 'student'.* the groups are '', '50% off', 'teacher'"
    ):
        open_file(path, "student")


@pytest.mark.parametrize("group", ["a/b", "graph", "variables", "index"])
def test_names_that_no_group_can_have(tmp_path, group):
    """Slashes and the format's own names are refused, before anything is written."""
    with pytest.raises(ValueError, match="cannot be the name of a group"):
        write_models(tmp_path / "x.h5", {group: model(1)})
    assert not list(tmp_path.iterdir())


def test_damage_is_found_in_every_model(path):
    """Verifying checks all groups, and the error names the group of the variable."""
    with h5py.File(path) as file:
        offset = file["teacher/variables/w"].id.get_offset()
    with path.open("r+b") as raw:
        raw.seek(offset)
        raw.write(b"\xff")
    with open_file(path) as file, pytest.raises(errors.DataLossError, match="variable 'teacher/variables/w'"):
        file.verify()
    with open_file(path, "teacher") as file, pytest.raises(errors.DataLossError, match="variable 'w'"):
        file.read("w")
    with open_file(path) as file:
        file.read("w")


def test_an_edited_file_is_resealed_whole(path):
    """After an edit by another program all models are accepted, each in its old order."""
    with h5py.File(path, "r+") as file:
        file["teacher/variables/w"][0] = 7
        file["teacher/variables/new"] = 3.0
    reseal(path)
    with open_file(path, "teacher") as file:
        assert ["w", "w/Adam", "t", "new"] == list(file.variables)
        assert [7, 1, 1] == file.read("w").tolist()
        assert ["n1"] == list(file.structure().digraph)
    with open_file(path, "50% off") as file:
        assert file.sealed
        assert [2, 2, 2] == file.read("w").tolist()


def test_a_file_without_a_model_at_the_root(tmp_path):
    """The root may be without one: it has no variables then, and no graph."""
    write_models(tmp_path / "x.h5", {"teacher": model(1)})
    with open_file(tmp_path / "x.h5") as file:
        assert ({}, None, ["teacher"]) == (dict(file.variables), file.structure(), file.groups())


def test_the_rest_of_a_file(path, tmp_path):
    """A save of one group must write all others again, bit for bit."""
    with open_rest(path, "teacher") as (others, metadata, foreign):
        assert (["", "50% off"], {}, None) == (list(others), metadata, foreign)
    write_models(tmp_path / "y.h5", {"": others[""], "teacher": model(1, constants=True), "50% off": others["50% off"]})
    assert path.read_bytes() == (tmp_path / "y.h5").read_bytes()
    with open_rest(tmp_path / "missing.h5", "") as rest:
        assert ({}, {}, None) == rest


def test_groups_of_another_programs_file(tmp_path):
    """In a plain file, all datasets below a group are a model too."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["teacher/dense/w"] = np.ones(3)
        file["student/w"] = np.zeros(3)
    with open_file(tmp_path / "x.h5", "teacher") as opened:
        assert ["dense/w"] == list(opened.variables)
        np.testing.assert_array_equal(np.ones(3), opened.read("dense/w"))
        assert opened.structure() is None
