"""Datatypes of any program: their layout in the file, and their description for errors."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from h5py import h5t

from hdfsaver.storage.hdf5.foreign_types import described, members_of, stored_size

TEXT = h5py.string_dtype()
LONG = h5t.IEEE_F64LE.copy()
LONG.set_size(16)
LONG.set_precision(80)

ROW = np.dtype(
    [
        ("a", "f4"),
        ("text", TEXT),
        ("b", "i2"),
        ("texts", TEXT, (3,)),
        ("sequence", h5py.vlen_dtype("i4")),
        ("reference", h5py.ref_dtype),
        ("inner", [("text", TEXT), ("z", "u1")]),
        ("end", "f8"),
    ]
)


def test_the_layout_of_a_row_is_that_of_the_file(tmp_path):
    """What is of variable length has another size in the file than the HDF5 library tells."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset("x", (2,), ROW)
        row = (1.5, "ab", 3, ["c", "d", "e"], np.array([4], "i4"), file.ref, ("f", 7), 2.5)
        dataset[0] = dataset[1] = np.array([row], ROW)[0]
        datatype = dataset.id.get_type()
        size = stored_size(datatype)
        assert size is not None
        assert dataset.id.get_storage_size() == 2 * size > 2 * datatype.get_size()
        offset = dataset.id.get_offset()
        places = {member.name: member.offset for member in members_of(datatype)}
    data = (tmp_path / "x.h5").read_bytes()[offset : offset + size]
    assert 1.5 == np.frombuffer(data, "<f4", 1, places["a"])[0]
    assert 3 == np.frombuffer(data, "<i2", 1, places["b"])[0]
    assert 7 == data[places["inner"] + 16]
    assert 2.5 == np.frombuffer(data, "<f8", 1, places["end"])[0]


@pytest.mark.parametrize(
    ("datatype", "expected"),
    [
        (h5t.STD_I32LE, "int32"),
        (h5t.STD_U16BE, "uint16"),
        (h5t.IEEE_F32LE, "float32"),
        (LONG, "float of 80 bits in 16 bytes"),
        (h5t.py_create(np.dtype("S5")), "string of 5 bytes"),
        (h5t.py_create(TEXT, logical=True), "string of variable length"),
        (h5t.vlen_create(h5t.STD_I32LE), "variable-length sequence of int32"),
        (
            h5t.vlen_create(h5t.vlen_create(h5t.STD_U8LE)),
            "variable-length sequence of variable-length sequence of uint8",
        ),
        (h5t.STD_REF_OBJ, "object reference"),
        (h5t.STD_REF_DSETREG, "region reference"),
        (h5t.UNIX_D64LE, "time of 8 bytes"),
        (h5t.STD_B8LE, "bitfield of 1 byte"),
        (h5t.py_create(np.dtype("V2")), "opaque value of 2 bytes without a tag"),
        (
            h5t.py_create(h5py.opaque_dtype("M8[s]"), logical=True),
            "opaque value of 8 bytes with the tag 'NUMPY:<M8[s]'",
        ),
        (h5t.array_create(h5t.STD_REF_OBJ, (2, 3)), "array (2, 3) of object reference"),
        (h5t.py_create(h5py.enum_dtype({"a": 0}, "u1"), logical=True), "enumeration of uint8"),
        (
            h5t.py_create(np.dtype([("a", "f4"), ("b", "S2")])),
            "compound with the members a: float32, b: string of 2 bytes",
        ),
        (
            h5t.py_create(np.dtype([(f"m{index}", "u1") for index in range(6)])),
            "compound with the members m0: uint8, m1: uint8, m2: uint8, m3: uint8 and 2 more",
        ),
    ],
)
def test_the_description_of_a_datatype(datatype, expected):
    """An error says what is in the file."""
    assert expected == described(datatype)


def test_unused_bits_are_said():
    """An integer of twelve bits is not called a plain one."""
    datatype = h5t.STD_I16LE.copy()
    datatype.set_precision(12)
    assert "int16 with 12 significant bits" == described(datatype)


def test_references_of_hdf5_1_12_have_no_known_size():
    """They are longer in memory than in the file, by how much depends on the file."""
    reference = h5t.decode(bytes.fromhex("03004712000012000000"))  # h5py does not make one
    assert h5t.REFERENCE == reference.get_class()
    assert "reference" == described(reference)
    assert stored_size(reference) is None
    row = h5t.create(h5t.COMPOUND, 4 + reference.get_size())
    row.insert(b"a", 0, h5t.STD_I32LE)
    row.insert(b"b", 4, reference)
    assert stored_size(row) is None
