"""Values as JSON: each is restored exactly, and malformed JSON is refused."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import json
import struct
import sys
from typing import NamedTuple

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.storage.graph.array_json import array_to_json
from hdfsaver.storage.graph.value_json import MAX_DEPTH, LiteralReader, LiteralWriter

NANS = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits in ("7ff8000000000001", "fff8000000000000")]
TEXTS = st.text(st.characters(), max_size=6) | st.sampled_from(["\ud83d\ude00", "\udcff", "%%0", "\0", "\U0001f600"])
SCALARS = st.sampled_from(
    [
        np.float32(1.1), np.float64("nan"), np.float64(-0.0), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True),
        np.complex64(complex("nan+1j")), np.float16(0.1), ml_dtypes.bfloat16(1.5), ml_dtypes.float8_e4m3fn("nan"),
        ml_dtypes.int4(-8), np.str_("é\ud800"), np.bytes_(b"a\xff"),
    ]
)  # fmt: skip
HASHABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**62, 2**66) | st.floats() | st.sampled_from(NANS)
    | st.complex_numbers() | TEXTS | st.binary(max_size=6) | SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ARRAYS = st.sampled_from(
    [
        np.arange(20.0), np.arange(3.0), np.array(3), np.zeros((0, 3)), np.arange(40, dtype=">f4"),
        np.array([1, 2], ">u2"), np.array([np.nan, -0.0], np.float32), np.asfortranarray(np.ones((5, 7))),
        np.array([b"x\0", b""], object), np.array([b"long" * 99, b"\xff"], object), np.array([], object),
        np.array(["a", 1, None, (1, [2])], object), np.array(["a"] * 50, object), np.array([[b"a"], ["b"]], object),
        np.array(["é", "bb\ud800"]), np.array(["é", "bb\udc80"] * 30), np.array([["é"]], ">U3"),
        np.array(["é"] * 30, ">U3"), np.array([b"a\xff", b"b"]), np.array([b"a\xff", b"b"] * 30), np.array("x" * 2000),
        np.ndarray(2, "U0"), np.ndarray(20, "S0"), np.ndarray((0, 2), "U5"), np.ones((1,) * 40), np.ones((1,) * 64),
        np.array(["ab"] * 20).reshape((20,) + (1,) * 31), np.zeros((3, 0, 7) + (1,) * 40),
    ]
)  # fmt: skip
VALUES = st.recursive(
    HASHABLE | ARRAYS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple)
    | st.sets(HASHABLE, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    | st.dictionaries(HASHABLE, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def written(attrs):
    """The JSON of attributes, and the constants beside it."""
    constants = {}

    def place(_label, array):
        constants[str(len(constants))] = array
        return str(len(constants) - 1)

    return LiteralWriter(place).attrs("x", attrs), constants


def read(text, constants=None):
    """Attributes from their JSON."""
    return LiteralReader((constants or {}).__getitem__).attrs(text)


@given(st.dictionaries(HASHABLE, VALUES, max_size=3))
def test_every_value_comes_back(described, attrs):
    """Types, bits, dtypes, shapes and orders are those that were written, in JSON that any program parses."""
    text, constants = written(attrs)
    json.loads(text)
    text.encode()
    assert described(attrs) == described(read(text, constants))


@given(HASHABLE)
def test_every_key_comes_back(described, key):
    """A key is written without constants, and restored exactly; only None cannot be a key."""
    text = LiteralWriter(lambda _label, _array: pytest.fail("a key has no constants")).value(key)
    if key is None:
        with pytest.raises(ValueError, match="null cannot be the key of a node"):
            LiteralReader({}.__getitem__).key(text)
    else:
        assert described(key) == described(LiteralReader({}.__getitem__).key(text))


def test_every_dtype_comes_back(described, every_dtype):
    """Arrays of each dtype, large and small, and each scalar."""
    for array in every_dtype.values():
        scalars = [] if array.dtype.hasobject else [array[0, 0, 0], array[-1, -1, -1]]
        attrs = {"large": array, "small": array[:1, :1].copy(), "scalars": scalars}
        assert described(attrs) == described(read(*written(attrs)))


def test_integers_have_no_greatest():
    """Nor do they meet the limit that Python has for decimal digits."""
    attrs = {"x": -(10**5000)}
    assert attrs == read(written(attrs)[0])


def test_arrays_are_fresh_and_writable():
    """A graph that was read can be changed."""
    attrs = read(*written({"x": np.arange(3), "y": np.array([b"a"], object), "z": np.arange(3, dtype=">i8")}))
    for array in attrs.values():
        assert array.flags.writeable
        array[0] = array[1:2].sum() if array.size > 1 else b"b"


def test_large_arrays_are_constants():
    """Values that JSON does not support well are datasets."""
    text, constants = written({"x": np.arange(17), "y": np.arange(16), "z": np.array(["a"] * 17)})
    assert [(17,), (17, 1)] == [array.shape for array in constants.values()]
    assert '{"constant": "0"' not in text
    assert '"shape": [17], "constant": "0"' in text


def test_a_set_is_written_in_one_order():
    """However Python orders it in this process."""
    assert '{"x": {"set": ["a", "b", 1]}}' == written({"x": {"b", 1, "a"}})[0]


class _Colour(enum.IntEnum):
    RED = 1


class _Point(NamedTuple):
    x: int


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "a value of type builtins.object cannot be stored; only plain Python values and NumPy arrays are"),
        (dt.date(2000, 1, 1), "a value of type datetime.date cannot be stored"),
        (_Colour.RED, "_Colour cannot be stored; make it a plain int"),
        (_Point(1), "_Point cannot be stored; make it a plain tuple"),
        (collections.OrderedDict(), "collections.OrderedDict cannot be stored; make it a plain dict"),
        (np.ma.array([1]), "MaskedArray cannot be stored; make it a plain ndarray"),
        ([{1: (object(),)}], "builtins.object"),
        ({1: object()}, "builtins.object"),
        (np.zeros(2, [("a", "i4")]), "is not supported; the dtypes are float32"),
        (np.zeros(2, "M8[s]"), "is not supported"),
        (np.datetime64("2000-01-01"), "is not supported"),
        (np.array([object()], object), "builtins.object"),
        (bytearray(b"x"), "builtins.bytearray"),
        (range(3), "builtins.range"),
    ],
)
def test_what_would_not_come_back_is_refused(value, message):
    """A TypeError that names the attribute and the type, and says what to do where it is plain."""
    with pytest.raises(TypeError, match=r"^attribute 'x': ") as caught:
        written({"x": value})
    assert message in str(caught.value)


def test_a_name_that_cannot_be_kept_is_refused():
    """An attribute's name is a value as any other."""
    with pytest.raises(TypeError, match=r"^the name of an attribute: a value of type datetime.date cannot be stored"):
        written({dt.date(2000, 1, 1): 1})


