"""Files of PyTables, pandas, xarray, netCDF4, Keras, Octave and R: see `make_golden`, and what MATLAB documents."""

from __future__ import annotations

from pathlib import Path

import h5py
import ml_dtypes
import numpy as np
import pytest

from hdfsaver import errors, load_file
from hdfsaver.storage.reading import open_file

GOLDEN = Path(__file__).with_name("golden")


def _all(name):
    """The arrays of a golden file, as dtypes with lists."""
    with open_file(GOLDEN / name) as file:
        return {key: (entry.dtype, file.read(key).tolist()) for key, entry in file.variables.items()}


def _reasons(name):
    with open_file(GOLDEN / name) as file:
        return {key: why.message for key, why in file.unreadable.items()}


def test_pytables():
    """Booleans are bitfields there, an enumeration has its integers, and each column of a table is an array."""
    found = _all("pytables.h5")
    assert {
        "flags": ("bool", [True, False]),
        "waves": ("complex128", [1 + 2j]),
        "names": ("string", [b"ab", b"c"]),
        "squares": ("bool", [[True, False], [False, True]]),
        "growing": ("int32", []),
        "colours": ("uint8", [1, 0, 1]),
        "table/number": ("int32", [0, 1, 2]),
        "table/flag": ("bool", [False, True, False]),
        "table/name": ("string", [b"r0", b"r1", b"r2"]),
        "table/block": ("float32", np.stack([np.full((2, 3), each) for each in range(3)]).tolist()),
        "table/wave": ("complex128", [0, 1j, 2j]),
        "table/inner/x": ("int16", [0, -1, -2]),
        "table/inner/colour": ("uint8", [0, 1, 0]),
    } == found
    assert {
        "ragged": "/ragged: its HDF5 datatype is unsupported: variable-length sequence of int32; it is refused.",
        "table/when": "/table/when: its HDF5 datatype is unsupported: time of 8 bytes; it is refused.",
    } == _reasons("pytables.h5")


def test_pandas():
    """A frame is a table, or an array for each dtype."""
    assert {
        "df/table/index": ("int64", [0, 1]),
        "df/table/values_block_0": ("float64", [[1], [2]]),
        "df/table/values_block_1": ("int64", [[3], [4]]),
        "df/table/values_block_2": ("bool", [[True], [False]]),
        "df/table/values_block_3": ("string", [[b"x"], [b"yy"]]),
    } == _all("pandas_table.h5")
    fixed = _all("pandas_fixed.h5")
    assert ("bool", [[True], [False]]) == fixed["df/block2_values"]
    assert ("string", [b"a", b"b", b"t"]) == fixed["df/axis0"]
    assert {} == _reasons("pandas_fixed.h5")


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray(engine):
    """A dimension without a coordinate is not an array; the dtype that xarray notes is not a label of this project."""
    loaded = load_file(GOLDEN / f"xarray_{engine}.nc")
    assert {"x": "int64", "w": "float64", "flag": "int8", "span": "int64"} == {
        name: str(value.dtype) for name, value in loaded.items()
    }
    assert [1, 0] == loaded["flag"].tolist()
    assert [1, 2] == loaded["span"].tolist()


def test_netcdf4():
    """A datatype with a name is not an array, but the variables that have it are."""
    assert {
        "clouds": ("uint8", [0, 1]),
        "points/x": ("float32", [1.5, 3.5]),
        "points/y": ("int32", [2, 4]),
        "big": ("float32", [1.5, -2]),
    } == _all("netcdf4.nc")
    assert {} == _reasons("netcdf4.nc")
    with pytest.raises(errors.NotFoundError, match="no tensor 'd'"), open_file(GOLDEN / "netcdf4.nc") as file:
        file.read("d")


def test_keras_bfloat16():
    """It is opaque; a label of variable length says what it is."""
    loaded = load_file(GOLDEN / "keras_bfloat16.weights.h5")
    assert [ml_dtypes.bfloat16] * 2 == [value.dtype for value in loaded.values()]
    kernel, bias = loaded.values()
    np.testing.assert_array_equal(np.full((2, 3), 0.5, ml_dtypes.bfloat16), kernel)
    np.testing.assert_array_equal(np.full(3, 1.5, ml_dtypes.bfloat16), bias)


