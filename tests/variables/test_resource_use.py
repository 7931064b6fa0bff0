"""Variables as resources: which are, the operations that they are made of, and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.variables.resource_variable import ResourceVariable

OPTIMIZERS = {
    "descent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda: tf.train.AdadeltaOptimizer(0.1),
    "rmsprop": lambda: tf.train.RMSPropOptimizer(0.1, centered=True),
    "adam": lambda: tf.train.AdamOptimizer(0.1),
    "ftrl": lambda: tf.train.FtrlOptimizer(0.1),
    "proximal": lambda: tf.train.ProximalGradientDescentOptimizer(0.1),
}


@pytest.fixture
def _reset_default_kind() -> Iterator[None]:
    yield
    tf.disable_resource_variables()


def nodes() -> list[tuple[str, str, list[str]]]:
    """Name, type and inputs of all operations."""
    return [(node.name, node.op, list(node.input)) for node in tf.get_default_graph().as_graph_def().node]


def test_it_is_made_of_tensorflows_operations() -> None:
    """Handle, check, initializer and read have TensorFlow's names; each use reads in the scope of its operation."""
    v = tf.get_variable("v", [2], initializer=tf.zeros_initializer(), use_resource=True)
    v.assign([1.0, 2.0])
    tf.multiply(v, v)
    assert [
        ("v/Initializer/zeros", "Const", []),
        ("v", "VarHandleOp", []),
        ("v/IsInitialized/VarIsInitializedOp", "VarIsInitializedOp", ["v"]),
        ("v/Assign", "AssignVariableOp", ["v", "v/Initializer/zeros"]),
        ("v/Read/ReadVariableOp", "ReadVariableOp", ["v"]),
        ("Const", "Const", []),
        ("AssignVariableOp", "AssignVariableOp", ["v", "Const"]),
        ("ReadVariableOp", "ReadVariableOp", ["v", "^AssignVariableOp"]),
        ("Mul/ReadVariableOp", "ReadVariableOp", ["v"]),
        ("Mul/ReadVariableOp_1", "ReadVariableOp", ["v"]),
        ("Mul", "Mul", ["Mul/ReadVariableOp", "Mul/ReadVariableOp_1"]),
    ] == nodes()
    attrs = v.op.node_def.attr
    assert (b"v", [b"loc:@v"]) == (attrs["shared_name"].s, list(attrs["_class"].list.s))


def test_operators_read_the_first_operand_outside_of_their_scope() -> None:
    """As in TensorFlow, an operator reads the variable that it belongs to before it makes its operation."""
    v = tf.Variable(1.0, name="v", use_resource=True)
    product = v * v
    assert ["ReadVariableOp", "mul/ReadVariableOp"] == [tensor.op.name for tensor in product.op.inputs]
    assert ["ReadVariableOp_1", "add/y"] == [tensor.op.name for tensor in (v + 1.0).op.inputs]


@pytest.mark.usefixtures("_reset_default_kind")
def test_which_variables_are_resources() -> None:
    """The argument counts, else the scope, else what was enabled."""
    made = [tf.Variable(1.0), tf.Variable(1.0, use_resource=True)]
    with tf.variable_scope("s", use_resource=True):
        made += [tf.get_variable("a", []), tf.Variable(1.0), tf.get_variable("b", [], use_resource=False)]
    assert not tf.resource_variables_enabled()
    tf.enable_resource_variables()
    assert tf.resource_variables_enabled()
    made += [tf.Variable(1.0), tf.get_variable("c", []), tf.Variable(1.0, use_resource=False)]
    found = [isinstance(variable, ResourceVariable) for variable in made]
    assert [False, True, True, True, False, True, True, False] == found


def test_reading_and_changing() -> None:
    """Every change is seen by what waits for it, and by nothing that was read before."""
    v = tf.Variable([1.0, 2.0, 3.0], use_resource=True)
    before = v.read_value()
    with tf.control_dependencies([before]):
        changed = v.assign_add([1.0, 1.0, 1.0], read_value=False)
    with tf.control_dependencies([changed]):
        after = v.read_value()
    count = tf.Variable(3, use_resource=True)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert [[1, 2, 3], [2, 3, 4]] == [value.tolist() for value in session.run([before, after])]
        assert [9, 3, 4] == session.run(v[:1].assign([9.0])).tolist()
        assert [9, 5, 4] == session.run(tf.scatter_add(v, [1], [2.0])).tolist()
        assert [9, 10, 4] == session.run(tf.scatter_mul(v, [1], [2.0])).tolist()
        assert [4, 9] == session.run(tf.gather(v, [2, 0])).tolist()
        assert [10] == session.run(tf.gather(v, [1])).tolist()
        assert [3, 4] == [session.run(tf.count_up_to(count, 5)), session.run(count.count_up_to(5))]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(count.count_up_to(5))


