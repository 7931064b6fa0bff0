"""Places that datasets get after HDF5 has closed the file: in headers of every form, with their checksums."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pytest
from h5py import h5d, h5f, h5g, h5t
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.dataset_copies import DatasetCopies, Described
from hdfsaver.storage.hdf5.late_places import lookup3, put_end, put_places
from hdfsaver.storage.hdf5.sparse_memory import SparseMemory
from hdfsaver.storage.skeleton import access_properties, file_properties
from tests.hostile import checksums


@given(st.integers(1, 60), st.integers(1, 12), st.randoms())
def test_the_checksum_is_that_of_each_row(length, count, random):
    """Many pieces at a time have the checksums that each has alone."""
    rows = np.array([[random.randrange(256) for _ in range(length)] for _ in range(count)], np.uint8)
    assert [checksums.lookup3(row.tobytes()) for row in rows] == lookup3(rows).tolist()


def _laid_out(attributes):
    """A file of datasets without places, one with each number of attributes: its bytes, and where the headers are."""
    memory, copies = SparseMemory(), DatasetCopies()
    file = h5f.create(b"x", h5f.ACC_TRUNC, file_properties(), access_properties(memory))
    root = h5g.open(file, b"/")
    headers = []
    for number in range(len(attributes)):
        link = f"d{number}"
        if number % 2:
            headers.append(copies.make(root, Described(link, h5t.IEEE_F64LE, (3,) * (1 + number % 3), {"label": "x"})))
        else:
            shape = (3,) * (1 + number % 3)
            objects.create_without_place(root, link, h5t.IEEE_F64LE, shape)
            headers.append(root.links.get_info(link.encode()).u)
    for number, count in enumerate(attributes):
        for attribute in range(count):
            objects.set_text(h5d.open(root, b"d%d" % number), f"a{attribute}", "text" * (1 + attribute))
    file.close()
    return memory.read_at(0, memory.size), np.array(headers)


@pytest.mark.parametrize("attributes", [[0] * 6, [0, 1, 2, 3, 4, 5, 6, 7], [12] * 4])
def test_places_are_where_hdf5_finds_them(attributes):
    """The library reads from each place, whether the layout is in the first block of the header or in another."""
    data, headers = _laid_out(attributes)
    sizes = np.array([8 * 3 ** (1 + number % 3) for number in range(len(headers))])
    places = 65536 + 4096 * np.arange(len(headers))
    put_places(data, headers, places, sizes)
    end = int(places[-1] + sizes[-1])
    put_end(data, end)
    whole = bytearray(end)
    whole[: len(data)] = data
    for number, (place, size) in enumerate(zip(places.tolist(), sizes.tolist(), strict=True)):
        whole[place : place + size] = np.full(size // 8, float(number)).tobytes()
    with h5py.File(io.BytesIO(whole)) as file:
        assert [np.all(file[f"d{number}"][()] == number) for number in range(len(headers))] == [True] * len(headers)
        assert places.tolist() == [file[f"d{number}"].id.get_offset() for number in range(len(headers))]
        assert [len(file[f"d{number}"].attrs) for number in range(len(headers))] == [
            count + number % 2 for number, count in enumerate(attributes)
        ]


def test_a_header_that_is_not_as_it_was_made_is_an_error():
    """No address is written over anything else."""
    data, headers = _laid_out([0, 0])
    good = np.array([24, 72])
    for wrong in (headers + 1, headers[::-1]):
        with pytest.raises(ValueError, match="[Hh]eader"):
            put_places(bytearray(data), wrong.copy(), np.array([100, 200]), good)
    put_places(data, headers, np.array([100, 200]), good)
    with pytest.raises(ValueError, match="does not have the layout"):
        put_places(data, headers, np.array([100, 200]), good)


def test_a_copy_has_no_unused_bytes():
    """The header of a copy takes little more than half of what HDF5 reserves for a new dataset."""
    memory, copies = SparseMemory(), DatasetCopies()
    file = h5f.create(b"x", h5f.ACC_TRUNC, file_properties(), access_properties(memory))
    root = h5g.open(file, b"/")
    made = [copies.make(root, Described(f"d{number}", h5t.IEEE_F64LE, (3,), {})) for number in range(4)]
    file.close()
    assert made[3] - made[2] == made[2] - made[1] < 0.6 * (made[1] - made[0])
