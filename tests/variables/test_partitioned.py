"""Partitioned variables: made, shared and used. What is expected was printed by TensorFlow 2.21."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.variables.partitioned import PartitionedVariable

HALVES = tf.fixed_size_partitioner(2)
TABLE = np.arange(10, dtype=np.float32).reshape(5, 2)


def made_since(count):
    """Name, type and inputs of the operations of the default graph behind the first so many."""
    operations = tf.get_default_graph().get_operations()[count:]
    return [(op.name, op.type, [tensor.name for tensor in op.inputs]) for op in operations]


def values_of(variables):
    """The initial values of variables."""
    with tf.Session() as sess:
        sess.run([variable.initializer for variable in variables])
        return [value.tolist() for value in sess.run(list(variables))]


def test_parts_are_variables():
    """An initializer is called for each part, which are variables with names and collections of their own."""
    w = tf.get_variable("w", [5, 2], initializer=tf.zeros_initializer(), partitioner=HALVES)
    expected = [
        ("w/part_0/Initializer/zeros", "Const", []),
        ("w/part_0", "VariableV2", []),
        ("w/part_0/Assign", "Assign", ["w/part_0:0", "w/part_0/Initializer/zeros:0"]),
        ("w/part_0/read", "Identity", ["w/part_0:0"]),
    ]
    assert expected == made_since(0)[:4]
    assert ("w", tf.float32, [5, 2], [5, 2], 2, [2, 1]) == (
        w.name,
        w.dtype,
        w.shape.as_list(),
        w.get_shape().as_list(),
        len(w),
        w.partitions,
    )
    assert [("w/part_0:0", [3, 2]), ("w/part_1:0", [2, 2])] == [(part.name, part.shape.as_list()) for part in w]
    assert list(w) == w._get_variable_list() == tf.global_variables() == tf.trainable_variables()
    assert ["5 2 0,3:0,2", "5 2 3,2:0,2"] == [part._get_save_slice_info().spec for part in w]
    assert [] == tf.get_collection(tf.GraphKeys.CONCATENATED_VARIABLES)


def test_collections_and_trainability_are_those_of_the_parts():
    """What is said of the variable holds for each part."""
    w = tf.get_variable("w", [4], trainable=False, collections=["c"], partitioner=HALVES)
    assert (list(w), [], []) == (tf.get_collection("c"), tf.trainable_variables(), tf.global_variables())


def test_the_whole_as_a_tensor():
    """Each conversion joins the parts anew, waiting for nothing around it."""
    w = tf.get_variable("w", [5, 2], initializer=tf.zeros_initializer(), partitioner=HALVES)
    count = len(made_since(0))
    with tf.control_dependencies([tf.no_op()]):
        tensor = tf.convert_to_tensor(w)
    expected = [
        ("w/ConcatPartitions/concat/axis", "Const", []),
        (
            "w/ConcatPartitions/concat",
            "ConcatV2",
            ["w/part_0/read:0", "w/part_1/read:0", "w/ConcatPartitions/concat/axis:0"],
        ),
        ("w", "Identity", ["w/ConcatPartitions/concat:0"]),
    ]
    assert expected == made_since(count)[1:]
    assert [] == tensor.op.control_inputs
    assert ("w:0", [5, 2], "w_1:0") == (tensor.name, tensor.shape.as_list(), w.as_tensor().name)


def test_one_part_is_passed_on():
    """There is nothing to join where there is one part."""
    u = tf.get_variable("u", [3], partitioner=tf.fixed_size_partitioner(1))
    tf.convert_to_tensor(u)
    assert ("u", "Identity", ["u/part_0/read:0"]) == made_since(0)[-1]


def test_the_whole_as_an_operand():
    """Operations take it; it has no operators of its own, no items, and cannot be fetched or fed."""
    w = tf.get_variable("w", initializer=TABLE, shape=[5, 2], partitioner=HALVES)
    total = tf.constant(1.0) + w
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(TABLE + 1, sess.run(total))
        with pytest.raises(TypeError, match="Can not convert a PartitionedVariable into a Tensor or Operation"):
            sess.run(w)
        with pytest.raises(TypeError, match="Can not convert a PartitionedVariable into a Tensor"):
            sess.run(total, {w: TABLE})
    whole: Any = w
    for wrong in (lambda: whole + 1, lambda: whole[0]):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(ValueError, match="int32"):
        tf.convert_to_tensor(w, tf.int32)


def test_a_derivative_reaches_the_parts():
    """Each part has its share of the derivative."""
    w = tf.get_variable("w", initializer=TABLE, shape=[5, 2], partitioner=HALVES)
    grads = tf.gradients(tf.reduce_sum(tf.square(w)), list(w))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(2 * TABLE, np.concatenate(sess.run(grads)))


def test_an_initial_value_is_cut_up():
    """A value for the whole, array or tensor, is sliced below the part's name, whatever scope is open."""
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(3, axis=1)):
        v = tf.get_variable("v", [2, 4], initializer=np.arange(8.0).reshape(2, 4))
    inside = "s/v/part_0/PartitionedInitializer"
    expected = [f"{inside}/Const", f"{inside}/Slice/begin", f"{inside}/Slice/size", f"{inside}/Slice"]
    assert expected == [name for name, _, _ in made_since(0)[:4]]
    assert [[[0.0, 1.0], [4.0, 5.0]], [[2.0], [6.0]], [[3.0], [7.0]]] == values_of(v)
    assert tf.float32 is v.dtype
    t = tf.get_variable("t", initializer=tf.constant([1, 2, 3]), partitioner=HALVES)
    assert (tf.int32, [[1, 2], [3]]) == (t.dtype, values_of(t))


