"""The rest of a TensorFlow file beyond its graph: bytes that are kept unchanged."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.schema import Structure, build
from hdfsaver.storage.graph.tensorflow_extras import read_remainders, write_remainders
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file


@given(st.dictionaries(st.sampled_from(["library", "nodes", "graph_def", "x y"]), st.binary(max_size=40)))
def test_any_bytes_survive(remainders):
    """Every part comes back under its name, one without any bytes too."""
    with h5py.File(io.BytesIO(), "w") as file:
        write_remainders(file.id, remainders)
        assert remainders == read_remainders(file.id)


@pytest.mark.parametrize("value", [np.arange(3), np.zeros((2, 2), np.uint8), np.uint8(3)])
def test_a_dataset_that_is_not_bytes_is_damage(value):
    """The message names the dataset."""
    with h5py.File(io.BytesIO(), "w") as file:
        file["library"] = value
        with pytest.raises(errors.DataLossError, match="/library"):
            read_remainders(file.id)


def test_they_are_datasets_below_the_graph(tmp_path):
    """A group that is only there where there is something in it."""
    write_file(tmp_path / "a.h5", variables=None, structure=Structure(build({}), tensorflow={"library": b"abc"}))
    write_file(tmp_path / "b.h5", variables=None, structure=Structure(build({})))
    with h5py.File(tmp_path / "a.h5") as file:
        assert b"abc" == file["graph/tensorflow/library"][()].tobytes()
    with h5py.File(tmp_path / "b.h5") as file:
        assert "tensorflow" not in file["graph"]
    with open_file(tmp_path / "a.h5") as file:
        assert {"library": b"abc"} == file.structure().tensorflow
