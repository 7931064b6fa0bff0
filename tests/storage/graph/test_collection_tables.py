"""Collections in the file: every kind, under any name."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pytest
from h5py import h5g
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.schema import CollectionDef, SaveSliceInfoDef, VariableDef
from hdfsaver.storage.graph.collection_tables import read_collections, write_collections

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PARTS = st.builds(SaveSliceInfoDef, TEXT, st.just((4, 2)), st.just((2, 0)), st.just((2, 2)))
ITEMS = {
    "node_list": TEXT,
    "bytes_list": st.binary(max_size=12),
    "int64_list": st.integers(-(2**63), 2**63 - 1),
    "float_list": st.floats(allow_nan=False),
    "variable_list": st.builds(VariableDef, *[TEXT | st.just("long" * 6000)] * 4, st.booleans(), st.none() | PARTS),
}
COLLECTIONS = st.sampled_from(sorted(ITEMS)).flatmap(
    lambda kind: st.lists(ITEMS[kind], max_size=4).map(lambda items: CollectionDef(kind, items))
)
NAMES = TEXT | st.sampled_from(["a", "a/b", "a/b/c", "a%long", "a/", "/a", ".", "..", "", "%", "a//b", "x\0"])


@pytest.fixture
def group(tmp_path):
    with h5py.File(tmp_path / "file.h5", "w", libver=("v110", "v110")) as file:
        yield h5g.open(file.id, b"/")


def exactly(collections):
    return {name: (found.kind, [(type(item), item) for item in found.value]) for name, found in collections.items()}


@given(st.dictionaries(NAMES, COLLECTIONS, max_size=5))
def test_any_collections_survive(collections):
    """All kinds with exact types, empty ones too, under names that would meet as paths."""
    with h5py.File(io.BytesIO(), "w", libver=("v110", "v110")) as file:
        write_collections(file.id, collections)
        assert exactly(collections) == exactly(read_collections(file.id))


def test_the_order_of_the_names_does_not_matter_to_the_file():
    """The same collections give the same bytes, whichever was made first."""

    def image(names):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w", libver=("v110", "v110")) as file:
            write_collections(file.id, {name: CollectionDef("int64_list", [1]) for name in names})
        return buffer.getvalue()

    assert image("abc") == image("cab")


def test_nan_is_kept_in_a_collection(group):
    """Floats keep their bits."""
    write_collections(group, {"x": CollectionDef("float_list", [float("nan"), -0.0])})
    assert ["nan", "-0.0"] == list(map(str, read_collections(group)["x"].value))


@pytest.mark.parametrize(
    ("collection", "error", "message"),
    [
        (CollectionDef("list", [1]), ValueError, "Collection 'x' has unknown kind 'list'; the kinds are node_list"),
        (CollectionDef("int64_list", ["1"]), TypeError, "Collection 'x', a int64_list, cannot hold '1'"),
        (CollectionDef("int64_list", [2**63]), OverflowError, "too large|too big"),
        (CollectionDef("node_list", [b"a"]), TypeError, "Collection 'x', a node_list, cannot hold b'a'"),
    ],
)
def test_what_no_collection_holds_is_refused(collection, error, message, group):
    """The collection and the item are named."""
    with pytest.raises(error, match=message):
        write_collections(group, {"x": collection})


def test_a_malformed_collection_is_noticed(group):
    """A dataset that says no kind, another kind than it is, or holds what its kind does not."""
    file = h5py.Group(group)
    said = {
        "nothing": (np.arange(2), None, "its attribute 'kind' is None"),
        "other": (np.arange(2), "list", "its attribute 'kind' is 'list'"),
        "wrong": (np.arange(2.0), "int64_list", "a int64_list was expected, not an array of dtype float64"),
        "square": (np.zeros((2, 2), int), "int64_list", "a int64_list was expected, not an array .* shape .2, 2."),
        "variables": (np.arange(2), "variable_list", "a table .a compound dataset. was expected"),
    }
    for name, (value, kind, message) in said.items():
        file[name] = value
        if kind is not None:
            file[name].attrs["kind"] = np.bytes_(kind)
        with pytest.raises(errors.DataLossError, match=f"^/{name}: {message}"):
            read_collections(group)
        del file[name]


def test_names_that_are_not_utf_8_are_noticed(group):
    """Neither as items nor as the name of a collection."""
    file = h5py.Group(group)
    write_collections(group, {"x": CollectionDef("bytes_list", [b"\xff"])})
    file["x"].attrs["kind"] = np.bytes_("node_list")
    with pytest.raises(errors.DataLossError, match=r"^/x: the name b'\\xff' is not UTF-8"):
        read_collections(group)
    del file["x"]
    file["%FF"] = np.arange(2)
    file["%FF"].attrs["kind"] = np.bytes_("int64_list")
    with pytest.raises(errors.DataLossError, match="does not percent-decode to UTF-8"):
        read_collections(group)
