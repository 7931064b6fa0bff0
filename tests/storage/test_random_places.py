"""The places of random operations in a file: a damaged table is noticed where no seal has noticed it before."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import hdfsaver
from hdfsaver.errors import DataLossError
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, write_models

PLACES = {"a": (2**64 - 1, 2**127 + 5), "b": (0, 0)}


def written(folder: Path) -> Path:
    """A file with the places of two operations."""
    path = folder / "m.h5"
    write_models(path, {"": Model({"v": np.ones(2)}, None, {}, random=PLACES)})
    return path


def test_places(tmp_path: Path) -> None:
    """Numbers of 64 and of 128 bits come back; also from a file without a seal that is read by the HDF5 library."""
    path = written(tmp_path)
    with open_file(path) as file:
        assert file.random_places() == PLACES
        file.verify()
    with h5py.File(path, "a") as opened:
        opened["variables/v"].attrs["units"] = "m"
    hdfsaver.reseal(path)
    with open_file(path) as file:
        assert file.random_places() == PLACES


@pytest.mark.parametrize("kind", ["twice", "rows", "missing"])
def test_damage(kind: str, tmp_path: Path) -> None:
    """A name that occurs twice, another number of rows, and numbers that are missing are errors."""
    path = written(tmp_path)
    with h5py.File(path, "a") as opened:
        index = opened["index"]
        if kind == "twice":
            index["random"][1] = index["random"][0]
        else:
            del index["random_places"]
        if kind == "rows":
            index["random_places"] = np.zeros((3, 3), np.uint64)
    with pytest.raises(DataLossError, match={"twice": "duplicate name", "rows": "2 rows"}.get(kind, "missing")):
        hdfsaver.reseal(path)
