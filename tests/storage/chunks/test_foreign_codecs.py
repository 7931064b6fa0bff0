"""Codecs that are only read: what other programs wrote comes back, and never more bytes than asked for."""

import io
import struct
import time

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.storage.chunks.chunk_codecs import UnsupportedChunkError
from hdfsaver.storage.chunks.foreign_codecs import FOREIGN

DECODE = {codec.name: codec.decode for codec in FOREIGN}
WRITERS = {
    "lzf": {"compression": "lzf"},
    "blosc": hdf5plugin.Blosc(cname="zstd"),
    "bzip2": hdf5plugin.BZip2(),
}


def _stored(name, data):
    """The chunk that the filter of another program makes of some bytes; None if it does not apply it."""
    with h5py.File(io.BytesIO(), "w") as file:
        values = np.frombuffer(data, np.uint8)
        dataset = file.create_dataset("x", data=values, chunks=values.shape, **WRITERS[name])
        mask, stored = dataset.id.read_direct_chunk((0,))
        return None if mask else stored


@pytest.mark.parametrize("name", DECODE)
@given(data=st.binary(min_size=1, max_size=100), times=st.integers(1, 200))
def test_bytes_come_back(name, data, times):
    """Repeated bytes, of which compression makes references that overlap their own result."""
    stored = _stored(name, data * times)
    if stored is not None:
        assert data * times == bytes(DECODE[name](stored, len(data) * times, ()))


@pytest.mark.parametrize("codec", ["blosclz", "lz4", "lz4hc", "zlib", "zstd"])
@pytest.mark.parametrize("shuffle", [0, 1, 2])
def test_every_codec_of_blosc_is_read(codec, shuffle):
    """Without a shuffle, with bytes shuffled and with bits shuffled."""
    values = np.arange(200_000, dtype=np.int32) // 60
    with h5py.File(io.BytesIO(), "w") as file:
        options = hdf5plugin.Blosc(cname=codec, shuffle=shuffle)
        stored = file.create_dataset("x", data=values, chunks=values.shape, **options).id.read_direct_chunk((0,))[1]
    assert values.tobytes() == bytes(DECODE["blosc"](stored, values.nbytes, ()))


@pytest.mark.parametrize("name", DECODE)
def test_a_bomb_is_not_inflated(name):
    """Of a chunk that becomes more than it may, little more is made, or nothing."""
    bomb = _stored(name, bytes(1 << 22))
    assert len(DECODE[name](bomb, 1000, ())) <= 1000 + 264


def test_a_blosc_chunk_is_believed_in_nothing():
    """One that declares another size, another length or a later format is damaged."""
    stored = _stored("blosc", bytes(1000))
    assert 1000 == len(DECODE["blosc"](stored, 1000, ()))
    assert 2000 != len(DECODE["blosc"](stored, 2000, ()))
    for place, form, value in [
        (0, "B", 5),
        (3, "B", 0),
        (4, "<I", 999),
        (4, "<I", 1 << 31),
        (8, "<I", 2000),
        (12, "<I", 9),
    ]:
        changed = bytearray(stored)
        struct.pack_into(form, changed, place, value)
        assert 1000 != len(DECODE["blosc"](changed, 1000, ()))


def test_snappy_in_blosc_is_named():
    """A legal chunk that no library here decodes is not called damaged."""
    changed = bytearray(_stored("blosc", bytes(1000)))
    changed[2] = changed[2] & 0x1F | 2 << 5
    with pytest.raises(UnsupportedChunkError, match="snappy"):
        DECODE["blosc"](changed, 1000, ())


@pytest.mark.parametrize("name", ["lzf", "bzip2"])
@given(data=st.binary(max_size=200), size=st.integers(1, 1000))
def test_noise_is_refused(name, data, size):
    """Random bytes decode to few bytes or none, and no exception."""
    assert len(DECODE[name](data, size, ())) <= size + 264


@pytest.mark.parametrize("name", DECODE)
@given(cut=st.integers(1, 50))
def test_an_end_that_is_missing(name, cut):
    """A chunk that was cut short never has its whole length."""
    stored = _stored(name, bytes(range(256)) * 8)
    assert 2048 != len(DECODE[name](stored[:-cut], 2048, ()))


def test_lzf_takes_time_in_proportion():
    """Its decoder is in Python: a megabyte of floats in a trained model's range takes less than a second."""
    values = np.random.default_rng(0).normal(size=1 << 17).astype(np.float32).round(2)
    stored = _stored("lzf", values.tobytes())
    started = time.process_time()
    assert values.tobytes() == bytes(DECODE["lzf"](stored, values.nbytes, ()))
    assert time.process_time() - started < 1
