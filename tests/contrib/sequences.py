"""Small programs with sequences in ``tf.contrib``, run by TensorFlow once and by hdfsaver in every test.

They are recorded by ``run`` of ``tests/layers/make_programs.py``, with ``tf.contrib`` of TensorFlow 1.15 on 2.21.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tests.layers.programs import ramp

Program = Callable[[Any], Any]


def lists(tf: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Logits, targets and weights of three steps."""
    logits = [tf.placeholder("float32", [None, 4], name=f"logits{number}") for number in range(3)]
    targets = [tf.placeholder("int32", [None], name=f"targets{number}") for number in range(3)]
    weights = [tf.constant([1.0, 0.5]), tf.constant([1.0, 1.0]), tf.constant([0.25, 0.0])]
    return logits, targets, weights


def losses_of_tensors(tf: Any) -> list[Any]:
    """The loss with each choice of what is averaged and summed, and with a function of the program's own."""
    logits, targets, weights = (tf.stack(steps, axis=1) for steps in lists(tf))
    loss = tf.contrib.seq2seq.sequence_loss
    choices = [
        choice for choice in itertools.product([True, False], repeat=4) if sum(choice[::2]) < 2 > sum(choice[1::2])
    ]
    own = loss(logits, targets, weights, softmax_loss_function=lambda labels, logits: logits[:, 0], name="own")
    return [*(loss(logits, targets, weights, *choice) for choice in choices), own, *tf.gradients(own, logits)]


def losses_of_lists(tf: Any) -> list[Any]:
    """The losses of lists of steps."""
    logits, targets, weights = lists(tf)
    losses = tf.contrib.legacy_seq2seq
    own = {"softmax_loss_function": lambda labels, logits: logits[:, 0]}
    return [
        losses.sequence_loss_by_example(logits, targets, weights),
        losses.sequence_loss_by_example(logits, targets, weights, average_across_timesteps=False, **own),
        losses.sequence_loss(logits, targets, weights),
        losses.sequence_loss(logits, targets, weights, average_across_batch=False, name="named"),
    ]


def networks(tf: Any) -> list[Any]:
    """A cell that reads, and one that writes: a copy, or the same."""
    cells = tf.contrib.rnn
    networks = tf.contrib.legacy_seq2seq
    x = [tf.placeholder("float32", [2, 3], name=f"x{number}") for number in range(3)]
    with tf.variable_scope("net", initializer=ramp(tf)):
        basic = networks.basic_rnn_seq2seq(x, x[:2], cells.MultiRNNCell([cells.GRUCell(2), cells.BasicLSTMCell(2)]))
        tied = networks.tied_rnn_seq2seq(x, x[:2], cells.BasicRNNCell(3), loop_function=lambda last, _: last * 2.0)
        cell = cells.GRUCell(3)
        state = cell.zero_state(2, tf.float32)
        written = networks.rnn_decoder(x, state, cell, loop_function=lambda last, number: last + float(number))
    return [basic, tied, written]


def buckets(tf: Any) -> list[Any]:
    """The same network for two lengths."""
    x = [tf.placeholder("float32", [2, 4], name=f"x{number}") for number in range(3)]
    targets, weights = [tf.constant([1, 0])] * 3, [tf.ones([2])] * 3
    networks = tf.contrib.legacy_seq2seq

    def network(read: Any, written: Any) -> Any:
        return networks.basic_rnn_seq2seq(read, written, tf.contrib.rnn.GRUCell(4))

    given = x, x, targets, weights, [(1, 2), (3, 3)], network
    with tf.variable_scope("net", initializer=ramp(tf)):
        first = networks.model_with_buckets(*given)
    with tf.variable_scope("other", initializer=ramp(tf)):
        return [first, networks.model_with_buckets(*given, per_example_loss=True, name="each")]


def translations(tf: Any) -> list[Any]:
    """Networks with tables of rows, with and without attention, fed by the program or by themselves."""
    networks, cells = tf.contrib.legacy_seq2seq, tf.contrib.rnn
    read = [tf.constant([1, 0]), tf.constant([2, 1]), tf.constant([0, 2])]
    write = [tf.constant([0, 0]), tf.constant([3, 1])]
    later = tf.placeholder_with_default(True, [])
    weights = tf.constant([[0.5, -0.5, 0.25, 1.0], [1.0, 0.0, -1.0, 0.5]]), tf.constant([0.0, 0.1, 0.2, 0.3])
    made = []
    for number, feed in enumerate((False, True, later)):
        with tf.variable_scope(f"net{number}", initializer=ramp(tf)):
            made += networks.embedding_rnn_seq2seq(read, write, cells.GRUCell(2), 3, 4, 5, feed_previous=feed)
            made += networks.embedding_attention_seq2seq(
                *(read, write, cells.BasicLSTMCell(2), 3, 4, 5),
                num_heads=2,
                output_projection=weights if number == 1 else None,
                feed_previous=feed,
                initial_state_attention=number == 1,
            )
    return made


PROGRAMS: dict[str, Program] = {
    "losses_of_lists": losses_of_lists,
    "networks": networks,
    "buckets": buckets,
}
"""Programs whose graphs are TensorFlow's too."""

RESULTS: dict[str, Program] = {"losses_of_tensors": losses_of_tensors, "translations": translations}
"""Programs of which the collections and values are TensorFlow's."""
