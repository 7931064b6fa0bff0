"""Chunks of other programs, whatever they are compressed with, and the remedies of every refusal."""

import subprocess
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest

import hdfsaver
from hdfsaver import errors
from hdfsaver.storage.resealing import reseal
from tests.storage.chunks.make_golden import _SHAPES

GOLDEN = Path(__file__).with_name("golden")

OPTIONS: dict[str, Any] = {
    "gzip": {"compression": "gzip"},
    "shuffle gzip": {"compression": "gzip", "shuffle": True},
    "shuffle": {"shuffle": True},
    "lzf": {"compression": "lzf"},
    "shuffle lzf": {"compression": "lzf", "shuffle": True},
    "zstd": hdf5plugin.Zstd(),
    "lz4": hdf5plugin.LZ4(nbytes=4096),
    "bzip2": hdf5plugin.BZip2(),
    "blosc": hdf5plugin.Blosc(),
    "blosc2": hdf5plugin.Blosc2(),
}
GRIDS = [
    ((50_000,), (50_000,)),  # one chunk
    ((20_000,), (9_000,)),  # several chunks, of which the last is cut
    ((300, 400), (300, 400)),  # of Blosc2, several blocks that do not divide the chunk
    ((128, 512), (128, 512)),  # blocks that divide it
    ((100, 130), (70, 90)),
    ((40, 50, 60), (33, 33, 33)),
]
DTYPES = {"f4": True, "<i8": False, ">f8": True, "u1": False, "c16": True, "?": False, "S7": True}
"""Whether the elements of each dtype get a checksum."""


