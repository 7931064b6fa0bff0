"""Attributes as messages: one for one with the values that nodes of a DiGraph carry."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.protos.attributes import AttrMap, ListValue, same_value
from hdfsaver.protos.tensors import TensorProto
from hdfsaver.shapes import TensorShapeProto

SHAPES = st.none() | st.lists(st.none() | st.integers(0, 9), max_size=3).map(tuple)
ARRAYS = st.sampled_from([np.float32(1.5), np.zeros((2, 0)), np.array([np.nan, -0.0]), np.array([b"a\0"], object)])
SINGLES = [
    st.binary(max_size=4),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.sampled_from(["float32", "string", "float32_ref"]),
    SHAPES,
    ARRAYS.map(np.asarray),
]
LISTS = st.one_of([st.lists(single, max_size=3) for single in SINGLES])
FUNCTIONS = st.fixed_dictionaries({"name": st.text(max_size=3), "attr": st.dictionaries(st.text(), LISTS, max_size=2)})
VALUES = st.one_of(*SINGLES, LISTS, FUNCTIONS, st.fixed_dictionaries({"placeholder": st.text(max_size=3)}))

FIELDS = [
    ("s", b"x", b"x"),
    ("i", 3, 3),
    ("f", 0.5, 0.5),
    ("b", True, True),
    ("type", tf.float32, 1),
    ("type", 101, 101),
    ("shape", TensorShapeProto.of((2, None)), TensorShapeProto.of((2, None))),
    ("shape", tf.TensorShape([2]), TensorShapeProto.of((2,))),
    ("tensor", TensorProto.of(np.ones(2)), TensorProto.of(np.ones(2))),
    ("list", ListValue(i=[1, 2]), ListValue(i=[1, 2])),
    ("func", tf.NameAttrList("f"), tf.NameAttrList("f")),
    ("placeholder", "T", "T"),
]


@given(VALUES)
def test_values_come_back(value):
    """A value of a node becomes a message and comes back the same, whether or not somebody looked at the message."""
    assert same_value(value, tf.AttrValue.of(value).plain())
    looked_at = tf.AttrValue.of(value)
    assert repr(looked_at)
    assert same_value(value, looked_at.plain())
    assert tf.AttrValue.of(value) == looked_at == copy.deepcopy(looked_at)


@pytest.mark.parametrize(("field", "given", "found"), FIELDS)
def test_fields(field, given, found):
    """Each field says what it was given, the others their defaults, and `WhichOneof` names it."""
    value = tf.AttrValue(**{field: given})
    assert field == value.WhichOneof("value")
    assert found == getattr(value, field)
    assert value.HasField(field)
    for other in {name for name, _, _ in FIELDS} - {field}:
        assert not value.HasField(other)
        assert getattr(tf.AttrValue(), other) == getattr(value, other)


def test_an_attribute_without_a_value():
    """An attribute without a value has none of the fields, and reading its lists gives it none."""
    value = tf.AttrValue()
    assert ([], None, b"", 0) == (value.list.i, value.WhichOneof("value"), value.s, value.type)
    value.list.i.extend([1, 2])
    assert "list" == value.WhichOneof("value")
    assert [1, 2] == value.plain()
    with pytest.raises(ValueError, match="stands for nothing"):
        tf.AttrValue().plain()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"i": 1, "f": 1.0}, "has one value, not 2: i, f"),
        ({"x": 1}, "has no field 'x'"),
        ({"i": 1.5}, "1.5 is no value for the field 'i'"),
        ({"s": 3}, "3 is no value for the field 's'"),
        ({"type": "float33"}, "'float33' is no value for the field 'type'"),
        ({"b": "yes"}, "'yes' is no value for the field 'b'"),
        ({"list": [1]}, "a ListValue is needed"),
        ({"placeholder": 1}, "text is needed"),
        ({"shape": -3}, "no value for the field 'shape'"),
    ],
)
def test_what_is_no_value(given, message):
    """A wrong field, or a value that a field cannot have, is refused with the field's name."""
    with pytest.raises(TypeError, match=message):
        tf.AttrValue(**given)


def test_attributes_are_made_when_asked_for():
    """Programs that put nodes together as with TensorFlow's messages find what they need."""
    node = tf.NodeDef(name="x", op="Placeholder")
    node.attr["dtype"].type = 1
    node.attr["shape"].CopyFrom(tf.AttrValue(shape=tf.TensorShape([2]).as_proto()))
    other = tf.NodeDef()
    other.CopyFrom(node)
    other.attr["dtype"].type = tf.int32
    assert {"dtype": "float32", "shape": (2,)} == node.attr.plain()
    assert "int32" == other.attr.plain()["dtype"]
    assert isinstance(tf.NodeDef(attr={"T": tf.AttrValue(i=1)}).attr, AttrMap)
    assert {} == tf.NodeDef(attr={"T": tf.AttrValue()}).attr.plain()
    with pytest.raises(TypeError, match="NodeDef cannot become a copy of a GraphDef"):
        node.CopyFrom(tf.GraphDef())
    with pytest.raises(TypeError, match="AttrValue cannot become a copy of a int"):
        node.attr["x"].CopyFrom(1)
    assert node.HasField("name")
    assert not node.HasField("device")
    with pytest.raises(ValueError, match="NodeDef has no field 'inputs'; it has name"):
        node.HasField("inputs")


def test_shapes_as_messages():
    """A shape, its message and the DiGraph's tuple say the same."""
    for shape in (None, (), (2, None)):
        message = tf.TensorShape(shape).as_proto()
        assert shape == tf.TensorShape(message).plain == message.plain
        again = TensorShapeProto()
        again.CopyFrom(message)
        assert message == again
    assert tf.TensorShape([2, None]) == tf.TensorShape(
        TensorShapeProto([TensorShapeProto.Dim(2), TensorShapeProto.Dim(-1)])
    )
