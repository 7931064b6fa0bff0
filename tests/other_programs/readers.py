"""What libraries of Python read from a file: ``python readers.py PROGRAM FILE KEY...`` prints JSON.

It runs in any Python that has the library, without this project. The result has the version of the library and, for
each key, its value as plain lists or ``{"error": ...}``.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any


def plain(value: Any) -> Any:
    """Lists, numbers and text in the place of arrays."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, complex):
        return [value.real, value.imag]
    return value if isinstance(value, (bool, int, float, str)) or value is None else float(value)


def _h5py(path: str) -> Callable[[str], Any]:
    h5py = importlib.import_module("h5py")
    file = h5py.File(path)
    return lambda key: file[key][()]


def _tables(path: str) -> Callable[[str], Any]:
    tables = importlib.import_module("tables")
    file = tables.open_file(path)
    return lambda key: file.get_node("/" + key).read()


def _pandas(path: str) -> Callable[[str], Any]:
    pd = importlib.import_module("pandas")
    return lambda key: pd.read_hdf(path, key).to_numpy()


def _xarray(path: str) -> Callable[[str], Any]:
    xarray = importlib.import_module("xarray")

    def read(key: str) -> Any:
        group, _, name = key.rpartition("/")
        options = {"engine": "h5netcdf", "phony_dims": "sort", "drop_variables": []}
        return xarray.open_dataset(path, group=group or None, **options)[name].to_numpy()

    return read


def _h5netcdf(path: str) -> Callable[[str], Any]:
    h5netcdf = importlib.import_module("h5netcdf")
    file = h5netcdf.File(path, "r", phony_dims="sort")
    return lambda key: file[key][...]


def _pyfive(path: str) -> Callable[[str], Any]:
    pyfive = importlib.import_module("pyfive")
    file = pyfive.File(path)
    return lambda key: file[key][()]


READERS = {
    "h5py": _h5py,
    "tables": _tables,
    "pandas": _pandas,
    "h5netcdf": _h5netcdf,
    "xarray": _xarray,
    "pyfive": _pyfive,
}


def main(program: str, path: str, *keys: str) -> None:
    """Print what a library reads."""
    found: dict[str, Any] = {"version": importlib.import_module(program).__version__}
    try:
        read = READERS[program](path)
    except Exception as error:  # noqa: BLE001 - any error of the library is its answer
        message = f"{type(error).__name__}: {error}"

        def read(key: str) -> Any:
            raise ValueError(message)

    for key in keys:
        try:
            found[key] = plain(read(key))
        except Exception as error:  # noqa: BLE001
            found[key] = {"error": f"{type(error).__name__}: {error}"[:200]}
    sys.stdout.write(f"RESULT {json.dumps(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
