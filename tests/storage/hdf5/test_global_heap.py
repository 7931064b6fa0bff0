"""Text of variable length is read as h5py reads it; a damaged heap gives an error that names the dataset."""

from __future__ import annotations

import struct
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from hdfsaver import errors, limits, load_file
from hdfsaver.files.opening import bytes_at, open_any
from hdfsaver.storage.hdf5 import global_heap
from hdfsaver.storage.hdf5.global_heap import RECORD, check_collection, read_strings
from hdfsaver.storage.reading import open_file

GOLDEN = Path(__file__).with_name("golden")

TEXTS = ["a", "", "Ä" * 3, "long " * 2000, "b", "c"]

HEADER = struct.Struct("<4sB3xQ")
OBJECT = struct.Struct("<HHIQ")


@pytest.fixture
def make(tmp_path):
    """Make a plain file with h5py and give its path."""

    def made(fill, **options):
        with h5py.File(tmp_path / "x.h5", "w", **options) as file:
            fill(file)
        return tmp_path / "x.h5"

    return made


def _of_h5py(path, name):
    with h5py.File(path) as file:
        return file[name][()]


@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (2, 2)},
        {"chunks": (1, 4), "maxshape": (None, None)},
        {"chunks": (3, 1), "compression": "gzip", "shuffle": True},
    ],
)
def test_texts_are_read(make, libver, encoding, options):
    """Texts of any length in any layout are those that h5py reads, as a whole and in parts."""
    texts = [text.replace("Ä", "A" if encoding == "ascii" else "Ä") for text in TEXTS]

    def fill(file):
        values = np.array(texts, dtype=object).reshape(3, 2)
        file.create_dataset("x", data=values, dtype=h5py.string_dtype(encoding), **options)
        file["w"] = np.ones(2)

    path = make(fill, libver=libver)
    expected = _of_h5py(path, "x")
    with open_file(path) as file:
        found = file.read("x")
        assert expected.tolist() == found.tolist()
        assert found.flags.writeable
        assert ("string", (3, 2)) == file.variables["x"][1:3]
        assert expected[1:, :1].tolist() == file.read_slice("x", (slice(1, 3), slice(0, 1))).tolist()
        assert [1, 1] == file.read("w").tolist()
        assert {} == file.unreadable
        file.verify()


def test_scalars_and_empty_arrays(make):
    """A single text, an empty one, and an array without elements."""

    def fill(file):
        file["one"] = "text"
        file["nothing"] = ""
        file.create_dataset("none", (0, 3), h5py.string_dtype())

    with open_file(make(fill)) as file:
        assert b"text" == file.read("one")[()]
        assert () == file.variables["one"].shape
        assert b"" == file.read("nothing")[()]
        assert (0, 3) == file.read("none").shape
        assert (0, 2) == file.read_slice("none", (slice(0, 0), slice(1, 3))).shape


def test_elements_that_were_never_written_are_empty(make):
    """Where only some elements of a chunk were written, the others are empty, as in h5py."""

    def fill(file):
        file.create_dataset("x", (4,), h5py.string_dtype(), chunks=(4,))[2] = "c"

    assert [b"", b"", b"c", b""] == load_file(make(fill))["x"].tolist()


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_texts_that_were_changed(make, libver):
    """A heap with holes, where texts were replaced by longer and shorter ones."""

    def fill(file):
        dataset = file.create_dataset("x", data=[f"text {number}" for number in range(500)])
        for number in range(0, 500, 7):
            dataset[number] = "x" * number
        del file.create_dataset("other", data=["y" * 50] * 300).file["other"]
        dataset[3] = "after"

    path = make(fill, libver=libver)
    assert _of_h5py(path, "x").tolist() == load_file(path)["x"].tolist()


@pytest.mark.parametrize(
    ("name", "variable", "texts"),
    [
        ("netcdf4.nc", "log", ["first", "", "dritte Ä"]),
        ("xarray.nc", "station", ["a", "", "Ä"]),
        ("hdf5r.h5", "names", ["a", "", "Ä"]),
        ("hdf5r.h5", "table", [["a", "b"], ["c", "d"], ["e", "f"]]),
        ("rhdf5.h5", "names", ["a", "", "bcd"]),
    ],
)
def test_files_of_other_programs(name, variable, texts):
    """Texts that netCDF4, xarray and R wrote."""
    with open_file(GOLDEN / name) as file:
        assert texts == np.vectorize(bytes.decode, otypes=[object])(file.read(variable)).tolist()


def test_a_user_block_before_the_heap(make):
    """Addresses in a file with a user block count from its end."""
    path = make(lambda file: file.create_dataset("x", data=TEXTS), userblock_size=1024)
    assert [text.encode() for text in TEXTS] == load_file(path)["x"].tolist()


def test_only_what_is_asked_for_is_read(make, monkeypatch):
    """A part of the dataset reads the collections of its own texts."""
    path = make(lambda file: file.create_dataset("x", data=[letter * 100_000 for letter in "abcdefgh"]))
    read = []

    def note(opened, offset, nbytes):
        read.append(nbytes)
        return bytes_at(opened, offset, nbytes)

    monkeypatch.setattr(global_heap, "bytes_at", note)
    with open_file(path) as file:
        assert [b"c" * 100_000] == file.read_slice("x", (slice(2, 3),)).tolist()
    assert 100_000 <= sum(read) < 110_000