def _values(shape, dtype):
    numbers = (np.arange(np.prod(shape)) // 60).reshape(shape)
    return numbers % 2 == 0 if dtype == "?" else numbers.astype(dtype)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("filters", OPTIONS)
def test_what_h5py_and_its_plugins_write_is_read(tmp_path, filters, grid):
    """Every codec, in one to three dimensions, in one and several chunks and blocks, with checksums and without."""
    shape, chunk = grid
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for dtype, checked in DTYPES.items():
            options = {"chunks": chunk, "fletcher32": checked, **OPTIONS[filters]}
            file.create_dataset(dtype, data=_values(shape, dtype), **options)
    with hdfsaver.open_file(tmp_path / "x.h5") as file:
        for dtype, checked in DTYPES.items():
            entry, expected = file.variables[dtype], _values(shape, dtype)
            assert sorted([*filters.split(), *["fletcher32"] * checked]) == sorted(entry.filters)
            assert chunk == entry.chunk
            found = file[dtype]
            np.testing.assert_array_equal(expected, found.astype(expected.dtype) if entry.dtype == "string" else found)


def test_what_pytables_writes_is_read():
    """Every library of PyTables in one to three dimensions, with its checksums, which come first."""
    seen = set()
    with hdfsaver.open_file(GOLDEN / "pytables.h5") as file:
        assert {} == file.unreadable
        for name, entry in file.variables.items():
            shape, chunk = _SHAPES[name.rpartition("/")[2]]
            seen.add(entry.filters)
            assert (shape, chunk) == (entry.shape, entry.chunk)
            np.testing.assert_array_equal(_values(shape, "i8"), file[name])
            part = tuple(slice(size // 3, size // 3 + 5) for size in shape)
            np.testing.assert_array_equal(_values(shape, "i8")[part], file.get_slice(name)[part])
    plain = {("shuffle", "bzip2"), ("blosc",), ("blosc2",)}
    assert plain | {(*filters, "fletcher32") for filters in plain} == seen


def test_a_frame_of_several_chunks_is_read(tmp_path):
    """A program may store an array of Blosc2 as a chunk of HDF5, with chunks of its own."""
    blosc2 = pytest.importorskip("blosc2")
    values = np.arange(300 * 400).reshape(300, 400)
    frame = blosc2.asarray(values, chunks=(128, 150), blocks=(100, 70)).to_cframe()
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", values.shape, values.dtype, chunks=values.shape, **hdf5plugin.Blosc2())
        made.id.write_direct_chunk((0, 0), frame)
        np.testing.assert_array_equal(values, made[...])
    np.testing.assert_array_equal(values, hdfsaver.load_file(tmp_path / "x.h5")["x"])


def test_a_frame_of_another_shape_is_damage(tmp_path):
    """Also one with as many elements as the chunk."""
    blosc2 = pytest.importorskip("blosc2")
    values = np.arange(60).reshape(6, 10)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", values.shape, values.dtype, chunks=values.shape, **hdf5plugin.Blosc2())
        made.id.write_direct_chunk((0, 0), blosc2.asarray(values.reshape(10, 6)).to_cframe())
    with pytest.raises(errors.DataLossError, match=r"/x: the chunk at \(0, 0\) does not hold 480 bytes"):
        hdfsaver.load_file(tmp_path / "x.h5")


def test_a_plugin_of_blosc2_is_not_damage(tmp_path):
    """A frame with a filter that Blosc2 may load from elsewhere is legal and refused, with its number."""
    blosc2 = pytest.importorskip("blosc2")
    values = np.arange(60)
    filters = [blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", values.shape, values.dtype, chunks=values.shape, **hdf5plugin.Blosc2())
        frame = blosc2.SChunk(chunksize=480, data=values, contiguous=True, cparams={"filters": filters, "typesize": 8})
        made.id.write_direct_chunk((0,), frame.to_cframe())
    with pytest.raises(
        errors.InvalidArgumentError, match=r"/x: the chunk at \(0,\): its Blosc2 filter .* which is never loaded"
    ):
        hdfsaver.load_file(tmp_path / "x.h5")


def test_filters_that_a_chunk_skips_are_not_undone(tmp_path):
    """A bit of a chunk's mask stands for each filter that was not applied to it."""
    values = np.arange(64, dtype=np.int32)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset(
            "x", (4, 64), "i4", chunks=(1, 64), compression="gzip", shuffle=True, fletcher32=True
        )
        made[0] = values
        _, whole = made.id.read_direct_chunk((0, 0))
        plain = values.tobytes()
        made.id.write_direct_chunk((1, 0), plain, 0b111)
        made.id.write_direct_chunk((2, 0), values.view(np.uint8).reshape(64, 4).T.tobytes(), 0b110)
        made.id.write_direct_chunk((3, 0), whole[:-4], 0b100)
        np.testing.assert_array_equal([values] * 4, made[...])
    np.testing.assert_array_equal([values] * 4, hdfsaver.load_file(tmp_path / "x.h5")["x"])


def test_a_dataset_that_became_smaller_or_larger_is_read(tmp_path):
    """HDF5 removes the chunks beyond the new shape; what a larger shape adds was never written."""
    with h5py.File(tmp_path / "x.h5", "w", libver="v110") as file:
        file.create_dataset("x", data=np.arange(64), chunks=(8,), maxshape=(None,))
    for size, expected in [(64, [*range(64)]), (20, [*range(20)]), (30, [*range(20), *[0] * 10])]:
        with h5py.File(tmp_path / "x.h5", "r+") as file:
            file["x"].resize((size,))
        assert expected == hdfsaver.load_file(tmp_path / "x.h5")["x"].tolist()


def test_a_chunk_beyond_the_shape_is_damage(tmp_path):
    """A shape that was changed without removing what is beyond it."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", (64,), "u1", chunks=(8,), maxshape=(64,))[60] = 1
    data = (tmp_path / "x.h5").read_bytes()
    changed = data.replace((64).to_bytes(8, "little") * 2, (40).to_bytes(8, "little") * 2)
    assert len(changed) == len(data)
    assert changed != data
    (tmp_path / "x.h5").write_bytes(changed)
    with pytest.raises(errors.DataLossError, match=r"/x: it has a second chunk at \(56,\), or none can be there"):
        hdfsaver.load_file(tmp_path / "x.h5")


@pytest.mark.parametrize("filters", ["shuffle lzf", "blosc", "bzip2", "blosc2", "zstd"])
def test_what_is_resealed_stays_compressed(tmp_path, filters):
    """A codec that is only read is replaced by one that is written, so that the file does not grow."""
    values = _values((500, 600), "i8")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.attrs["format"] = np.bytes_("hdfsaver")
        file.create_dataset("variables/x", data=values, chunks=(500, 600), **OPTIONS[filters])
    reseal(tmp_path / "x.h5")
    with hdfsaver.open_file(tmp_path / "x.h5") as file:
        written = {"zstd": ("zstd",), "blosc2": ("blosc2",)}.get(filters, ("shuffle", "gzip"))
        assert (True, written) == (file.sealed, file.variables["x"].filters)
        np.testing.assert_array_equal(values, file["x"])
    assert (tmp_path / "x.h5").stat().st_size < values.nbytes / 10


def test_the_remedy_for_tables_in_chunks(tmp_path):
    """A file of ours whose tables `h5repack` has put into chunks: the message names the command that undoes it."""
    values = {"a": np.arange(1000.0), "b": np.ones(3)}
    hdfsaver.save_file(values, tmp_path / "x.h5", metadata={"k": "v"})
    subprocess.run(["h5repack", "-l", "metadata:CHUNK=1", tmp_path / "x.h5", tmp_path / "y.h5"], check=True)
    with pytest.raises(errors.OpError, match="`h5repack -l CONTI IN OUT` stores it so"):
        reseal(tmp_path / "y.h5")
    subprocess.run(["h5repack", "-l", "CONTI", tmp_path / "y.h5", tmp_path / "z.h5"], check=True)
    reseal(tmp_path / "z.h5")
    with hdfsaver.open_file(tmp_path / "z.h5") as file:
        assert {"k": "v"} == file.metadata()
        for name, value in values.items():
            np.testing.assert_array_equal(value, file[name])
