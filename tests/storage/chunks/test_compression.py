"""Compressed values: whole, sliced, verified, damaged, salvaged, and read by h5py."""

import os
import threading

import h5py
import hdf5plugin  # it teaches h5py the filters
import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from hdfsaver import dtypes, errors, limits
from hdfsaver.storage import groups
from hdfsaver.storage.chunks import chunk_reading
from hdfsaver.storage.chunks.chunk_codecs import BY_NAME
from hdfsaver.storage.chunks.chunk_writing import Packing
from hdfsaver.storage.chunks.compression import Compression, by_name
from hdfsaver.storage.reading import open_file, open_rest
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.salvage import salvage
from hdfsaver.storage.writing import Model, WriteOptions, Writer, write_models

CODECS = list(BY_NAME)


def _values():
    rng = np.random.default_rng(0)
    return {
        "weights": rng.normal(size=(700, 1001)).astype(np.float32),
        "slots": np.zeros((4, 200_001), np.int64),
        "noise": rng.integers(0, 256, size=300_000, dtype=np.uint8),
        "small": rng.normal(size=5),
        "deep": np.arange(60_000.0).reshape(1, 1, 60_000),
        "texts": np.array([b"token"] * 30_000, dtype=object),
        "scalar": np.array(3.0),
        "empty": np.zeros((0, 10**6)),
    }


