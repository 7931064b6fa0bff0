"""Small programs with cells of ``tf.contrib.rnn``, run by TensorFlow once and by hdfsaver in every test.

They are recorded by ``run`` of ``tests/layers/make_programs.py``, with ``tf.contrib`` of TensorFlow 1.15 on 2.21.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.layers.programs import ramp

Program = Callable[[Any], Any]


def steps(tf: Any) -> Any:
    """Three steps of two sequences."""
    return [tf.placeholder("float32", [2, 3], name=f"x{number}") * 0.1 for number in range(3)]


def wrappers(tf: Any) -> list[Any]:
    """Projections before and behind a cell, and rows of a table as inputs."""
    cells, x = tf.contrib.rnn, steps(tf)
    with tf.variable_scope("net", initializer=ramp(tf)):
        projected = cells.OutputProjectionWrapper(cells.InputProjectionWrapper(cells.GRUCell(2), 4, tf.tanh), 5)
        first = tf.nn.static_rnn(projected, x, dtype=tf.float32)
        embedded = cells.EmbeddingWrapper(cells.BasicRNNCell(3), 4, 2)
        second = tf.nn.static_rnn(
            embedded, [tf.constant([[1], [3]]), tf.constant([[0], [2]])], dtype=tf.float32, scope="rows"
        )
    return [*first, *second]


def looking_back(tf: Any) -> list[Any]:
    """A cell that looks at its own last outputs, with a state of parts and of one tensor."""
    cells, x = tf.contrib.rnn, steps(tf)
    with tf.variable_scope("net", initializer=ramp(tf)):
        parts = cells.AttentionCellWrapper(cells.BasicLSTMCell(3), 2, attn_vec_size=4)
        first = tf.nn.static_rnn(parts, x, dtype=tf.float32)
        one = cells.AttentionCellWrapper(cells.GRUCell(2), 3, attn_size=4, input_size=5, state_is_tuple=False)
        second = tf.nn.static_rnn(one, x, dtype=tf.float32, scope="one")
    return [*first, *second]


def stacked(tf: Any) -> list[Any]:
    """Two layers in both directions, of lists and of tensors."""
    cells, x = tf.contrib.rnn, steps(tf)

    def pair() -> Any:
        return [cells.GRUCell(2), cells.BasicRNNCell(3)]

    with tf.variable_scope("net", initializer=ramp(tf)):
        first = cells.stack_bidirectional_rnn(pair(), pair(), x, dtype=tf.float32)
        states = [tf.ones([2, 2]), tf.ones([2, 3])]
        second = cells.stack_bidirectional_dynamic_rnn(
            pair(), pair(), tf.stack(x, 1), states, states, sequence_length=[2, 3], scope="tensors"
        )
    return [*first, *second]


def normalized(tf: Any) -> list[Any]:
    """Gates that are normalized, and a cell that is one operation in TensorFlow."""
    cells, x = tf.contrib.rnn, steps(tf)
    with tf.variable_scope("net", initializer=ramp(tf)):
        first = tf.nn.static_rnn(cells.LayerNormBasicLSTMCell(3, norm_gain=0.5, norm_shift=0.1), x, dtype=tf.float32)
        plain = cells.LayerNormBasicLSTMCell(3, layer_norm=False)
        second = tf.nn.static_rnn(plain, x, dtype=tf.float32, scope="plain")
    return [*first, *second]


PROGRAMS: dict[str, Program] = {"wrappers": wrappers, "looking_back": looking_back, "stacked": stacked}
"""Programs whose graphs are TensorFlow's too."""

RESULTS: dict[str, Program] = {"normalized": normalized}
"""Programs of which the collections and values are TensorFlow's."""
