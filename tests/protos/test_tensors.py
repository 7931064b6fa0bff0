"""Tensors as messages."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.protos.tensors import FIELD_BY_DTYPE, TensorProto
from hdfsaver.shapes import TensorShapeProto

PLAIN = [name for name in dtypes.ROW_BY_NAME if name not in ("resource", "variant", "string")]


@pytest.mark.parametrize("name", PLAIN)
def test_content_and_elements(name):
    """For each dtype the bytes, and the list that TensorFlow has for it, give the array back."""
    array = np.array([[1, 0], [1, 1]]).astype(dtypes.numpy_dtype(name))
    message = TensorProto.of(array, name)
    shape = TensorShapeProto.of((2, 2))
    assert message == TensorProto(dtype=name, tensor_shape=shape, tensor_content=message.tensor_content)
    if name in FIELD_BY_DTYPE:
        field, items = message.elements()
        assert items == getattr(message, field)
        assert message == TensorProto(dtype=message.dtype, tensor_shape=shape, **{field: items})


def test_the_last_element_is_repeated():
    """With fewer elements than the shape asks for, the last is repeated; without any there are zeros."""
    shape = TensorShapeProto.of((3,))
    assert [1, 2, 2] == tf.make_ndarray(TensorProto("int32", shape, int_val=[1, 2])).tolist()
    assert [0, 0, 0] == tf.make_ndarray(TensorProto("float32", shape)).tolist()
    assert [b"", b"", b""] == tf.make_ndarray(TensorProto("string", shape)).tolist()
    assert [b"a", b"a", b"a"] == tf.make_ndarray(TensorProto("string", shape, string_val=[b"a"])).tolist()


def test_bad_tensors():
    """Elements in the wrong field, too many of them, an open shape and what is no tensor are refused."""
    with pytest.raises(ValueError, match="int32 belong into int_val, not into float_val"):
        TensorProto("int32", float_val=[1.0])
    with pytest.raises(ValueError, match="has 1 elements, but 2 are given"):
        TensorProto("int32", int_val=[1, 2])
    with pytest.raises(ValueError, match="must be known in full"):
        TensorProto("int32", TensorShapeProto.of((None,)))
    with pytest.raises(TypeError, match="takes a TensorProto"):
        tf.make_ndarray(3)
    with pytest.raises(AttributeError, match="no field 'values'"):
        TensorProto("int32").values  # noqa: B018


def test_make_tensor_proto():
    """Values become messages as they become constants."""
    assert TensorProto.of(np.float32([1, 2])) == tf.make_tensor_proto([1.0, 2.0])
    assert [7, 7] == tf.make_tensor_proto(7, tf.int64, [2]).int64_val
    assert [] == tf.make_tensor_proto(7, tf.int64).float_val
    assert [b"a"] == tf.make_tensor_proto("a").string_val
    assert b"" == tf.make_tensor_proto("a").tensor_content
    assert (2, 2) == tf.make_tensor_proto(1, shape=[2, 2], allow_broadcast=True).tensor_shape.plain
    made = tf.make_tensor_proto(1)
    assert made is tf.make_tensor_proto(made)
    with pytest.raises(ValueError, match="not both"):
        tf.make_tensor_proto(1, verify_shape=True, allow_broadcast=True)
    with pytest.raises(ValueError, match="not a single one"):
        tf.make_tensor_proto([1, 2], shape=[2, 2], allow_broadcast=True)
    with pytest.raises(TypeError, match="shape"):
        tf.make_tensor_proto([1, 2], shape=[1, 2], verify_shape=True)


def test_a_copy_of_a_message():
    """A message can take over another one, and an array that is taken out can be written on."""
    made = TensorProto()
    made.CopyFrom(tf.make_tensor_proto([1, 2]))
    tf.make_ndarray(made)[0] = 9
    assert made == tf.make_tensor_proto([1, 2])
    assert made != tf.make_tensor_proto([1, 3])
    assert made != 3
    assert "TensorProto(dtype=3, value=array([1, 2]" in repr(made)
