"""What HDF5 shows as the index of a sealed file must be the index that the seal names: `verify` compares the two."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hdfsaver import errors
from hdfsaver.storage import seal
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file
from tests.format.resealing import resealed
from tests.hostile.checksums import repaired


def verify(path):
    with open_file(path) as file:
        file.verify()


@pytest.mark.parametrize("link", ["variables", "extents"])
def test_an_index_that_hdf5_shows_elsewhere(tmp_path, link):
    """A dataset whose header names another place, with right checksums and digests, is reported by `verify`."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"a": np.arange(3.0), "b": np.arange(3.0)}, structure=None)
    data = path.read_bytes()
    found = seal.find(data)
    assert found is not None
    old = {"variables": found.index_offset, "extents": found.extents_offset}[link]
    with h5py.File(path) as file:
        header = h5py.h5o.get_info(file[f"index/{link}"].id).addr
        before = file[f"index/{link}"][()].tobytes()
    place = data.index(old.to_bytes(8, "little"), header)
    data = data[:place] + (old - 24).to_bytes(8, "little") + data[place + 8 :]
    path.write_bytes(resealed(repaired(data, place)))
    with h5py.File(path) as file:
        assert file[f"index/{link}"][()].tobytes() != before
    with open_file(path) as file:
        assert file.read("a").tolist() == [0, 1, 2]
    with pytest.raises(errors.DataLossError, match=f"/index/{link}: it is not where the seal says, so other programs"):
        verify(path)


def test_files_without_variables_and_with_long_names(tmp_path):
    """Files of this package pass, whatever is in their index."""
    for variables in ({}, {"a" * 3000: np.ones(3), "b": np.array([b"x"], object)}):
        write_file(tmp_path / "x.h5", variables=variables, structure=None)
        verify(tmp_path / "x.h5")


@pytest.mark.parametrize("other", ["extents", "variables"])
def test_a_link_that_leads_elsewhere(tmp_path, other):
    """A link ``/index/seal`` to another dataset, with right checksums and digests, is reported by `verify`."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"a": np.arange(3.0)}, structure=None)
    data = path.read_bytes()
    with h5py.File(path) as file:
        ours, theirs = (h5py.h5o.get_info(file[f"index/{link}"].id).addr for link in ("seal", other))
        expected = file[f"index/{other}"][()].tobytes()
    place = data.index(b"\x04seal" + ours.to_bytes(8, "little")) + 5
    data = data[:place] + theirs.to_bytes(8, "little") + data[place + 8 :]
    path.write_bytes(resealed(repaired(data, place)))
    with h5py.File(path) as file:
        assert file["index/seal"][()].tobytes() == expected
    with open_file(path) as file:
        assert file.read("a").tolist() == [0, 1, 2]
    with pytest.raises(errors.DataLossError, match="/index/seal: it is not where the seal says, so other programs"):
        verify(path)