def test_many_texts_are_read_quickly(make):
    """100,000 texts take less than 2 s of the processor."""
    texts = [f"name {number}" for number in range(100_000)]
    path = make(lambda file: file.create_dataset("x", data=texts))
    with open_file(path) as file:
        start = time.process_time()
        found = file.read("x")
        assert time.process_time() - start < 2
    assert [text.encode() for text in texts] == found.tolist()


def test_compact_texts_are_refused_with_a_way_out(tmp_path):
    """In the header of a dataset, texts are not read; the tool that the message names makes a file where they are."""
    datatype = h5py.h5t.C_S1.copy()
    datatype.set_size(h5py.h5t.VARIABLE)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        group = file.create_group("g")
        made = h5py.h5d.create(group.id, b"x", datatype, h5py.h5s.create_simple((2,)), properties)
        h5py.Dataset(made)[:] = ["a", "bc"]
    with pytest.raises(errors.InvalidArgumentError, match="`h5repack -l /g/x:CONTI IN OUT`"):
        load_file(tmp_path / "x.h5")
    subprocess.run(["h5repack", "-l", "/g/x:CONTI", tmp_path / "x.h5", tmp_path / "y.h5"], check=True)
    assert [b"a", b"bc"] == load_file(tmp_path / "y.h5")["g/x"].tolist()


# --- damage ---------------------------------------------------------------------------------------------------------


class Heap:
    """Elements of a dataset and the collection of their strings, in a file without anything else of HDF5."""

    elements = 48

    def __init__(self, path: Path, texts: list[bytes]) -> None:
        self.path = path
        self.collection = self.elements + RECORD.itemsize * len(texts)
        objects = b"".join(
            OBJECT.pack(index, 0, 0, len(text)) + text.ljust(len(text) + 7 & ~7, b"\0")
            for index, text in enumerate(texts, 1)
        )
        size = HEADER.size + len(objects) + OBJECT.size + 32
        free = OBJECT.pack(0, 0, 0, OBJECT.size + 32) + bytes(32)
        self.data = bytearray(self.collection) + HEADER.pack(b"GCOL", 1, size) + objects + free + bytes(64)

        self.records = np.frombuffer(self.data, RECORD, count=len(texts), offset=self.elements)
        """The elements; changes are changes of `data`."""
        for index, text in enumerate(texts, 1):
            self.records[index - 1] = (len(text), self.collection, index)

    def write(self, offset: int, content: bytes) -> None:
        """Change bytes, in memory."""
        self.data[offset : offset + len(content)] = content

    def read(self) -> list[bytes]:
        """The strings of the elements."""
        self.path.write_bytes(self.data)
        opened = open_any(self.path)
        with open(opened.fd, "rb"):
            return read_strings(opened, self.records, "/x").tolist()

    def check_whole(self) -> None:
        """Check the collection as for the library."""
        self.path.write_bytes(self.data)
        opened = open_any(self.path)
        with open(opened.fd, "rb"):
            check_collection(opened, self.collection, "/x")

    def check(self, match: str) -> None:
        """Reading the texts is an error that names the dataset."""
        with pytest.raises(errors.DataLossError, match=f"^/x: {match}"):
            self.read()


@pytest.fixture
def heap(tmp_path):
    return Heap(tmp_path / "heap", [b"first", b"second", b"third"])


def test_a_place_without_a_collection(heap):
    """An address that leads elsewhere in the file, or out of it."""
    heap.records["address"][1] = heap.elements
    heap.check("the collection of its strings at byte .* is damaged")
    for address in (len(heap.data) - 8, len(heap.data), 2**40, 2**63, 2**64 - 1):
        heap.records["address"][1] = address
        heap.check("its strings are not within the file")


@pytest.mark.parametrize(("offset", "content"), [(0, b"X"), (4, b"\2"), (8, bytes(8)), (8, b"\7" + bytes(7))])
def test_a_damaged_header_of_a_collection(heap, offset, content):
    """Signature, version and size are checked."""
    heap.write(heap.collection + offset, content)
    heap.check("the collection of its strings at byte .* is damaged")


@pytest.mark.parametrize("size", [2**32, 2**63, 2**64 - 1])
def test_a_collection_beyond_the_file(heap, size):
    """A size that the file does not have is not allocated."""
    heap.write(heap.collection + 8, size.to_bytes(8, "little"))
    heap.check("its strings are not within the file")


@pytest.mark.parametrize("size", [4096, 2**32, 2**63])
def test_an_object_beyond_its_collection(heap, size):
    """A size of an object that does not fit."""
    heap.write(heap.collection + 16 + 8, size.to_bytes(8, "little"))
    heap.check("an object in the collection of its strings is damaged")


