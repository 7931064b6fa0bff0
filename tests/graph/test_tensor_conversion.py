"""From Python's and NumPy's values to constants."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.tensor_conversion import as_array


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"),
        (2**31, "int64"),
        (-(2**31), "int32"),
        (1.5, "float32"),
        (True, "bool"),
        (1j, "complex128"),
        ("text", "string"),
        (b"bytes", "string"),
        ([1, 2.5], "float32"),
        ([], "float32"),
        (np.float64(1), "float64"),
        (np.arange(3), "int64"),
        ([np.float64(1)], "float32"),
        (np.array(["a", "b"]), "string"),
        (np.array([1], ">i2"), "int16"),
        (np.ones(2, ml_dtypes.bfloat16), "bfloat16"),
        (tf.TensorShape([2, 3]), "int32"),
    ],
)
def test_the_dtype_of_a_value(value, dtype):
    """Python's numbers take TensorFlow's usual dtypes, NumPy's keep their own."""
    array, found = as_array(value)
    assert dtype == found
    assert array.dtype.isnative


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (np.array([1.9, -1.9]), "int32", [1, -1]),
        (np.float32(2.5), "int64", 2),
        (np.array([0.0, 0.5]), "bool", [False, True]),
        (np.array([3], np.int8), "bool", [True]),
        (np.array([True]), "float16", [1.0]),
        (np.array([1, 2], object), "float32", [1.0, 2.0]),
        (np.array(255, np.uint8), "int16", 255),
    ],
)
def test_arrays_are_cast(value, dtype, expected):
    """An array or NumPy scalar becomes the dtype wanted, of another kind too, as by astype."""
    assert expected == as_array(value, dtype)[0].tolist()
    assert expected == tf.convert_to_tensor(value, preferred_dtype=dtype).op.data["attrs"]["value"].tolist()


@pytest.mark.parametrize("value", [1e40, -(2.0**31) - 1, np.nan, 2**31, -(2**31) - 1])
def test_casts_do_not_wrap_around(value):
    """A number of an array that the integer dtype does not have is an error."""
    with pytest.raises(OverflowError, match="beyond the range of int32"):
        tf.constant(np.array([0, value]), tf.int32)
    assert [2**31 - 1, -(2**31)] == as_array(np.array([2.0**31 - 0.5, -(2.0**31) - 0.5]), "int32")[0].tolist()
    with pytest.raises(OverflowError):
        as_array(np.array([2.0**63]), "int64")


def test_operands_of_another_kind_are_cast():
    """An array beside a tensor becomes the tensor's dtype, whatever its own; a Python float does not."""
    x = tf.constant(2)
    with tf.Session() as session:
        assert [3] == session.run(x + np.array([1.5])).tolist()
        assert [2] == session.run(np.array([1.5]) * x).tolist()
        assert [True] == session.run(tf.less(x, np.array([3.9]))).tolist()
        assert [2] == session.run(tf.Variable(np.array([2.5]), dtype=tf.int32).initialized_value()).tolist()
    with pytest.raises(TypeError):
        x + 1.5


def test_strings_are_not_mixed_with_numbers():
    """NumPy would write the numbers as text."""
    with pytest.raises(TypeError, match="strings and numbers"):
        tf.constant([1, "a"])
    with pytest.raises(TypeError):
        tf.constant(["a", 1])


def test_lists_of_tensors_of_two_dtypes():
    """A list becomes a tensor of one dtype; tensors in it are not converted."""
    with pytest.raises(TypeError, match="tensor of dtype int32 to a tensor of dtype int64"):
        tf.convert_to_tensor([tf.constant(1, tf.int64), tf.constant(1)])


def test_text_keeps_every_byte():
    """Text becomes bytes in UTF-8, with NULs inside and at the end."""
    array, _ = as_array([["é", b"a\0"], ["", b"\xff\0\0"]])
    assert [["é".encode(), b"a\0"], [b"", b"\xff\0\0"]] == array.tolist()


@pytest.mark.parametrize(
    ("value", "dtype", "error"),
    [
        (1.5, "int32", TypeError),
        ("text", "float32", TypeError),
        (1, "string", TypeError),
        (None, None, ValueError),
        (1, "bool", TypeError),
        (1j, "float32", TypeError),
        (300, "uint8", OverflowError),
        (-1, "uint8", OverflowError),
        ([[1], [1, 2]], None, ValueError),
        (object(), None, TypeError),
        ({"a": 1}, None, TypeError),
        (np.datetime64("2020-01-01"), None, TypeError),
    ],
)
def test_what_does_not_fit(value, dtype, error):
    """A value that the dtype cannot hold, or no dtype can, is refused."""
    with pytest.raises(error):
        as_array(value, dtype)


def test_a_constant_is_a_copy():
    """Writing on the array afterwards does not change the graph, which cannot be written on either."""
    array = np.zeros(2, np.float32)
    constant = tf.constant(array)
    array[:] = 1
    np.testing.assert_array_equal([0, 0], tf.make_ndarray(constant.op.get_attr("value")))
    with pytest.raises(ValueError, match="read-only"):
        constant.op.data["attrs"]["value"][0] = 1
    converted = tf.convert_to_tensor(array)
    array[:] = 2
    np.testing.assert_array_equal([1, 1], tf.make_ndarray(converted.op.get_attr("value")))


