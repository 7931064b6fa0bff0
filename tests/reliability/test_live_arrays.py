"""Arrays that change while they are saved: elements may be torn, but the file is complete and its digests are right."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.files import positional_io
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.storage import writing
from hdfsaver.storage.chunks.chunk_codecs import BY_NAME

SIZE = 300_000
"""Elements of a large array: more than a piece of live memory, and more than a chunk, in most of the dtypes."""

STEP = 1 << 14


class Live:
    """Arrays of many kinds, whose elements are others after each `change`."""

    def __init__(self) -> None:
        base = np.zeros((2, SIZE), np.int16)
        frozen = base.reshape(-1)
        frozen.flags.writeable = False  # it cannot be written to, but its base can
        bits = np.zeros(SIZE, np.uint8)
        noise = np.random.default_rng(1).integers(0, 256, SIZE, np.uint8)
        self._texts = [np.array([b""] * count, object) for count in (50, 3000)]
        large, big_endian, small = np.zeros(SIZE, np.float32), np.zeros(SIZE, ">i4"), np.zeros(9, np.int32)
        self._numbers: list[np.ndarray[Any, Any]] = [base, bits, noise, large, big_endian, small]
        self.arrays: dict[str, np.ndarray[Any, Any]] = {
            "large": large.reshape(2, -1),
            "frozen": frozen,
            "strided": base.T,
            "big_endian": big_endian,
            "flags": bits.view(bool),
            "noise": noise,
            "small": small,
            "texts": self._texts[0],
            "long_texts": self._texts[1],
        }
        self.objects = np.array([b""] * 9, object)
        self._count = 0

    def change(self, _frame: object, event: str, _called: object) -> None:
        """Write other elements into every piece of every array, if a C function is called or a Python one returns."""
        if event not in ("c_call", "return"):
            return
        self._count += 1
        for array in self._numbers:
            array.reshape(-1)[::STEP] = self._count % 100
        for texts in self._texts:
            texts[0] = b"x" * (self._count % 100)
        self.objects[0] = self._count if self._count % 3 else b"x"


@contextmanager
def changing_always(live: Live) -> Iterator[None]:
    """Between any two steps, in any thread, there are other elements in the arrays."""
    threading.setprofile(live.change)
    sys.setprofile(live.change)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def compressed(codec: str) -> Callable[[Path, dict[str, Any]], None]:
    """A save with a codec."""
    return lambda path, arrays: tf.save_file(arrays, f"{path}.h5", compression=codec, durable=False)


def saver(path: Path, arrays: dict[str, Any], **options: Any) -> None:
    """A save of a Saver, twice: the second one knows the layout."""
    made = tf.train.Saver(arrays, **options)
    made.save(None, path, durable=False)
    made.save(None, path, durable=False)


def background(path: Path, arrays: dict[str, Any]) -> None:
    """A save in the background."""
    made = tf.train.Saver(arrays)
    made.save(None, path, wait=False, durable=False)
    made.wait()


WRITERS: dict[str, Callable[[Path, dict[str, Any]], None]] = {
    "save_file": lambda path, arrays: tf.save_file(arrays, f"{path}.h5", durable=False),
    **{f"save_file, {codec}": compressed(codec) for codec in BY_NAME},
    "Saver": saver,
    "Saver, wait=False": background,
    "Saver, group": lambda path, arrays: saver(path, arrays, group="g"),
    "write_bundle": lambda path, arrays: write_bundle(path, arrays, durable=False),
    "write_bundle, shards": lambda path, arrays: write_bundle(path, arrays, shard_bytes=1 << 20, durable=False),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_file_is_complete(tmp_path, writer):
    """Whatever changes between any two steps of a save, every digest and checksum is that of the bytes in the file."""
    live = Live()
    with changing_always(live):
        WRITERS[writer](tmp_path / "x", live.arrays)
    with tf.open_file(tmp_path / "x", group="g" if "group" in writer else "") as file:
        file.verify()
        found = file.read_many(file.variables)
    assert {name: array.shape for name, array in live.arrays.items()} == {name: a.shape for name, a in found.items()}
    assert found["large"].any()


def test_a_graph_of_arrays_is_complete(tmp_path):
    """The arrays of a DiGraph may change too."""
    live = Live()
    digraph = nx.DiGraph(**live.arrays, objects=live.objects)
    for _ in range(3):
        with changing_always(live):
            tf.write_digraph(digraph, tmp_path / "x.h5")
        found = tf.read_digraph(tmp_path / "x.h5").graph
        assert [*live.arrays, "objects"] == list(found)
        assert found["large"].any()


def interfere(monkeypatch, change):
    """Call a function when a save has looked at the arrays, and before it writes them."""
    blocks = writing._blocks

    def changed(*arguments):
        found = blocks(*arguments)
        change()
        return found

    monkeypatch.setattr(writing, "_blocks", changed)


@pytest.mark.parametrize("size", [100, SIZE])
def test_a_dtype_and_a_shape_that_are_set(tmp_path, monkeypatch, size):
    """The file has the dtype and shape that the array had when the save began, also with a layout that was kept."""
    expected = np.arange(size, dtype=np.float32)
    array: Any = expected.copy()
    saver = tf.train.Saver({"w": array})

    def change() -> None:
        array.dtype = np.int64
        array.shape = (2, -1)

    for _ in range(2):
        interfere(monkeypatch, change)
        saver.save(None, tmp_path / "x")
        monkeypatch.undo()
        assert (2, size // 4) == array.shape
        array.shape = (size // 2,)
        array.dtype = np.float32
        np.testing.assert_array_equal(expected, tf.load_file(tmp_path / "x")["w"], strict=True)


def test_an_array_that_is_resized(tmp_path, monkeypatch):
    """An array of another length than the file has room for is an error that names it, and the earlier file is kept."""
    array = np.ones(100, np.float32)
    tf.save_file({"v": array, "w": array}, tmp_path / "x.h5")
    interfere(monkeypatch, lambda: array.resize(5, refcheck=False))
    with pytest.raises(errors.AbortedError, match="'v' had 400 bytes when the save began, and 20 when"):
        tf.save_file({"v": array, "w": np.ones(100)}, tmp_path / "x.h5")
    assert ["x.h5"] == os.listdir(tmp_path)
    np.testing.assert_array_equal(np.ones(100, np.float32), tf.load_file(tmp_path / "x.h5")["w"], strict=True)


def test_a_thread_that_writes_all_the_time(tmp_path):
    """A real thread too leaves only complete files."""
    array, stop = np.zeros(1 << 20, np.float32), threading.Event()

    def write() -> None:
        while not stop.is_set():
            array[:] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(3):
            tf.save_file({"w": array}, tmp_path / f"{number}.h5", durable=False)
            write_bundle(tmp_path / f"b{number}", {"w": array}, durable=False)
    finally:
        stop.set()
        thread.join()
    for number in range(3):
        for path in (tmp_path / f"{number}.h5", tmp_path / f"b{number}"):
            assert array.shape == tf.load_file(path)["w"].shape


def test_values_that_are_mapped_from_a_file(tmp_path, monkeypatch):
    """A session's values that are mapped from a file are live: the file may be written to in place."""
    tf.save_file({"w": np.zeros(SIZE, np.float32)}, tmp_path / "mapped.h5")
    with h5py.File(tmp_path / "mapped.h5") as file:
        offset = file["variables/w"].id.get_offset()
    write_some = positional_io._write_some

    def changing(fd: int, view: memoryview, at: int) -> int:
        with (tmp_path / "mapped.h5").open("r+b") as mapped:
            mapped.seek(offset)
            mapped.write(os.urandom(4))
        return write_some(fd, view, at)

    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("w", [SIZE])
        saver = tf.train.Saver()
        saver.restore(sess, tmp_path / "mapped.h5", mmap_mode="r")
        monkeypatch.setattr(writing, "_JOINED", 0)
        monkeypatch.setattr(positional_io, "_write_some", changing)
        saver.save(sess, tmp_path / "x", write_meta_graph=False)
    with tf.open_file(tmp_path / "x") as file:
        file.verify()
    with pytest.raises(errors.DataLossError):  # it has been changed
        tf.load_file(tmp_path / "mapped.h5")
