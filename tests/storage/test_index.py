"""The index: an attacker can recompute digests, so its content is checked too."""

from __future__ import annotations

from dataclasses import replace

import h5py
import numpy as np
import pytest
from h5py import h5f, h5g, h5i
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.storage import layout
from hdfsaver.storage.hdf5.tables import write_table
from hdfsaver.storage.index import described, read_index, read_names, shape_of, text_of
from hdfsaver.storage.seal import Seal, StoredIndex
from hdfsaver.tensor_info import TensorInfo


@pytest.fixture
def root():
    """The root group of an empty file in memory."""
    with h5py.File("index", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        yield h5g.open(file.id, b"/")


def _index(root, **columns):
    group = h5g.create(root, b"index")
    rows = {"name": ["a", "b%2Fc"], "dtype": ["float32", "string"], "shape": ["2,3", ""], "encoding": ["", "joined"]}
    write_table(group, "variables", {**rows, **columns})
    return root


def _read(root, nbytes):
    """The index of a file, as its seal finds it."""
    group = h5g.open(root, b"index")
    h5f.flush(root)
    image = h5i.get_file_id(root).get_file_image()
    found = Seal(0, 0, 0, 0, 0, len(nbytes), **described(group))
    rows, long = (image[offset : offset + size] for offset, size in found.index[1:])
    extents = np.array([(0, size, 0) for size in nbytes], layout.EXTENTS_ROW)
    return read_index(found, StoredIndex(extents, rows, long))


def test_rows_become_entries(root):
    """Names are decoded, shapes parsed, lengths taken from the extents."""
    index = _read(_index(root), [24, 17])[""]
    assert [TensorInfo("a", "float32", (2, 3), 24), TensorInfo("b/c", "string", (), 17)] == list(index.entries.values())
    assert {"b/c": "b%2Fc"} == index.paths  # the others have their names as paths
    assert {"b/c": "joined"} == index.encodings
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
        ({"encoding": ["", ""]}, [24, 0], errors.DataLossError, "'b/c' is a string tensor, but has the encoding ''"),
        ({"encoding": ["", "odd"]}, [24, 0], errors.DataLossError, "has the encoding 'odd'"),
        ({"shape": ["-2,3", ""]}, [24, 0], errors.DataLossError, "'-2,3' is not the shape"),
        ({"shape": ["2,3,", ""]}, [24, 0], errors.DataLossError, "is not the shape"),
        ({"shape": ["0,999999999999999999", ""]}, [0, 0], errors.DataLossError, "is not the shape"),
        ({"shape": [",".join("1" * 33), ""]}, [4, 0], errors.DataLossError, "is not the shape"),
    ],
)
def test_rows_that_cannot_be_are_refused(root, columns, nbytes, kind, match):
    """Each wrong row has its own message, which names the part of the file."""
    with pytest.raises(kind, match=f"/index/variables.*{match}"):
        _read(_index(root, **columns), nbytes)


def test_a_missing_index_is_named(root):
    """Without the table, or without one of its columns, there is nothing to read."""
    with pytest.raises(errors.DataLossError, match="/index"):
        read_names(root)
    with pytest.raises(errors.DataLossError, match="string columns name, dtype, shape were expected"):
        read_names(_index(root, shape=np.array([1, 2])))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"columns": ((0, 0),) * 7}, "string columns name, dtype, shape were expected"),
        ({"columns": ((0, 9), (9, 9), (18, 2**32 - 1), *((0, 0),) * 4)}, "a column beyond the end of a row"),
        ({"columns": ((2**32 - 1, 9), (9, 9), (18, 4), *((0, 0),) * 4)}, "a column beyond the end of a row"),
        ({"long_rows": 2**32 - 1}, "cannot have 60 bytes"),
        ({"long_row_nbytes": 1}, "cannot have 60 bytes"),
        ({"long_row_nbytes": 0, "long_rows": 2**32 - 1}, "elements need"),
    ],
)
def test_a_seal_that_describes_another_index(changes, match):
    """Columns and long cells are where the seal says, if they can be there."""
    rows = b"%%0".ljust(9, b"\0") + b"float32".ljust(9, b"\0") + b"2".ljust(4, b"\0")
    long = (20).to_bytes(4, "little") + b"a" * 56
    extents = np.array([(0, 8, 0)], layout.EXTENTS_ROW)
    found = Seal(
        0, 0, 0, 0, 0, 1, index_rows=1, index_row_nbytes=22, long_nbytes=60, long_rows=1, long_row_nbytes=60,
        columns=((0, 9), (9, 9), (18, 4), *((0, 0),) * 4),
    )  # fmt: skip
    stored = StoredIndex(extents, rows, long)
    assert ["a" * 20] == list(read_index(found, stored)[""].entries)
    with pytest.raises(errors.DataLossError, match=match):
        read_index(replace(found, **changes), stored)


@given(st.lists(st.integers(0, 9), max_size=6).map(tuple))
def test_shapes_come_back(shape):
    """A shape is read from what it was written as."""
    assert shape == shape_of(text_of(shape))
