"""Damage: whatever byte is wrong, nothing wrong is read, and the error says which file and what in it."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from hdfsaver import errors, schema
from hdfsaver.schema import Structure
from hdfsaver.storage import layout, seal
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file
from tests.format.resealing import resealed


@pytest.fixture
def good(tmp_path):
    """A file with everything in it, and its bytes."""
    digraph = nx.DiGraph()
    for i in range(20):
        schema.add_node(digraph, f"n{i}", op="Const", attrs={"value": np.arange(i)}, outputs=(("int64", (i,)),))
    texts = np.array([b"short", b"x\0"], object)
    variables = {"a": np.arange(5.0), "b/c": np.ones((30, 400)), "t": texts, "b/c/Adam": np.zeros(3, np.float32)}
    write_file(tmp_path / "good.h5", variables=variables, structure=Structure(digraph))
    return variables, (tmp_path / "good.h5").read_bytes()


def _read_all(path):
    with open_file(path) as file:
        found = file.read_many(file.variables), file.structure()
        file.verify()  # the padding between values is in neither
        return found


def test_every_flipped_bit_is_noticed(tmp_path, good):
    """Bits at some hundred places of structure, values and padding: each is an error that names the file."""
    _variables, data = good
    rng = np.random.default_rng(11)
    path = tmp_path / "x.h5"
    positions = {*range(0, 700, 7), *rng.integers(0, len(data), 400).tolist(), len(data) - 1}
    for position in sorted(positions):
        damaged = bytearray(data)
        damaged[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with pytest.raises(errors.OpError, match=str(path)) as caught:
            _read_all(path)
        assert isinstance(caught.value, errors.DataLossError | errors.InvalidArgumentError), position


def test_every_wrong_byte_of_the_seal_is_noticed(tmp_path, good):
    """The seal does not vouch for itself, but a damaged one is never taken for none."""
    _variables, data = good
    found = seal.find(data)
    assert found is not None
    path = tmp_path / "x.h5"
    for position in range(found.offset, found.offset + found.nbytes):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(errors.DataLossError, match=f"{path}.*seal"):
            open_file(path)


def test_blocks_of_zeros_are_noticed(tmp_path, good):
    """The bytes of a page on a failing disk."""
    _variables, data = good
    path = tmp_path / "x.h5"
    for start in range(0, len(data), 4096):
        damaged = data[:start] + bytes(len(data[start : start + 4096])) + data[start + 4096 :]
        if damaged == data:
            continue
        path.write_bytes(damaged)
        with pytest.raises(errors.DataLossError, match=str(path)):
            _read_all(path)


def test_values_are_not_read_with_the_structure(tmp_path, good):
    """A damaged value leaves the others readable, and is named."""
    variables, data = good
    position = data.index(variables["b/c"].tobytes())
    path = tmp_path / "x.h5"
    path.write_bytes(data[: position + 8] + b"\xff" + data[position + 9 :])
    with open_file(path) as file:
        np.testing.assert_array_equal(variables["a"], file.read("a"))
        assert variables["t"].tolist() == file.read("t").tolist()
        with pytest.raises(errors.DataLossError, match=f"{path}.*variable 'b/c'.*reseal"):
            file.read_many(["a", "b/c"])
        with pytest.raises(errors.DataLossError, match="variable 'b/c'"):
            file.verify()


@pytest.mark.parametrize("name", ["a", "t", "b/c/Adam"])
def test_every_byte_of_a_small_value_counts(tmp_path, good, name):
    """Reading is enough to notice a byte of a value that is another; the error names the variable."""
    variables, data = good
    record = seal.find(data)
    extents = np.frombuffer(data, layout.EXTENTS_ROW, record.extents_rows, record.extents_offset)
    offset, nbytes, _digest = extents[list(variables).index(name)].tolist()
    assert nbytes > 10
    for position in range(offset, offset + nbytes):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        (tmp_path / "x.h5").write_bytes(damaged)
        with (
            open_file(tmp_path / "x.h5") as file,
            pytest.raises(errors.DataLossError, match=f"variable '{name}' differ"),
        ):
            file.read(name)


def test_a_newer_major_version_is_refused(tmp_path, good):
    """The error says which version the file has, and which one is read."""
    _variables, data = good
    (tmp_path / "x.h5").write_bytes(resealed(data, major=layout.MAJOR + 1, minor=3))
    with pytest.raises(errors.InvalidArgumentError, match=r"x\.h5.*version 2\.3.*reads only version 1"):
        open_file(tmp_path / "x.h5")


def test_a_newer_minor_version_is_read(tmp_path, good):
    """Unknown additions are ignored."""
    variables, data = good
    (tmp_path / "x.h5").write_bytes(resealed(data, minor=layout.MINOR + 5))
    found, structure = _read_all(tmp_path / "x.h5")
    np.testing.assert_array_equal(variables["b/c"], found["b/c"])
    assert structure is not None