def nested(depth, value=None):
    """Tuples in tuples."""
    for _ in range(depth):
        value = (value,)
    return value


@pytest.mark.parametrize("leaf", [None, complex("inf"), np.str_("\ud800"), (), {}])
def test_the_deepest_value_comes_back(described, leaf):
    """Values at the depth limit can be read, with any value at the bottom."""
    attrs = {"x": nested(MAX_DEPTH - 1, leaf)}
    assert described(attrs) == described(read(*written(attrs)))


def test_what_is_nested_too_deeply_is_refused():
    """A list that holds itself, too."""
    endless: list = []
    endless.append(endless)
    for value in (nested(MAX_DEPTH + 1), endless, nested(50_000)):
        with pytest.raises(ValueError, match=r"^attribute 'x': it is nested deeper than 100 levels, or contains"):
            written({"x": value})


def test_code_points_beyond_unicode_are_refused():
    """NumPy lets them into an array of text, Python into no str."""
    array = np.full(40, sys.maxunicode + 1, np.uint32).view("U2")
    with pytest.raises(ValueError, match="beyond Unicode"):
        array_to_json(array, pytest.fail, pytest.fail)
    stored = np.full((20, 2), sys.maxunicode + 1, np.uint32)
    with pytest.raises(ValueError, match="beyond Unicode"):
        read('{"x": {"array": {"dtype": "U2", "shape": [20], "constant": "c"}}}', {"c": stored})


