"""Partitioners, and what parts know of their whole. What is expected was printed by TensorFlow 2.21."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.messages.message_classes import SaveSliceInfoDef
from hdfsaver.variables.partitioning import PartitionInfo, SaveSliceInfo, call_partitioner, parts_of


@pytest.mark.parametrize(
    ("partitioner", "expected"),
    [
        (tf.fixed_size_partitioner(3), [[3, 1], [3, 1], [1, 1]]),
        (tf.fixed_size_partitioner(2, axis=-1), [[1, 2], [1, 2], [1, 1]]),
        (tf.variable_axis_size_partitioner(16), [[3, 1], [8, 1], [1, 1]]),
        (tf.variable_axis_size_partitioner(7, axis=1), [[1, 2], [1, 3], [1, 1]]),
        (tf.variable_axis_size_partitioner(4, max_shards=2), [[2, 1], [2, 1], [1, 1]]),
        (tf.min_max_variable_partitioner(3, min_slice_size=16), [[3, 1], [3, 1], [1, 1]]),
        (tf.min_max_variable_partitioner(8, axis=1, min_slice_size=8), [[1, 2], [1, 3], [1, 1]]),
        (tf.min_max_variable_partitioner(), [[1, 1], [1, 1], [1, 1]]),
    ],
)
def test_partitioners(partitioner, expected):
    """How many parts float32 variables of three shapes get."""
    shapes = [tf.TensorShape(shape) for shape in ([5, 2], [8, 3], [1, 1])]
    assert expected == [partitioner(shape=shape, dtype=tf.float32) for shape in shapes]


def test_texts_count_as_what_one_says():
    """The size of a text is an argument of the partitioners that count bytes."""
    shape = tf.TensorShape([8])
    by_size = tf.variable_axis_size_partitioner(64, bytes_per_string_element=32)
    at_least = tf.min_max_variable_partitioner(8, min_slice_size=64, bytes_per_string_element=32)
    assert ([4], [4]) == (by_size(shape=shape, dtype=tf.string), at_least(shape=shape, dtype=tf.string))


def test_wrong_arguments_of_partitioners():
    """Sizes that are not positive, shapes that are not known, and dimensions that are not there."""
    with pytest.raises(ValueError, match="must be positive. Currently, max_shard_bytes is 0"):
        tf.variable_axis_size_partitioner(0)
    with pytest.raises(ValueError, match="max_shards must be positive, not -1"):
        tf.variable_axis_size_partitioner(1, max_shards=-1)
    for shape in ([2], tf.TensorShape([None])):
        with pytest.raises(ValueError, match="shape is not a fully defined TensorShape"):
            tf.variable_axis_size_partitioner(1)(shape, tf.float32)
    with pytest.raises(ValueError, match=r"Cannot partition variable along axis 3 when shape is only \(2, 3\)"):
        tf.min_max_variable_partitioner(axis=3)(tf.TensorShape([2, 3]), tf.float32)


@pytest.mark.parametrize(
    ("shape", "answer", "message"),
    [
        ([None, 4], [2, 1], r"must be fully defined, but instead was \(\?, 4\)"),
        (None, [2, 1], "must be fully defined, but instead was <unknown>"),
        ([], [], "must have rank at least 1"),
        ([4, 4], 3, "Partitioner must return a sequence, but saw: 3"),
        ([4, 4], [1], r"does not match the Variable's rank: \[1\] vs. \(4, 4\)"),
        ([4, 4], [0, 1], r"Partitioner returned zero partitions for some axes: \[0, 1\]"),
        ([4, 4], [2, 2], "Can only slice a variable along one dimension"),
    ],
)
def test_answers_without_meaning(shape, answer, message):
    """Shapes that cannot be divided, and answers that say nothing, are ValueErrors."""
    with pytest.raises(ValueError, match=message):
        call_partitioner(lambda **_: answer, tf.TensorShape(shape), tf.float32)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.data())
def test_parts_make_up_the_whole(shape, data):
    """Parts follow each other without gaps, and none is larger than another by more than one."""
    axis = data.draw(st.integers(0, len(shape) - 1))
    count = data.draw(st.integers(1, shape[axis]))
    parts = list(parts_of(shape, [count if dim == axis else 1 for dim in range(len(shape))]))
    along = axis if count > 1 else 0
    sizes = [size[along] for _, size in parts]
    assert [sum(sizes[:index]) for index in range(count)] == [offset[along] for offset, _ in parts]
    assert sum(sizes) == shape[along]
    assert max(sizes) - min(sizes) <= 1
    assert math.prod(shape) == sum(math.prod(size) for _, size in parts)


def test_partition_info():
    """An initializer can ask along which dimension its part was cut off, and where."""
    info = PartitionInfo([5, 3], [3, 0])
    assert (0, 3) == (info.single_slice_dim([2, 3]), info.single_offset([2, 3]))
    whole = PartitionInfo([5, 3], [0, 0])
    assert (None, 0) == (whole.single_slice_dim([5, 3]), whole.single_offset([5, 3]))
    with pytest.raises(ValueError, match="in several dimensions"):
        whole.single_slice_dim([2, 2])
    with pytest.raises(ValueError, match="would exceed the whole"):
        info.single_slice_dim([3, 3])
    with pytest.raises(ValueError, match="does not have the rank"):
        info.single_slice_dim([2])
    with pytest.raises(ValueError, match="Expected 0 <= offset < shape"):
        PartitionInfo([4, 4], [4, 0])


def test_save_slice_info():
    """A part knows its place in the whole, and has a plain record of it in any scope."""
    info = tf.Variable.SaveSliceInfo("s/w", [5, 2], [3, 0], [2, 2])
    assert ("5 2 3,2:0,2", (slice(3, 5), slice(0, 2))) == (info.spec, info.key)
    record = info.to_proto("s")
    assert SaveSliceInfoDef(full_name="w", full_shape=(5, 2), var_offset=(3, 0), var_shape=(2, 2)) == record
    assert info.to_proto("other") is None
    again = SaveSliceInfo(save_slice_info_def=record, import_scope="t")
    assert ("t/w", info.spec) == (again.full_name, again.spec)


def test_specs_are_read():
    """A specification that was written is read again; anything else is an error that names the wrong part."""
    spec = "2 3 4 0,1:2,1:0,3"
    assert spec == tf.Variable.SaveSliceInfo.from_spec(spec).spec
    for wrong, match in [
        ("0", "full_shape info"),
        ("a 0,1", "full_shape must be a sequence of int"),
        ("2 0:0", "comma-separated pairs"),
        ("2 a,1", "var_offset must be an integer"),
        ("2 0,a", "var_shape must be an integer"),
    ]:
        with pytest.raises(ValueError, match=match):
            tf.Variable.SaveSliceInfo.from_spec(wrong)
