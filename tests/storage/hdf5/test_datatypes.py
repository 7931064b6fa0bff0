"""dtypes and HDF5 datatypes."""

from __future__ import annotations

import subprocess

import h5py
import numpy as np
import pytest
from h5py import h5d, h5s, h5t

from hdfsaver import dtypes
from hdfsaver.storage.hdf5 import narrow_numbers
from hdfsaver.storage.hdf5.datatypes import dtype_name, is_big_endian, needs_label, type_of
from hdfsaver.storage.writing import write_file

STORED = [row.name for row in dtypes.TABLE if row.hdf5 is not None and row.name != "string"]
SHARED = {
    *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"),
    *("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "int2", "uint2"),
    *(name for name in STORED if name.startswith(("q", "quint"))),
}

SHOWN_AS_CODES = {"bfloat16", "float8_e5m2", "float8_e4m3", "float8_e3m4", "int4", "uint4"}


@pytest.mark.parametrize("name", STORED)
def test_every_dtype_comes_back_from_its_datatype(name):
    """A type alone says the dtype, or with the label where another dtype owns it."""
    label = name if needs_label(name) else None
    assert name == dtype_name(type_of(name), label)
    assert np.dtype(dtypes.numpy_dtype(name)).itemsize == type_of(name).get_size()


def test_labels_are_needed_where_a_type_is_shared():
    """Quantized dtypes, and those that NumPy does not have, need a label; plain ones do not."""
    assert {name for name in STORED if needs_label(name)} == SHARED | SHOWN_AS_CODES


def test_a_label_must_go_with_its_type():
    """A label of another size, or of no dtype at all, is not believed."""
    assert dtype_name(type_of("float32"), "quint8") is None
    assert dtype_name(type_of("uint8"), "nonsense") is None


def test_big_endian_types_are_recognized():
    """Either byte order has a name; only one is big-endian."""
    assert "float64" == dtype_name(h5t.IEEE_F64BE)
    assert is_big_endian(h5t.IEEE_F64BE)
    assert not is_big_endian(type_of("float64"))


@pytest.mark.parametrize("foreign", [h5t.STD_B8LE, h5t.C_S1, h5t.STD_REF_OBJ, h5t.py_create(np.dtype("<f4,<i4"))])
def test_foreign_types_have_no_name(foreign):
    """Bit fields, text, references and other compounds are not dtypes."""
    assert dtype_name(foreign) is None


@pytest.mark.parametrize(
    ("name", "match"),
    [("resource", "handle"), ("string", "lengths"), ("float3", "Unknown dtype")],
)
def test_what_has_no_datatype_is_a_type_error(name, match):
    """Handles, strings, unknown names and dtypes that the format lacks have no datatype."""
    with pytest.raises(TypeError, match=match):
        type_of(name)


@pytest.mark.parametrize(
    "name", ["bfloat16", "float8_e5m2", "float8_e4m3", "float8_e3m4", "float16", "int4", "uint4", "int2", "uint2"]
)
def test_hdf5_converts_every_bit_pattern(tmp_path, name):
    """The HDF5 library reads all values of the small dtypes as the numbers that ml_dtypes says they are."""
    dtype = dtypes.numpy_dtype(name)
    codes = 1 << narrow_numbers.BITS.get(name, 8 * dtype.itemsize)
    values = np.arange(codes, dtype=f"<u{dtype.itemsize}").view(dtype)
    write_file(tmp_path / "x.h5", variables={"x": values}, structure=None)
    with h5py.File(tmp_path / "x.h5") as file:
        found = np.zeros(codes, dtype=np.float64)
        dataset: h5d.DatasetID = file["variables/x"].id
        dataset.read(h5s.ALL, h5s.ALL, found, h5t.NATIVE_DOUBLE)
    with np.errstate(invalid="ignore"):  # bfloat16 has NaNs that signal
        np.testing.assert_array_equal(values.astype(np.float64), found)


def test_h5dump_prints_numbers(tmp_path):
    """h5dump shows bfloat16, int4, bool and complex values as what they are."""
    values = {
        "bfloat16": np.array([1.5, -2.25], dtypes.numpy_dtype("bfloat16")),
        "int4": np.array([-8, 7], dtypes.numpy_dtype("int4")),
        "bool": np.array([True, False]),
        "complex64": np.array([1 + 2j], np.complex64),
    }
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    dump = subprocess.run(
        ["h5dump", "-d", *" -d ".join(f"/variables/{name}" for name in values).split(), tmp_path / "x.h5"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for shown in ("(0): 1.5, -2.25", "(0): -8, 7", "(0): TRUE, FALSE"):
        assert shown in dump
    assert ["1,", "2"] == dump.partition("(0): {")[2].split("}")[0].split()[:2]
