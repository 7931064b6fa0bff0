"""Decoders and attention: values that they refuse, and paths of a search; `decoders.py` has their graphs and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

seq2seq = tf.contrib.seq2seq


def cell() -> Any:
    """A cell of three units."""
    return tf.nn.rnn_cell.GRUCell(3)


def helper(steps: int = 2) -> Any:
    """A helper for a batch of two."""
    return seq2seq.TrainingHelper(tf.ones([2, steps, 3]), [steps, steps])


def search(state_rows: int = 4, **options: Any) -> Any:
    """A search with two candidates for each of two sequences."""
    start = options.pop("start_tokens", [1, 1])
    return seq2seq.BeamSearchDecoder(
        cell(), tf.ones([4, 3]), start, options.pop("end_token", 0), tf.zeros([state_rows, 3]), 2, **options
    )


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no decoder": (lambda: seq2seq.dynamic_decode(cell()), TypeError, "Expected decoder to be type Decoder"),
    "steps": (
        lambda: seq2seq.dynamic_decode(
            seq2seq.BasicDecoder(cell(), helper(), tf.zeros([2, 3])), maximum_iterations=[1]
        ),
        ValueError,
        "maximum_iterations must be a scalar",
    ),
    "no helper": (lambda: seq2seq.BasicDecoder(cell(), None, None), TypeError, "helper must be a Helper"),
    "no layer": (
        lambda: seq2seq.BasicDecoder(cell(), helper(), None, "dense"),
        TypeError,
        "output_layer must be a Layer",
    ),
    "lengths": (
        lambda: seq2seq.TrainingHelper(tf.ones([2, 2, 3]), 2),
        ValueError,
        "Expected sequence_length to be a vector",
    ),
    "start": (
        lambda: seq2seq.GreedyEmbeddingHelper(tf.ones([4, 3]), 1, 0),
        ValueError,
        "start_tokens must be a vector",
    ),
    "end": (lambda: search(end_token=[0]), ValueError, "end_token must be a scalar"),
    "probability": (
        lambda: seq2seq.ScheduledOutputTrainingHelper(tf.ones([2, 2, 3]), [2, 2], [[0.5]]),
        ValueError,
        "either a scalar or a vector",
    ),
    "batch of a custom helper": (
        lambda: seq2seq.CustomHelper(None, None, None).batch_size,
        ValueError,
        "accessed before initialize",
    ),
    "batch of a search": (lambda: search(3), ValueError, "(?i)reshape"),
    "nothing to cover": (
        lambda: search(coverage_penalty_weight=0.5).initialize(),
        ValueError,
        "must be 0.0 if no cell is attentional",
    ),
    "no mechanism": (lambda: seq2seq.AttentionWrapper(cell(), cell()), TypeError, "must be an AttentionMechanism"),
    "layers": (
        lambda: seq2seq.AttentionWrapper(cell(), seq2seq.LuongAttention(3, tf.ones([2, 4, 3])), [1, 2]),
        ValueError,
        "exactly one integer per attention_mechanism, saw: 2 vs 1",
    ),
    "memory": (
        lambda: seq2seq.LuongAttention(3, tf.placeholder(tf.float32, [2, 4, None])),
        ValueError,
        "fully defined inner dims",
    ),
    "units": (
        lambda: seq2seq.LuongAttention(2, tf.ones([2, 4, 3]))(tf.ones([2, 3]), None),
        ValueError,
        r"Incompatible or unknown inner dimensions(.|\n)*units: 3",
    ),
    "other batch": (
        lambda: seq2seq.AttentionWrapper(cell(), seq2seq.LuongAttention(3, tf.ones([2, 4, 3]))).zero_state(
            3, tf.float32
        ),
        tf.errors.InvalidArgumentError,
        "Non-matching batch sizes between the memory",
    ),
    "part of a state": (
        lambda: (
            seq2seq.AttentionWrapper(cell(), seq2seq.LuongAttention(3, tf.ones([2, 4, 3])))
            .zero_state(2, tf.float32)
            .clone(attention=tf.ones([2, 5]))
        ),
        ValueError,
        "are incompatible",
    ),
    "mode": (lambda: seq2seq.monotonic_attention([[1.0]], [[1.0]], "fast"), ValueError, "mode must be"),
    "number to repeat": (lambda: seq2seq.tile_batch(tf.constant(1.0), 2), ValueError, "statically known rank"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str) -> None:
    """Arguments that do not fit are TensorFlow's errors."""
    make, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        make()


def test_the_paths_of_a_search() -> None:
    """Paths are followed from their ends, and have the end token after the first one of them."""
    steps = np.array([[[1, 2]], [[3, 9]], [[5, 6]]], np.int32)
    parents = np.array([[[0, 0]], [[1, 0]], [[0, 1]]], np.int32)
    with tf.Session() as session:
        whole = session.run(seq2seq.gather_tree(steps, parents, [3], 9))
        short = session.run(seq2seq.gather_tree(steps, parents, [2], 9))
        with pytest.raises(tf.errors.InvalidArgumentError, match="Saw invalid parent id 2"):
            session.run(seq2seq.gather_tree(steps, parents + 2, [3], 9))
    assert [[[2, 1]], [[3, 9]], [[5, 9]]] == whole.tolist()
    assert [[[2, 1]], [[3, 9]], [[9, 9]]] == short.tolist()


def test_the_history_of_a_search() -> None:
    """The alignments of all steps come back in the order of the paths of the candidates."""
    memory = tf.placeholder_with_default(tf.ones([4, 5, 3]), [4, None, 3])
    mechanism = seq2seq.LuongAttention(3, memory)
    wrapped = seq2seq.AttentionWrapper(cell(), mechanism, alignment_history=True)
    first = wrapped.zero_state(4, tf.float32)
    decoder = seq2seq.BeamSearchDecoder(wrapped, tf.ones([4, 3]), [1, 1], 0, first, 2, tf.layers.Dense(4))
    outputs, state, _ = seq2seq.dynamic_decode(decoder, maximum_iterations=3)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        numbers, history = session.run([outputs.predicted_ids, state.cell_state.alignment_history])
    assert numbers.shape[0] == 2
    np.testing.assert_allclose(np.full((numbers.shape[1], 4, 5), 0.2), history, rtol=1e-6)