def _write(path, values, compression="zstd", **options):
    write_models(path, {groups.ROOT: Model(values, None, {}, by_name(compression, values))}, **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "compressed.h5"


@pytest.mark.parametrize("codec", CODECS)
def test_values_come_back(path, codec):
    """Values, shapes and dtypes are those that were saved, whatever was compressed; the file is smaller."""
    values = _values()
    _write(path, values, codec)
    with open_file(path) as file:
        found = file.read_many(file.variables)
        file.verify()
        assert codec == file.variables["weights"].filters[-1]
        assert () == file.variables["small"].filters == file.variables["texts"].filters
    assert list(values) == list(found)
    for name, value in values.items():
        np.testing.assert_array_equal(value, found[name], strict=True)
    assert path.stat().st_size < sum(value.nbytes for name, value in values.items() if name != "texts") * 0.7


@pytest.mark.parametrize("codec", CODECS)
def test_other_programs_read_them(path, codec):
    """h5py, with the plugins where it needs them, gives the same values."""
    values = _values()
    _write(path, values, codec)
    with h5py.File(path) as file:
        for name in ("weights", "slots", "noise", "deep"):
            np.testing.assert_array_equal(values[name], file["variables"][name][...], strict=True)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    "shape", [(600_000,), (700, 800), (70, 80, 90), (2,) * 8 + (3000,), (2,) * 9 + (1500,)], ids=str
)
def test_other_programs_read_every_number_of_dimensions(path, codec, shape):
    """In one and several chunks, with elements of every size; the plugins check the shape that a filter records."""
    numbers = (np.arange(np.prod(shape)) // 60).reshape(shape)
    values = {str(dtype): numbers.astype(dtype) for dtype in ("u1", "f2", "f4", "i8", "c16")}
    _write(path, values, codec)
    with h5py.File(path) as file:
        for name, value in values.items():
            dataset = file["variables"][name]
            assert 0 == dataset.id.get_chunk_info(0).filter_mask
            np.testing.assert_array_equal(value, dataset[...], strict=True)


def test_blosc2_records_what_its_plugin_records(path):
    """The parameters of the filter are those of a dataset that the plugin has compressed."""
    for shape in [(100_000,), (300, 300), (50, 60, 70)]:
        value = np.zeros(shape, np.float32)
        _write(path, {"a": value}, "blosc2")
        with h5py.File(path) as ours, h5py.File(path.with_name("theirs.h5"), "w") as theirs:
            chunk = ours["variables/a"].chunks
            options = hdf5plugin.Blosc2(cname="zstd", clevel=5)
            dataset = theirs.create_dataset("a", data=value, chunks=chunk, **options)
            found = [each.id.get_create_plist().get_filter(0)[2] for each in (ours["variables/a"], dataset)]
        assert found[0] == found[1]
        assert 7 + (len(shape) > 1) * (1 + len(shape)) == len(found[0])


_CODES = {"bool": 2, "int2": 4, "uint2": 4}


@pytest.mark.parametrize("dtype", [row.name for row in dtypes.TABLE if row.hdf5 and row.name != "string"])
def test_every_dtype_is_compressed(path, dtype):
    """Every dtype that a variable can have is filtered bit for bit."""
    numpy_dtype = dtypes.numpy_dtype(dtype)
    bits = np.random.default_rng(1).integers(0, _CODES.get(dtype, 8), 90_000 * numpy_dtype.itemsize, np.uint8)
    value = bits.view(numpy_dtype)
    write_models(path, {groups.ROOT: Model({"a": value}, None, {"a": dtype}, by_name("gzip", ["a"]))})
    with open_file(path) as file:
        assert (dtype, value.tobytes()) == (file.variables["a"].dtype, file.read("a").tobytes())
        assert file.variables["a"].filters


@settings(max_examples=30)
@given(data=st.data())
def test_any_part_is_read(tmp_path_factory, data):
    """A part is what NumPy gives of the whole, and only its chunks are decoded."""
    path = tmp_path_factory.mktemp("parts") / "a.h5"
    shape = data.draw(st.sampled_from([(1_000_003,), (3, 400_001), (2, 300, 401), (500, 7, 60)]))
    value = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    _write(path, {"a": value}, "lz4")
    with open_file(path) as file:
        for _ in range(3):
            bounds = [sorted((data.draw(st.integers(0, size)), data.draw(st.integers(0, size)))) for size in shape]
            key = tuple(slice(*each) for each in bounds)
            np.testing.assert_array_equal(value[key], file.read_slice("a", key), strict=True)


def test_a_part_needs_only_its_chunks(path, monkeypatch):
    """Of a value in many chunks, those are decoded that have some of the part."""
    value = np.arange(4_000_000.0)
    _write(path, {"a": value})
    decoded = []
    chunk_of = chunk_reading.chunk_of

    def noted(fd, packed, number):
        decoded.append(number)
        return chunk_of(fd, packed, number)

    monkeypatch.setattr(chunk_reading, "chunk_of", noted)
    with open_file(path) as file:
        step = file.variables["a"].chunk[0]
        np.testing.assert_array_equal(
            value[step - 1 : step + 1], file.read_slice("a", (slice(step - 1, step + 1),)), strict=True
        )
    assert [0, 1] == decoded


def test_variables_choose_for_themselves(path):
    """A dict compresses some variables, each as it says."""
    values = {name: np.zeros(100_000) for name in "abc"}
    _write(path, values, {"a": "gzip", "b": Compression("zstd", level=9, shuffle=False), "c": None})
    with open_file(path) as file:
        assert [("shuffle", "gzip"), ("zstd",), ()] == [entry.filters for entry in file.variables.values()]
        assert [] == [name for name, value in file.read_many("abc").items() if value.any()]
    with pytest.raises(ValueError, match="compression names 'd', which is not among the variables"):
        by_name({"d": "gzip"}, values)
    with pytest.raises(TypeError, match="compression must be a codec's name"):
        by_name({"a": 9}, values)  # type: ignore[dict-item]


def test_what_does_not_shrink_is_stored_as_it_is(path):
    """Noise takes no more space than without compression, and HDF5's mask says that no filter was applied."""
    noise = np.random.default_rng(0).integers(0, 256, size=1 << 20, dtype=np.uint8)
    _write(path, {"a": noise})
    with h5py.File(path) as file:
        dataset = file["variables/a"]
        info = dataset.id.get_chunk_info(0)
        assert (1, 1 << 20) == (info.filter_mask, info.size)
        np.testing.assert_array_equal(noise, dataset[...])
    with open_file(path) as file:
        np.testing.assert_array_equal(noise, file.read("a"))


def test_mapping_reads_what_is_compressed(path):
    """With ``mmap_mode``, blocks are mapped, and compressed values read."""
    values = {"packed": np.arange(100_000.0), "plain": np.arange(100_000.0)}
    _write(path, values, {"packed": "zstd"})
    with open_file(path) as file:
        found = file.read_many(values, mmap_mode="r")
    assert (True, False) == (found["packed"].flags.writeable, found["plain"].flags.writeable)
    for name, value in values.items():
        np.testing.assert_array_equal(value, found[name])


@pytest.mark.parametrize("codec", CODECS)
def test_the_same_state_gives_the_same_bytes(tmp_path, codec):
    """Two saves are one file, however the threads were scheduled."""
    for name in ("one.h5", "two.h5"):
        _write(tmp_path / name, _values(), codec)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


def test_digests_are_those_of_the_plain_bytes(path):
    """The row of a compressed variable has the digest that it would have in one block; those of its chunks follow."""
    value = np.arange(300_000.0)
    _write(path, {"a": value, "b": np.zeros(2)}, {"a": "gzip"})
    with h5py.File(path) as file:
        rows = file["index/extents"][...]
        stored = [file["variables/a"].id.get_chunk_info(place) for place in range(3)]
    assert (0, 0, xxhash.xxh3_64_intdigest(value.tobytes())) == rows[0].item()
    assert [(info.byte_offset, info.size) for info in stored] == [row.item()[:2] for row in rows[2:]]
    data = path.read_bytes()
    digests = [xxhash.xxh3_64_intdigest(data[info.byte_offset : info.byte_offset + info.size]) for info in stored]
    assert digests == rows["xxh3_64"][2:].tolist()


def test_a_damaged_chunk_is_named(path):
    """A flipped bit is found before anything is decoded; slices without that chunk are still read."""
    value = np.arange(1_000_000.0)
    _write(path, {"a": value, "b": value})
    with h5py.File(path) as file:
        info = file["variables/a"].id.get_chunk_info(1)
    _flip(path, info.byte_offset + 100)
    with open_file(path) as file:
        with pytest.raises(errors.DataLossError, match=r"variable 'a', the chunk at \(125000,\): its bytes differ"):
            file.read("a")
        with pytest.raises(errors.DataLossError, match="the bytes of variable 'a' differ from those that were saved"):
            file.verify()
        with pytest.raises(errors.DataLossError, match="the chunk at"):
            file.read_slice("a", (slice(124_999, 125_001),))
        np.testing.assert_array_equal(value[:9], file.read_slice("a", (slice(9),)))
        np.testing.assert_array_equal(value, file.read("b"))
    saved = salvage(path)
    assert (["b"], ["a"], []) == (list(saved.values), list(saved.lost), saved.remarks)


def _flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def test_salvage_needs_no_seal(path):
    """Where the seal is gone, compressed values are found by the index, and confirmed by the links."""
    values = {**_values(), "b/c": np.arange(100_000)}
    _write(path, values)
    data = bytearray(path.read_bytes())
    place = data.find(b"hdf-SEAL")
    data[place : place + 64] = bytes(64)
    path.write_bytes(data)
    saved = salvage(path)
    assert ({}, values.keys()) == (saved.lost, saved.values.keys())
    for name, value in values.items():
        np.testing.assert_array_equal(value, saved.values[name])


def test_salvage_of_a_file_that_was_cut_short(path):
    """The variables whose chunks are all there are saved."""
    values = {name: np.random.default_rng(0).normal(size=200_000) for name in "abc"}
    _write(path, values)
    os.truncate(path, path.stat().st_size - 500_000)
    saved = salvage(path)
    assert (["a", "b"], ["c"]) == (list(saved.values), list(saved.lost))


def test_resealing_keeps_them_compressed(path):
    """A file that another program has changed keeps its compression when it is sealed again."""
    values = _values()
    _write(path, values)
    with h5py.File(path, "r+") as file:
        file.attrs["note"] = "changed"
    with pytest.raises(errors.DataLossError):
        open_file(path)
    reseal(path)
    with open_file(path) as file:
        assert ("shuffle", "zstd") == file.variables["weights"].filters
        for name, value in values.items():
            np.testing.assert_array_equal(value, file.read(name))


def test_files_of_h5py_are_read_in_parts(path):
    """Chunks of any shape, with any of the filters, are decoded as far as a part needs them."""
    value = np.arange(120_000).reshape(300, 400)
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=value, chunks=(70, 90), compression="gzip", shuffle=True)
        file.create_dataset("b", data=value, chunks=(70, 90), **hdf5plugin.Zstd())
        file.create_dataset("c", data=value, chunks=(70, 90))
    with open_file(path) as file:
        assert [("shuffle", "gzip"), ("zstd",), ()] == [entry.filters for entry in file.variables.values()]
        for name in "abc":
            key = (slice(60, 150), slice(85, 275))
            np.testing.assert_array_equal(value[key], file.read_slice(name, key), strict=True)
            np.testing.assert_array_equal(value, file.read(name), strict=True)


