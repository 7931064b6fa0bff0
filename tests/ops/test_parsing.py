"""Records, lines of values, raw numbers and serialized tensors are read as TensorFlow reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


def record(**features: Any) -> bytes:
    """A serialized Example."""
    example = tf.train.Example()
    for name, values in features.items():
        feature = example.features.feature[name]
        kind: Any = {bytes: feature.bytes_list, float: feature.float_list, int: feature.int64_list}[type(values[0])]
        kind.value.extend(values)
    data: bytes = example.SerializeToString()
    return data


A = record(a=[1.0, 2.0], b=[3, 4], s=[b"x"])
B = record(a=[5.0, 6.0], b=[7], d=[1, 2, 3])
FEATURES = {
    "a": tf.FixedLenFeature([2], tf.float32),
    "b": tf.VarLenFeature(tf.int64),
    "d": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
    "s": tf.FixedLenFeature([], tf.string, default_value="q"),
}


def run(fetches: Any) -> Any:
    """The values in a new session."""
    with tf.Session() as sess:
        return sess.run(fetches)


def test_a_batch_of_records() -> None:
    """Features of fixed, of any and of different lengths are tensors, sparse tensors and filled tensors."""
    found = run(tf.parse_example([A, B], FEATURES))
    assert found["a"].tolist() == [[1, 2], [5, 6]]
    assert found["a"].dtype == np.float32
    assert found["b"].indices.tolist() == [[0, 0], [0, 1], [1, 0]]
    assert found["b"].values.tolist() == [3, 4, 7]
    assert found["b"].dense_shape.tolist() == [2, 2]
    assert found["d"].tolist() == [[0, 0, 0], [1, 2, 3]]
    assert found["s"].tolist() == [b"x", b"q"]


def test_one_record() -> None:
    """One record gives the same without the dimension of records, and static shapes say so."""
    made = tf.parse_single_example(B, FEATURES)
    found = run(made)
    assert found["a"].tolist() == [5, 6]
    assert found["d"].tolist() == [1, 2, 3]
    assert found["s"] == b"q"
    assert found["b"].indices.tolist() == [[0]]
    assert found["b"].dense_shape.tolist() == [1]
    assert [str(made[name].shape) for name in "ads"] == ["(2,)", "(?,)", "()"]


@pytest.mark.parametrize(
    ("data", "feature", "said"),
    [
        (record(c=[1]), tf.FixedLenFeature([2], tf.float32), "is required but could not be found"),
        (A, tf.FixedLenFeature([3], tf.float32), "Number of float values != expected"),
        (A, tf.FixedLenFeature([2], tf.int64), "Data types don't match"),
        (b"\xff\xff", tf.FixedLenFeature([2], tf.float32), "Could not parse example input"),
    ],
    ids=["missing", "too few", "another dtype", "damaged"],
)
def test_records_that_do_not_fit(data: bytes, feature: Any, said: str) -> None:
    """A record without a feature, with other values, or that is none, is an error of the run that says which."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        run(tf.parse_single_example(data, {"a": feature}))


def test_the_operation_is_tensorflows() -> None:
    """The graph has ParseExampleV2 under the names that TensorFlow gives."""
    tf.parse_example([A], {"a": tf.FixedLenFeature([2], tf.float32), "c": tf.FixedLenFeature([], tf.string, "x")}, "ex")
    names = [operation.name for operation in tf.get_default_graph().get_operations()]
    assert names == [
        "ex/serialized",
        *("ex/Const", "ex/key_c", "ex/Reshape/shape", "ex/Reshape"),
        *("ex/ex/names", "ex/ex/sparse_keys", "ex/ex/dense_keys", "ex/ex/ragged_keys", "ex/ex"),
    ]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32", "float64", "bool"])
@pytest.mark.parametrize("little", [True, False])
def test_raw_numbers(dtype: str, little: bool) -> None:
    """Bytes are numbers of either order."""
    values = np.arange(6).reshape(2, 3).astype(dtype)
    order = values.dtype.newbyteorder("<" if little else ">")
    rows = [row.astype(order).tobytes() for row in values]
    found = run(tf.decode_raw(rows, tf.as_dtype(dtype), little_endian=little))
    np.testing.assert_array_equal(found, values, strict=True)


def test_raw_numbers_that_do_not_fit() -> None:
    """Bytes that are no whole numbers are an error."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a multiple of 2"):
        run(tf.decode_raw(["abc"], tf.int16))
    with pytest.raises(tf.errors.InvalidArgumentError, match="same size"):
        run(tf.decode_raw(["abc", "a"], tf.int8))


def csv(lines: Any, defaults: list[Any], **options: Any) -> Any:
    """The columns of lines, as lists."""
    return [np.asarray(column).tolist() for column in run(tf.decode_csv(lines, defaults, **options))]


def test_lines_of_values() -> None:
    """Fields are numbers and strings, quoted ones with delimiters, quotes and line ends inside; empty ones defaults."""
    assert csv(["1,2.5,a", '3,,"b,""c\n"'], [[0], [0.5], [""]]) == [[1, 3], [2.5, 0.5], [b"a", b'b,"c\n']]
    assert csv(["NA:2", "\n1:\n2"], [[9], [1]], field_delim=":", na_value="NA") == [[9, 1], [2, 2]]
    assert csv("1,2,", [[9], [8]], select_cols=[0, 2]) == [1, 8]
    assert csv(['"a,c'], [[""], [""]], use_quote_delim=False) == [[b'"a'], [b"c"]]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1", "Expect 2 fields but have 1 in record 0"),
        ("x,1", "Field 0 in record 0 is not a valid int32: x"),
        ("3000000000,1", "not a valid int32"),
        ('1"2,1', "Unquoted fields cannot have quotes/CRLFs inside"),
        ('"1"2,1', "Quoted field has to end with quote followed by delim"),
        (",1", "Field 0 is required but missing in record 0!"),
    ],
)
def test_lines_that_do_not_fit(line: str, said: str) -> None:
    """A line with another number of fields, or with fields of another form, is an error with TensorFlow's words."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        csv([line], [tf.constant([], tf.int32), [1]])


def test_serialized_tensors() -> None:
    """A tensor, and a sparse tensor, come back from their bytes; another dtype is an error."""
    assert run(tf.parse_tensor(tf.serialize_tensor([["a", "bc"]]), tf.string)).tolist() == [[b"a", b"bc"]]
    sparse = tf.SparseTensor([[0, 1], [2, 0]], [5, 6], [3, 4])
    many = tf.deserialize_many_sparse(tf.stack([tf.serialize_sparse(sparse)] * 2), tf.int32, rank=2)
    found = run([many, tf.deserialize_many_sparse(tf.serialize_many_sparse(sparse), tf.int32)])
    assert found[0].indices.tolist() == [[0, 0, 1], [0, 2, 0], [1, 0, 1], [1, 2, 0]]
    assert found[0].dense_shape.tolist() == [2, 3, 4]
    assert found[1].indices.tolist() == [[0, 1], [2, 0]]
    assert found[1].values.tolist() == [5, 6]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Type mismatch"):
        run(tf.parse_tensor(tf.serialize_tensor([1.0]), tf.int64))