def test_shapes_of_constants():
    """The last element fills a larger shape; a smaller one, or with verify_shape any other, is refused."""
    with tf.Session() as sess:
        assert [1, 2, 2, 2] == sess.run(tf.constant([1, 2], shape=[4])).tolist()
        assert [0.0, 0.0] == sess.run(tf.constant([], shape=[2])).tolist()
        assert [b"", b""] == sess.run(tf.constant([], tf.string, shape=[2])).tolist()
        assert (0, 4) == sess.run(tf.constant([], shape=[0, 4])).shape
        assert (3, 0) == sess.run(tf.constant([1, 2], tf.int32, shape=[3, 0])).shape
    with pytest.raises(ValueError, match="Too many elements"):
        tf.constant(np.array([1]), shape=[0])
    with pytest.raises(ValueError, match="Too many elements"):
        tf.constant([1, 2], shape=[1])
    with pytest.raises(TypeError, match="shape"):
        tf.constant([1, 2], shape=[2, 1], verify_shape=True)


def test_tensors_among_numbers_are_stacked():
    """A list of tensors and numbers becomes one tensor, of the tensors' dtype."""
    x = tf.constant(2.0, tf.float64)
    stacked = tf.convert_to_tensor([[1, x], [x, 4]])
    assert (tf.float64, [2, 2]) == (stacked.dtype, stacked.shape.as_list())
    with tf.Session() as sess:
        assert [[1, 2], [2, 4]] == sess.run(stacked).tolist()


def test_stacking_wants_one_graph():
    """Tensors in a list are stacked in their own graph; those of two graphs are refused."""
    with tf.Graph().as_default() as graph:
        x = tf.constant(1.0)
    assert graph is tf.convert_to_tensor([x, x]).graph
    with pytest.raises(ValueError, match="must be from the same graph"):
        tf.convert_to_tensor([x, tf.constant(1.0)])


@pytest.mark.parametrize(("shape", "shown"), [([None, 3], r"\(\?, 3\)"), (None, "<unknown>")])
def test_a_shape_must_be_known(shape, shown):
    """A shape becomes a vector of its sizes, all of which must be known."""
    known = tf.convert_to_tensor(tf.TensorShape([2, 3]), preferred_dtype=tf.float32)
    assert ("int32", "shape_as_tensor") == (known.dtype.name, known.op.name)
    assert "int64" == tf.convert_to_tensor(tf.TensorShape([2**31])).dtype.name
    with pytest.raises(ValueError, match="a dimension is too large"):
        tf.convert_to_tensor(tf.TensorShape([2**31]), tf.int32)
    with pytest.raises(TypeError, match="its sizes are int32 or int64"):
        tf.convert_to_tensor(tf.TensorShape([2]), tf.float32)
    with pytest.raises(ValueError, match=f"Cannot convert a partially known TensorShape {shown} to a Tensor"):
        tf.convert_to_tensor(tf.TensorShape(shape))


def test_a_tensor_of_another_dtype_is_not_converted():
    """Asking for another dtype than a tensor has is a ValueError; nothing is cast silently."""
    with pytest.raises(ValueError, match="requested dtype int32 for Tensor with dtype float32"):
        tf.convert_to_tensor(tf.constant(1.0), tf.int32)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda x, d: tf.reshape(x, [-1, d]), [None, 3]),
        (lambda x, d: tf.reshape(tf.zeros([2, 3, 4]), (d * 2, 4)), [6, 4]),
        (lambda x, d: tf.tile(tf.ones([2, 2]), [d, 1]), [6, 2]),
        (lambda x, d: tf.fill([d, d], 1.0), [3, 3]),
        (lambda x, d: tf.one_hot([0, 1], d), [2, 3]),
        (lambda x, d: tf.range(d), [3]),
        (lambda x, d: tf.slice(tf.zeros([5]), [0], [d]), [3]),
        (lambda x, d: x[:, :d, d - 1], [None, 3]),
        (lambda x, d: tf.stack([tf.shape(x)[0], d]), [2]),
        (lambda x, d: tf.pad(tf.ones([1]), [[d, d]]), [7]),
        (lambda x, d: tf.reduce_sum(x, axis=d - 1), [None, 3]),
        (lambda x, d: tf.to_float(d), []),
        (lambda x, d: tf.unstack(tf.zeros([5, 2, 3, 3]), d, axis=d)[0], [5, 2, 3]),
        (lambda x, d: tf.constant(2, tf.int64) * d, []),
    ],
)
def test_a_dimension_is_a_number(make, shape):
    """A static dimension goes into arguments that become tensors."""
    x = tf.placeholder(tf.float32, [None, 3, 4])
    assert shape == make(x, x.shape[1]).shape.as_list()


def test_a_dimension_becomes_an_integer():
    """It is int32 where it fits; nothing is made of an unknown one or of another dtype."""
    small, large = tf.convert_to_tensor(tf.Dimension(3)), tf.convert_to_tensor(tf.TensorShape([2**33]))
    assert (tf.int32, tf.int64) == (small.dtype, large.dtype)
    with pytest.raises(ValueError, match="unknown Dimension"):
        tf.convert_to_tensor(tf.Dimension(None))
    with pytest.raises(TypeError, match="cast it"):
        tf.constant(1.0) * tf.Dimension(3)
