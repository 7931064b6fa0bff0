"""Chunks at the edges of a dataset that were stored without filters."""

from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest

from hdfsaver import errors, load_file, open_file
from hdfsaver.files.opening import Opened
from hdfsaver.storage.chunks import edge_chunks

GOLDEN = Path(__file__).with_name("golden")


@pytest.mark.parametrize("libver", ["earliest", "v110", "latest"])
def test_edges_without_filters_are_read(libver):
    """In headers of both versions; of a chunk that is only shuffled, nothing but the header tells it."""
    if libver == "latest" and h5py.version.hdf5_version_tuple < (2, 0, 0):
        pytest.skip("HDF5 2.0 wrote it, in a version of the header that earlier ones do not know")
    values = np.arange(90, dtype=np.int32).reshape(10, 9)
    path = GOLDEN / f"unfiltered_edges_{libver}.h5"
    with open_file(path) as file:
        assert {"shuffled": ("shuffle",), "deflated": ("gzip",), "both": ("shuffle", "gzip")} == {
            name: file.variables[name].filters for name in file
        }
        for name in file:
            np.testing.assert_array_equal(values, file[name])
            np.testing.assert_array_equal(values[5:, 7:], file.get_slice(name)[5:, 7:])


@pytest.mark.parametrize("libver", ["earliest", "v108", "v110", "latest"])
def test_edges_with_filters_are_filtered(tmp_path, libver):
    """Chunks at an edge that happen to have their full length, such as those that are only shuffled."""
    values = np.arange(90, dtype=np.int32).reshape(10, 9)
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        dataset = file.create_dataset("x", data=values, chunks=(4, 4), shuffle=True, maxshape=(None, None))
        for number in range(40):  # a header in several pieces
            dataset.attrs[f"attribute {number}"] = np.bytes_(b"x" * 500)
    np.testing.assert_array_equal(values, load_file(tmp_path / "x.h5")["x"])


def test_a_filtered_chunk_of_full_length_is_not_taken_as_it_is(tmp_path):
    """Without the option, a chunk at an edge of the right length must decode, or is damaged."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", (6,), "u1", chunks=(4,), compression="gzip")[:4] = 1
        file["x"].id.write_direct_chunk((4,), b"1234")
    with pytest.raises(errors.DataLossError, match=r"the chunk at \(4,\) does not hold 4 bytes"):
        load_file(tmp_path / "x.h5")


def test_a_damaged_header_is_survived(tmp_path):
    """Whatever a header says, there is an answer, or an error of its own."""
    data = (GOLDEN / "unfiltered_edges_v110.h5").read_bytes()
    with h5py.File(GOLDEN / "unfiltered_edges_v110.h5") as file, (tmp_path / "x").open("w+b") as damaged:
        dataset = file["both"].id
        address = h5py.h5o.get_info(dataset).addr
        found = []
        for flip in range(256):
            changed = bytearray(data)
            changed[address + flip] ^= 0xFF
            damaged.seek(0)
            damaged.write(changed)
            damaged.flush()
            with suppress(errors.DataLossError):
                found.append(edge_chunks.are_filtered(Opened(damaged.fileno(), len(data), b""), dataset, "/both"))
    assert {True, False} == set(found)
