"""Scalars of compounds, which are one row in the file, and labels that other programs see."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from h5py import h5t

from hdfsaver import dtypes, reseal
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file

SCALARS = [np.array(b"a\0", object), np.array(b"", object), np.complex64(1 - 2j), np.complex128(3j)]
ROWS = [np.array([b"a"], object), np.array([1j], np.complex64)]


def _same(first, second):
    assert (first.dtype, first.shape, first.tolist()) == (second.dtype, second.shape, second.tolist())


@pytest.mark.parametrize("value", [*map(np.asarray, SCALARS), *ROWS], ids=repr)
def test_a_scalar_comes_back_and_no_dataset_is_a_scalar_compound(tmp_path, value):
    """PyTables and rhdf5 cannot read a compound without dimensions; a row and a scalar are still told apart."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"x": value}, structure=None)
    with open_file(path) as file:
        assert value.shape == file.variables["x"].shape
        _same(value, file.read("x"))
    with h5py.File(path, "a") as file, h5py.File(tmp_path / "plain.h5", "w") as plain:
        assert (1,) == file["variables/x"].shape
        assert h5t.COMPOUND == file["variables/x"].id.get_type().get_class()
        assert np.array_equal(b"[]" if value.shape == () else None, file["variables/x"].attrs.get("shape"))
        file.copy("variables", plain)
    with open_file(tmp_path / "plain.h5") as file:
        _same(value, file.read("x"))
        _same(value[..., :0] if value.shape else value, file.read_slice("x", (slice(0, 0),) * value.ndim))
    assert [] == reseal(path).kept
    with open_file(path) as file:
        _same(value, file.read("x"))


@pytest.mark.parametrize("value", [*map(np.asarray, SCALARS), *ROWS], ids=repr)
def test_constants_are_rows_too(tmp_path, value):
    """Tensors of a graph follow the same rule."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        write_array(file.id, "c", value)
        assert (1,) == file["c"].shape
        _same(value, read_array(file.id, "c"))


def test_what_programs_show_as_codes_has_its_dtype(tmp_path):
    """A viewer of bfloat16 as 16-bit codes finds the dtype beside them; plain dtypes have no label."""
    names = ["bfloat16", "float8_e5m2", "int4", "float8_e4m3fn", "qint8", "string", "float32", "bool"]
    values = {name: np.zeros(2, dtypes.numpy_dtype(name)) for name in names}
    values["string"] = np.array([b"a", b"b"], object)
    write_file(tmp_path / "x.h5", variables=values, structure=None, dtypes={"qint8": "qint8"})
    with h5py.File(tmp_path / "x.h5") as file:
        found = {name: file["variables"][name].attrs.get("dtype") for name in names}
    assert {name: name.encode() for name in names[:6]} | {"float32": None, "bool": None} == found


def test_an_escaped_link_has_the_name(tmp_path):
    """A person reads the attribute `name`, and does not have to decode the link."""
    names = ["w", "w/Adam", "100%", "a\0b", "", "plain/name", "%" * 5000]
    write_file(tmp_path / "x.h5", variables=dict.fromkeys(names, np.zeros(1)), structure=None)
    found = {}
    with h5py.File(tmp_path / "x.h5") as file:
        file["variables"].visititems(lambda path, node: found.update({path: node.attrs.get("name")}))
    assert {"w%2FAdam": b"w/Adam", "100%25": b"100%", "a%00b": b"a\0b", "%": b""} == {
        path: name for path, name in found.items() if name is not None
    }


def test_the_name_is_not_taken_for_another_programs(tmp_path):
    """Where the link is no longer escaped, the old attribute goes; one that a person has written stays."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"w": np.zeros(1), "w/Adam": np.zeros(1), "b": np.zeros(1)}, structure=None)
    with h5py.File(path, "a") as file:
        del file["variables/w"]
        file["variables/b"].attrs["name"] = "bias"
    assert ["/variables/b/@name"] == reseal(path).kept
    with h5py.File(path) as file:
        assert {"w", "b"} == set(file["variables"])
        assert {} == dict(file["variables/w/Adam"].attrs)
        assert "bias" == file["variables/b"].attrs["name"]