def test_initializers_know_the_whole():
    """One that asks for ``partition_info`` is told; Glorot's is scaled as for the whole, the identity is one matrix."""
    told = []

    def initializer(shape, dtype=None, partition_info=None):
        told.append((shape, partition_info and (partition_info.full_shape, partition_info.var_offset)))
        return tf.zeros(shape, dtype)

    tf.get_variable("a", [5, 3], initializer=initializer, partitioner=HALVES)
    tf.get_variable("b", [2], initializer=initializer)
    assert [([3, 3], ([5, 3], [0, 0])), ([2, 3], ([5, 3], [3, 0])), ([2], None)] == told
    tf.get_variable("c", [5, 3], initializer=tf.ones, partitioner=HALVES)
    tf.get_variable("d", [5, 3], partitioner=HALVES)
    with tf.Session() as sess:
        assert 0.8660254 == pytest.approx(sess.run("d/part_0/Initializer/random_uniform/max:0"))
    eye = tf.get_variable("e", [4, 4], initializer=tf.initializers.identity(), partitioner=HALVES)
    np.testing.assert_array_equal(np.eye(4), np.concatenate(values_of(eye)))


def test_regularizers_see_the_parts():
    """Each part adds a loss of its own."""
    tf.get_variable("w", [4, 2], regularizer=tf.reduce_sum, partitioner=HALVES)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert ["w/part_0/Regularizer/Sum:0", "w/part_1/Regularizer/Sum:0"] == [loss.name for loss in losses]


def test_scopes_give_partitioners():
    """A scope's partitioner divides what is made in it, but for scalars; custom getters see it."""
    seen = []

    def getter(inner, name, *args, **kwargs):
        seen.append((name, kwargs["partitioner"]))
        return inner(name, *args, **kwargs)

    with tf.variable_scope("s", custom_getter=getter) as scope:
        scope.set_partitioner(HALVES)
        assert isinstance(tf.get_variable("v", [4]), PartitionedVariable)
        assert isinstance(tf.get_variable("x", []), tf.Variable)
    assert [("s/v", HALVES), ("s/x", HALVES)] == seen


def test_sharing():
    """A partitioned variable is shared as it is divided, also without saying how, and never with an undivided one."""
    v = tf.get_variable("v", [2, 4], partitioner=HALVES)
    tf.get_variable("plain", [4])
    refused: list[tuple[Any, dict[str, Any], str]] = [
        (False, {"shape": [2, 4], "partitioner": HALVES}, "Partitioned variable with name v already exists"),
        (False, {"shape": [2, 4]}, "a partitioned version of the variable was found: v/part_0"),
        (tf.AUTO_REUSE, {"shape": [2, 4]}, "a partitioned version of the variable was found: v/part_0"),
        (True, {"shape": [2, 4], "partitioner": tf.fixed_size_partitioner(1)}, r"partitions \[1, 1\] and found"),
        (True, {"shape": [3, 4], "partitioner": HALVES}, r"specified shape \(3, 4\) and found shape \(2, 4\)"),
        (True, {"shape": [2, 4], "dtype": tf.int32, "partitioner": HALVES}, "dtype int32 and found dtype float32"),
        (True, {"name": "none", "shape": [2], "partitioner": HALVES}, "PartitionedVariable none does not exist"),
        (False, {"name": "plain", "shape": [4], "partitioner": HALVES}, "unpartitioned version of the variable was"),
        (False, {"name": "x", "shape": [4], "partitioner": 3}, "Partitioner must be callable, but received: 3"),
        (False, {"name": "x", "shape": [4], "partitioner": lambda **_: [9]}, "more parts than elements"),
    ]
    for reuse, arguments, message in refused:
        with tf.variable_scope("", reuse=reuse), pytest.raises(ValueError, match=message):
            tf.get_variable(**{"name": "v", **arguments})
    with tf.variable_scope("", reuse=True):
        assert v is tf.get_variable("v") is tf.get_variable("v", [2, 4], partitioner=HALVES)
    with tf.variable_scope("", reuse=tf.AUTO_REUSE):
        assert v is tf.get_variable("v", [2, 4], partitioner=HALVES)