def test_a_part_of_a_bomb(path):
    """A part of a compressed value counts as what it is, not as the whole."""
    write_models(path, {groups.ROOT: Model({"a": np.zeros(2**22, np.uint8)}, None, {}, {"a": Compression("gzip")})})
    with limits.use(declared_bytes=2**20, declared_ratio=1), open_file(path) as file:
        with pytest.raises(errors.ResourceExhaustedError, match="variable 'a': .*`declared_bytes`"):
            file.read_slice("a", (slice(0, 2**21),))
        assert not file.read_slice("a", (slice(0, 2**20),)).any()


def test_declared_sizes_are_bounded(path):
    """Zeros that would fill the memory are refused with the limit's name, and read where it is raised."""
    _write(path, {"a": np.zeros(10**6), "b": np.zeros(10**6)})
    with limits.use(declared_bytes=10**7, declared_ratio=1), open_file(path) as file:
        assert not file.read("a").any()
        with pytest.raises(
            errors.ResourceExhaustedError, match="variable 'b': with it, the values declare 16000000 bytes"
        ):
            file.read_many("ab")
        with limits.use(declared_bytes=10**8):
            file.read_many("ab")


def test_other_models_stay_compressed(path):
    """A save to one group does not change the models of the other groups."""
    value = np.arange(100_000.0)
    one = Model({"a": value}, None, {}, by_name("gzip", ["a"]))
    write_models(path, {"one": one, "two": Model({"a": value}, None, {})})
    with open_rest(path, "two") as rest:
        write_models(path, {**rest.models, "two": Model({"a": value + 1}, None, {})})
    for group, filters, first in (("one", ("shuffle", "gzip"), 0), ("two", (), 1)):
        with open_file(path, group) as file:
            assert (filters, first) == (file.variables["a"].filters, file.read("a")[0])
            file.verify()