def test_an_uninitialized_one_is_named() -> None:
    """A read before the initializer has run names the variable."""
    v = tf.Variable(1.0, name="v", use_resource=True)
    with tf.Session() as session:
        assert not session.run(tf.is_variable_initialized(v))
        with pytest.raises(tf.errors.FailedPreconditionError, match="variable v"):
            session.run(v + 1.0)


@pytest.mark.parametrize("saved", [False, True])
def test_files_are_the_same_for_both_kinds(saved: bool, tmp_path: Path) -> None:
    """A checkpoint of one kind is restored into the other, and a meta graph keeps the kind."""
    values = [np.arange(6.0, dtype=np.float32).reshape(3, 2), np.float32(7.0)]

    def build(use_resource: bool) -> list[Any]:
        with tf.variable_scope("s", use_resource=use_resource):
            return [tf.get_variable("w", [3, 2]), tf.get_variable("b", [])]

    with tf.Graph().as_default(), tf.Session() as session:
        for variable, value in zip(build(saved), values, strict=True):
            variable.load(value, session)
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    with tf.Graph().as_default(), tf.Session() as session:
        variables = build(not saved)
        tf.train.Saver().restore(session, path)
        np.testing.assert_equal(values, session.run(variables))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(path).restore(session, path)
        found = tf.global_variables()
        assert [saved] * 2 == [isinstance(variable, ResourceVariable) for variable in found]
        np.testing.assert_equal(values, session.run(found))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_train_both_kinds_alike(name: str) -> None:
    """Every optimizer makes slots of the kind of the variable, and takes the same steps, for rows too."""
    trained = []
    for use_resource in (False, True):
        with tf.Graph().as_default(), tf.Session() as session:
            v = tf.Variable([1.0, -2.0], use_resource=use_resource)
            w = tf.Variable([[1.0], [2.0], [3.0]], use_resource=use_resource)
            loss = tf.reduce_sum(v * v) + tf.reduce_sum(tf.gather(w, [0, 2, 0]) ** 2.0)
            step = OPTIMIZERS[name]().minimize(loss)
            session.run(tf.global_variables_initializer())
            for _ in range(3):
                session.run(step)
            assert [use_resource] * len(tf.global_variables()) == [
                isinstance(variable, ResourceVariable) for variable in tf.global_variables()
            ]
            trained.append(session.run(tf.global_variables()))
    for reference, resource in zip(*trained, strict=True):
        np.testing.assert_allclose(reference, resource, rtol=1e-6)


def test_in_branches_and_loops() -> None:
    """A branch and a loop read and change a variable where they run, and a branch has its derivative."""
    v = tf.Variable(3.0, name="v", use_resource=True)
    p = tf.placeholder(tf.bool, [])
    chosen = tf.cond(p, lambda: v * v, lambda: v + 0.0)
    (slope,) = tf.gradients(chosen, v)
    product = tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * v), [0, 1.0])[1]
    with tf.Session() as session:
        session.run(v.initializer)
        assert [(9.0, 6.0), (3.0, 1.0)] == [tuple(session.run([chosen, slope], {p: at})) for at in (True, False)]
        assert 27.0 == session.run(product)


def test_parts_of_a_variable(tmp_path: Path) -> None:
    """A partitioned variable of resources is saved as one tensor."""
    with tf.variable_scope("s", use_resource=True, partitioner=tf.fixed_size_partitioner(2)):
        whole = tf.get_variable("w", [4, 2], initializer=tf.ones_initializer())
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    assert [True] * 2 == [isinstance(part, ResourceVariable) for part in whole]
    assert [("s/w", [4, 2])] == tf.train.list_variables(path)


def test_a_caching_device_reads_once() -> None:
    """With a caching device all operations take the same read."""
    v = tf.get_variable("v", [], use_resource=True, caching_device="/cpu:0")
    assert [v.value()] * 2 == list(tf.multiply(v, v).op.inputs)
