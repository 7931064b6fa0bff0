"""Sequences of records, records in JSON and compressed strings are read as TensorFlow reads them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply_list
from tests.ops.test_parsing import run


def put(feature: Any, values: Sequence[Any]) -> None:
    """Put values into a feature."""
    if values:
        kinds = {bytes: feature.bytes_list, float: feature.float_list, int: feature.int64_list}
        kinds[type(values[0])].value.extend(values)


def record(context: Mapping[str, Sequence[Any]], lists: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """A serialized SequenceExample."""
    message = tf.train.SequenceExample()
    for key, values in context.items():
        put(message.context.feature[key], values)
    for key, items in lists.items():
        found = message.feature_lists.feature_list[key]
        for values in items:
            put(found.feature.add(), values)
    data: bytes = message.SerializeToString()
    return data


A = record({"a": [1.0, 2.0], "s": [b"x"]}, {"d": [[1, 2], [3, 4], [5, 6]], "v": [[b"p"], [], [b"q", b"r"]]})
B = record({"a": [3.0, 4.0]}, {"d": [[7, 8]], "v": []})
CONTEXT = {"a": tf.FixedLenFeature([2], tf.float32), "s": tf.VarLenFeature(tf.string)}
LISTS = {"d": tf.FixedLenSequenceFeature([2], tf.int64), "v": tf.VarLenFeature(tf.string)}


def test_one_sequence() -> None:
    """Items of one shape are a tensor, others a sparse tensor, and static shapes say so."""
    made = tf.parse_single_sequence_example(A, CONTEXT, LISTS)
    assert [made[0]["a"].shape.as_list(), made[1]["d"].shape.as_list()] == [[2], [None, 2]]
    assert made[1]["v"].shape.ndims == 2
    context, lists = run(made)
    assert context["a"].tolist() == [1, 2]
    assert context["s"].values.tolist() == [b"x"]
    assert lists["d"].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert lists["v"].indices.tolist() == [[0, 0], [2, 0], [2, 1]]
    assert lists["v"].dense_shape.tolist() == [3, 2]


def test_a_batch_of_sequences() -> None:
    """Shorter lists are filled up, and the lengths come beside them."""
    context, lists, lengths = run(tf.io.parse_sequence_example([A, B], CONTEXT, LISTS))
    assert context["s"].dense_shape.tolist() == [2, 1]
    assert lists["d"].tolist() == [[[1, 2], [3, 4], [5, 6]], [[7, 8], [0, 0], [0, 0]]]
    assert lengths["d"].tolist() == [3, 1]
    assert lists["v"].indices.tolist() == [[0, 0, 0], [0, 2, 0], [0, 2, 1]]
    assert lists["v"].dense_shape.tolist() == [2, 3, 2]


def test_a_list_that_may_be_missing() -> None:
    """With allow_missing a list that is not there has no items."""
    wanted = {"z": tf.FixedLenSequenceFeature([2], tf.int64, allow_missing=True)}
    _, lists = run(tf.parse_single_sequence_example(A, sequence_features=wanted))
    assert lists["z"].shape == (0, 2)


def test_the_operation_of_older_graphs() -> None:
    """`ParseSingleSequenceExample`, which TensorFlow 1 wrote, gives the same."""
    found = apply_list(
        "ParseSingleSequenceExample",
        A,
        tf.constant([], tf.string),
        ["s"],
        ["a"],
        ["v"],
        ["d"],
        [tf.constant([], tf.float32)],
        "",
        context_sparse_types=["string"],
        feature_list_sparse_types=["string"],
        feature_list_dense_types=["int64"],
        context_dense_shapes=[(2,)],
        feature_list_dense_shapes=[(2,)],
    )
    context, lists = run(tf.parse_single_sequence_example(A, CONTEXT, LISTS))
    values = run(found)
    assert values[3].tolist() == context["a"].tolist()
    assert values[4].tolist() == lists["v"].indices.tolist()
    assert values[7].tolist() == lists["d"].tolist()


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({"z": LISTS["d"]}, "Name: nm, Feature list 'z' is required but could not be found"),
        ({"d": tf.FixedLenSequenceFeature([2], tf.float32)}, "Feature list: d, Index: 0.  Data types don't match"),
        ({"v": tf.VarLenFeature(tf.int64)}, "Feature list: v, Index: 0.  Data types don't match. Expected type: int64"),
        ({"d": tf.FixedLenSequenceFeature([3], tf.int64)}, r"Key: d, Index: 0.  Number of int64 values != expected"),
    ],
    ids=["missing", "of floats", "of strings", "of another size"],
)
def test_lists_that_do_not_fit(lists: Any, said: str) -> None:
    """The error names the record, the list and the item."""
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        run(tf.parse_single_sequence_example(A, CONTEXT, lists, example_name="nm"))
    assert said in str(caught.value.message)


def test_features_that_are_refused() -> None:
    """A sequence is not a feature of the context, and a single one not a list; there must be some."""
    with pytest.raises(ValueError, match="Unsupported FixedLenSequenceFeature"):
        tf.parse_single_sequence_example(A, {"d": LISTS["d"]})
    with pytest.raises(ValueError, match="Unsupported FixedLenFeature"):
        tf.parse_single_sequence_example(A, None, {"a": CONTEXT["a"]})
    with pytest.raises(ValueError, match="at least one should have values"):
        tf.parse_single_sequence_example(A)
    with pytest.raises(ValueError, match="must be a scalar"):
        tf.parse_single_sequence_example([A, B], CONTEXT)
    with pytest.raises(ValueError, match="must be None"):
        tf.parse_single_sequence_example(A, None, {"d": tf.FixedLenSequenceFeature([2], tf.int64, default_value=1)})


def test_sparse_features() -> None:
    """Places and values of a sparse tensor are features of their own; those not asked for do not come."""
    example = tf.train.Example()
    for key, values in (("i", [3, 1]), ("j", [0, 2]), ("v", [0.5, 0.25])):
        put(example.features.feature[key], values)
    data = example.SerializeToString()
    found = run(tf.parse_example([data, data], {"x": tf.SparseFeature("i", "v", tf.float32, 10)}))
    assert [*found] == ["x"]
    assert found["x"].indices.tolist() == [[0, 1], [0, 3], [1, 1], [1, 3]]
    assert found["x"].values.tolist() == [0.25, 0.5] * 2
    assert found["x"].dense_shape.tolist() == [2, 10]
    wanted = {"x": tf.SparseFeature(["i", "j"], "v", tf.float32, [10, 5]), "v": tf.VarLenFeature(tf.float32)}
    both = run(tf.parse_single_example(data, wanted))
    assert both["x"].indices.tolist() == [[1, 2], [3, 0]]
    assert both["x"].dense_shape.tolist() == [10, 5]
    assert both["v"].values.tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"x": tf.SparseFeature("i", "", tf.float32, 10)}, "Missing value_key for SparseFeature"),
        ({"x": tf.SparseFeature("i", "v", tf.float32, 1), "v": tf.VarLenFeature(tf.int64)}, "Conflicting type"),
        ({"x": tf.SparseFeature("i", "v", tf.float32, 1), "v": CONTEXT["a"]}, "must not intersect"),
        ({"x": tf.FixedLenFeature([1, None], tf.int64)}, r"need to be known but received \[1, None\]"),
        ({"x": tf.FixedLenFeature([None, 1], tf.int64)}, "Consider using FixedLenSequenceFeature"),
        ({"x": tf.FixedLenSequenceFeature([2], tf.int64)}, "requires allow_missing"),
    ],
)
def test_features_of_records_that_are_refused(features: Any, said: str) -> None:
    """Features that do not fit themselves, or each other, are refused as TensorFlow refuses them."""
    with pytest.raises(ValueError, match=said):
        tf.parse_example([A], features)


def test_records_in_json() -> None:
    """JSON with names in either spelling becomes a record; other text is refused."""
    texts = [
        '{"features": {"feature": {"a": {"floatList": {"value": [1.5, 2]}}}}}',
        '{"features": {"feature": {"a": {"float_list": {"value": [3, 4]}}}}}',
    ]
    assert run(tf.parse_example(tf.decode_json_example(texts), {"a": CONTEXT["a"]}))["a"].tolist() == [[1.5, 2], [3, 4]]
    for text in ("bogus", '{"bogus": 1}', b"\xff"):
        with pytest.raises(tf.errors.InvalidArgumentError, match="Error while parsing JSON"):
            run(tf.decode_json_example(text))


def test_compressed_strings() -> None:
    """Strings are decompressed; a kind that does not exist, and bytes of another form or half of them, are refused."""
    assert run(tf.decode_compressed([[gzip.compress(b"abc")], [gzip.compress(b"")]], "GZIP")).tolist() == [
        [b"abc"],
        [b""],
    ]
    assert run(tf.decode_compressed([zlib.compress(b"abc")], "ZLIB")).tolist() == [b"abc"]
    assert run(tf.decode_compressed(["abc"])).tolist() == [b"abc"]
    for data in (b"abc", zlib.compress(b"abc")[:-3]):
        with pytest.raises(tf.errors.DataLossError, match="ZLIB"):
            run(tf.decode_compressed([data], "ZLIB"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Only ZLIB, GZIP or NONE"):
        run(tf.decode_compressed(["abc"], "FOO"))


def test_a_bomb_is_refused() -> None:
    """A string may become so large as the limits allow."""
    with tf.limits.use(declared_bytes=1000, declared_ratio=2):
        with pytest.raises(tf.errors.ResourceExhaustedError, match="declared_bytes"):
            run(tf.decode_compressed([zlib.compress(b"a" * 2000)], "ZLIB"))
        assert run(tf.decode_compressed([zlib.compress(b"a" * 1000)], "ZLIB")).item() == b"a" * 1000
