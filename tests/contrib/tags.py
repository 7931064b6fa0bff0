"""Small programs with ``tf.contrib.crf``, run by TensorFlow once and by hdfsaver in every test.

They are recorded by ``run`` of ``tests/layers/make_programs.py``, with ``tf.contrib`` of TensorFlow 1.15 on 2.21.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.layers.programs import ramp

Program = Callable[[Any], Any]

SCORES = [
    [[1.0, 0.5, -0.5], [0.25, 2.0, 0.0], [0.5, -1.0, 1.5], [0.0, 0.125, 0.25]],
    [[-1.0, 0.5, 0.75], [1.25, 0.0, -2.0], [0.5, 1.0, 1.75], [1.0, 0.5, 3.0]],
    [[0.0, 0.5, 0.0], [0.0, 0.5, 0.25], [0.5, 1.0, 0.75], [1.0, 0.5, 3.0]],
]
TRANSITIONS = [[0.5, -1.0, 0.25], [1.0, 0.0, -0.5], [-0.25, 0.75, 0.125]]


def likelihood(tf: Any) -> list[Any]:
    """The likelihood of tags, with a variable for the transitions."""
    scores = tf.constant(SCORES, name="scores")
    tags = tf.constant([[0, 1, 2, 0], [2, 1, 1, 0], [0, 0, 0, 0]])
    lengths = tf.constant([4, 2, 0])
    with tf.variable_scope("chain", initializer=ramp(tf)):
        return [*tf.contrib.crf.crf_log_likelihood(scores, tags, lengths), scores]


def derivatives(tf: Any) -> list[Any]:
    """The derivatives of the likelihood by scores and transitions."""
    found, transitions, scores = likelihood(tf)
    return list(tf.gradients(found, [scores, transitions]))


def decoding(tf: Any) -> list[Any]:
    """The best tags of sequences of several lengths."""
    scores, transitions = tf.constant(SCORES), tf.constant(TRANSITIONS)
    return list(tf.contrib.crf.crf_decode(scores, transitions, tf.constant([4, 3, 1], "int64")))


def one_place(tf: Any) -> list[Any]:
    """Sequences of one place, known as such while the graph is built."""
    crf = tf.contrib.crf
    scores, transitions = tf.constant(SCORES)[:, :1], tf.constant(TRANSITIONS)
    tags, lengths = tf.constant([[1], [2], [0]]), tf.constant([1, 0, 1])
    marked = tf.constant([[[True, False, True]], [[True, True, True]], [[False, False, True]]])
    return [
        *crf.crf_decode(scores, transitions, lengths),
        crf.crf_log_likelihood(scores, tags, lengths, transitions)[0],
        crf.crf_multitag_sequence_score(scores, marked, lengths, transitions),
    ]


def unknown_sizes(tf: Any) -> list[Any]:
    """The number of places is found in the run; tags are int64."""
    crf = tf.contrib.crf
    scores = tf.placeholder_with_default(SCORES, [None, None, 3])
    tags = tf.placeholder_with_default(tf.constant([[0, 1, 2, 0], [2, 1, 1, 0], [1, 2, 0, 1]], "int64"), [None, None])
    lengths, transitions = tf.constant([4, 3, 1], "int64"), tf.constant(TRANSITIONS)
    found, _ = crf.crf_log_likelihood(scores, tags, lengths, transitions)
    return [
        found,
        tf.gradients(found, transitions)[0],
        *crf.crf_decode(scores, transitions, lengths),
        crf.crf_multitag_sequence_score(scores, tf.ones_like(scores) > 0.0, lengths, transitions),
    ]


PROGRAMS: dict[str, Program] = {"likelihood": likelihood, "decoding": decoding, "one_place": one_place}
"""Programs whose graphs are TensorFlow's too."""

RESULTS: dict[str, Program] = {"derivatives": derivatives, "unknown_sizes": unknown_sizes}
"""Programs of which the collections and values are TensorFlow's."""