def test_progress_counts_plain_bytes(path):
    """Saving, reading and verifying count up to the bytes of the values, whatever they were compressed to."""
    value = np.zeros(10**6)
    seen = []
    Writer().write(
        path,
        {groups.ROOT: Model({"a": value}, None, {}, by_name("zstd", ["a"]))},
        options=WriteOptions(progress=lambda *args: seen.append(args)),
    )
    assert ((value.nbytes, value.nbytes), 8) == (seen[-1], len(seen))
    with open_file(path) as file:
        read, verified = [], []
        file.read_many("a", progress=lambda *args: read.append(args))
        file.verify(progress=lambda *args: verified.append(args))
    assert (value.nbytes, value.nbytes) == read[-1] == verified[-1]


def test_an_error_while_packing_leaves_nothing(path, monkeypatch):
    """An error in a thread ends the save: the earlier file is kept, and no draft or thread is left."""
    _write(path, {"a": np.zeros(10)})
    before, threads = path.read_bytes(), set(threading.enumerate())
    monkeypatch.setattr(Packing, "filtered", lambda self, data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _write(path, {"a": np.zeros(10**6)})
    assert ([path], before) == (list(path.parent.iterdir()), path.read_bytes())
    assert set(threading.enumerate()) <= threads


def test_a_limit_on_the_size_of_files(path):
    """A file that may not grow as far as it must is a clear error; what was there before is there still."""
    resource = pytest.importorskip("resource", reason="only POSIX limits the size of files")
    _write(path, {"a": np.zeros(10)})
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(errors.ResourceExhaustedError, match=r"compressed\.h5.*at most 1,048,576 bytes"):
            _write(path, {"a": np.random.default_rng(0).normal(size=10**6)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ([path], before) == (list(path.parent.iterdir()), path.read_bytes())
