"""Parts of variables in the file's tables: what a Saver keeps, and what a variable says of itself."""

from __future__ import annotations

import io
import json

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.schema import SavedPart, SaveSliceInfoDef
from hdfsaver.storage.graph.saved_names import read_saved_names, write_saved_names
from hdfsaver.storage.graph.variable_defs import decode_slice_info, encode_slice_info
from hdfsaver.storage.hdf5.tables import write_table

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def infos(draw):
    """A part of a whole of any rank."""
    extents = draw(st.lists(st.tuples(*[st.integers(0, 2**62)] * 3), max_size=4))
    offset, size, rest = zip(*extents, strict=True) if extents else ((), (), ())
    full = tuple(map(sum, zip(offset, size, rest, strict=True)))
    return SaveSliceInfoDef(draw(TEXT), full, tuple(offset), tuple(size))


@given(infos())
def test_any_part_survives(info):
    """Every name and every size is restored; a whole variable has an empty string."""
    assert info == decode_slice_info(encode_slice_info(info), "here")
    assert ("", None) == (encode_slice_info(None), decode_slice_info("", "here"))


GOOD = {"full_name": "w", "full_shape": [4, 2], "var_offset": [2, 0], "var_shape": [2, 2]}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        "[" * 100_000,
        json.dumps({**GOOD, "full_name": 3}),
        json.dumps({**GOOD, "full_shape": [4]}),
        json.dumps({**GOOD, "full_shape": [1] * 33, "var_offset": [0] * 33, "var_shape": [1] * 33}),
        json.dumps({**GOOD, "var_shape": [3, 2]}),
        json.dumps({**GOOD, "var_shape": [-2, 2]}),
        json.dumps({**GOOD, "var_shape": [2.0, 2]}),
        json.dumps({**GOOD, "var_shape": [True, 2]}),
        json.dumps({**GOOD, "var_offset": "ab"}),
        json.dumps({key: value for key, value in GOOD.items() if key != "var_offset"}),
    ],
)
def test_malformed_parts(text):
    """Malformed or incomplete JSON, or an invalid part, is damage, and the message names the place."""
    with pytest.raises(errors.DataLossError, match="here.*save_slice_info"):
        decode_slice_info(text, "here")


PARTS = [
    SavedPart(f"w/part_{index}", SaveSliceInfoDef("w", (4, 2), (start, 0), (2, 2))) for index, start in ((0, 0), (1, 2))
]


def test_saved_names():
    """A name stands for one variable or for parts of one, in the order in which they were saved."""
    saved = {"b": "b", "w": PARTS, "a": "deep/a"}
    with h5py.File(io.BytesIO(), "w", libver=("v110", "v110")) as file:
        write_saved_names(file.id, "saved_names", saved)
        found = read_saved_names(file.id, "saved_names")
    assert list(saved.items()) == list(found.items())


@pytest.mark.parametrize("infos", [["", ""], ["", json.dumps(GOOD)], [json.dumps(GOOD), ""]])
def test_names_for_two_variables(infos):
    """One name for two variables that are not parts of one variable is damage."""
    columns = {"name": ["w", "w"], "variable": ["a", "b"], "save_slice_info": infos}
    with h5py.File(io.BytesIO(), "w", libver=("v110", "v110")) as file:
        write_table(file.id, "saved_names", columns)
        with pytest.raises(errors.DataLossError, match="the name 'w' belongs to two variables"):
            read_saved_names(file.id, "saved_names")
