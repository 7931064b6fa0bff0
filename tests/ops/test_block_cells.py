"""Cells of recurrent networks as one operation: their derivatives, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply_list
from tests.ops.of_block_cells import GATED, OUTPUT, STATE, WEIGHTS, X


def placed(values: list[Any]) -> list[Any]:
    """Constants."""
    return [tf.constant(value) for value in values]


@pytest.mark.parametrize("peephole", [False, True])
def test_one_step_has_the_derivative_of_one_step_of_many(peephole: bool) -> None:
    """The derivatives of a cell are those of the LSTM over one step, which are TensorFlow's."""
    inputs = placed([X[0], STATE, OUTPUT, *WEIGHTS])
    single = apply_list("LSTMBlockCell", *inputs, use_peephole=peephole)
    whole = apply_list("BlockLSTM", np.int64(1), inputs[0][None], *inputs[1:], use_peephole=peephole)
    found = [
        tf.gradients([tf.reduce_sum(states[1] ** 2), tf.reduce_sum(states[6] ** 3)], inputs)
        for states in (single, whole)
    ]
    with tf.Session() as session:
        for one, other in zip(*session.run(found), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_gated_units_have_the_derivative_of_their_formula() -> None:
    """The derivatives of the operation are those of the same formula in small operations."""
    inputs = placed([X[0], STATE, *GATED])
    x, state, to_gates, to_cell, gates_bias, cell_bias = inputs
    reset, update = tf.split(tf.sigmoid(tf.matmul(tf.concat([x, state], 1), to_gates) + gates_bias), 2, 1)
    cell = tf.tanh(tf.matmul(tf.concat([x, state * reset], 1), to_cell) + cell_bias)
    formula = update * state + (1 - update) * cell
    found = [tf.gradients(output**2, inputs) for output in (apply_list("GRUBlockCell", *inputs)[3], formula)]
    with tf.Session() as session:
        for one, other in zip(*session.run(found), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_newer_order_of_gates_has_derivatives() -> None:
    """With weights in the other order, values and derivatives are the same."""
    inputs = placed([X, STATE, OUTPUT, *WEIGHTS])
    w, bias = (
        tf.concat([part[0], part[2], part[1], part[3]], -1) for part in (tf.split(x, 4, -1) for x in inputs[3::4])
    )
    states = [
        apply_list("BlockLSTM", np.int64(3), *inputs, forget_bias=0.0, cell_clip=0.0)[6],
        apply_list("BlockLSTMV2", np.int64(3), *inputs[:3], w, *inputs[4:7], bias)[6],
    ]
    found = [tf.gradients(output**2, [inputs[0], inputs[3], inputs[7]]) for output in states]
    with tf.Session() as session:
        for one, other in zip(
            *session.run([[output, *g] for output, g in zip(states, found, strict=True)]), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("place", "said"), [(1, "A state must be"), (3, "w must be of shape"), (7, "b must be of shape")]
)
def test_shapes_that_do_not_fit(place: int, said: str) -> None:
    """Values of other shapes are refused when they are known."""
    given = [X[0], STATE, OUTPUT, *WEIGHTS]
    inputs = [tf.placeholder(tf.float32) for _ in given]
    given[place] = given[place][:1]
    states = apply_list("LSTMBlockCell", *inputs)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=said):
        session.run(states, dict(zip(inputs, given, strict=True)))
