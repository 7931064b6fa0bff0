"""Make the golden files of this folder: ``python -m tests.storage.chunks.make_golden``.

PyTables 3.11.1 with HDF5 1.14.6 made ``pytables.h5``, and the HDF5 2.0.0 that h5py 3.16 includes made the others. h5py
has no function for their options, so the library is called directly.
"""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

FOLDER = Path(__file__).with_name("golden")

_DONT_FILTER_PARTIAL_CHUNKS = 2
_SHAPES = {"one": ((3000,), (2000,)), "two": ((320, 310), (310, 300)), "three": ((20, 30, 25), (17, 18, 19))}
"""The shape of an array and of its chunks. The chunks of "two" are larger than a block of Blosc2 with int64."""


def pytables() -> None:
    """Every library of PyTables with arrays of one to three dimensions, with and without a checksum."""
    tables = importlib.import_module("tables")
    with tables.open_file(FOLDER / "pytables.h5", "w") as file:
        for library in ("bzip2", "blosc:zstd", "blosc2"):
            for fletcher32 in (False, True):
                filters = tables.Filters(complevel=5, complib=library, shuffle=True, fletcher32=fletcher32)
                group = file.create_group("/", library.replace(":", "_") + ("_checked" if fletcher32 else ""))
                for name, (shape, chunk) in _SHAPES.items():
                    values = (np.arange(np.prod(shape)) // 60).reshape(shape)
                    file.create_carray(group, name, obj=values, filters=filters, chunkshape=chunk)


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(next(str(found) for found in Path(h5py.__path__[0]).parent.glob("h5py.libs/libhdf5-*")))


def undefined_fill() -> None:
    """Datasets without a fill value: never written, written in part, and written in full."""
    with h5py.File(FOLDER / "undefined_fill.h5", "w") as file:
        for storage in ("block", "chunks"):
            for written, name in ((0, "never"), (3, "partly"), (10, "whole")):
                properties = h5p.create(h5p.DATASET_CREATE)
                if storage == "chunks":
                    properties.set_chunk((4,))
                assert 0 == _library().H5Pset_fill_value(ctypes.c_int64(properties.id), ctypes.c_int64(0), None)
                space = h5s.create_simple((10,))
                made = h5d.create(file.id, f"{storage}_{name}".encode(), h5t.STD_I32LE, space, properties)
                if written:
                    h5py.Dataset(made)[:written] = 1


def unfiltered_edges() -> None:
    """Chunks at the edge are stored without filters, in headers of each version."""
    library = _library()
    values = np.arange(90, dtype=np.int32).reshape(10, 9)
    for libver in ("earliest", "v110", "latest"):
        with h5py.File(FOLDER / f"unfiltered_edges_{libver}.h5", "w", libver=libver) as file:
            for name, filters in (("shuffled", "s"), ("deflated", "d"), ("both", "sd")):
                properties = h5p.create(h5p.DATASET_CREATE)
                properties.set_chunk((4, 4))
                if "s" in filters:
                    properties.set_shuffle()
                if "d" in filters:
                    properties.set_deflate(9)
                assert 0 == library.H5Pset_chunk_opts(ctypes.c_int64(properties.id), _DONT_FILTER_PARTIAL_CHUNKS)
                space = h5s.create_simple(values.shape)
                h5d.create(file.id, name.encode(), h5t.STD_I32LE, space, properties).write(h5s.ALL, h5s.ALL, values)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    pytables()
    undefined_fill()
    unfiltered_edges()
