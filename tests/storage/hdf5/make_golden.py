"""Make the golden files of netCDF4 and xarray: ``python -m tests.storage.hdf5.make_golden``.

Made with netCDF4 1.7.5 (HDF5 2.2.0) and xarray 2026.9 with h5netcdf 1.8.2. ``make_golden.R`` makes those of R.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).with_name("golden")


def main() -> None:
    """Write texts of variable length as a variable that grows, and as a coordinate."""
    import netCDF4  # type: ignore[import-not-found,unused-ignore]
    import xarray  # type: ignore[import-not-found,unused-ignore]

    FOLDER.mkdir(exist_ok=True)
    with netCDF4.Dataset(FOLDER / "netcdf4.nc", "w") as file:
        file.createDimension("time", None)
        log = file.createVariable("log", str, ("time",), chunksizes=(4,))
        log[0] = "first"
        log[2] = "dritte \u00c4"
    names = np.array(["a", "", "\u00c4"], dtype=object)
    xarray.Dataset(coords={"station": ("station", names)}).to_netcdf(FOLDER / "xarray.nc", engine="h5netcdf")


if __name__ == "__main__":
    main()
