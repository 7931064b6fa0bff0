"""Programs with samples of classes make the graphs, collections and values that TensorFlow recorded."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.layers.make_programs import run
from tests.variables.sampled import PROGRAMS, RESULTS

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "sampled.json").read_text(encoding="utf-8"))


@cache
def found(name: str) -> Any:
    """What hdfsaver makes of a program, as JSON has it."""
    return json.loads(json.dumps(run(tf, {**PROGRAMS, **RESULTS}[name])))


def test_every_program_is_recorded() -> None:
    """The record is about exactly the programs that there are."""
    assert list(RECORDED) == [*PROGRAMS, *RESULTS]


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph(name: str) -> None:
    """Operations have TensorFlow's names, types, inputs, order, dtypes and static shapes."""
    assert RECORDED[name]["nodes"] == found(name)["nodes"]


@pytest.mark.parametrize("name", RECORDED)
def test_collections(name: str) -> None:
    """Variables, losses and updates have TensorFlow's names and order."""
    assert RECORDED[name]["collections"] == found(name)["collections"]


@pytest.mark.parametrize("name", RECORDED)
def test_values(name: str) -> None:
    """Results, and variables after an update, have TensorFlow's dtypes, shapes and values."""
    for part in ("values", "variables"):
        assert [row[:2] for row in RECORDED[name][part]] == [row[:2] for row in found(name)[part]]
        for expected, result in zip(RECORDED[name][part], found(name)[part], strict=True):
            np.testing.assert_allclose(expected[2], result[2], rtol=2e-6, atol=8e-6)


COUNTS = 20_000


@pytest.mark.parametrize(
    ("sampler", "options", "expected"),
    [
        (tf.nn.uniform_candidate_sampler, {}, [0.2] * 5),
        (tf.nn.log_uniform_candidate_sampler, {}, np.log(np.arange(2, 7) / np.arange(1, 6)) / np.log(6)),
        (tf.nn.learned_unigram_candidate_sampler, {}, [0.2] * 5),
        (tf.nn.fixed_unigram_candidate_sampler, {"unigrams": [1, 4, 0.25, 0, 4], "distortion": 0.5},
         np.array([1, 2, 0.5, 0, 2]) / 5.5),
        (tf.nn.fixed_unigram_candidate_sampler, {"unigrams": [3, 9, 1, 9, 2, 9, 3], "num_reserved_ids": 2,
         "num_shards": 2, "shard": 0}, np.array([0, 9, 9, 9, 0]) / 27),
    ],
)  # fmt: skip
def test_samplers(sampler: Any, options: dict[str, Any], expected: Any) -> None:
    """Classes are drawn as often as is probable, and that is what is expected of them."""
    count = 4 if options.get("num_shards") else 5
    expected = np.asarray(expected)[:count]
    classes = tf.constant([list(range(count))], tf.int64)
    drawn, of_true, of_drawn = sampler(classes, count, COUNTS, False, count, seed=3, **options)
    found, true, others = tf.Session().run([drawn, of_true, of_drawn])
    np.testing.assert_allclose(expected * COUNTS, true[0], rtol=1e-5)
    np.testing.assert_array_equal(true[0][found], others)
    np.testing.assert_allclose(expected, np.bincount(found, minlength=count) / COUNTS, atol=0.015)


@pytest.mark.parametrize("sampler", ["uniform", "log_uniform", "learned_unigram"])
def test_different_candidates(sampler: str) -> None:
    """All differ, and each is expected as often as the number of tries tells."""
    function = getattr(tf.nn, f"{sampler}_candidate_sampler")
    results = function(tf.constant([[0], [5]], tf.int64), 1, 6, True, 6, seed=1)
    drawn, of_true, of_drawn = tf.Session().run(results)
    assert set(range(6)) == set(drawn.tolist())
    assert (of_drawn < 1).all()
    np.testing.assert_array_equal(of_true[:, 0], [of_drawn[drawn == 0][0], of_drawn[drawn == 5][0]])


