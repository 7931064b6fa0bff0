"""Numbers of fewer than 8 bits, in the file and in memory."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hdfsaver import dtypes, save_file
from hdfsaver.errors import DataLossError
from hdfsaver.storage.hdf5 import narrow_numbers
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.salvage import salvage
from hdfsaver.storage.writing import write_file

NARROW = [name for name in narrow_numbers.BITS if dtypes.ROW_BY_NAME[name].hdf5 is not None]
CODES = np.arange(16, dtype=np.uint8)


def test_a_signed_number_is_extended_with_its_sign(tmp_path):
    """A reader that does not know of unused bits finds -3 and not 13, in variables and in the bytes of the file."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"i": np.array([-3, 7], dtypes.numpy_dtype("int4"))}, structure=None)
    with h5py.File(path) as file:
        offset = file["variables/i"].id.get_offset()
        np.testing.assert_array_equal([-3, 7], file["variables/i"][:])
    assert b"\xfd\x07" == path.read_bytes()[offset : offset + 2]


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_unused_bits_in_memory_do_not_matter(tmp_path, name, compression):
    """Arrays with bits that operations left unused give the same file, and are read without them."""
    path = tmp_path / "x.h5"
    bits = narrow_numbers.BITS[name]
    clean = np.tile(np.arange(1 << bits, dtype=np.uint8), 1 << (17 - bits)).view(dtypes.numpy_dtype(name))
    dirty = (clean.view(np.uint8) | np.uint8(0x80)).view(clean.dtype)
    files = []
    for array in (clean, dirty):
        save_file({"x": array}, path, compression=compression)
        files.append(path.read_bytes())
    assert files[0] == files[1]
    with open_file(path) as file:
        assert clean.tobytes() == file.read("x").tobytes() == file.read_many(["x"], mmap_mode="r")["x"].tobytes()
        assert clean[3:9].tobytes() == file.read_slice("x", (slice(3, 9),)).tobytes()
    assert clean.tobytes() == salvage(path).values["x"].tobytes()


@pytest.mark.parametrize("name", NARROW)
def test_bytes_that_are_no_number_are_damage(name):
    """A byte whose unused bits are neither zero nor the sign is refused with its place and its dtype."""
    with pytest.raises(DataLossError, match=f"element 1 has the byte 0x40.*{name}"):
        narrow_numbers.checked(np.array([0, 0x40], np.uint8), name)


def test_files_of_other_programs_may_have_any_unused_bits(tmp_path):
    """As for the HDF5 library, only the bits of the datatype count in a file without an index."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        kind = h5py.h5t.STD_I8LE.copy()
        kind.set_precision(4)
        space = h5py.h5s.create_simple((2,))
        h5py.h5d.create(file.id, b"x", kind, space).write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([13, -3], "i1"), kind)
    with open_file(tmp_path / "x.h5") as file:
        np.testing.assert_array_equal([-3, -3], file.read("x").astype(int))