def test_parts_that_are_there_already():
    """Parts made one by one become a whole if they are the ones that the partitioner asks for."""
    parts = [tf.get_variable(f"w/part_{index}", [2]) for index in range(3)]
    with tf.variable_scope("", reuse=tf.AUTO_REUSE):
        for count, message in ((2, "so was the extra shard w/part_2"), (4, "w/part_3 was not")):
            with pytest.raises(ValueError, match=message):
                tf.get_variable("w", [6], partitioner=tf.fixed_size_partitioner(count))
        w = tf.get_variable("w", [6], partitioner=tf.fixed_size_partitioner(3))
    assert parts == list(w)


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [
        ("assign", TABLE, TABLE),
        ("assign_add", TABLE, 2 * TABLE),
        ("assign_sub", [np.ones((3, 2), np.float32), np.zeros((2, 2), np.float32)], TABLE - [[1], [1], [1], [0], [0]]),
    ],
)
def test_assignments(method, value, expected):
    """A whole is split among the parts, a list has a value for each; there is an operation or reference for each."""
    w = tf.get_variable("w", [5, 2], initializer=TABLE, partitioner=HALVES)
    references = getattr(w, method)(value)
    operations = getattr(w, method)(w, read_value=False)
    assert [tf.Operation] * 2 == [type(operation) for operation in operations]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(expected, np.concatenate(sess.run(references)))


def test_a_list_must_have_a_value_for_each_part():
    """Too few values are a ValueError."""
    w = tf.get_variable("w", [5, 2], partitioner=HALVES)
    with pytest.raises(ValueError, match="'w' has 2 parts, but the list has 1 values"):
        w.assign([TABLE])


def test_parts_along_several_dimensions():
    """Such a variable has no length, is not joined and not assigned to; its parts are still there."""
    parts = []
    for row in range(2):
        for column in range(2):
            part = tf.Variable(tf.zeros([1, 1]))
            part._set_save_slice_info(tf.Variable.SaveSliceInfo("g", [2, 2], [row, column], [1, 1]))
            parts.append(part)
    grid = PartitionedVariable("g", [2, 2], tf.float32, parts[::-1], [2, 2])
    assert parts == [part for part in grid]  # noqa: C416, a list asks for the length
    with pytest.raises(ValueError, match="several dimensions"):
        len(grid)
    for wrong in (grid.as_tensor, lambda: grid.assign(np.zeros((2, 2), np.float32))):
        with pytest.raises(NotImplementedError, match="several dimensions"):
            wrong()


def test_what_is_no_partitioned_variable():
    """Lists that are none, counts that are not positive, and parts of something else are refused."""
    part = tf.Variable([1.0])
    for error, variables, partitions, message in [
        (TypeError, part, [1], "variable_list is not a list"),
        (TypeError, [part], 1, "partitions is not a list"),
        (ValueError, [part], [0], "must be positive"),
        (ValueError, [], [1], "may not be empty"),
        (ValueError, [part], [1], "must have a save_slice_info available: Variable:0 has none"),
    ]:
        with pytest.raises(error, match=message):
            PartitionedVariable("w", [1], tf.float32, variables, partitions)
    part._set_save_slice_info(tf.Variable.SaveSliceInfo("w", [2], [0], [1]))
    with pytest.raises(ValueError, match="full shapes must match shape"):
        PartitionedVariable("w", [1], tf.float32, [part], [1])
    with pytest.raises(ValueError, match="len"):
        PartitionedVariable("w", [2], tf.float32, [part], [1, 1])


def test_create_partitioned_variables():
    """The older function gives a list of parts, under a name that is unique unless it is given."""
    zeros = tf.zeros_initializer()
    for name, expected in ((None, "PartitionedVariable"), (None, "PartitionedVariable_1"), ("c", "c")):
        parts = tf.create_partitioned_variables([4, 2], [2, 1], zeros, name=name)
        assert [f"{expected}/part_0:0", f"{expected}/part_1:0"] == [part.name for part in parts]
    for shape, slicing, message in (([4, 2], [2], "must have the length"), ([], [], "rank at least 1")):
        with pytest.raises(ValueError, match=message):
            tf.create_partitioned_variables(shape, slicing, zeros)


def test_integers():
    """The parts have the dtype that is asked for, or that of the tensor they are parts of."""
    made = tf.get_variable("v", [4], tf.int32, partitioner=HALVES)
    like = tf.get_variable("w", initializer=tf.constant([1, 2, 3, 4]), partitioner=HALVES)
    parts = tf.create_partitioned_variables([4], [2], tf.constant([1, 2, 3, 4]))
    assert {"int32"} == {variable.dtype.base_dtype.name for variable in (made, like, *made, *like, *parts)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [[1, 2], [3, 4]] == [value.tolist() for value in sess.run(parts)]
