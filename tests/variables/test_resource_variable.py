"""Variables behind handles, as graphs of TensorFlow bring them: reading, changing, freezing, derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.schema import VariableDef
from hdfsaver.variables.resource_variable import ResourceVariable

START = [[1.0, 2.0], [3.0, 4.0]]


@pytest.fixture
def variable() -> Iterator[ResourceVariable]:
    """A variable of shape (2, 2) in a default graph, with a default session that has its value."""
    with tf.Graph().as_default(), tf.Session() as session:
        made = make("w", START)
        session.run(made.initializer)
        yield made


def make(name: str, value: object) -> ResourceVariable:
    """The operations that TensorFlow makes of a variable, and the variable of them."""
    initial = tf.constant(value, tf.float32, name=f"{name}/Initializer/Const")
    handle = apply("VarHandleOp", name=name, dtype="float32", shape=initial.shape.plain, shared_name=name.encode())
    apply_op("AssignVariableOp", handle, initial, name=f"{name}/Assign")
    apply("ReadVariableOp", handle, dtype="float32", name=f"{name}/Read/ReadVariableOp")
    definition = VariableDef(f"{name}:0", initial.name, f"{name}/Assign", f"{name}/Read/ReadVariableOp:0")
    found = ResourceVariable(variable_def=definition)
    tf.add_to_collection(tf.GraphKeys.GLOBAL_VARIABLES, found)
    return found


def test_its_properties(variable: ResourceVariable) -> None:
    """Name, dtype and shape are those of the value, not of the handle."""
    assert ("w:0", tf.float32, [2, 2]) == (variable.name, variable.dtype, variable.shape.as_list())
    assert tf.resource is variable.handle.dtype
    assert isinstance(variable, tf.Variable)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda v: v.assign([[5.0, 5.0], [6.0, 6.0]]), [[5, 5], [6, 6]]),
        (lambda v: tf.assign(v, tf.zeros([2, 2])), [[0, 0], [0, 0]]),
        (lambda v: tf.assign_add(v, tf.ones([2, 2])), [[2, 3], [4, 5]]),
        (lambda v: v.assign_sub(tf.ones([2, 2])), [[0, 1], [2, 3]]),
        (lambda v: tf.scatter_add(v, [0, 0], [[1.0, 1.0], [2.0, 2.0]]), [[4, 5], [3, 4]]),
        (lambda v: tf.scatter_sub(v, [1], [[1.0, 1.0]]), [[1, 2], [2, 3]]),
        (lambda v: tf.scatter_update(v, [1], [[9.0, 9.0]]), [[1, 2], [9, 9]]),
    ],
)
def test_a_change_is_kept_and_given_back(variable: ResourceVariable, change: object, expected: object) -> None:
    """The result of the operation is the value after it, and so is the value in the next run."""
    session = tf.get_default_session()
    assert session is not None
    assert expected == session.run(change(variable)).tolist()  # type: ignore[operator]
    assert expected == session.run(variable).tolist()


def test_operations_read_it_when_they_run(variable: ResourceVariable) -> None:
    """Each use has an operation of its own, which gives the value of that moment; it may be loaded."""
    session = tf.get_default_session()
    assert session is not None
    total = tf.reduce_sum(variable * 2.0)
    assert 20.0 == session.run(total)
    variable.load(np.zeros([2, 2]), session)
    assert 0.0 == session.run(total)
    rows = apply("ResourceGather", variable.handle, [1, 1], dtype="float32")
    assert [2, 2] == rows.shape.as_list()
    assert [[0.0, 0.0]] * 2 == session.run(rows).tolist()
    assert [2, 2] == session.run(apply("VariableShape", variable.handle)).tolist()


def test_without_a_value(variable: ResourceVariable, tmp_path: Path) -> None:
    """Whether there is one can be asked; an initial value stands in for it; reading and saving are errors."""
    session = tf.get_default_session()
    assert session is not None
    assert session.run(tf.is_variable_initialized(variable))
    session.run(apply_op("DestroyResourceOp", variable.handle))
    assert not session.run(tf.is_variable_initialized(variable))
    assert START == session.run(variable.initialized_value()).tolist()
    for failing in (lambda: session.run(variable), lambda: tf.train.Saver().save(session, tmp_path / "x")):
        with pytest.raises(tf.errors.FailedPreconditionError, match="w"):
            failing()
    with pytest.raises(tf.errors.FailedPreconditionError, match="w"):
        tf.graph_util.convert_variables_to_constants(session, variable.graph.as_graph_def(), ["w/Read/ReadVariableOp"])


@pytest.mark.parametrize("value", [[1.0], [[1.0, 2.0, 3.0]]])
def test_a_value_of_another_shape_is_refused(variable: ResourceVariable, value: object) -> None:
    """Nothing is added to the graph that could change the shape."""
    with pytest.raises(ValueError, match="Cannot assign value to variable 'w:0': Shape mismatch"):
        variable.assign(value)


def test_derivatives_by_it(variable: ResourceVariable) -> None:
    """They are sums over all operations that read it, gathered rows included."""
    session = tf.get_default_session()
    assert session is not None
    rows = apply("ResourceGather", variable.handle, [1, 1], dtype="float32")
    total = tf.reduce_sum(variable * 3.0) + tf.reduce_sum(rows)
    assert [[3.0, 3.0], [5.0, 5.0]] == session.run(tf.gradients(total, [variable])[0]).tolist()


def test_a_frozen_graph_gives_the_same(variable: ResourceVariable) -> None:
    """Operations that take the handle become those that take a value: a constant."""
    session = tf.get_default_session()
    assert session is not None
    passed = tf.identity(variable.handle)
    rows = apply("ResourceGather", variable.handle, [1], dtype="float32")
    read = apply("ReadVariableOp", passed, dtype="float32")
    shape = tf.cast(apply("VariableShape", variable.handle), tf.float32)
    tf.identity(rows + read + shape, name="y")
    frozen = tf.graph_util.convert_variables_to_constants(session, variable.graph.as_graph_def(), ["y"])
    assert not {"VarHandleOp", "ReadVariableOp", "ResourceGather"} & {node.op for node in frozen.node}
    expected = session.run("y:0").tolist()
    with tf.Graph().as_default(), tf.Session() as other:
        tf.import_graph_def(frozen, name="")
        assert expected == other.run("y:0").tolist()


def test_initial_values_from_a_checkpoint(variable: ResourceVariable, tmp_path: Path) -> None:
    """The initializer then reads the file."""
    session = tf.get_default_session()
    assert session is not None
    path = tf.train.Saver().save(session, tmp_path / "x")
    assert path is not None
    session.run(variable.assign(tf.zeros([2, 2])))
    tf.train.init_from_checkpoint(path, {"w": variable})
    session.run(tf.global_variables_initializer())
    assert START == session.run(variable).tolist()
