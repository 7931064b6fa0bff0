"""The index: an attacker can recompute digests, so its content is checked too."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from h5py import h5g
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.storage.hdf5.tables import write_table
from hdfsaver.storage.index import read_index, read_names, shape_of, text_of
from hdfsaver.tensor_info import TensorInfo


@pytest.fixture
def root():
    """The root group of an empty file in memory."""
    with h5py.File("index", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        yield h5g.open(file.id, b"/")


def _index(root, **columns):
    group = h5g.create(root, b"index")
    rows = {"name": ["a", "b%2Fc"], "dtype": ["float32", "string"], "shape": ["2,3", ""]}
    write_table(group, "variables", {**rows, **columns})
    return root


def test_rows_become_entries(root):
    """Names are decoded, shapes parsed, lengths taken from the extents."""
    index = read_index(_index(root), [24, 17])[""]
    assert [TensorInfo("a", "float32", (2, 3), 24), TensorInfo("b/c", "string", (), 17)] == list(index.entries.values())
    assert {"a": "a", "b/c": "b%2Fc"} == index.paths
    assert {"": ["a", "b/c"]} == read_names(root)


@pytest.mark.parametrize(
    ("columns", "nbytes", "kind", "match"),
    [
        ({}, [24], errors.DataLossError, "describes 2 extents, but /index/extents has 1"),
        ({}, [25, 0], errors.DataLossError, r"variable 'a', float32\[2,3\], cannot have 25 bytes"),
        ({"name": ["a", "a"]}, [24, 0], errors.DataLossError, "two rows have the same variable"),
        ({"name": ["a", "%FF"]}, [24, 0], errors.DataLossError, "percent-decode"),
        ({"dtype": ["float33", "string"]}, [24, 0], errors.InvalidArgumentError, "'float33' is not a dtype"),
        ({"dtype": ["resource", "string"]}, [24, 0], errors.InvalidArgumentError, "'resource' is not a dtype"),
        ({"shape": ["-2,3", ""]}, [24, 0], errors.DataLossError, "'-2,3' is not the shape"),
        ({"shape": ["2,3,", ""]}, [24, 0], errors.DataLossError, "is not the shape"),
        ({"shape": ["0,999999999999999999", ""]}, [0, 0], errors.DataLossError, "is not the shape"),
        ({"shape": [",".join("1" * 33), ""]}, [4, 0], errors.DataLossError, "is not the shape"),
        ({"shape": np.array([1, 2])}, [24, 0], errors.DataLossError, "string columns name, dtype, shape were expected"),
    ],
)
def test_rows_that_cannot_be_are_refused(root, columns, nbytes, kind, match):
    """Each wrong row has its own message, which names the part of the file."""
    with pytest.raises(kind, match=f"/index/variables.*{match}"):
        read_index(_index(root, **columns), nbytes)


def test_a_missing_index_is_named(root):
    """Without the table there is nothing to read."""
    with pytest.raises(errors.DataLossError, match="/index"):
        read_index(root, [])


@given(st.lists(st.integers(0, 9), max_size=6).map(tuple))
def test_shapes_come_back(shape):
    """A shape is read from what it was written as."""
    assert shape == shape_of(text_of(shape))
