"""The fill value of strings of variable length is in the heap; the library reads it only after it was checked."""

from __future__ import annotations

import struct

import h5py
import numpy as np
import pytest
from h5py import h5o, h5t

from hdfsaver import errors, load_file
from hdfsaver.files.opening import open_any
from hdfsaver.storage.hdf5 import heap_fill
from hdfsaver.storage.hdf5.global_heap import RECORD, read_strings
from hdfsaver.storage.hdf5.header_messages import messages
from hdfsaver.storage.hdf5.heap_fill import fill_record
from hdfsaver.storage.reading import open_file


@pytest.fixture
def make(tmp_path):
    """Make a file with a dataset of strings that was written in part, and give its path."""

    def made(fill="fill", attributes=0, **options):
        with h5py.File(tmp_path / "x.h5", "w", **options) as file:
            dataset = file.create_dataset("x", (4,), h5py.string_dtype(), fillvalue=fill, chunks=(4,))
            dataset[1] = "written"
            for number in range(attributes):
                dataset.attrs[f"a{number}"] = np.arange(number)
            file["w"] = np.ones(2)
        return tmp_path / "x.h5"

    return made


def _damaged(path, place, content):
    """Change bytes of the only collection of a file, counted from its beginning."""
    data = bytearray(path.read_bytes())
    start = data.find(b"GCOL") + place
    data[start : start + len(content)] = content
    path.write_bytes(data)


@pytest.mark.parametrize("libver", ["earliest", "v108", "v110", "latest"])
@pytest.mark.parametrize("attributes", [0, 60])
@pytest.mark.parametrize("fill", ["fill", "", None])
def test_elements_that_were_never_written(make, libver, attributes, fill):
    """Such elements of a chunk are the fill value, and so is the record for those of other chunks."""
    path = make(fill, attributes, libver=libver, userblock_size=512)
    expected = (fill or "").encode()
    assert [expected, b"written", expected, expected] == load_file(path)["x"].tolist()
    opened = open_any(path)._replace(base=512)
    with h5py.File(path) as file, open(opened.fd, "rb"):
        record = np.frombuffer(fill_record(opened, file["x"].id, "/x"), RECORD)
        assert [expected] == read_strings(opened, record, "/x").tolist()


@pytest.mark.parametrize(
    ("place", "content", "match"),
    [
        (0, b"X", "the collection of its strings at byte .* is damaged"),
        (16, struct.pack("<H", 9), "an element refers to a string that is not in the heap"),
    ],
)
def test_the_library_does_not_read_a_damaged_heap(make, place, content, match):
    """The error is that of the check, not the library's; the rest of the file is read."""
    path = make()
    _damaged(path, place, content)
    with open_file(path) as file:
        assert ["w"] == list(file.variables)
        with pytest.raises(errors.DataLossError, match=f"^{path}: /x: {match}"):
            file.read("x")


class Compound:
    """A dataset whose elements are compounds with a string of variable length."""

    def get_type(self):
        return h5t.py_create(np.dtype([("n", "i4"), ("s", h5py.string_dtype())]), logical=True)


def test_other_fill_values_in_the_heap_are_refused(monkeypatch):
    """A compound with a string of variable length; the properties of the dataset are not even asked for."""
    monkeypatch.setattr(heap_fill, "_stored", lambda *_: b"\7" + bytes(19))
    with pytest.raises(errors.InvalidArgumentError, match="/x: its fill value refers to other parts of the file"):
        heap_fill.check_fill_value(None, Compound(), "/x")
    monkeypatch.setattr(heap_fill, "_stored", lambda *_: bytes(20))
    heap_fill.check_fill_value(None, Compound(), "/x")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_a_header_is_read_within_the_file(make, libver):
    """Wherever a file ends, its headers give messages or an error that names the object."""
    path = make(attributes=30, libver=libver)
    with h5py.File(path) as file:
        address = h5o.get_info(file["x"].id).addr
    opened = open_any(path)
    with open(opened.fd, "rb"):
        whole = list(messages(opened, address, "/x"))
        assert {0x01, 0x03, 0x05, 0x08} <= {kind for kind, _ in whole}
        for size in range(address, opened.size, 61):
            try:
                assert whole == list(messages(opened._replace(size=size), address, "/x"))
            except errors.DataLossError as error:
                assert error.message.startswith("/x: the header")  # noqa: PT017 - either of both may happen
        assert size > address


def test_a_header_that_continues_in_itself(make):
    """A cycle of continuations ends at the limit for the bytes of a header."""
    path = make(attributes=30, libver="earliest")
    with h5py.File(path) as file:
        address = h5o.get_info(file["x"].id).addr
    data = bytearray(path.read_bytes())
    place = address + 16
    while True:
        kind, size = struct.unpack_from("<HH", data, place)
        if kind == 0x10:
            break
        place += 8 + size
    offset, length = struct.unpack_from("<QQ", data, place + 8)
    assert offset != address
    struct.pack_into("<QQ", data, place + 8, address + 16, place + 24 - address - 16)
    path.write_bytes(data)
    opened = open_any(path)
    with open(opened.fd, "rb"), pytest.raises(errors.DataLossError, match="/x: the header of the object is damaged"):
        list(messages(opened, address, "/x"))
