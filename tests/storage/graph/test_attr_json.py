"""The attributes of an operation as JSON: every value comes back with its exact type, or is refused."""

from __future__ import annotations

import json
import math
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hdfsaver import dtypes, errors
from hdfsaver.storage.graph.attr_json import attrs_from_json, attrs_to_json
from hdfsaver.storage.graph.tensor_json import MAX_ELEMENTS

NUMPY_DTYPES = sorted(
    {np.dtype(row.numpy) for row in dtypes.TABLE if row.hdf5 is not None and row.name != "string"}, key=str
)


@st.composite
def tensors(draw, max_side=5):
    """Any bits in any dtype."""
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=max_side))
    count = math.prod(shape)
    if draw(st.integers(0, 5)) == 0:
        array = np.empty(count, object)
        array[:] = draw(st.lists(st.binary(max_size=9), min_size=count, max_size=count))
        return array.reshape(shape)
    dtype = draw(st.sampled_from(NUMPY_DTYPES))
    size = count * dtype.itemsize
    zero = dtype.type(0).tobytes()
    data = draw(
        st.sampled_from([zero * count, dtype.type(1).tobytes() * count]) | st.binary(min_size=size, max_size=size)
    )
    return np.ndarray(shape, dtype, data)


PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]),
    st.binary(max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10).map(str.encode),
    st.sampled_from(["float32", "string", "float32_ref", "variant"]),
    st.none() | st.lists(st.none() | st.integers(0, 2**40), max_size=4).map(tuple),
    tensors(),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.fixed_dictionaries({"name": st.text("abc", max_size=3), "attr": st.dictionaries(KEYS, inner, max_size=3)}),
        st.fixed_dictionaries({"placeholder": st.text("abc", max_size=3)}),
    ),
    max_leaves=8,
)
ATTRS = st.dictionaries(KEYS, VALUES, max_size=5)


def exactly(value):
    """A value with all that == does not tell apart: types, the bits of floats, the bytes and dtype of arrays."""
    if isinstance(value, np.ndarray):
        content = value.tolist() if value.dtype == object else value.tobytes()
        return "ndarray", value.dtype, value.shape, content
    if isinstance(value, float):
        return "float", struct.pack(">d", value)
    if isinstance(value, list):
        return "list", [exactly(item) for item in value]
    if isinstance(value, dict):
        return "dict", [(key, exactly(item)) for key, item in value.items()]
    return type(value).__name__, value


class Shelf:
    """Keeps what does not go into the JSON."""

    def __init__(self):
        self.arrays = []

    def place(self, attribute, array):
        self.arrays.append(array)
        return f"{attribute}#{len(self.arrays) - 1}"

    def fetch(self, path):
        return self.arrays[int(path.rpartition("#")[2])]


def nothing(*_):
    raise AssertionError("no constant was expected")


def written(**attrs):
    return attrs_to_json(attrs, nothing)


def refuse_words(word):
    raise AssertionError(f"{word} is not JSON")


def test_a_constant_of_a_dtype_that_is_not_stored_is_refused():
    """What cannot be read again is not written; the error names the attribute and the dtype."""
    with pytest.raises(TypeError, match="'value'.*int1"):
        written(value=np.ones(2, ml_dtypes.int1))


@given(ATTRS)
def test_any_attributes_survive(attrs):
    """Names and their order, exact types and every bit come back, through text that is JSON by the letter."""
    shelf = Shelf()
    text = attrs_to_json(attrs, shelf.place)
    json.loads(text, parse_constant=refuse_words)
    assert exactly(attrs) == exactly(attrs_from_json(text, shelf.fetch))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (3, "3"),
        (3.0, "3.0"),
        (-0.0, "-0.0"),
        (math.inf, '{"float": "inf"}'),
        (-math.inf, '{"float": "-inf"}'),
        (math.nan, '{"float": "7ff8000000000000"}'),
        (b"NHWC", '"NHWC"'),
        ("é\n".encode(), '"é\\n"'),
        (b"\xff", '{"bytes": "/w=="}'),
        ("float32", '{"type": "float32"}'),
        ((None, 3), '{"shape": [null, 3]}'),
        (None, '{"shape": null}'),
        ([1, 1], "[1, 1]"),
        ({"name": "f", "attr": {"T": "int32"}}, '{"func": {"name": "f", "attr": {"T": {"type": "int32"}}}}'),
        ({"placeholder": "T"}, '{"func": {"placeholder": "T"}}'),
        (np.float32(1), None),
        (
            np.array([1, 0.5], ml_dtypes.bfloat16),
            '{"tensor": {"dtype": "bfloat16", "shape": [2], "values": [1.0, 0.5]}}',
        ),
        (np.array(True), '{"tensor": {"dtype": "bool", "shape": [], "values": [true]}}'),
        (np.array([1 + 2j]), '{"tensor": {"dtype": "complex128", "shape": [1], "values": [[1.0, 2.0]]}}'),
        (np.array([b"a"], object), '{"tensor": {"dtype": "string", "shape": [1], "values": ["a"]}}'),
    ],
    ids=repr,
)
def test_the_json_is_as_the_page_says(value, text):
    """Each kind has one form; a NumPy scalar is none of the kinds."""
    if text is None:
        with pytest.raises(TypeError, match="unsupported type"):
            written(x=value)
    else:
        assert f'{{"x": {text}}}' == written(x=value)


