"""Operations that wait for others: `tf.group` and `tf.tuple`."""

from __future__ import annotations

from typing import Any

import pytest

import hdfsaver as tf


def waits_for(operation):
    """The names of the operations that one waits for, sorted."""
    return sorted(other.name for other in operation.control_inputs)


def test_group_takes_everything_that_can_be_waited_for():
    """Nested lists and dicts of operations and tensors, and the parts of slices and sparse tensors, each once."""
    x = tf.placeholder(tf.float32, [2], name="x")
    slices = tf.IndexedSlices(x, tf.constant([0, 1], name="i"))
    sparse = tf.SparseTensor([[0]], [1.0], [2])
    grouped = tf.group(x, [x.op, {"a": (tf.Variable(1.0, name="v"),)}], slices, sparse)
    assert grouped.name == "group_deps"
    assert ["SparseTensor/dense_shape", "SparseTensor/indices", "SparseTensor/values", "i", "v", "x"] == waits_for(
        grouped
    )
    assert tf.group(name="none").control_inputs == []
    assert tf.Session().run(tf.group(x), {x: [1, 2]}) is None


@pytest.mark.parametrize("wrong", [3, "x", None, [None]])
def test_group_refuses_other_things(wrong):
    """A name is not an operation, and nothing is added to the graph."""
    x = tf.constant(1, name="x")
    with pytest.raises(TypeError, match=r"'inputs' should be zero or more \(nested\) Tensors. Received"):
        tf.group(x, wrong)
    assert len(tf.get_default_graph().get_operations()) == 1


def test_group_has_an_operation_on_each_device():
    """On one device it is there itself."""
    with tf.device("/cpu:0"):
        first = tf.constant(1, name="first")
    with tf.device("/cpu:1"):
        second = tf.constant(2, name="second")
    assert tf.group(first, name="one").device == "/device:CPU:0"
    both = tf.group(second, first, tf.no_op(name="anywhere"), name="both")
    assert (both.device, waits_for(both)) == ("", ["both/NoOp", "both/NoOp_1", "both/NoOp_2"])
    gates = [tf.get_default_graph().get_operation_by_name(name) for name in waits_for(both)]
    assert [("", ["anywhere"]), ("/device:CPU:0", ["first"]), ("/device:CPU:1", ["second"])] == [
        (gate.device, waits_for(gate)) for gate in gates
    ]


def test_group_in_the_graph_of_its_inputs():
    """Whichever graph is the default one."""
    with tf.Graph().as_default() as graph:
        x = tf.constant(1)
    assert tf.group(x).graph is graph


def test_tuple_of_every_kind():
    """A tensor, slices, a sparse tensor, an operation and None; all wait for one gate, which waits for all."""
    x = tf.placeholder(tf.float32, [2], name="x")
    slices = tf.IndexedSlices(tf.identity(x, name="s"), tf.constant([0, 1]))
    sparse = tf.SparseTensor([[0], [1]], tf.identity(x, name="p"), [2])
    noted = tf.no_op(name="noted")
    passed, new_slices, new_sparse, after, nothing = tf.tuple([x, slices, sparse, noted, None])
    assert nothing is None
    gate = tf.get_default_graph().get_operation_by_name("tuple/group_deps")
    assert ["noted", "p", "s", "x"] == waits_for(gate)
    assert passed.name == "tuple/control_dependency:0"
    assert (new_slices.values.name, new_slices.indices) == ("tuple/control_dependency_1:0", slices.indices)
    assert [part.op.name for part in (new_sparse.indices, new_sparse.values, new_sparse.dense_shape)] == [
        "tuple/control_dependency_2/Identity",
        "tuple/control_dependency_2/Identity_1",
        "tuple/control_dependency_2/Identity_2",
    ]
    assert (after.type, waits_for(after)) == ("NoOp", ["noted", "tuple/group_deps"])
    for operation in (passed.op, new_slices.values.op, new_sparse.indices.op, new_sparse.dense_shape.op):
        assert gate in operation.control_inputs
    with tf.Session() as sess:
        found = sess.run([passed, new_sparse, after], {x: [3, 4]})
    assert (found[0].tolist(), found[1].values.tolist(), found[2]) == ([3, 4], [3, 4], None)


def test_tuple_of_nothing():
    """There must be a tensor, and what is waited for must be of a graph."""
    x = tf.constant(1)
    for empty in ([], [None]):
        with pytest.raises(ValueError, match="'tensors' must have at least one Tensor"):
            tf.tuple(empty)
    wrong: Any = [3]
    with pytest.raises(TypeError, match="'control_inputs' must only contain Operation or Tensor"):
        tf.tuple([x], control_inputs=wrong)
