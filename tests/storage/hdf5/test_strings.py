"""String tensors: every byte is restored, and wrong lengths are noticed."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pytest
from h5py import h5t
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hdfsaver import errors
from hdfsaver.storage.hdf5 import strings
from hdfsaver.storage.hdf5.array_datasets import read_array, write_array

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
TEXTS = st.one_of(st.binary(max_size=40), st.binary(min_size=3000, max_size=3010), st.just(b"\0"), st.just(b"x\0\0"))


def tensor(items, shape=None):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array if shape is None else array.reshape(shape)


@st.composite
def tensors(draw):
    shape = draw(SHAPES)
    count = int(np.prod(shape, dtype=int))
    return tensor(draw(st.lists(TEXTS, min_size=count, max_size=count)), shape)


def same(first, second):
    return first.dtype == second.dtype and first.shape == second.shape and first.tolist() == second.tolist()


@given(tensors())
def test_every_byte_and_the_shape_survive(array):
    """Any bytes, NULs at the end too, any shape, scalar and empty ones too, come back from the array stored."""
    stored, attributes = strings.encode(array)
    assert stored.flags.c_contiguous
    assert same(array, strings.decode(stored, attributes))
    assert array.shape == strings.shape_of(stored.shape, attributes)


@given(tensors())
def test_what_is_stored_can_be_told_from_the_dataset_alone(array):
    """The HDF5 type and the attributes give back the dtype that the bytes are read with."""
    stored, attributes = strings.encode(array)
    assert stored.dtype == strings.stored_dtype(strings.datatype_of(stored), attributes)


@given(tensors())
def test_bytes_form_and_shape_are_enough(array):
    """The index has the form and the shape, so that nothing of HDF5 is needed for a tensor."""
    stored, attributes = strings.encode(array)
    found = strings.decode_bytes(stored.tobytes(), attributes.get("encoding", "counted"), array.shape)
    assert same(array, found)


@pytest.mark.parametrize(
    ("size", "encoding", "shape"),
    [(11, "counted", (2,)), (8, "counted", (2,)), (1, "counted", (0,)), (8, "counted", (2**58,)), (8, "joined", (1,))],
)
def test_bytes_of_another_tensor_are_noticed(size, encoding, shape):
    """Bytes that cannot be elements of one width, or the offsets of as many elements, are refused."""
    with pytest.raises(errors.DataLossError, match="A string tensor is damaged"):
        strings.decode_bytes(bytes(size), encoding, shape)


def test_short_elements_are_text_in_the_tensors_shape():
    """Tools see names and words as text, in the shape of the tensor."""
    stored, attributes = strings.encode(tensor([b"red", b"green", b"", b"blue"], (2, 2)))
    assert (2, 2) == stored.shape
    assert [[b"red", b"green"], [b"", b"blue"]] == stored["text"].tolist()
    assert [[3, 5], [0, 4]] == stored["length"].tolist()
    assert {"dtype": "string"} == attributes


@pytest.mark.parametrize(
    ("items", "shown"), [([b"ab", b"c"], h5t.STR_NULLTERM), ([b"a\0b"], h5t.STR_NULLPAD), ([b"a\0"], h5t.STR_NULLPAD)]
)
def test_other_programs_see_what_is_behind_a_nul(items, shown):
    """Text with a NUL is declared as padded, and dumps show all of it; other text ends at its NUL."""
    stored, attributes = strings.encode(tensor(items))
    assert shown == strings.datatype_of(stored).get_member_type(1).get_strpad()
    assert items == strings.decode(stored, attributes).tolist()


def test_uneven_elements_waste_no_space():
    """One long element among many short ones is stored behind offsets, not as the width of all."""
    array = tensor([b"x"] * 1000 + [b"y" * 10000])
    stored, attributes = strings.encode(array)
    assert "joined" == attributes["encoding"]
    assert 8 * 1002 + 11000 == stored.nbytes
    assert same(array, strings.decode(stored, attributes))


def test_an_element_too_wide_for_tools_is_joined():
    """A single element of more than 64 KiB is not stored as a fixed-width string."""
    array = tensor([b"z" * 70000], ())
    stored, attributes = strings.encode(array)
    assert ("joined", "[]") == (attributes["encoding"], attributes["shape"])
    assert same(array, strings.decode(stored, attributes))


def test_text_becomes_utf_8():
    """Python's text and NumPy's own text dtypes are taken as well."""
    expected = ["é".encode(), b"b"]
    for array in (tensor(["é", b"b"]), np.array(["é", "b"])):
        assert expected == strings.decode(*strings.encode(array)).tolist()
    assert [b"a"] == strings.decode(*strings.encode(np.array([b"a"]))).tolist()


def test_cells_that_are_not_strings_are_refused():
    """A number in a string tensor is named."""
    with pytest.raises(TypeError, match="bytes or str, not int: 3"):
        strings.encode(tensor([b"a", 3]))


def test_a_length_beyond_the_width_is_noticed():
    """A wrong length does not reach into the next element."""
    stored, attributes = strings.encode(tensor([b"abc", b"d"]))
    stored["length"][1] = 4
    with pytest.raises(errors.DataLossError, match="element 1 declares 4 bytes, but has 3"):
        strings.decode(stored, attributes)


@pytest.mark.parametrize("offset", [0, 2, 2**40, 2**63, 2**64 - 1])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_wrong_offsets_are_noticed(offset, place):
    """Offsets that do not rise from zero to the end are an error, and nothing large is allocated."""
    stored, _ = _joined([b"abc", b"defg"])
    stored = stored.copy()
    stored[:24].view("<u8")[place] = offset
    allowed = (place, offset) in {(0, 0), (1, 0), (1, 2)}
    if allowed:
        assert 2 == len(strings.decode(stored, _said("[2]")))
    else:
        with pytest.raises(errors.DataLossError, match="offsets must rise"):
            strings.decode(stored, _said("[2]"))


def _said(shape):
    return {"dtype": "string", "encoding": "joined", "shape": shape}


def _joined(items):
    return strings._joined(items, np.array(list(map(len, items)))), _said(f"[{len(items)}]")


@pytest.mark.parametrize("shape", ["", "[2", "2", "[-1]", "[02]", "[1e3]", "[null]", "[99999999999999999999]", "{}"])
def test_a_malformed_shape_is_noticed(shape):
    """The attribute is a JSON array of sizes, and nothing else."""
    stored, _ = _joined([b"a", b"b"])
    with pytest.raises(errors.DataLossError, match="JSON array of valid sizes"):
        strings.decode(stored, _said(shape))


@pytest.mark.parametrize("shape", ["[3]", "[100000000000000000]", "[1000000, 1000000]", "[0]", "[]"])
def test_a_shape_of_another_size_is_noticed(shape):
    """A shape with more or fewer elements than there are contradicts the offsets, and no memory is allocated."""
    stored, _ = _joined([b"a", b"b"])
    with pytest.raises(errors.DataLossError, match="damaged"):
        strings.decode(stored, _said(shape))


@given(tensors())
def test_a_file_gives_the_tensor_back(array):
    """Both forms pass through an HDF5 file."""
    with h5py.File(io.BytesIO(), "w", libver=("v110", "v110")) as file:
        write_array(file.id, "x", array)
        assert same(array, read_array(file.id, "x"))


def test_nothing_of_variable_length_is_taken_for_a_string_tensor():
    """Variable-length text, other compounds and plain bytes without attributes are something else."""
    vlen = h5t.create(h5t.COMPOUND, 12)
    vlen.insert(b"length", 0, h5t.STD_U32LE)
    vlen.insert(b"text", 4, h5t.py_create(h5py.string_dtype(), logical=True))
    other = h5t.py_create(np.dtype([("length", "<u4"), ("text", "<f8")]))
    for datatype in (vlen, other, h5t.STD_U8LE, h5t.STD_U32LE):
        assert strings.stored_dtype(datatype, {}) is None
    assert strings.stored_dtype(h5t.STD_U16LE, _said("[1]")) is None