@pytest.mark.parametrize("array", [np.zeros(MAX_ELEMENTS + 1), np.array([1, np.nan]), np.array(-np.inf)], ids=repr)
def test_what_json_cannot_hold_becomes_a_constant(array):
    """More than sixteen elements, NaN and the infinities stand in a dataset of their own."""
    shelf = Shelf()
    assert '{"value": {"constant": "value#0"}}' == attrs_to_json({"value": array}, shelf.place)
    assert array is shelf.arrays[0]


def test_long_strings_become_a_constant():
    """Few elements may still be long."""
    shelf = Shelf()
    assert "constant" in attrs_to_json({"value": np.array([b"x" * 600], object)}, shelf.place)


def test_arrays_that_come_back_are_not_for_writing():
    """A constant of a graph is read-only."""
    value = attrs_from_json(written(value=np.zeros(3)), nothing)["value"]
    with pytest.raises(ValueError, match="read-only"):
        value[0] = 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("NHWC", "a str must be the name of a dtype, and 'NHWC' is not; give other strings as bytes"),
        (object(), "unsupported type"),
        ({"name": "f"}, "a function must be"),
        ({"name": b"f", "attr": {}}, "a function must be"),
        ({"name": "f", "attr": {1: 2}}, "the name of an attribute must be a string"),
        ((1.5,), "is not a shape"),
        (np.array([1, "a", None], object), "must be bytes, not int"),
        (np.zeros(1, "M8[s]"), "is not supported"),
        (10**5000, "digits"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_unsupported_attributes_are_refused(value, message):
    """The error names the attribute and what is wrong with it."""
    with pytest.raises((TypeError, ValueError), match=f"attribute 'x' .*{message}"):
        written(x=value)


def test_endless_nesting_is_refused():
    """A list in a list in a list ... ends in an error that names the attribute."""
    value: list = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="attribute 'x' is nested too deeply"):
        written(x=value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "1", '{"x": 1} {}', "{x: 1}", '{"x": NaN}', '{"x": Infinity}', '{"x": null}'),
        *('{"x": 1e999}', '{"x": {}}', '{"x": {"type": 3}}', '{"x": {"bytes": "?"}}', '{"x": {"bytes": 1}}'),
        *('{"x": {"float": "nan"}}', '{"x": {"float": 1}}', '{"x": {"float": "3ff0000000000000"}}'),
        *('{"x": {"shape": [1.5]}}', '{"x": {"shape": "1"}}', '{"x": {"shape": [true]}}', '{"x": {"list": []}}'),
        *('{"x": {"func": {}}}', '{"x": {"func": [1]}}', '{"x": {"func": {"name": 1, "attr": {}}}}'),
        *('{"x": {"constant": 3}}', '{"x": {"type": "int8", "shape": null}}', r'{"x": "\ud800"}'),
        '{"x": ' + "[" * 200_000 + "]" * 200_000 + "}",
        '{"x": ' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:30],
)
def test_any_other_json_is_refused(text):
    """Malformed JSON is an error, even if it is deep or large."""
    with pytest.raises((ValueError, TypeError)):
        attrs_from_json(text, nothing)


@pytest.mark.parametrize(
    "tensor",
    [
        *({}, [], {"dtype": "int8", "shape": []}, {"dtype": "int8", "shape": [2], "values": [1]}),
        *({"dtype": "int8", "shape": [1], "values": [value]} for value in (300, 1.5, True, "1", None, [1])),
        *({"dtype": "int4", "shape": [1], "values": [value]} for value in (8, -9)),
        *({"dtype": "qint8", "shape": [1], "values": [value]} for value in (128, -129)),
        {"dtype": "float32", "shape": [1], "values": [1e300]},
        {"dtype": "float8_e5m2", "shape": [1], "values": [1e6]},
        {"dtype": "bool", "shape": [1], "values": [1]},
        {"dtype": "complex64", "shape": [1], "values": [[1]]},
        {"dtype": "complex64", "shape": [1], "values": [1]},
        {"dtype": "string", "shape": [1], "values": [1]},
        {"dtype": "float32", "shape": [-1], "values": []},
        {"dtype": "float32", "shape": [0, 10**30], "values": []},
        {"dtype": "float32", "shape": [0] * 65, "values": []},
        {"dtype": "float32", "shape": 0, "values": []},
    ],
    ids=str,
)
def test_a_malformed_tensor_is_refused(tensor):
    """Values must be of the dtype, within its range, and as many as the shape says."""
    with pytest.raises((ValueError, TypeError, OverflowError)):
        attrs_from_json(json.dumps({"x": {"tensor": tensor}}), nothing)


@pytest.mark.parametrize("name", ["float31", "resource", "float32_ref"])
def test_a_tensor_of_an_unknown_dtype_is_refused(name):
    """A tensor is of a dtype that can be stored."""
    text = json.dumps({"x": {"tensor": {"dtype": name, "shape": [], "values": [1.0]}}})
    with pytest.raises(errors.InvalidArgumentError, match=f"'{name}' is not a dtype of a tensor"):
        attrs_from_json(text, nothing)


def test_an_unknown_dtype_is_named():
    """An unknown dtype is an InvalidArgumentError, not a malformed string."""
    with pytest.raises(errors.InvalidArgumentError, match="unknown dtype 'float31'"):
        attrs_from_json('{"T": {"type": "float31"}}', nothing)
