"""The seal: found, read and checked without HDF5."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.files.coalesced_reads import read_small, together
from hdfsaver.files.positional_io import PIECE
from hdfsaver.storage import layout, seal
from hdfsaver.storage.seal import BrokenSealError, Seal
from hdfsaver.storage.writing import write_file

SEAL = Seal(offset=96, extents_offset=200, extents_rows=3, file_size=1000, structure_xxh3_64=2**64 - 1)


def test_a_record_is_64_bytes_and_comes_back():
    """Packing and unpacking are each other's inverse."""
    assert 64 == len(seal.pack(SEAL)) == layout.SEAL_RECORD.itemsize
    assert seal.unpack(seal.pack(SEAL)) == SEAL


@pytest.mark.parametrize("position", range(64))
def test_any_changed_byte_of_the_record_is_noticed(position):
    """One changed bit anywhere breaks the record."""
    data = bytearray(seal.pack(SEAL))
    data[position] ^= 1
    with pytest.raises(BrokenSealError):
        seal.unpack(bytes(data))


def test_only_a_seal_at_its_own_place_is_found():
    """A copy elsewhere is passed over; none at all is None."""
    record = seal.pack(SEAL)
    assert seal.find(bytes(96) + record) == SEAL
    assert seal.find(record + bytes(32) + record) == SEAL
    assert seal.find(bytes(95) + record) is None
    assert seal.find(b"nothing" * 30) is None


def test_a_damaged_seal_at_its_place_is_an_error():
    """A record with its own offset but a wrong digest is a broken seal, not a missing one."""
    data = bytearray(bytes(96) + seal.pack(SEAL))
    data[-20] ^= 1
    with pytest.raises(BrokenSealError, match="record of the seal"):
        seal.find(bytes(data))


@pytest.fixture
def sealed(tmp_path):
    """A sealed file: its descriptor, its bytes, its seal."""
    path = tmp_path / "x.h5"
    values = {f"v{i}": np.arange(i, dtype=np.float32) for i in range(20)} | {"big": np.ones(50000)}
    write_file(path, variables=values, structure=None)
    fd = os.open(path, os.O_RDWR)
    data = path.read_bytes()
    found = seal.find(data)
    assert found is not None
    yield fd, data, found
    os.close(fd)


def test_the_digest_is_that_of_everything_else(sealed):
    """The structure is every byte outside the values and the seal, in the order of the file."""
    fd, data, found = sealed
    keep = np.ones(len(data), dtype=bool)
    keep[found.offset : found.offset + 64] = False
    for offset, nbytes, _digest in seal.check(fd, len(data), found).tolist():
        keep[offset : offset + nbytes] = False
    assert xxhash.xxh3_64_intdigest(np.frombuffer(data, np.uint8)[keep].tobytes()) == found.structure_xxh3_64


def _check_with_table(sealed, change):
    fd, data, found = sealed
    table = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset).copy()
    change(table)
    os.pwrite(fd, table.tobytes(), found.extents_offset)
    return seal.check(fd, len(data), found)


@pytest.mark.parametrize(
    ("row", "column", "value", "match"),
    [
        (3, "offset", 2**64 - 1, "is not within"),
        (3, "offset", 10**9, "is not within"),
        (3, "nbytes", 2**64 - 8, "is not within"),
        (20, "nbytes", 412801, "is not within"),
        (3, "offset", 0, "differs from what was sealed"),
        (3, "xxh3_64", 0, "differs from what was sealed"),
    ],
)
def test_a_wrong_table_of_extents_is_noticed(sealed, row, column, value, match):
    """Extents outside the file, over each other, or simply other ones: all are found before anything is believed."""
    with pytest.raises(BrokenSealError, match=match):
        _check_with_table(sealed, lambda table: table[column].put(row, value))


def test_extents_must_not_overlap_each_other_or_the_table(sealed):
    """Neither two values nor a value and the table itself may share bytes."""

    def onto_neighbour(table):
        table["offset"][5] = table["offset"][6]

    def onto_table(table):
        table["offset"][5] = sealed[2].extents_offset

    with pytest.raises(BrokenSealError, match="two extents overlap"):
        _check_with_table(sealed, onto_neighbour)
    with pytest.raises(BrokenSealError, match="overlaps the seal or a value"):
        _check_with_table(sealed, onto_table)


@pytest.mark.parametrize("changes", [{"extents_offset": 10**9}, {"extents_rows": 2**60}])
def test_a_table_outside_the_file_is_noticed(sealed, changes):
    """Where the table cannot be, nothing is read or allocated."""
    fd, data, found = sealed
    with pytest.raises(BrokenSealError, match="is not within the file"):
        seal.check(fd, len(data), replace(found, **changes))


def test_the_length_of_the_file_is_sealed(sealed):
    """A file of another length is not the one that was sealed."""
    fd, data, found = sealed
    with pytest.raises(BrokenSealError, match="bytes long when it was sealed"):
        seal.check(fd, len(data) + 1, found)


@given(st.lists(st.tuples(st.integers(0, 3 * PIECE), st.integers(1, PIECE // 2)), max_size=20))
def test_reads_take_in_all_neighbours(stretches):
    """Groups cover all stretches in order, and none of several is longer than one piece."""
    starts, stops, at = [], [], 0
    for gap, length in stretches:
        starts.append(at + gap)
        stops.append(at + gap + length)
        at = stops[-1]
    groups = list(together(starts, stops, 4096))
    assert list(range(len(starts))) == [index for first, last in groups for index in range(first, last)]
    assert all(last - first == 1 or stops[last - 1] - starts[first] <= PIECE for first, last in groups)


def test_small_extents_come_in_any_order(tmp_path):
    """Each extent is yielded with its position in the request, in any order; extents may be equal."""
    data = np.random.default_rng(1).integers(0, 256, 3 * PIECE, dtype=np.uint8).tobytes()
    (tmp_path / "x").write_bytes(data)
    extents = [(2 * PIECE, 9), (5, 3), (0, 0), (2 * PIECE, 9), (PIECE - 4, 8)]
    fd = os.open(tmp_path / "x", os.O_RDONLY)
    found = {index: bytes(view) for index, view in read_small(fd, extents)}
    os.close(fd)
    assert {index: data[at : at + size] for index, (at, size) in enumerate(extents)} == found
