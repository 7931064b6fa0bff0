"""A file that is written in order: it has the bytes of any other, and a value that changes is noticed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.storage import streaming

pytest.importorskip("fsspec", reason="fsspec is not installed; it is an extra")

from tests.files.remote.object_store import ObjectStore, store

URL = "store://bucket/m.h5"


@pytest.fixture
def objects() -> ObjectStore:
    """An object store, empty."""
    return store()


VALUES = {
    "large": np.arange(400_000, dtype=np.float32).reshape(400, 1000),
    "transposed": np.arange(90_000, dtype=np.float64).reshape(300, 300).T,
    "big endian": np.arange(20_000, dtype=">i4"),
    "small": np.arange(3, dtype=np.int8),
    "scalar": np.complex64(1j),
    "empty": np.zeros((0, 3)),
    "text": np.array([b"a", b"b\0c"], object),
    "long text": np.array([b"a" * 70_000, b"b"], object),
}


@pytest.mark.parametrize("compression", [None, "gzip", {"transposed": "gzip"}])
def test_bytes_are_those_of_a_local_file(objects, tmp_path, compression):
    """Of values of every kind and size, compressed or not."""
    tf.save_file(VALUES, tmp_path / "m.h5", {"a": "b"}, compression=compression)
    tf.save_file(VALUES, URL, {"a": "b"}, compression=compression)
    assert objects.objects["bucket/m.h5"] == (tmp_path / "m.h5").read_bytes()


def test_progress_counts_what_was_sent(objects):
    """Each byte once, though values are read twice."""
    seen: list[tuple[int, int]] = []
    total = 1_600_024
    values = {"a": VALUES["large"], "b": np.ones(3)}
    for compression in (None, "gzip"):
        seen.clear()
        tf.save_file(values, URL, compression=compression, progress=lambda *done: seen.append(done))
        assert seen[-1] == (total, total)
    seen.clear()
    tf.convert(URL, "store://bucket/n.h5", progress=lambda *done: seen.append(done))
    assert seen[-1] == (total, total)


def test_an_error_of_progress_ends_the_save(objects):
    """Nothing is there then."""
    with pytest.raises(ZeroDivisionError):
        tf.save_file(VALUES, URL, progress=lambda *_: 1 / 0)
    assert not objects.objects
    assert not objects.uploads


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_value_that_changes_meanwhile(objects, monkeypatch, compression):
    """Its digest was sent before: the save ends with an error, and the earlier object stays."""
    tf.save_file({"w": np.ones(3)}, URL)
    before = dict(objects.objects)
    value = np.zeros(300_000, np.float32)
    put = streaming._Sent.put

    def changing(self, data, offset):
        value[-1] += 1
        put(self, data, offset)

    monkeypatch.setattr(streaming._Sent, "put", changing)
    with pytest.raises(tf.errors.AbortedError, match="changed while it was saved.*Nothing was written"):
        tf.save_file({"w": value}, URL, compression=compression)
    assert objects.objects == before
    assert not objects.uploads


def test_memory(objects, monkeypatch):
    """A save needs memory for a few parts, not for the values."""
    monkeypatch.setattr(ObjectStore, "put", lambda *_: None)
    monkeypatch.setattr(ObjectStore, "info", lambda *_, **__: {})
    monkeypatch.setattr("tests.files.remote.object_store.Parts._upload_chunk", lambda *_, **__: True)
    values = {str(number): np.ones(4 << 20, np.float32) for number in range(6)}  # 96 MiB
    monkeypatch.setattr(
        "tests.files.remote.object_store.Parts.commit", lambda self: self.fs.uploads.pop(self.path, None)
    )
    tracemalloc.start()
    try:
        tf.save_file(values, URL)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20
