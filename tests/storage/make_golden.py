"""Make the golden files of PyTables, pandas, xarray, netCDF4 and Keras: ``python -m tests.storage.make_golden``.

What is not installed is left out. The files here were made with PyTables 3.11.1, pandas 3.1.1, xarray 2026.9 with
netCDF4 1.7.5 (HDF5 2.2.0) and h5netcdf 1.8.2, and Keras 3.15.1 with TensorFlow 2.21. ``make_golden.m`` makes the file
of Octave, ``make_golden.R`` those of R.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).with_name("golden")


def pytables() -> None:
    """Arrays of several types, and a table with a nested group of columns."""
    import tables  # type: ignore[import-not-found,unused-ignore]

    colours = tables.Enum({"red": 0, "green": 1})

    class Row(tables.IsDescription):  # type: ignore[misc,unused-ignore]
        number = tables.Int32Col(pos=0)
        flag = tables.BoolCol(pos=1)
        name = tables.StringCol(8, pos=2)
        block = tables.Float32Col(shape=(2, 3), pos=3)
        when = tables.Time64Col(pos=4)
        wave = tables.ComplexCol(16, pos=5)

        class inner(tables.IsDescription):  # type: ignore[misc,unused-ignore]  # noqa: N801 - the name of the column
            x = tables.Int16Col()
            colour = tables.EnumCol(colours, "red", base="uint8")

    with tables.open_file(FOLDER / "pytables.h5", "w") as file:
        file.create_array("/", "flags", np.array([True, False]))
        file.create_array("/", "waves", np.array([1 + 2j]))
        file.create_array("/", "names", np.array([b"ab", b"c"]))
        file.create_carray("/", "squares", obj=np.eye(2, dtype=bool), chunkshape=(2, 2))
        file.create_earray("/", "growing", atom=tables.Int32Atom(), shape=(0, 3), chunkshape=(4, 3))
        colour = tables.EnumAtom(colours, "green", base="uint8")
        file.create_earray("/", "colours", atom=colour, shape=(0,), chunkshape=(4,)).append([1, 0, 1])
        file.create_vlarray("/", "ragged", atom=tables.Int32Atom(), chunkshape=(2,)).append([1, 2, 3])
        table = file.create_table("/", "table", Row, chunkshape=(4,))
        for index in range(3):
            row = table.row
            row["number"], row["flag"], row["name"] = index, index % 2, b"r%d" % index
            row["block"], row["when"], row["wave"] = np.full((2, 3), index), index + 0.5, index * 1j
            row["inner/x"], row["inner/colour"] = -index, index % 2
            row.append()


def pandas() -> None:
    """A frame as a table, and as arrays."""
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]

    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4], "t": [True, False], "s": ["x", "yy"]})
    options = {"complevel": 9, "complib": "zlib", "index": False}
    frame.to_hdf(FOLDER / "pandas_table.h5", key="df", format="table", **options)
    frame.drop(columns="s").to_hdf(FOLDER / "pandas_fixed.h5", key="df")


def xarray() -> None:
    """A data set with a dimension without a coordinate, and variables of which xarray writes the dtype."""
    import xarray  # type: ignore[import-not-found,unused-ignore]

    data = xarray.Dataset(
        {
            "w": (("x", "y"), np.arange(6.0).reshape(2, 3)),
            "flag": ("x", np.array([True, False])),
            "span": ("x", np.array([1, 2], "timedelta64[ns]")),
        },
        coords={"x": [10, 20]},
    )
    for engine in ("netcdf4", "h5netcdf"):
        data.to_netcdf(FOLDER / f"xarray_{engine}.nc", engine=engine)


def netcdf4() -> None:
    """Types with names, and variables of these types."""
    import netCDF4  # type: ignore[import-not-found,unused-ignore]

    with netCDF4.Dataset(FOLDER / "netcdf4.nc", "w") as file:
        file.createDimension("d", 2)
        cloud = file.createEnumType(np.uint8, "cloud", {"clear": 0, "cumulus": 1})
        point = file.createCompoundType(np.dtype([("x", "f4"), ("y", "i4")]), "point")
        file.createVariable("clouds", cloud, ("d",))[:] = np.array([0, 1], np.uint8)
        file.createVariable("points", point, ("d",))[:] = np.array([(1.5, 2), (3.5, 4)], point.dtype)
        file.createVariable("big", ">f4", ("d",), endian="big")[:] = [1.5, -2]


def keras() -> None:
    """A layer of bfloat16."""
    import keras  # type: ignore[import-not-found,unused-ignore]

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, dtype="bfloat16")])
    for number, weight in enumerate(model.weights):
        weight.assign(np.full(weight.shape, number + 0.5, np.float32))
    model.save_weights(FOLDER / "keras_bfloat16.weights.h5")


def main() -> None:
    """Make what can be made with the packages that are installed."""
    FOLDER.mkdir(exist_ok=True)
    makers: list[Callable[[], None]] = [pytables, pandas, xarray, netcdf4, keras]
    for maker in makers:
        with suppress(ImportError):
            maker()


if __name__ == "__main__":
    main()
