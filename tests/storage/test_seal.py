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
from hdfsaver.files.opening import HEAD, open_any
from hdfsaver.files.positional_io import PIECE
from hdfsaver.storage import layout, seal
from hdfsaver.storage.seal import BrokenSealError, Seal
from hdfsaver.storage.writing import write_file
from tests.format.resealing import index_digest, resealed, structure_digest

PLACES = ((0, 15), (15, 8), (23, 6), (0, 0), (29, 13), (42, 9), (0, 0))
SEAL = Seal(
    offset=96,
    file_size=1000,
    structure_end=900,
    tail_start=1000,
    extents_offset=300,
    extents_rows=3,
    index_offset=400,
    index_rows=3,
    index_row_nbytes=51,
    columns=PLACES,
    structure_xxh3_64=2**64 - 1,
)


def test_a_record_comes_back():
    """Packing and unpacking are each other's inverse."""
    assert 192 == len(seal.pack(SEAL)) == layout.SEAL_RECORD.itemsize
    assert seal.unpack(seal.pack(SEAL)) == SEAL


@pytest.mark.parametrize("position", range(192))
def test_any_changed_byte_of_the_record_is_noticed(position):
    """One changed bit anywhere breaks the record."""
    data = bytearray(seal.pack(SEAL))
    data[position] ^= 1
    with pytest.raises(BrokenSealError):
        seal.unpack(bytes(data))


def test_a_longer_record_is_read():
    """Fields that a later minor version has put before the digest are ignored, and covered by the digest."""
    longer = _longer(seal.pack(SEAL), b"\xaa" * 40)
    assert seal.unpack(longer) == replace(SEAL, nbytes=232)
    assert seal.find(bytes(96) + longer) == replace(SEAL, nbytes=232)
    with pytest.raises(BrokenSealError):
        seal.unpack(longer[:200] + b"\xab" + longer[201:])


def test_a_shorter_record_is_damage_except_in_another_major_version():
    """Every record of this major version has all the fields that its first minor version has."""
    with pytest.raises(BrokenSealError):
        seal.unpack(_cut(seal.pack(SEAL)))
    assert 7 == seal.unpack(_cut(seal.pack(replace(SEAL, major=7)))).major


def _longer(record, fields):
    """A record with more fields."""
    return _with_digest(record[:-8] + fields)


def _cut(record):
    """A record without its last field."""
    return _with_digest(record[:-16])


def _with_digest(fields):
    fields = fields[:8] + (len(fields) + 8).to_bytes(4, "little") + fields[12:]
    return fields + xxhash.xxh3_64_intdigest(fields).to_bytes(8, "little")


def test_only_a_seal_at_its_own_place_is_found():
    """A copy elsewhere is passed over; none at all is None."""
    record = seal.pack(SEAL)
    assert seal.find(bytes(96) + record) == SEAL
    assert seal.find(record[:90] + bytes(6) + record) == SEAL
    assert seal.find(bytes(95) + record) is None
    assert seal.find(b"nothing" * 30) is None


def test_a_damaged_seal_at_its_place_is_an_error():
    """A record with its own offset but a wrong digest, or without its end, is a broken seal, not a missing one."""
    data = bytearray(bytes(96) + seal.pack(SEAL))
    data[-20] ^= 1
    for damaged in (bytes(data), (bytes(96) + seal.pack(SEAL))[:-1]):
        with pytest.raises(BrokenSealError, match="record of the seal"):
            seal.find(damaged)


@pytest.fixture
def sealed(tmp_path):
    """A sealed file: open, its bytes, its seal."""
    path = tmp_path / "x.h5"
    values = {f"v{i}": np.arange(i, dtype=np.float32) for i in range(20)} | {"big": np.ones(50000)}
    write_file(path, variables=values, structure=None)
    opened = open_any(path)
    data = path.read_bytes()
    found = seal.find(data)
    assert found is not None
    yield opened, data, found
    os.close(opened.fd)


def test_the_digests_are_those_of_the_parts(sealed):
    """The structure is everything before the values but the seal; the index is three parts of it."""
    opened, data, found = sealed
    assert structure_digest(data, found) == found.structure_xxh3_64
    assert index_digest(data, found) == found.index_xxh3_64
    extents = seal.check(opened, found).extents
    assert found.structure_end <= extents["offset"][extents["nbytes"] > 0].min()


def _check_with_table(sealed, change):
    """What the check says of a file with another table of extents, and digests that match it."""
    opened, data, found = sealed
    table = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset).copy()
    change(table)
    stop = found.extents_offset + table.nbytes
    changed = resealed(data[: found.extents_offset] + table.tobytes() + data[stop:])
    record = seal.find(changed)
    assert record is not None
    return seal.check(opened._replace(head=changed[:HEAD]), record)


@pytest.mark.parametrize(
    ("row", "column", "value", "match"),
    [
        (3, "offset", 2**64 - 1, "is not within"),
        (3, "offset", 10**9, "is not within"),
        (3, "nbytes", 2**64 - 8, "is not within"),
        (20, "nbytes", 412801, "is not within"),
        (3, "offset", 0, "is within the structure"),
        (5, "nbytes", 10**5, "two extents overlap"),
    ],
)
def test_a_wrong_table_of_extents_is_noticed(sealed, row, column, value, match):
    """Extents outside the values' part of the file, or over each other, whatever the digests say."""
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
    with pytest.raises(BrokenSealError, match="an extent is within the structure"):
        _check_with_table(sealed, onto_table)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"extents_offset": 10**9}, "index is not within"),
        ({"extents_rows": 2**60}, "index is not within"),
        ({"index_offset": 2**64 - 1}, "index is not within"),
        ({"index_rows": 2**60}, "index is not within"),
        ({"index_row_nbytes": 2**32 - 1}, "index is not within"),
        ({"long_offset": 3, "long_nbytes": 2**63}, "index is not within"),
        ({"structure_end": 100}, "seal is not within the structure"),
        ({"structure_end": 2**64 - 1}, "structure is not within the file"),
        ({"tail_start": 2**63}, "structure is not within the file"),
        ({"tail_start": 0}, "structure is not within the file"),
        ({"index_rows": 1}, "index differs"),
        ({"index_xxh3_64": 1}, "index differs"),
        ({"structure_xxh3_64": 1}, "structure .* differs"),
    ],
)
def test_a_seal_that_contradicts_the_file_is_noticed(sealed, changes, match):
    """Where a part cannot be, nothing is read or allocated."""
    opened, _data, found = sealed
    with pytest.raises(BrokenSealError, match=match):
        seal.check(opened, replace(found, **changes))


def test_the_length_of_the_file_is_sealed(sealed):
    """A file of another length is not the one that was sealed."""
    opened, data, found = sealed
    with pytest.raises(BrokenSealError, match="bytes long when it was sealed"):
        seal.check(opened._replace(size=len(data) + 1), found)


def test_the_padding_is_zero(sealed, tmp_path):
    """Bytes between values are no part of the structure; a check of the values looks at each of them."""
    opened, data, found = sealed
    extents = seal.check(opened, found).extents
    seal.check_padding(opened.fd, extents, found)
    ends = (extents["offset"] + extents["nbytes"])[1:4].tolist()
    for place in (found.structure_end, *ends, int(extents["offset"][-1]) - 1):
        assert not data[place]
        _put(tmp_path / "x.h5", place, b"\1")
        with pytest.raises(BrokenSealError, match="padding"):
            seal.check_padding(opened.fd, extents, found)
        _put(tmp_path / "x.h5", place, b"\0")


def _put(path, place, data):
    with path.open("r+b") as file:
        file.seek(place)
        file.write(data)


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
