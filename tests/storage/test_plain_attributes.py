"""Attributes of plain files: labels of this project count where they are valid, those of other programs never harm."""

from __future__ import annotations

import h5py
import ml_dtypes
import numpy as np
import pytest

from hdfsaver import errors, limits
from hdfsaver.storage.reading import open_file


@pytest.fixture
def read(tmp_path):
    """Write one array with attributes, and read it; with ``own``, in a file that declares the format."""

    def found(values, attributes, *, own=False):
        with h5py.File(tmp_path / "x.h5", "w") as file:
            if own:
                file.attrs["format"] = np.bytes_("hdfsaver")
            name = "variables/x" if own else "x"
            file[name] = values
            for key, value in attributes.items():
                file[name].attrs[key] = value
        with open_file(tmp_path / "x.h5") as file:
            return file.read("x")

    return found


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("label", ["quint8", "float8_e4m3fn", "uint8"])
def test_a_label_that_is_valid_counts(read, own, label):
    """In any file: it may have lost the attribute `/@format`."""
    found = read(np.array([0, 56], np.uint8), {"dtype": np.bytes_(label)}, own=own)
    assert "float8_e4m3fn" == found.dtype if label.startswith("float") else found.dtype == np.uint8
    assert [0, 1 if label.startswith("float") else 56] == found.astype(float).tolist()


def _odd_labels():
    return [
        "float32",
        "bool",
        "quint8",
        np.bytes_("bool"),
        np.bytes_("timedelta64[ns]"),
        np.bytes_("quint8"),
        np.bytes_("int16"),
        np.bytes_(b"\xff"),
        np.array([b"quint8", b"quint8"]),
        7,
        1.5,
        np.array([1, 2]),
        h5py.Empty("S3"),
        h5py.Empty("f4"),
        np.void(b"ab"),
    ]


@pytest.mark.parametrize("label", _odd_labels(), ids=repr)
def test_any_other_attribute_of_that_name_is_another_programs(read, label):
    """It is of another form, or of another type than the values."""
    found = read(np.array([1.5, 2], np.float32), {"dtype": label, "encoding": label, "shape": label})
    assert np.dtype(np.float32) == found.dtype
    assert [1.5, 2] == found.tolist()


def test_in_a_file_of_the_format_a_label_must_be_valid(read):
    """There a label that contradicts the type is an error."""
    with pytest.raises(errors.InvalidArgumentError, match="/variables/x: its HDF5 datatype is unsupported: float32"):
        read(np.zeros(2, np.float32), {"dtype": np.bytes_("quint8")}, own=True)


@pytest.mark.parametrize("make", [str, np.bytes_])
def test_a_label_says_what_opaque_values_are(read, make):
    """Of fixed or of variable length; the message for opaque values without a label says how to give them one."""
    values = np.array([1.5, -2], ml_dtypes.bfloat16)
    found = read(values.view("V2"), {"dtype": make("bfloat16"), "more": "text"})
    assert ml_dtypes.bfloat16 == found.dtype
    assert values.tobytes() == found.tobytes()
    with pytest.raises(errors.InvalidArgumentError, match=r"opaque value of 2 bytes.*\['/x'\].attrs\['dtype'\] = 'bfl"):
        read(values.view("V2"), {})
    for label in ("int16", "float32", "anything", ""):
        with pytest.raises(errors.InvalidArgumentError, match="opaque value of 2 bytes"):
            read(values.view("V2"), {"dtype": make(label)})


@pytest.mark.parametrize("libver", ["earliest", "v110", "latest"])
def test_a_label_is_found_among_other_attributes(tmp_path, libver):
    """In every form of HDF5's headers, also where the header has a second part."""
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        for number in range(3):
            dataset = file.create_dataset(f"x{number}", data=np.array([1.5], ml_dtypes.bfloat16).view("V2"))
            for other in range(3 * number):
                dataset.attrs[f"a{other}"] = "long " * 40 * other
            dataset.attrs["dtype"] = "bfloat16"
    with open_file(tmp_path / "x.h5") as file:
        assert {"x0": 1.5, "x1": 1.5, "x2": 1.5} == {name: file.read(name).item() for name in file.variables}


def test_a_long_label_is_not_read(read):
    """The limit for attributes holds for labels in the heap as well."""
    with limits.use(attribute_bytes=20), pytest.raises(errors.ResourceExhaustedError, match="attribute 'dtype'"):
        read(np.zeros(2, "V2"), {"dtype": "bfloat16 " * 10})


def test_bits_are_booleans_only_where_pytables_says_so(tmp_path):
    """Elsewhere they are unsigned integers, as h5py reads them."""
    from h5py import h5d, h5s, h5t

    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, kind in (("plain", None), ("array", "CARRAY"), ("other", "IMAGE")):
            dataset = h5d.create(file.id, name.encode(), h5t.STD_B8LE, h5s.create_simple((2,)))
            dataset.write(h5s.ALL, h5s.ALL, np.array([1, 0], np.uint8), h5t.STD_B8LE)
            if kind:
                h5py.Dataset(dataset).attrs["CLASS"] = np.bytes_(kind)
    with open_file(tmp_path / "x.h5") as file:
        assert {"plain": "uint8", "array": "bool", "other": "uint8"} == {
            name: entry.dtype for name, entry in file.variables.items()
        }


def test_a_scale_with_values_is_an_array(tmp_path):
    """Only netCDF's stand-in for a dimension without a variable is not one."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = np.arange(2.0)
        file["x"].make_scale("x")
        file["y"] = np.zeros(2, ">f4")
        file["y"].make_scale("This is a netCDF dimension but not a netCDF variable.         2")
    with open_file(tmp_path / "x.h5") as file:
        assert ["x"] == list(file.variables)
        assert {} == file.unreadable
