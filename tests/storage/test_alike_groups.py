"""Groups of variables that are alike, as the layers of a network are."""

from typing import Any

import h5py
import numpy as np

from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file


def test_groups_that_are_alike_are_copies(tmp_path, monkeypatch):
    """Of groups of the same datasets only the first is created; all have their own values, names and attributes."""
    made = []
    create_group = objects.create_group

    def watched(parent, link):
        made.append(link)
        return create_group(parent, link)

    monkeypatch.setattr(objects, "create_group", watched)
    values: dict[str, Any] = {}
    for number in range(4):
        layer = f"net/layer{number}"
        values[f"{layer}/kernel"] = np.full((3, 4), number)
        values[f"{layer}/words"] = np.array([b"w%d" % number], object)
    for number in range(4):  # later in the file, but in the same groups
        values[f"net/layer{number}/kernel/Adam"] = np.full((3, 4), -number)
    values["net/layer3/inner/bias"] = np.ones(2)  # so this layer is not like the others
    values["other/layer0/kernel"] = np.ones((3, 5))
    write_file(tmp_path / "x.h5", variables=values, structure=None)
    assert sorted(link for link in made if link.startswith("layer")) == ["layer0", "layer0", "layer3"]
    with open_file(tmp_path / "x.h5") as file:
        file.verify()
        assert list(file.variables) == list(values)
        assert all(np.array_equal(values[name], found) for name, found in file.read_many(values).items())
    with h5py.File(tmp_path / "x.h5") as file:
        for number in range(3):
            layer = file[f"variables/net/layer{number}"]
            assert set(layer) == {"kernel", "words", "kernel%2FAdam"}
            assert layer["kernel%2FAdam"].attrs["name"] == f"net/layer{number}/kernel/Adam".encode()
            assert layer["words"].attrs["dtype"] == b"string"
