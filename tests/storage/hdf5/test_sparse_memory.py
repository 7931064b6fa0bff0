"""The file in memory that HDF5 lays out."""

from __future__ import annotations

import io
import os

from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.storage.hdf5.sparse_memory import SparseMemory


@given(st.lists(st.tuples(st.integers(0, 60000), st.binary(max_size=20000)), max_size=8))
def test_it_holds_what_a_file_would(writes):
    """After any writes, reading gives the same bytes as a plain file in memory."""
    memory, plain = SparseMemory(), io.BytesIO()
    for offset, data in writes:
        for file in (memory, plain):
            file.seek(offset)
            file.write(data)
    expected = plain.getvalue()
    # A plain file grows by an empty write behind its end no more than this one does.
    assert expected == bytes(memory.read_at(0, len(expected)))


def test_what_was_never_written_is_zeros_and_takes_no_room():
    """A terabyte between two bytes takes little memory."""
    memory = SparseMemory()
    memory.seek(2**40)
    memory.write(b"x")
    assert 2**40 + 1 == memory.seek(0, os.SEEK_END)
    buffer = bytearray(b"????")
    memory.seek(2**40 - 2)
    assert 4 == memory.readinto(buffer)
    assert b"\0\0x\0" == bytes(buffer)


def test_hdf5_never_sees_an_exception(monkeypatch):
    """A write that fails pretends to have worked, and leaves its error to be raised later."""
    memory = SparseMemory()

    def fail(view):
        raise MemoryError("no memory")

    monkeypatch.setattr(memory, "_write", fail)
    assert 3 == memory.write(b"abc")
    assert isinstance(memory.error, MemoryError)


def test_positions():
    """Seek, tell and truncate behave as a file's do."""
    memory = SparseMemory()
    memory.write(b"abcdef")
    assert 6 == memory.tell()
    assert 4 == memory.seek(-2, os.SEEK_CUR)
    assert 4 == memory.truncate()
    assert 4 == memory.seek(0, os.SEEK_END)
    assert 10 == memory.truncate(10)
