"""The values that a run is given: keys that are tuples or stand for several tensors, and conversions of values."""

from __future__ import annotations

import collections
import types

import numpy as np
import pytest

import hdfsaver as tf

Pair = collections.namedtuple("Pair", "first second")


def make_placeholders(shape=()):
    """Three placeholders a, b and c."""
    return [tf.placeholder(tf.float32, shape, name=name) for name in "abc"]


def test_keys_may_be_tuples():
    """Nested and named ones; their values are tuples, lists, named tuples or dicts of as many values."""
    a, b, c = make_placeholders()
    feeds = [
        {(a, b): (1, 2), c: 3},
        {(a, (b, c)): (1, (2, 3))},
        {((a,), b): [[1], 2], "c:0": 3},
        {Pair(a, b): Pair(1, 2), b"c:0": 3},
        {(a, "b:0"): {"x": 1, "y": 2}, (): (), c: 3},
        types.MappingProxyType({(a, b, c): (1, 2, 3)}),
    ]
    with tf.Session() as sess:
        for _ in range(2):
            assert [6] * len(feeds) == [sess.run(a + b + c, feed) for feed in feeds]


@pytest.mark.parametrize("value", [(1, 2, 3), 1, np.array([1, 2])])
def test_a_tuple_and_a_value_of_another_length(value):
    """The two are counted, and the error shows both; an array is one value."""
    a, b, _ = make_placeholders()
    with tf.Session() as sess, pytest.raises(ValueError, match="Key had 2 elements, but value had [13] elements"):
        sess.run(a + b, {(a, b): value})


def test_a_tensor_in_several_keys():
    """It would have two values."""
    a, b, _ = make_placeholders()
    with tf.Session() as sess:
        for feed in ({(a, b): (1, 2), a: 3}, {(a, a): (1, 2), b: 3}):
            with pytest.raises(ValueError, match="this key is not unique"):
                sess.run(a + b, feed)


@pytest.mark.parametrize("feed_dict", [[1], 5, "ab"])
def test_a_feed_dict_that_is_not_a_mapping(feed_dict):
    """Its kind is named."""
    a, _, _ = make_placeholders()
    with tf.Session() as sess, pytest.raises(TypeError, match=f"not {type(feed_dict).__name__}"):
        sess.run(a, feed_dict)


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("int32", [1.7, -1.7], [1, -1]),
        ("int32", np.array([2**40 + 3]), [3]),
        ("uint8", [300, -1], [44, 255]),
        ("uint8", np.array([300, -1]), [44, 255]),
        ("float32", np.array([1, 2], ">f8"), [1.0, 2.0]),
        ("float32", ["1.5", "2"], [1.5, 2.0]),
        ("float32", None, None),
        ("bool", [0, 2], [False, True]),
        ("float16", np.array([1.5, 2.5], object), [1.5, 2.5]),
        ("string", ["a", "é"], [b"a", "é".encode()]),
        ("string", np.array(["a", b"b", np.str_("c")], object), [b"a", b"b", b"c"]),
        ("string", np.array([["é"]]), [["é".encode()]]),
    ],
)
def test_values_of_another_kind_are_converted(dtype, value, expected):
    """As NumPy converts arrays: fractions are cut off and integers wrap around; text becomes bytes."""
    x = tf.placeholder(dtype)
    found = tf.Session().run(tf.identity(x), {x: value})
    if expected is None:
        assert np.isnan(found)
    else:
        assert expected == found.tolist()
        assert found.dtype == tf.as_dtype(dtype).as_numpy_dtype


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("int8", 300), ("uint8", -1), ("bool", 2), ("string", 1), ("int32", 2**64), ("string", True)],
)
def test_a_number_that_the_dtype_does_not_hold(dtype, value):
    """A single integer of Python's must be the same number there."""
    x = tf.placeholder(dtype)
    with pytest.raises(TypeError, match=f"^Type of feed value {value} with type .* is not compatible with Tensor type"):
        tf.Session().run(tf.identity(x), {x: value})


@pytest.mark.parametrize(
    ("dtype", "value", "error"),
    [
        ("float32", "a", ValueError),
        ("float32", [[1, 2], [3]], ValueError),
        ("float32", {"a": 1}, TypeError),
        ("int32", None, TypeError),
        ("string", [1, "a"], ValueError),
        ("string", np.array([b"a", 1], object), ValueError),
        ("string", 1.5, ValueError),
    ],
)
def test_values_that_cannot_be_converted(dtype, value, error):
    """The class is that of NumPy's error, and the tensor is named."""
    x = tf.placeholder(dtype, name="x")
    with pytest.raises(error, match="Cannot feed 'x:0'"):
        tf.Session().run(tf.identity(x), {x: value})


def test_sparse_tensors_and_slices_are_fed():
    """With their values or plain tuples; a part without a value is not fed."""
    sparse = tf.SparseTensor(tf.placeholder(tf.int64), tf.placeholder(tf.float32), tf.placeholder(tf.int64))
    slices = tf.IndexedSlices(tf.placeholder(tf.float32), tf.placeholder(tf.int32), tf.placeholder(tf.int32))
    plain = tf.IndexedSlices(tf.placeholder(tf.float32), tf.placeholder(tf.int32))
    with tf.Session() as sess:
        for value in (tf.SparseTensorValue([[0, 1]], [1.5], [3, 4]), ([[0, 1]], [1.5], [3, 4])):
            found = sess.run(sparse, {sparse: value})
            assert isinstance(found, tf.SparseTensorValue)
            assert ([[0, 1]], [1.5], [3, 4]) == tuple(part.tolist() for part in found)
        found = sess.run([slices, plain], {slices: ([1.0], [2], [5]), plain: tf.IndexedSlicesValue([7.0], [8], None)})
        assert all(isinstance(each, tf.IndexedSlicesValue) for each in found)
        assert ([1.0], [2], [5]) == tuple(part.tolist() for part in found[0])
        assert ([7.0], [8], None) == (found[1].values.tolist(), found[1].indices.tolist(), found[1].dense_shape)
        assert sess.run(slices.values * 2, {slices: ([1.0],)}) == [2]