def test_a_sampler_that_learns() -> None:
    """What was a true class in earlier runs of the session is more probable."""
    classes = tf.placeholder(tf.int64, [None, 1])
    drawn, of_true, _ = tf.nn.learned_unigram_candidate_sampler(classes, 1, 2, False, 4, seed=1)
    with tf.Session() as session:
        seen = [session.run(of_true, {classes: [[2], [2], [0]]})[:, 0].tolist() for _ in range(2)]
        assert [[0.5] * 3, np.float32([6 / 7, 6 / 7, 4 / 7]).tolist()] == seen
        session.run(drawn, {classes: [[2]] * 100_000})
        assert [2, 2] == session.run(drawn, {classes: [[2]]}).tolist()
    with tf.Session() as session:
        assert [[0.5]] == session.run(of_true, {classes: [[2]]}).tolist()


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (
            lambda: tf.nn.uniform_candidate_sampler([[0, 7]], 2, 3, True, 5),
            "InvalidArgumentError",
            r"\[0, 5\), received 7",
        ),
        (
            lambda: tf.nn.uniform_candidate_sampler([[0, 1]], 2, 6, True, 5),
            "InvalidArgumentError",
            "range is too small",
        ),
        (lambda: tf.nn.all_candidate_sampler([[0, 1]], 3, 2, True), "InvalidArgumentError", "expected: 3 was: 2"),
        (
            lambda: tf.nn.log_uniform_candidate_sampler([[0, 1]], 3, 2, True, 5),
            "InvalidArgumentError",
            "expected: 3 was",
        ),
        (lambda: tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 2, True, 5), "InvalidArgumentError", "Must provide"),
        (
            lambda: tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 2, True, 5, unigrams=[1.0, 2.0]),
            "InvalidArgumentError",
            "must be equal to weights size  2",
        ),
        (
            lambda: tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 2, True, 5, "words.txt", unigrams=[1.0]),
            "InvalidArgumentError",
            "only provide one",
        ),
        (
            lambda: tf.nn.fixed_unigram_candidate_sampler([[0]], 1, 2, True, 5, "words.txt"),
            "UnimplementedError",
            "give them as unigrams",
        ),
        (lambda: tf.nn.compute_accidental_hits([[0, 1]], [1], 1), "InvalidArgumentError", "num_true matrix"),
        (
            lambda: [tf.sparse_to_dense([[0, 0], [0, 0]], [1, 1], [1, 2])],
            "InvalidArgumentError",
            r"\[0,0\] is repeated",
        ),
        (
            lambda: [tf.sparse_to_dense([1, 0], [2], [1, 2])],
            "InvalidArgumentError",
            r"indices\[1\] = \[0\] is out of order",
        ),
        (lambda: [tf.sparse_to_dense([0, 2], [2], [1, 2])], "InvalidArgumentError", r"\[2\] is out of bounds"),
        (lambda: [tf.sparse_to_dense([0, 1], [2], [1, 2, 3])], "InvalidArgumentError", "not one value for each of 2"),
        (lambda: [tf.sparse_to_dense([[0, 1]], [2], [1])], "InvalidArgumentError", "output_shape has 1 sizes"),
    ],
)
def test_what_is_refused(make: Any, error: str, said: str) -> None:
    """Classes out of range, shapes that do not fit, weights that are missing, and places that are not in order."""
    with pytest.raises(getattr(tf.errors, error), match=said):
        tf.Session().run(make()[0])


def test_too_many_classes() -> None:
    """A sampler that counts is for less than 2**31 classes."""
    with pytest.raises(ValueError, match="too large to handle"):
        tf.nn.learned_unigram_candidate_sampler([[0]], 1, 2, True, 2**31)


# What TensorFlow 2.21 drew in two runs, with the seed 5 of the graph.
DRAWN = {
    "log_uniform": ([2, 6, 17, 32, 42, 36], [2, 8, 4, 3, 14, 6]),
    "uniform": ([26, 14, 40, 47, 2, 27], [46, 15, 46, 16, 19, 31]),
    "learned_unigram": ([12, 16, 39, 8, 25, 30], [34, 41, 25, 3, 24, 11]),
    "fixed_unigram": ([5, 4, 1, 2], [3, 4, 2, 5]),
}


def test_seeded_candidates() -> None:
    """Samplers with seeds draw TensorFlow's classes, run after run."""
    tf.set_random_seed(5)
    true = tf.constant([[1], [3]], tf.int64)
    samplers = [
        tf.nn.log_uniform_candidate_sampler(true, 1, 6, True, 50, seed=3),
        tf.nn.uniform_candidate_sampler(true, 1, 6, False, 50, seed=3),
        tf.nn.learned_unigram_candidate_sampler(true, 1, 6, True, 50, seed=4),
        tf.nn.fixed_unigram_candidate_sampler(true, 1, 4, True, 6, unigrams=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], seed=9),
    ]
    with tf.Session() as session:
        runs = [session.run([candidates for candidates, _, _ in samplers]) for _ in range(2)]
    assert DRAWN == {name: tuple(run[k].tolist() for run in runs) for k, name in enumerate(DRAWN)}