ARRAY = '{"dtype": "float32", "shape": [2], "values": [1, 2]}'


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[", "{} ", " {}", "{}{}", "{}\0",
        "1", '"x"', "null", '{"x": NaN}', '{"x": Infinity}', '{"x": 1e999}', '{"x": 1, "x": 2}',
        "[1]", "[[1]]", "[[1, 2, 3]]", '[["a", 1], ["a", 2]]', "[[1, 1], [1.0, 2]]", "[[[1], 2]]", "[" * 100_000,
        '{"x": ' + "[" * 120 + "]" * 120 + "}", '{"x": ' + "1" * 5000 + "}",
        *(f'{{"x": {value}}}' for value in (
            "{}", '{"nothing": 1}', '{"tuple": 1}', '{"tuple": [], "list": []}', '{"tuple": {"tuple": []}}',
            '{"set": [1, 1.0]}', '{"set": [[1]]}', '{"frozenset": [{"dict": {}}]}', '{"set": "ab"}', '{"dict": 1}',
            '{"int": 3}', '{"int": "3"}', '{"int": "0x"}', '{"int": "0x_1"}', '{"int": " 0x1"}', '{"float": 1}',
            '{"float": "nan"}', '{"float": "3ff0000000000000"}', '{"float": "7ff8"}', '{"complex": [1.0]}',
            '{"complex": [1, 2.0]}', '{"complex": ["1.0", 2.0]}', '{"complex": 1.0}', '{"str": "x"}',
            '{"str": "/w=="}', '{"str": 1}', '{"bytes": "é"}', '{"bytes": [1]}', '{"base64": "x"}', '{"base64": 1}',
            '{"str_": 1}', '{"str_": {"bytes": "a"}}', '{"bytes_": "a"}', '{"scalar": 1}',
            f'{{"scalar": {ARRAY}}}', '{"scalar": {"dtype": "U2", "shape": [], "values": ["a"]}}',
            '{"scalar": {"dtype": ">int16", "shape": [], "hex": "0000"}}',
            '{"scalar": {"dtype": "object", "shape": [], "values": [1]}}',
        )),
    ],
)  # fmt: skip
def test_what_stands_for_no_attributes_is_refused(text):
    """An error of the kind that readers of tables turn into one that names the row."""
    with pytest.raises((ValueError, TypeError, OverflowError)):
        read(text)


@pytest.mark.parametrize(
    "plain",
    [
        [], {}, {"dtype": "int8", "shape": []}, {"dtype": "int8", "shape": [], "values": [1], "hex": "01"},
        {"dtype": "int8", "shape": [], "other": [1]}, {"dtype": 1, "shape": [], "hex": "01"},
        {"dtype": "int8", "shape": 1, "values": [1]}, {"dtype": "int8", "shape": [-1], "values": []},
        {"dtype": "int8", "shape": [True], "values": [1]}, {"dtype": "int8", "shape": [1] * 65, "values": [1]},
        {"dtype": "int8", "shape": [2], "values": [1]}, {"dtype": "int8", "shape": [1], "values": [300]},
        {"dtype": "int8", "shape": [1], "hex": "0101"}, {"dtype": "int8", "shape": [1], "hex": "0g"},
        {"dtype": "int8", "shape": [1], "hex": [1]}, {"dtype": "string", "shape": [1], "hex": "00" * 8},
        {"dtype": "U2", "shape": [1], "values": ["abc"]}, {"dtype": "U2", "shape": [1], "values": ["a\0"]},
        {"dtype": "U2", "shape": [1], "values": [1]}, {"dtype": "S2", "shape": [1], "values": ["a"]},
        {"dtype": "U2", "shape": [2], "values": ["a"]}, {"dtype": "U2", "shape": [], "values": "a"},
        {"dtype": "U9999999999", "shape": [1], "values": ["a"]}, {"dtype": "U5000", "shape": [1], "values": ["a"]},
        {"dtype": "object", "shape": [2], "values": [1]}, {"dtype": "object", "shape": [0, 2**62, 8], "values": []},
        {"dtype": "int8", "shape": [], "constant": 1}, {"dtype": "int16", "shape": [3], "constant": "c"},
        {"dtype": "int8", "shape": [4], "constant": "c"}, {"dtype": "S1", "shape": [3], "constant": "c"},
        {"dtype": "U1", "shape": [1], "constant": "c"}, {"dtype": "object", "shape": [3], "constant": "c"},
    ],
)  # fmt: skip
def test_what_stands_for_no_array_is_refused(plain):
    """Missing, superfluous and inconsistent members."""
    with pytest.raises((ValueError, TypeError, OverflowError, errors.InvalidArgumentError)):
        read(json.dumps({"x": {"array": plain}}), {"c": np.zeros(3, np.int8)})


WORDS = ["float31", "resource", ">string", "", "<f4", "U", "U05"]
FORMS = [{"hex": "00"}, {"values": [0]}, {"constant": "c"}]


@pytest.mark.parametrize(
    ("word", "content"),
    [*((word, content) for word in WORDS for content in FORMS), ("object", FORMS[0]), ("object", FORMS[2])],
)
def test_an_unknown_dtype_is_an_invalid_argument(word, content):
    """A file of a later version may know more dtypes; `object` is one of values alone."""
    with pytest.raises(errors.InvalidArgumentError, match="is not a dtype of"):
        read(json.dumps({"x": {"array": {"dtype": word, "shape": [1], **content}}}), {"c": np.zeros(1, np.int8)})
