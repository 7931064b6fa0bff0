"""Codecs: there and back, known to HDF5's own filters, and never more bytes than asked for."""

import io
import sys
from contextlib import suppress

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.storage.chunks import chunk_codecs
from hdfsaver.storage.chunks.chunk_codecs import BY_NAME, TABLE, UnsupportedChunkError
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.chunks.filters import shuffled, undo, unshuffled

NAMES = list(BY_NAME)


@pytest.mark.parametrize("codec", TABLE, ids=NAMES)
@given(data=st.binary(min_size=1, max_size=2000), itemsize=st.sampled_from([1, 2, 4, 8]))
def test_bytes_come_back(codec, data, itemsize):
    """Encoded bytes decode to the same bytes at every level."""
    data = data * itemsize
    for level in {codec.levels[0], codec.level, min(codec.levels[-1], 9)}:
        assert data == bytes(codec.decode(codec.encode(data, level, itemsize), len(data), ()))


@given(data=st.binary(max_size=300), itemsize=st.integers(1, 16))
def test_shuffling_is_undone(data, itemsize):
    """All first bytes of the elements come first, and go back to where they were."""
    data = data * itemsize
    mixed = bytes(shuffled(data, itemsize))
    assert data[::itemsize] == mixed[: len(data) // itemsize]
    assert data == unshuffled(mixed, itemsize).tobytes()
    assert data + b"x" == unshuffled(mixed + b"x", itemsize).tobytes() or itemsize == 1


@pytest.mark.parametrize("codec", TABLE, ids=NAMES)
def test_a_bomb_is_not_inflated(codec):
    """Of data that become more than they should, no more is made than one byte too many."""
    bomb = codec.encode(bytes(1 << 24), codec.level, 1)
    assert len(codec.decode(bomb, 1000, ())) in (0, 1001)


def zstd_frame(data, window_log):
    """A frame that does not say how long its content is, and wants a window of so many bits."""
    zstd = chunk_codecs._zstd()
    options = {zstd.CompressionParameter.window_log: window_log, zstd.CompressionParameter.content_size_flag: 0}
    compressor = zstd.ZstdCompressor(options=options)
    return compressor.compress(data) + compressor.flush()


def test_a_zstd_bomb_in_a_small_window():
    """A frame that says nothing of its length, and needs little memory at a time, becomes no more than it may."""
    assert 1001 == len(BY_NAME["zstd"].decode(zstd_frame(bytes(1 << 24), 10), 1000, ()))


def test_a_zstd_window_beyond_the_content():
    """Memory is not taken because a frame asks for it."""
    content = bytes(range(250)) * 4
    assert content == BY_NAME["zstd"].decode(zstd_frame(content, 10), 1000, ())
    assert b"" == BY_NAME["zstd"].decode(zstd_frame(content, 27), 1000, ())


def test_a_blosc2_frame_loads_nothing():
    """A frame whose filter or codec may have to be loaded from elsewhere is refused, also where it is there."""
    blosc2, data = chunk_codecs.blosc2_library(), bytes(range(256)) * 8
    usual = {"codec": blosc2.Codec.ZSTD, "typesize": 4, "filters": [blosc2.Filter.SHUFFLE], "nthreads": 1}

    def decoded(**settings):
        chunks = blosc2.SChunk(chunksize=len(data), data=data, contiguous=True, cparams={**usual, **settings})
        return bytes(BY_NAME["blosc2"].decode(chunks.to_cframe(), len(data), ()))

    assert data == decoded()
    with pytest.raises(UnsupportedChunkError, match="its Blosc2 filter .* is a plugin of Blosc2"):
        decoded(filters=[blosc2.Filter.SHUFFLE, blosc2.Filter.BYTEDELTA])


def test_an_lz4_chunk_says_how_long_it_becomes():
    """One that says another length is damaged, whatever is in it."""
    data = BY_NAME["lz4"].encode(bytes(1000), 0, 1)
    assert 1000 == len(BY_NAME["lz4"].decode(data, 1000, ()))
    assert b"" == BY_NAME["lz4"].decode((999).to_bytes(8, "big") + data[8:], 1000, ())


@pytest.mark.parametrize("codec", TABLE, ids=NAMES)
@given(data=st.binary(max_size=200), size=st.integers(1, 1000))
def test_noise_is_refused(codec, data, size):
    """Random bytes decode to a wrong length, or by chance the right one, and no exception."""
    assert len(codec.decode(data, size, ())) <= size + 1


@pytest.mark.parametrize("codec", TABLE, ids=NAMES)
@given(place=st.integers(0, 10**6), change=st.integers(1, 255), cut=st.integers(0, 50))
def test_damage_is_survived(codec, place, change, cut):
    """A byte that is another, or an end that is missing, gives other bytes, none, or the number of a codec."""
    data = bytearray(codec.encode(bytes(range(256)) * 8, codec.level, 4))
    data[place % len(data)] ^= change
    with suppress(UnsupportedChunkError):
        assert len(codec.decode(bytes(data[: len(data) - cut]), 2048, ())) <= 2049


@pytest.mark.parametrize("codec", TABLE, ids=NAMES)
def test_an_end_that_is_missing(codec):
    """A chunk without its last bytes, where some codecs have a checksum, is never whole."""
    data = bytes(range(256)) * 8
    for cut in range(1, 9):
        assert 2048 != len(codec.decode(codec.encode(data, codec.level, 4)[:-cut], 2048, ()))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gzip", {"compression": "gzip"}),
        ("gzip", {"compression": "gzip", "shuffle": True}),
        ("zstd", hdf5plugin.Zstd()),
        ("lz4", hdf5plugin.LZ4()),
        ("lz4", hdf5plugin.LZ4(nbytes=1024)),
        ("blosc2", hdf5plugin.Blosc2()),
    ],
)
def test_chunks_of_the_plugins_are_read(name, options):
    """Chunks of HDF5's own filters are decoded."""
    values = np.arange(6000, dtype=np.int32)
    with h5py.File(io.BytesIO(), "w") as file:
        dataset = file.create_dataset("a", data=values, chunks=(6000,), **options)
        filters = (*(("shuffle",) if options.get("shuffle") else ()), name)
        _, data = dataset.id.read_direct_chunk((0,))
    assert values.tobytes() == undo(data, filters, values.nbytes, 4).tobytes()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("snappy",), "Unknown compression 'snappy'; the codecs are gzip, zstd, lz4, blosc2"),
        (("gzip", 10), "gzip has the levels 1 to 9, not 10"),
        (("lz4", 1), "lz4 has the levels 0 to 0, not 1"),
    ],
)
def test_unknown_settings_are_refused(arguments, match):
    """The message lists what there is."""
    with pytest.raises(ValueError, match=match):
        Compression(*arguments)


@pytest.mark.parametrize("name", ["zstd", "lz4", "blosc2"])
def test_a_missing_package_is_named(name, monkeypatch):
    """The message says what to install, when the compression is chosen and not when the file is written."""
    for module in ("compression.zstd", "backports.zstd", "lz4.block", "blosc2"):
        monkeypatch.setitem(sys.modules, module, None)
    if name == "zstd" and sys.version_info >= (3, 14):
        pytest.skip("Python brings zstd")
    with pytest.raises(ImportError, match=rf"needs the package '{BY_NAME[name].package}'.*hdfsaver\[compression\]"):
        Compression(name)


def test_python_alone_has_gzip(monkeypatch):
    """gzip needs no package."""
    for module in ("compression.zstd", "backports.zstd", "lz4.block", "blosc2"):
        monkeypatch.setitem(sys.modules, module, None)
    assert ("shuffle", "gzip") == Compression("gzip").filters_for(4)
