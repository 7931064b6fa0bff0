"""Tensors as messages."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.messages.message_classes import TensorProto
from hdfsaver.messages.tensor_protos import array_of, tensor_proto, write_tensor

PLAIN = [row.name for row in dtypes.TABLE if row.enum and row.name not in ("resource", "variant", "string")]


def made(dtype, shape=(), **fields):
    """A message with elements in any of its fields."""
    message = TensorProto(dtype=tf.as_dtype(dtype).as_datatype_enum, **fields)
    message.tensor_shape.CopyFrom(tf.TensorShape(shape).as_proto())
    return message


@pytest.mark.parametrize("name", PLAIN)
def test_content_and_elements(name):
    """For each dtype the bytes, and the list that TensorFlow has for it, give the array back."""
    array = np.array([[1, 0], [1, 1]]).astype(dtypes.numpy_dtype(name))
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    for message in (tensor_proto(array, name, (2, 2)), made(name, (2, 2), tensor_content=content)):
        found = tf.make_ndarray(message)
        assert (array.dtype, array.tolist()) == (found.dtype, found.tolist())
    one = tensor_proto(array[0, 0], name, ())  # a single element stands in the field of its kind
    assert not one.tensor_content
    assert 1 == tf.make_ndarray(one)


def test_the_last_element_is_repeated():
    """With fewer elements than the shape asks for, the last is repeated; without any there are zeros."""
    assert [1, 2, 2] == tf.make_ndarray(made("int32", [3], int_val=[1, 2])).tolist()
    assert [0, 0, 0] == tf.make_ndarray(made("float32", [3])).tolist()
    assert [b"", b"", b""] == tf.make_ndarray(made("string", [3])).tolist()
    assert [b"a", b"a", b"a"] == tf.make_ndarray(made("string", [3], string_val=[b"a"])).tolist()


def test_a_view_of_one_element_is_written_as_one():
    """A constant of gigabytes that is one number stays one number."""
    for value, field in ((np.float32(1), "float_val"), (np.array(b"x", object), "string_val"), (2j, "dcomplex_val")):
        view = np.broadcast_to(value, (2**20, 2**10))
        message = TensorProto()
        write_tensor(message, view)
        assert (2 if field == "dcomplex_val" else 1) == len(getattr(message, field))
        assert message.ByteSize() < 100
        found = array_of(message, dtypes.name_of_numpy(view.dtype), view.shape, "", may_repeat=True)
        assert (value, view.shape) == (found[7, 8], found.shape)


@pytest.mark.parametrize(
    ("message", "error", "said"),
    [
        (made("int32", int_val=[1, 2]), ValueError, "has 1 elements; 2 are stored"),
        (made("int32", [2], tensor_content=b"1234"), ValueError, "has 2 elements; 1 are stored"),
        (made("int32", tensor_content=b"123"), ValueError, "not those of int32"),
        (made("int8", int_val=[300]), ValueError, "not those of int8"),
        (made("int32", [None]), ValueError, "is that of no value"),
        (made("int32", [2**40]), ValueError, "more than fits into a message"),
        (TensorProto(dtype=9999), ValueError, "no dtype of number 9999"),
        (made("resource"), TypeError, "of dtype resource"),
        (3, TypeError, "takes a TensorProto, not 3"),
    ],
)
def test_bad_tensors(message, error, said):
    """Elements that do not fit the dtype or the shape, an open or endless shape and what is not a tensor."""
    with pytest.raises(error, match=said):
        tf.make_ndarray(message)


def test_make_tensor_proto():
    """Values become the messages that TensorFlow makes of them."""
    found = tf.make_tensor_proto([1.0, 2.0])
    assert np.float32([1, 2]).tobytes() == found.tensor_content
    assert [7] == tf.make_tensor_proto(7, tf.int64, [2]).int64_val
    assert not tf.make_tensor_proto(7).tensor_content
    assert [] == tf.make_tensor_proto(7, tf.int64).float_val
    assert [1, 2] == tf.make_tensor_proto([1, 2], shape=[3]).int_val
    assert [1, 2, 2] == tf.make_ndarray(tf.make_tensor_proto([1, 2], shape=[3])).tolist()
    assert [b"a"] == tf.make_tensor_proto("a").string_val
    assert tf.TensorShape([2, 2]) == tf.TensorShape(tf.make_tensor_proto(1, shape=[2, 2]).tensor_shape)
    assert [1] == tf.make_tensor_proto(1, shape=[2, 2], allow_broadcast=True).int_val
    message = tf.make_tensor_proto(1)
    assert message is tf.make_tensor_proto(message)
    with pytest.raises(ValueError, match="not both"):
        tf.make_tensor_proto(1, verify_shape=True, allow_broadcast=True)
    with pytest.raises(TypeError, match="a single value or one of"):
        tf.make_tensor_proto([1, 2], shape=[2, 2], allow_broadcast=True)
    with pytest.raises(TypeError, match="shape"):
        tf.make_tensor_proto([1, 2], shape=[1, 2], verify_shape=True)


def test_an_array_that_is_taken_out_is_a_copy():
    """It can be written on, and the message stays as it is."""
    message = tf.make_tensor_proto([1, 2])
    tf.make_ndarray(message)[0] = 9
    assert message == tf.make_tensor_proto([1, 2])
