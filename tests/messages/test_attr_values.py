"""Attributes as messages: one for one with the values that nodes of a DiGraph carry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.messages.attr_values import AttributeReader, attr_value, kind_of, plain_of, same_value
from hdfsaver.messages.tensor_types import InexpressibleError

SHAPES = st.none() | st.lists(st.none() | st.integers(0, 9), max_size=3).map(tuple)
ARRAYS = st.sampled_from([np.float32(1.5), np.zeros((2, 0)), np.array([np.nan, -0.0]), np.array([b"a\0"], object)])
SINGLES = [
    st.binary(max_size=4),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(width=32),
    st.sampled_from(["float32", "string", "float32_ref"]),
    SHAPES,
    ARRAYS.map(np.asarray),
]
LISTS = st.one_of([st.lists(single, max_size=3) for single in SINGLES])
FUNCTIONS = st.fixed_dictionaries({"name": st.text(max_size=3), "attr": st.dictionaries(st.text(), LISTS, max_size=2)})
VALUES = st.one_of(*SINGLES, LISTS, FUNCTIONS, st.fixed_dictionaries({"placeholder": st.text(max_size=3)}))

KINDS = [
    ("s", b"x"),
    ("i", 3),
    ("f", 0.5),
    ("b", True),
    ("type", "float32"),
    ("type", "float32_ref"),
    ("shape", (2, None)),
    ("shape", None),
    ("tensor", np.ones(2)),
    ("list", [1, 2]),
    ("list", []),
    ("func", {"name": "f", "attr": {"n": -1}}),
    ("placeholder", {"placeholder": "T"}),
]


@given(VALUES)
def test_values_come_back(value):
    """A value of a node becomes a message and comes back the same, and the message is the only one for it."""
    message = attr_value(value)
    reader = AttributeReader()
    assert same_value(value, plain_of(message))
    for _ in range(2):
        assert same_value(value, reader.plain(message))
        read = reader.read(message)
        assert read is not None
        assert same_value(value, read.plain)
        assert read.is_exact


@pytest.mark.parametrize(("kind", "value"), KINDS)
def test_kinds(kind, value):
    """Each kind of value stands in the field of its name, and no other."""
    message = attr_value(value)
    assert kind == kind_of(value) == message.WhichOneof("value")
    assert same_value(value, plain_of(message))


def test_constants_of_one_element_are_compared_by_it():
    """Arrays in which one element stands for all take no memory to compare; others are compared in full."""
    zeros, ones = (np.broadcast_to(np.float32(value), (10**12,)) for value in (0, 1))
    assert same_value(zeros, np.broadcast_to(np.float32(0), (10**12,)))
    assert not same_value(zeros, ones)
    assert not same_value(np.broadcast_to(np.float32(0), (2,)), np.array([0, 1], np.float32))
    assert same_value(np.broadcast_to(np.float32(0), (0,)), np.zeros(0, np.float32))


def test_a_list_that_is_changed_is_not_read_again():
    """Attributes that are alike are read once, and lists are the reader's own for each."""
    reader = AttributeReader()
    for _ in range(3):
        found = reader.plain(attr_value([1, 2]))
        assert [1, 2] == found
        found.append(3)
        read = reader.read(attr_value([1, 2]))
        assert read is not None
        assert [1, 2] == read.plain
        read.plain.append(3)


@pytest.mark.parametrize(("value", "message"), [("float33", "'float33' is not the name of a dtype"), (1j, "be 1j")])
def test_what_is_not_a_value(value, message):
    """A value of another type, or the name of no dtype, is refused."""
    with pytest.raises(TypeError, match=message):
        attr_value(value)
    with pytest.raises(TypeError, match=message):
        attr_value([value])


def test_messages_without_a_plain_value():
    """Without any value, with a dtype of an unknown number, or with functions in functions without end."""
    reader = AttributeReader()
    deep = attr_value(1)
    for _ in range(32):
        outer = tf.AttrValue()
        outer.func.attr["f"].CopyFrom(deep)
        deep = outer
    for message in (tf.AttrValue(), tf.AttrValue(type=9999), deep):
        with pytest.raises(InexpressibleError):
            reader.plain(message)
        assert reader.read(message) is None


def test_what_a_plain_value_does_not_say():
    """Names of dimensions and the packing of elements are not in it, which the reader tells."""
    named = attr_value((3,))
    named.shape.dim[0].name = "batch"
    packed = tf.AttrValue(tensor=tf.make_tensor_proto(1.0, shape=[3]))
    reader = AttributeReader()
    for message, value in ((named, (3,)), (packed, np.ones(3, np.float32))):
        read = reader.read(message)
        assert read is not None
        assert same_value(value, read.plain)
        assert not read.is_exact


def test_shapes_as_messages():
    """A shape, its message and the DiGraph's tuple say the same; a negative size is one that is not known."""
    for shape in (None, (), (2, None)):
        message = tf.TensorShape(shape).as_proto()
        assert shape == tf.TensorShape(message).plain
        assert message == attr_value(shape).shape
    message = tf.TensorShape([2, None]).as_proto()
    next(iter(message.dim)).size = -7
    assert tf.TensorShape([None, None]) == tf.TensorShape(message)
