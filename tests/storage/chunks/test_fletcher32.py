"""Fletcher32: HDF5's own checksum, for every length, and each difference noticed."""

import io

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.storage.chunks.fletcher32 import fletcher32, without_checksum
from hdfsaver.storage.reading import open_file


def _stored(data):
    """The bytes that HDF5 stores for a chunk with a checksum."""
    with h5py.File(io.BytesIO(), "w") as file:
        values = np.frombuffer(data, np.uint8)
        return file.create_dataset("x", data=values, chunks=values.shape, fletcher32=True).id.read_direct_chunk((0,))[1]


@given(data=st.binary(min_size=1, max_size=2000))
def test_the_checksum_is_that_of_hdf5(data):
    """Even and odd lengths, short and long."""
    stored = _stored(data)
    assert data == stored[:-4]
    assert stored[-4:] == fletcher32(data).to_bytes(4, "little")


@pytest.mark.parametrize("nbytes", [2 * 65536 - 1, 2 * 65536, 2 * 65536 + 1, 500_001, 1_000_000])
@pytest.mark.parametrize("kind", ["random", "zeros", "ones"])
def test_the_checksum_of_much_is_that_of_hdf5(nbytes, kind):
    """Sums that are reduced in several pieces; only zeros give zero, and only ones give the modulus."""
    data = (
        np.random.default_rng(0).bytes(nbytes) if kind == "random" else (b"\0" if kind == "zeros" else b"\xff") * nbytes
    )
    assert int.from_bytes(_stored(data)[-4:], "little") == fletcher32(data)


def test_every_difference_is_noticed():
    """One byte more, less or other; also where nothing but a part of a checksum is stored."""
    stored = _stored(bytes(range(101)))
    assert bytes(range(101)) == bytes(without_checksum(stored) or b"")
    for place in range(len(stored)):
        changed = bytearray(stored)
        changed[place] ^= 0x10
        assert without_checksum(changed) is None
    assert without_checksum(stored[:-1]) is without_checksum(b"ab") is without_checksum(b"") is None


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"compression": "lzf", "shuffle": True}])
def test_checksums_of_old_versions_are_accepted(tmp_path, options):
    """Before version 1.6.3 HDF5 swapped the bytes of the halves; both forms are read, any other is damage."""
    path = tmp_path / "x.h5"
    values = np.arange(1001, dtype=np.int16)
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", data=values, chunks=values.shape, fletcher32=True, **options)
        stored = dataset.id.read_direct_chunk((0,))[1]
    for order in ((0, 1, 2, 3), (1, 0, 3, 2), (3, 2, 1, 0)):
        checksum = bytes(stored[len(stored) - 4 + place] for place in order)
        with h5py.File(path, "r+") as file:
            file["x"].id.write_direct_chunk((0,), stored[:-4] + checksum)
        with open_file(path) as file:
            if order == (3, 2, 1, 0):
                with pytest.raises(errors.DataLossError, match=r"/x: the chunk at \(0,\) .*its checksum is wrong"):
                    file.read("x")
            else:
                assert "fletcher32" == file.variables["x"].filters[-1]
                np.testing.assert_array_equal(values, file.read("x"))
