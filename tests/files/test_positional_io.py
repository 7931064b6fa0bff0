"""Moving bytes between memory and file."""

from __future__ import annotations

import os

import numpy as np
import pytest
import xxhash

from hdfsaver.files import positional_io
from hdfsaver.files.live_bytes import LiveBytes


@pytest.fixture
def fd(tmp_path):
    """An open, empty file."""
    number = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield number
    os.close(number)


@pytest.fixture(params=["positional", "seeking"])
def way(request, monkeypatch):
    """Both ways to a position: the system's own, and the one for systems that have none."""
    if request.param == "seeking":
        monkeypatch.setattr(positional_io, "_read_some", positional_io._seek_and_read)
        monkeypatch.setattr(positional_io, "_write_some", positional_io._seek_and_write)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("threads", [1, 4])
def test_jobs_of_all_sizes_arrive(fd, monkeypatch, threads):
    """Bytes and digests are right for empty jobs and jobs of one or several pieces, in any number of threads."""
    monkeypatch.setattr(os, "cpu_count", lambda: threads)
    rng = np.random.default_rng(3)
    sizes = [0, 1, positional_io.PIECE, 3 * positional_io.PIECE + 5, 2 * positional_io.PIECE]
    arrays = [rng.integers(0, 256, size, dtype=np.uint8) for size in sizes]
    offsets = np.cumsum([10, *sizes[:-1]]).tolist()
    expected = [xxhash.xxh3_64_intdigest(array.tobytes()) for array in arrays]
    written = positional_io.write_all(fd, [(offset, array.data) for offset, array in zip(offsets, arrays, strict=True)])
    assert expected == written
    back = [np.zeros_like(array) for array in arrays]
    assert expected == positional_io.read_all(fd, [(at, array.data) for at, array in zip(offsets, back, strict=True)])
    for array, found in zip(arrays, back, strict=True):
        np.testing.assert_array_equal(array, found)
    assert expected == positional_io.digest_all(fd, list(zip(offsets, sizes, strict=True)))


@pytest.mark.usefixtures("way")
def test_a_file_that_ends_too_early_is_an_error(fd):
    """Reading past the end says where the file ends."""
    positional_io.write_at(fd, memoryview(b"abc"), 0)
    with pytest.raises(EOFError, match="ends at byte 3; 2 more"):
        positional_io.read_at(fd, memoryview(bytearray(5)), 0)


def test_short_writes_are_continued(fd, monkeypatch):
    """A system that writes one byte at a time writes all of them in the end."""
    monkeypatch.setattr(positional_io, "_write_some", lambda fd, view, at: os.pwrite(fd, view[:1], at))
    positional_io.write_at(fd, memoryview(b"abc"), 2)
    assert b"\0\0abc" == os.pread(fd, 9, 0)


@pytest.mark.parametrize("count", [0, 2, 4, 9])
def test_parts_are_written_together(fd, monkeypatch, count):
    """A system that takes some bytes of several parts gets the others; so does one that takes one part at a time."""
    parts = [memoryview(b"abc"), memoryview(b""), memoryview(b"d"), memoryview(b"efghi")]
    taken = []

    def some(number, given, at):
        taken.append(len(given))
        return os.pwrite(number, b"".join(given)[:count], at)

    monkeypatch.setattr(os, "pwritev", some)
    positional_io.write_together(fd, parts)
    assert (b"abcdefghi", [4]) == (os.pread(fd, 99, 0), taken)
    monkeypatch.delattr(os, "pwritev")
    positional_io.write_together(fd, parts[::-1])
    assert b"efghidabc" == os.pread(fd, 99, 0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", [1, 100_000, 3 * positional_io.PIECE + 5])
def test_live_bytes_are_looked_at_once(fd, monkeypatch, size):
    """The digest is that of the bytes in the file, if the memory changes before each of several short writes."""
    array = np.zeros(size, np.uint8)
    write_some = positional_io._write_some

    def changing(fd, view, offset):
        array[:] += 1
        return write_some(fd, view[: 1 << 17], offset)

    monkeypatch.setattr(positional_io, "_write_some", changing)
    (digest,) = positional_io.write_all(fd, [(3, LiveBytes(array.data))])
    assert xxhash.xxh3_64_intdigest(os.pread(fd, size, 3)) == digest
    assert array[0] > 0


def test_an_error_in_a_thread_is_raised(fd, monkeypatch):
    """An error in a thread is raised to the caller, after every thread has ended."""

    def fail(fd, view, offset):
        raise OSError(28, "full")

    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(positional_io, "_write_some", fail)
    with pytest.raises(OSError, match="full"):
        positional_io.write_all(fd, [(0, memoryview(bytes(positional_io.PARALLEL)))] * 3)