def test_the_free_space_ends_with_its_collection(heap):
    """Where the library is to read a collection, the size of its free space is checked as well."""
    heap.check_whole()
    place = len(heap.data) - 64 - 32 - 8
    (nbytes,) = struct.unpack_from("<Q", heap.data, place)
    for size in (nbytes + 16, nbytes - 8, 2**63):
        heap.write(place, size.to_bytes(8, "little"))
        assert [b"first", b"second", b"third"] == heap.read()
        with pytest.raises(
            errors.DataLossError, match="^/x: the free space in the collection of its strings is damaged"
        ):
            heap.check_whole()


def test_two_objects_with_one_index(heap):
    """An index means one object."""
    (index,) = struct.unpack_from("<H", heap.data, heap.collection + 16)
    heap.write(heap.collection + 16 + OBJECT.size + 8, struct.pack("<H", index))
    heap.check("an object in the collection of its strings is damaged")


@pytest.mark.parametrize("index", [0, 9, 60_000, 2**32 - 1])
def test_an_object_that_is_not_there(heap, index):
    """An index without an object, or that of the free space."""
    heap.records["index"][2] = index
    heap.check("an element refers to a string that is not in the heap")


@pytest.mark.parametrize("length", [0, 5, 7, 2**20, 2**24])
def test_a_text_of_another_length_than_its_object(heap, length):
    """No byte beyond the object is handed out, and none is left out."""
    heap.records["length"][1] = length
    heap.check("an element refers to a string that is not in the heap")


def test_a_text_without_a_place(heap):
    """Only an empty text has no place in the heap."""
    heap.records["address"][1] = 0
    heap.check("a string that is not empty has no place in the heap")
    heap.records["length"][1] = 0
    assert [b"first", b"", b"third"] == heap.read()


def test_collections_that_overlap(tmp_path):
    """A collection within another one would be read again for each of many elements."""
    heap = Heap(tmp_path / "heap", [b"a" * 300, b"b"])
    inner = heap.data.find(b"a" * 300) + 8
    heap.write(inner, HEADER.pack(b"GCOL", 1, 64) + OBJECT.pack(1, 0, 0, 1) + b"c")
    heap.records[1] = (1, inner, 1)
    heap.check("the collections of its strings overlap")


def test_a_shared_text_counts_as_often_as_it_is_shared(make):
    """Elements that refer to one text declare its length each; nothing is read before they are counted."""
    path = make(lambda file: file.create_dataset("x", data=["a" * 100_000, *["b"] * 999]))
    with h5py.File(path) as file:
        place = file["x"].id.get_offset()
    data = bytearray(path.read_bytes())
    records = np.frombuffer(data, RECORD, count=1000, offset=place)
    records[:] = records[0]
    path.write_bytes(data)
    with limits.use(declared_bytes=10**7, declared_ratio=1), open_file(path) as file:
        with pytest.raises(errors.ResourceExhaustedError, match="/x: .*declare 100016000 bytes .*`declared_bytes`"):
            file.read("x")
        with pytest.raises(errors.ResourceExhaustedError, match="/x"):
            file.read_slice("x", (slice(0, 500),))
        assert 99 == len(file.read_slice("x", (slice(0, 99),)))


def test_a_string_that_is_not_there_is_the_error_of_its_dataset(make):
    """The error names the file and the dataset, and the rest of the file is read."""

    def fill(file):
        file["x"] = ["first", "second"]
        file["w"] = np.ones(2)

    path = make(fill)
    with h5py.File(path) as file:
        place = file["x"].id.get_offset()
    data = bytearray(path.read_bytes())
    np.frombuffer(data, RECORD, count=2, offset=place)["address"][1] = place
    path.write_bytes(data)
    with open_file(path) as file:
        with pytest.raises(errors.DataLossError, match=f"^{path}: /x: the collection of its strings .* is damaged"):
            file.read("x")
        assert [1, 1] == file.read("w").tolist()


def test_texts_of_several_datasets_count_together(make):
    """Datasets that are read at once share the limit."""

    def fill(file):
        file["a"] = ["a" * 600_000]
        file["b"] = ["b" * 600_000]

    with limits.use(declared_bytes=10**6, declared_ratio=0), open_file(make(fill)) as file:
        assert 600_000 == len(file.read("b")[0])
        with pytest.raises(errors.ResourceExhaustedError, match="/b: "):
            file.read_many(["a", "b"])


def test_any_byte_may_change(heap):
    """Whatever byte of elements and heap has another value, texts or an error come of it, and nothing else."""
    outcomes = set()
    before = bytes(heap.data)
    for place in range(heap.elements, len(before) - 64):
        for change in (0x01, 0x80, 0xFF):
            heap.data[place] = before[place] ^ change
            try:
                outcomes.add(len(heap.read()))
            except (errors.DataLossError, errors.ResourceExhaustedError) as error:
                outcomes.add(type(error) if error.message.startswith("/x: ") else error.message)
        heap.data[place] = before[place]
    assert [b"first", b"second", b"third"] == heap.read()
    assert {3, errors.DataLossError} <= outcomes <= {3, errors.DataLossError, errors.ResourceExhaustedError}