def test_octave():
    """Empty matrices are empty, with their dimensions in the order in which Octave stores all arrays."""
    found = {name: value for name, value in load_file(GOLDEN / "octave.h5").items() if not name.endswith("type")}
    assert {
        "a/value": ("float64", (2, 2)),
        "flag/value": ("uint8", (2, 1)),
        "wave/value": ("complex128", (2, 1)),
        "none/value": ("float64", (3, 0)),
        "small/value": ("int16", (0, 0)),
        "text/value": ("int8", (5, 1)),
        "notext/value": ("int8", (0, 0)),
        "range/value/base": ("float64", ()),
        "range/value/limit": ("float64", ()),
        "range/value/increment": ("float64", ()),
        "point/value/x/value": ("float64", ()),
    } == {name: (str(value.dtype), value.shape) for name, value in found.items()}
    assert [[1 + 2j], [3]] == found["wave/value"].tolist()


def test_r():
    """Logical values are numbers, as one of them is NA; a data frame is a table."""
    frame = {"frame/x": ("int32", [1, 2]), "frame/y": ("float64", [0.5, 1])}
    matrix = {"matrix": ("int32", [[1, 2], [3, 4], [5, 6]])}
    factor = {"factor": ("uint8", [1, 2, 1])}
    assert {**frame, **matrix, **factor, "logical": ("uint8", [1, 0, 2])} == _all("hdf5r.h5")
    rest = {"text": ("string", [b"a", b"bb"]), "none": ("int32", [])}
    assert {**frame, **matrix, **rest, "logical": ("int8", [1, 0, -128])} == _all("rhdf5.h5")


def test_matlab(tmp_path):
    """As MATLAB 7.3 writes them: logical arrays, and empty ones whose dimensions are stored as their values."""
    with h5py.File(tmp_path / "x.mat", "w") as file:
        kinds = {"double": "f8", "single": "f4", "int8": "i1", "char": "u2", "logical": "u1"}
        for kind, code in kinds.items():
            file[kind] = np.array([[1], [0]], code)
            file[f"no_{kind}"] = np.array([0, 3], np.uint64)
            file[f"no_{kind}"].attrs["MATLAB_empty"] = np.uint8(1)
            for name in (kind, f"no_{kind}"):
                file[name].attrs["MATLAB_class"] = np.bytes_(kind)
        file["logical"].attrs["MATLAB_int_decode"] = np.int32(1)
        file["sizes"] = np.array([0, 3], np.uint64)
        file["sizes"].attrs["MATLAB_class"] = np.bytes_("uint64")
        file["cell"] = np.array([0, 0], np.uint64)
        file["cell"].attrs["MATLAB_class"] = np.bytes_("cell")
        file["cell"].attrs["MATLAB_empty"] = np.uint8(1)
    loaded = load_file(tmp_path / "x.mat")
    assert "cell" not in loaded
    assert [0, 3] == loaded.pop("sizes").tolist()
    expected = {"double": "float64", "single": "float32", "int8": "int8", "char": "uint16", "logical": "bool"}
    assert {**expected, **{f"no_{kind}": dtype for kind, dtype in expected.items()}} == {
        name: str(value.dtype) for name, value in loaded.items()
    }
    assert {(2, 1)} == {loaded[kind].shape for kind in kinds}
    assert {(3, 0)} == {loaded[f"no_{kind}"].shape for kind in kinds}
    assert [[True], [False]] == loaded["logical"].tolist()


@pytest.mark.parametrize(
    "dimensions",
    [np.array([2, 3], "u8"), np.array([[0, 3]], "u8"), np.array([0.0, 3]), np.zeros(40, "u8"), np.uint64(0)],
)
def test_an_array_that_is_not_empty_is_read_as_it_is(tmp_path, dimensions):
    """The attribute alone does not make it one."""
    with h5py.File(tmp_path / "x.mat", "w") as file:
        file["x"] = dimensions
        file["x"].attrs["MATLAB_class"] = np.bytes_("double")
        file["x"].attrs["MATLAB_empty"] = np.uint8(1)
    np.testing.assert_array_equal(dimensions, load_file(tmp_path / "x.mat")["x"])
