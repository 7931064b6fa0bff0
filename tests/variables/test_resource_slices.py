"""Slices of resource variables by vectors of indices, and what their handles tell before a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply_op

START = np.arange(6.0, dtype=np.float32).reshape(2, 3)


def evaluated(make: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
    """What something made of a variable gives, and the variable's value after it."""
    variable = tf.get_variable("w", initializer=tf.constant(START), use_resource=True)
    made = make(variable)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(made).tolist(), sess.run(variable).tolist()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda v: tf.scatter_nd_update(v, [[0, 1]], [9.0]), [[0, 9, 2], [3, 4, 5]]),
        (lambda v: tf.scatter_nd_add(v, [[0], [0]], [[1.0, 1, 1], [2, 2, 2]]), [[3, 4, 5], [3, 4, 5]]),
        (lambda v: tf.scatter_nd_sub(v, [[1, 1], [1, 1]], [1.0, 2.0]), [[0, 1, 2], [3, 1, 5]]),
        (lambda v: v.scatter_nd_update([[1, 0]], [7.0]), [[0, 1, 2], [7, 4, 5]]),
        (lambda v: v.scatter_nd_add([[1, 0]], [1.0]), [[0, 1, 2], [4, 4, 5]]),
        (lambda v: v.scatter_nd_sub([[1, 0]], [1.0]), [[0, 1, 2], [2, 4, 5]]),
        (lambda v: v.scatter_nd_min([[1, 0], [1, 1]], [1.0, 9.0]), [[0, 1, 2], [1, 4, 5]]),
        (lambda v: v.scatter_nd_max([[1, 0], [1, 1]], [1.0, 9.0]), [[0, 1, 2], [3, 9, 5]]),
        (lambda v: tf.batch_scatter_update(v, [[0], [2]], [[8.0], [9.0]]), [[8, 1, 2], [3, 4, 9]]),
    ],
)
def test_slices_are_changed(make: Callable[[Any], Any], expected: list[list[int]]) -> None:
    """The result reads the variable after the change."""
    assert (expected, expected) == evaluated(make)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda v: tf.gather_nd(v, [[0, 1], [1, 2]]), [1, 5]),
        (lambda v: v.gather_nd([[1]]), [[3, 4, 5]]),
        (lambda v: tf.gradients(tf.gather_nd(v, [[0, 1], [1, 2]]), v)[0], [[0, 1, 0], [0, 0, 1]]),
        (lambda v: tf.convert_to_tensor(tf.gradients(v.gather_nd([[1], [1]]), v)[0]), [[0, 0, 0], [2, 2, 2]]),
        (lambda v: tf.gradients(tf.constant(1.0), v, unconnected_gradients="zero")[0], [[0] * 3] * 2),
    ],
)
def test_slices_are_read(make: Callable[[Any], Any], expected: list[Any]) -> None:
    """Through the handle, and so are derivatives; they are slices where each index is one number."""
    assert expected == evaluated(make)[0]
    types = {op.type for op in tf.get_default_graph().get_operations()}
    assert "GatherNd" not in types


def test_what_does_not_fit() -> None:
    """Known shapes and dtypes are compared when the graph is built, indices in the run."""
    variable = tf.get_variable("w", initializer=tf.constant(START), use_resource=True)
    with pytest.raises(ValueError, match="not compatible"):
        tf.scatter_nd_add(variable, [[0]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match="too long"):
        variable.gather_nd([[0, 0, 0]])
    for value, said in ((tf.constant(1), "wrong dtype. Expected float32 got int32"), (tf.constant([1.0]), "equal")):
        with pytest.raises(ValueError, match=said):
            apply_op("AssignVariableOp", variable.op.outputs[0], value)
    with tf.Session() as sess:
        sess.run(variable.initializer)
        for failing in (variable.gather_nd([[2]]), tf.scatter_nd_add(variable, [[0, 3]], [1.0])):
            with pytest.raises(tf.errors.InvalidArgumentError, match="does not index into"):
                sess.run(failing)


@pytest.mark.parametrize("use_resource", [False, True])
def test_initial_values_inside_of_a_loop(use_resource: bool) -> None:
    """They are refused, since the initializer runs outside of it; a function is called there."""

    def body(i: Any, _: Any) -> Any:
        return i + 1, tf.Variable(tf.zeros([], tf.int32) + i, use_resource=use_resource).read_value()

    with pytest.raises(ValueError, match="is from inside a control-flow construct"):
        tf.while_loop(lambda i, _: i < 3, body, [0, 0])
    with pytest.raises(ValueError, match="is not compatible with the explicitly supplied `shape`"):
        tf.Variable(START, shape=[4], use_resource=True)


def test_an_assignment_outside_of_its_graph() -> None:
    """The value is made in the graph of the variable."""
    variable = tf.get_variable("w", initializer=tf.constant(START), use_resource=True)
    with tf.Graph().as_default():
        assert variable.graph is variable.assign(START).graph


def test_a_variable_in_a_branch_in_a_loop() -> None:
    """The derivative of the branch that is not taken is zeros of the variable, not of its handle."""
    variable = tf.get_variable("w", initializer=1.5, use_resource=True)

    def body(i: Any, x: Any) -> Any:
        return i + 1, tf.cond(i > 0, lambda: x + variable, lambda: 2.0 * variable)

    _, result = tf.while_loop(lambda i, _: i < 2, body, [0, 0.0])
    gradient = tf.gradients(result, variable)[0]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert (4.5, 3.0) == sess.run((result, gradient))
