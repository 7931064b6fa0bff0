"""Salvage: what is whole is found whatever else is damaged, and nothing is given back that is not whole."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import hdfsaver
from hdfsaver import errors, limits
from hdfsaver.storage import groups, seal
from hdfsaver.storage.index import PART
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.salvage import salvage
from hdfsaver.storage.writing import Model, write_file, write_models
from tests.hostile.corpus import regions


@pytest.fixture
def values():
    """Values of every form that variables have in a file: numbers, both forms of strings, and long names."""
    return {
        "a": np.arange(5.0),
        "dense/kernel": np.ones((30, 400)),
        "short": np.array([b"ab", b"x\0"], object),
        "uneven": np.array([b"x" * 9000] + [b"s"] * 30, object).reshape(31, 1),
        "none": np.zeros((0, 3), np.int32),
        "dense/kernel/Adam": np.zeros(3, np.float32),
        "flag": np.array(True),
        **{f"n{i}": np.array(i) for i in range(300)},
        "long" * 200: np.arange(7),
    }


@pytest.fixture
def good(tmp_path, values):
    """A file with them, and its bytes."""
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    return tmp_path / "x.h5", (tmp_path / "x.h5").read_bytes()


def same(expected, found):
    """Whether two arrays are of the same dtype and shape, and have the same elements."""
    return expected.dtype == found.dtype and expected.shape == found.shape and expected.tolist() == found.tolist()


def test_a_whole_file_gives_everything(good, values):
    """Nothing is lost of a file that is not damaged, and there is nothing to remark."""
    found = hdfsaver.salvage(good[0])
    assert values.keys() == found.values.keys()
    assert all(same(values[name], found.values[name]) for name in values)
    assert {} == found.lost
    assert [] == found.remarks


def test_a_truncated_file_gives_the_variables_before_its_end(good, values):
    """For every truncated length, each variable is either intact or reported as lost."""
    path, data = good
    counts = []
    for length in range(40_000, len(data), 9973):
        path.write_bytes(data[:length])
        found = salvage(path)
        assert values.keys() == found.values.keys() | found.lost.keys()
        assert all(same(values[name], array) for name, array in found.values.items())
        assert any("long when it was sealed" in remark for remark in found.remarks)
        counts.append(len(found.values))
    assert sorted(counts) == counts
    assert counts[0] < counts[-1]


@pytest.mark.parametrize("zeroed", [slice(0, 48), slice(48, 600)], ids=["superblock", "root"])
def test_the_hdf5_library_is_not_needed(good, values, zeroed):
    """A file that the library cannot open any more gives all its values."""
    path, data = good
    length = len(data[zeroed])
    path.write_bytes(data[: zeroed.start] + bytes(length) + data[zeroed.stop :])
    with pytest.raises(errors.DataLossError):
        open_file(path)
    found = salvage(path)
    assert values.keys() == found.values.keys()
    assert found.remarks


def test_the_seal_is_not_needed(good, values):
    """Without it, the table of extents is found by its header."""
    path, data = good
    record = seal.find(data)
    assert record is not None
    path.write_bytes(data[: record.offset] + bytes(64) + data[record.offset + 64 :])
    found = salvage(path)
    assert all(same(values[name], found.values[name]) for name in values)
    assert ["the seal is missing."] == found.remarks


def test_a_changed_value_is_lost_alone(good, values):
    """It is reported with its name, and the others are there."""
    path, data = good
    position = data.index(values["dense/kernel"].tobytes()) + 100
    path.write_bytes(data[:position] + b"\xff" + data[position + 1 :])
    found = salvage(path)
    assert {"dense/kernel": "its bytes differ from those that were saved."} == found.lost
    assert values.keys() - {"dense/kernel"} == found.values.keys()


@pytest.mark.slow
def test_random_damage_never_changes_a_value(good, values):
    """A thousand bytes of values or tables: under a name that was there, only the value that it had is given."""
    path, data = good
    rng = np.random.default_rng(5)
    parts = [part for region, found in regions(data).items() if region != "metadata" for part in found]
    for _ in range(60):
        damaged = bytearray(data)
        begin, end = parts[rng.integers(len(parts))]
        start = int(rng.integers(begin, end))
        stop = min(start + 1000, end)
        damaged[start:stop] = rng.bytes(stop - start)
        path.write_bytes(damaged)
        try:
            found = salvage(path)
        except errors.OpError as error:
            assert str(path) in error.message  # noqa: PT017 - most cases raise nothing
            continue
        assert all(same(values[name], array) for name, array in found.values.items() if name in values)


def test_a_damaged_group_costs_no_value(tmp_path):
    """Where the links cannot be read, the index is believed: its digest is in the seal, or else a remark says so."""
    values = {f"v{number}": np.array(number) for number in range(300)}
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    data = (tmp_path / "x.h5").read_bytes()
    tree = data.index(b"BTHD")  # its checksum is wrong then
    (tmp_path / "x.h5").write_bytes(data[: tree + 6] + b"\xff" + data[tree + 7 :])
    found = salvage(tmp_path / "x.h5")
    assert values == found.values
    assert not any("cannot be confirmed" in remark for remark in found.remarks)
    record = seal.find(data)
    data = (tmp_path / "x.h5").read_bytes()
    (tmp_path / "x.h5").write_bytes(data[: record.offset + 20] + b"\xff" + data[record.offset + 21 :])
    found = salvage(tmp_path / "x.h5")
    assert values == found.values
    assert any("variables cannot be confirmed by the links of the file" in remark for remark in found.remarks)


def test_a_name_that_the_links_contradict_is_not_believed(tmp_path):
    """A flipped bit in the index must not give the value of one variable under the name of another."""
    values = {"layer_1/w": np.ones(3), "layer_3/w": np.zeros(3)}
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    data = (tmp_path / "x.h5").read_bytes()
    (tmp_path / "x.h5").write_bytes(data.replace(b"layer_1/w", b"layer_3/w"))
    found = salvage(tmp_path / "x.h5")
    assert ["layer_3/w"] == list(found.values)
    assert [0, 0, 0] == found.values["layer_3/w"].tolist()
    row = f"row 0 of {PART}, called 'layer_3/w'"
    assert {row: "its row of the index is damaged, or the links contradict it."} == found.lost


def test_models_under_groups_have_their_group_before_the_name(tmp_path):
    """Two variables of one name are both given."""
    models = {groups.ROOT: Model({"a": np.ones(2)}, None, {}), "teacher": Model({"a": np.zeros(3)}, None, {})}
    write_models(tmp_path / "x.h5", models)
    assert {"a", "teacher/variables/a"} == salvage(tmp_path / "x.h5").values.keys()


def test_a_plain_file_is_salvaged_dataset_by_dataset(tmp_path):
    """One unreadable dataset does not prevent reading the others."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["g/a"] = np.arange(3)
        file["b"] = h5py.SoftLink("/g/a")
        file.create_dataset("c", (2,), h5py.vlen_dtype(np.int32))
        file["d"] = "of variable length"
        file["ring/in"] = file["g"]
    found = salvage(tmp_path / "x.h5")
    assert [b"of variable length", [0, 1, 2]] == [array.tolist() for array in found.values.values()]
    assert any("further link to a group" in why for why in found.lost.values())
    assert {"b", "c"} < found.lost.keys()
    assert "there is no index" in found.remarks[-1]


def test_files_of_other_formats_are_refused(tmp_path):
    """The error names the file."""
    (tmp_path / "x.h5").write_bytes(b"something else " * 100)
    with pytest.raises(errors.InvalidArgumentError, match=r"x\.h5 is a text file"):
        salvage(tmp_path / "x.h5")
    with pytest.raises(errors.NotFoundError, match=r"y\.h5"):
        salvage(tmp_path / "y.h5")


def test_quantized_dtypes_are_named(tmp_path):
    """The array alone does not say them."""
    write_file(tmp_path / "x.h5", variables={"q": np.ones(2, np.uint8)}, structure=None, dtypes={"q": "quint8"})
    assert {"q": "quint8"} == salvage(tmp_path / "x.h5").dtypes


def test_a_plain_file_is_tried_in_a_child_first_when_asked_for(tmp_path):
    """The result is the same."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"] = np.arange(3)
    with limits.use(probe_seconds=60):
        assert ["a"] == list(salvage(tmp_path / "x.h5").values)
