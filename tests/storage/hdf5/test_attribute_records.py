"""The bytes of attributes, in every form of HDF5's headers."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hdfsaver import errors
from hdfsaver.storage.hdf5.attribute_records import attribute_bytes
from hdfsaver.storage.hdf5.superblock import open_hdf5


@pytest.mark.parametrize("libver", ["earliest", "v108", "v110", "latest"])
@pytest.mark.parametrize("others", [0, 1, 6])
@pytest.mark.parametrize("userblock", [0, 512])
def test_the_bytes_of_an_attribute_are_found(tmp_path, libver, others, userblock):
    """Among others, in a header of several blocks, after a user block."""
    with h5py.File(tmp_path / "x.h5", "w", libver=libver, userblock_size=userblock) as file:
        file["x"] = np.zeros(2)
        for number in range(others):
            file["x"].attrs[f"other{number}"] = "text" * 50 * number
        file["x"].attrs["values"] = np.array([1, 2, 3], "<i2")
    opened = open_hdf5(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        found = attribute_bytes(opened, file["x"].id, "values", "/x")
        assert found is not None
        assert np.array([1, 2, 3], "<i2").tobytes() == found[:6]
        assert attribute_bytes(opened, file["x"].id, "nothing", "/x") is None


def test_a_message_that_is_cut_short_is_damage(tmp_path, monkeypatch):
    """The error names the attribute."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = np.zeros(2)
        monkeypatch.setattr("hdfsaver.storage.hdf5.attribute_records.messages", lambda *_: [(0x0C, b"\1\0")])
        with pytest.raises(errors.DataLossError, match="/x: the header of the object is damaged"):
            attribute_bytes(None, file["x"].id, "a", "/x")
