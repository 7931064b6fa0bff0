"""Random numbers: how they are distributed, and when they are the same again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.graph import Graph
from hdfsaver.ops.seeds import get_seed

FLOATS = ("float16", "bfloat16", "float32", "float64")


def drawn(make: Callable[[], Any], seed: int | None = None, runs: int = 1) -> list[Any]:
    """What a tensor made in a new graph with that seed gives in runs of one session."""
    with Graph().as_default():
        tf.set_random_seed(seed)
        tensor = make()
        with tf.Session() as sess:
            return [sess.run(tensor) for _ in range(runs)]


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform(dtype: str) -> None:
    """Uniform numbers lie between their bounds, the upper one left out, around the middle."""
    (numbers,) = drawn(lambda: tf.random_uniform([20_000], dtype=dtype), 1)
    assert 0 <= numbers.min() < 0.02
    assert 0.98 < numbers.max() < 1
    assert pytest.approx(0.5, abs=0.02) == numbers.astype(np.float64).mean()
    (numbers,) = drawn(lambda: tf.random_uniform([2000], -3.0, 5.0, dtype=dtype), 1)
    assert -3 <= numbers.min() < numbers.max() <= 5


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal(dtype: str) -> None:
    """Normal numbers have the mean and the deviation asked for; truncated ones stay within two deviations."""
    (numbers,) = drawn(lambda: tf.random_normal([20_000], 1.0, 0.5, dtype=dtype), 1)
    assert pytest.approx((1.0, 0.5), abs=0.02) == (numbers.astype(float).mean(), numbers.astype(float).std())
    (numbers,) = drawn(lambda: tf.truncated_normal([20_000], dtype=dtype), 1)
    assert 1.9 < np.abs(numbers).max() <= 2
    assert pytest.approx(0.8796, abs=0.02) == numbers.astype(float).std()


def test_integers() -> None:
    """Integers reach from the least up to, but without, the limit; an empty interval is an error of the run."""
    (numbers,) = drawn(lambda: tf.random_uniform([1000], 3, 6, tf.int64), 1)
    assert {3, 4, 5} == set(numbers.tolist())
    assert np.int64 == numbers.dtype
    with pytest.raises(InvalidArgumentError, match="Need minval < maxval, got 6 >= 3"):
        drawn(lambda: tf.random_uniform([1], 6, 3, tf.int32))
    with pytest.raises(ValueError, match="Must specify maxval"):
        tf.random_uniform([1], dtype=tf.int32)
    with pytest.raises(ValueError, match="invalid value complex64"):
        tf.random_uniform([1], dtype=tf.complex64)


def test_shuffle() -> None:
    """Shuffling keeps every row once; strings and single values too."""
    rows = np.arange(40).reshape(20, 2)
    (shuffled,) = drawn(lambda: tf.random_shuffle(rows), 1)
    assert rows.tolist() == sorted(shuffled.tolist())
    assert rows.tolist() != shuffled.tolist()
    assert [b"a", b"b"] == sorted(drawn(lambda: tf.random_shuffle(["a", "b"]))[0].tolist())
    assert [3] == drawn(lambda: tf.random_shuffle(3))


def test_the_same_program_gives_the_same_numbers() -> None:
    """With a seed of the graph, or one of the operation, a graph made again goes through the same numbers."""
    for seed, own in ((42, None), (None, 7), (42, 7), (0, 0)):
        make = partial(tf.random_normal, [3], seed=own)
        first, again = (drawn(make, seed, runs=2) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        assert first[0].tolist() != first[1].tolist(), "a stream goes on from run to run"


def test_other_seeds_give_other_numbers() -> None:
    """Another seed, another operation and no seed at all give other numbers."""

    def two() -> Any:
        return tf.stack([tf.random_normal([2]), tf.random_normal([2])])

    several = [drawn(two, seed)[0] for seed in (1, 2, None, None)]
    numbers = np.concatenate(several).ravel().tolist()
    assert len(numbers) == len(set(numbers))


def test_seeds_follow_the_rule_of_tensorflow() -> None:
    """The graph's seed stands first; what is missing is the number of calls before in which it was missing too."""
    assert (None, None) == get_seed(None)
    assert (87654321, 5) == get_seed(5)
    tf.set_random_seed(9)
    assert (9, 5) == get_seed(5)
    tf.constant(0)
    assert [(9, 0), (9, 1)] == [get_seed(None), get_seed(None)]
    tf.set_random_seed(0)
    assert (0, 2) == get_seed(None)
    assert (0, 2**31 - 1) == get_seed(0)


SEEDS = [(-1, 2**31 - 2), (2**31 - 1, 0), (2**31, 1), (2**32 + 5, 7), (1.5, 1), (True, 1), (np.int64(3), 3)]


@pytest.mark.parametrize(("given", "expected"), SEEDS)
def test_seeds_are_reduced(given: Any, expected: int) -> None:
    """Every number is a seed: its remainder by 2**31 - 1."""
    assert (87654321, expected) == get_seed(given)


def test_a_seed_is_a_number() -> None:
    """Text is refused, also text that Python would format."""
    for text in ("a", "%d", b"1"):
        with pytest.raises(TypeError, match="must be a number"):
            get_seed(text)


def test_calls_that_count() -> None:
    """Dropout without any effect counts, a call that is refused and one with a seed of its own do not."""
    tf.set_random_seed(9)
    tf.nn.dropout(tf.ones([2]), 1.0)
    with pytest.raises(ValueError, match="maxval"):
        tf.random_uniform([1], dtype=tf.int32)
    tf.random_normal([1], seed=3)
    tf.random.stateless_normal([1], [1, 2])
    assert (9, 1) == get_seed(None)


def test_the_rule_of_older_versions() -> None:
    """By the rule of 1.15 the number of operations seeds those that have no seed of their own."""
    tf.set_random_seed(9)
    tf.random.seed_rule("1.15")
    try:
        tf.constant(0)
        assert [(9, 1), (9, 1)] == [get_seed(None), get_seed(None)]
        seeded = tf.random_uniform([2]).op  # its shape is made before
        assert (9, 2) == (seeded.get_attr("seed"), seeded.get_attr("seed2"))
    finally:
        tf.random.seed_rule("2.21")
    assert (9, 0) == get_seed(None)
    with pytest.raises(ValueError, match="must be one of '2.21', '1.15'"):
        tf.random.seed_rule("1")


def test_issued_numbers() -> None:
    """A program prints what it prints with TensorFlow."""
    (numbers,) = drawn(lambda: tf.random_uniform([3], -10, 10, seed=2), 777)
    assert [-1.358, 1.861, -4.218] == [round(float(number), 3) for number in numbers]


def test_dropout() -> None:
    """The kept values are scaled up, and about the given part is dropped, for whole rows if asked for."""
    (kept,) = drawn(lambda: tf.nn.dropout(tf.ones([1000, 2]), keep_prob=0.75), 1)
    assert {0.0, np.float32(1 / 0.75)} == set(kept.ravel().tolist())
    assert pytest.approx(0.25, abs=0.05) == np.mean(kept == 0)
    (kept,) = drawn(lambda: tf.nn.dropout(tf.ones([50, 2]), rate=0.5, noise_shape=[50, 1]), 1)
    np.testing.assert_array_equal(kept[:, 0], kept[:, 1])
    x = tf.ones([2])
    assert tf.nn.dropout(x, rate=0) is x
    (kept,) = drawn(lambda: tf.nn.dropout(tf.constant([np.nan, np.inf] * 20), rate=0.5), 1)
    assert np.count_nonzero(kept == 0) > 5, "what is dropped is 0, whatever it was"


def test_arguments_of_dropout() -> None:
    """The rate is one number from 0 on and below 1, in either form, or a scalar of the dtype; x is floating."""
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "`rate` must be provided"),
        ({"keep_prob": 0.5, "rate": 0.5}, "Cannot specify both"),
        ({"keep_prob": "a"}, "`keep_prob` must be a floating point number or Tensor"),
        ({"rate": "a"}, "`rate` must be a scalar or scalar tensor"),
        ({"rate": 1.5}, r"in the range \[0, 1\)"),
        ({"keep_prob": 0.0}, r"in the range \[0, 1\)"),
        ({"rate": tf.constant([0.5])}, "must have rank 0"),
        ({"rate": tf.constant(0.5, tf.float64)}, "must be compatible"),
    ]
    for given, message in refused:
        with pytest.raises(ValueError, match=message):
            tf.nn.dropout(tf.ones([2]), **given)
    with pytest.raises(ValueError, match="floating-point, not int32"):
        tf.nn.dropout(tf.constant([1]), rate=0.5)


INITIALIZERS: list[tuple[Any, tuple[float, float]]] = [
    (tf.random_uniform_initializer(-1.0, 1.0, seed=1), (0.0, 1 / 3**0.5)),
    (tf.random_normal_initializer(2.0, 0.5, seed=1), (2.0, 0.5)),
    (tf.truncated_normal_initializer(0.0, 1.0, seed=1), (0.0, 0.8796)),
    (tf.glorot_uniform_initializer(seed=1), (0.0, (2 / 300) ** 0.5)),
    (tf.glorot_normal_initializer(seed=1), (0.0, (2 / 300) ** 0.5)),
    (tf.variance_scaling_initializer(3.0, "fan_in", seed=1), (0.0, (3 / 100) ** 0.5)),
    (tf.variance_scaling_initializer(3.0, "fan_out", "uniform", seed=1), (0.0, (3 / 200) ** 0.5)),
    (tf.variance_scaling_initializer(3.0, "fan_avg", "untruncated_normal", seed=1), (0.0, (3 / 150) ** 0.5)),
]


@pytest.mark.parametrize(("initializer", "moments"), INITIALIZERS, ids=lambda item: type(item).__name__)
def test_initializers_have_the_variance_that_they_promise(initializer: Any, moments: tuple[float, float]) -> None:
    """Mean and deviation of the initial weights of a layer with 100 inputs and 200 outputs; and again by its config."""
    (numbers,) = drawn(lambda: initializer([100, 200]))
    assert pytest.approx(moments, rel=0.02, abs=0.02 * moments[1]) == (numbers.mean(), numbers.std())
    copy = type(initializer).from_config(initializer.get_config())
    np.testing.assert_array_equal(numbers, drawn(lambda: copy([100, 200]))[0])


def test_constant_initializer() -> None:
    """Values are repeated to fill the shape, in the dtype asked for; too many, or another shape, are refused."""
    assert [[1.0, 2.0], [2.0, 2.0]] == drawn(lambda: tf.constant_initializer([1.0, 2.0])([2, 2]))[0].tolist()
    assert np.float64 == drawn(lambda: tf.constant_initializer(3)([2], tf.float64))[0].dtype
    with pytest.raises(ValueError, match="Too many elements"):
        tf.constant_initializer([1.0, 2.0, 3.0])([2])
    with pytest.raises(ValueError, match="No element"):
        tf.constant_initializer([])([2])
    with pytest.raises(TypeError, match="Expected values of shape"):
        tf.constant_initializer([1.0], verify_shape=True)([2])


def test_wrong_arguments_of_initializers() -> None:
    """An initializer says which of its arguments is wrong."""
    for arguments, message in [
        ((0.0,), "must be positive"),
        ((1.0, "fan"), "'fan_in', 'fan_out' or 'fan_avg'"),
        ((1.0, "fan_in", "poisson"), "'poisson'"),
        ((1.0, "fan_in", "normal", None, tf.int32), "floating point"),
    ]:
        with pytest.raises(ValueError, match=message):
            tf.variance_scaling_initializer(*arguments)
    with pytest.raises(ValueError, match="must be known"):
        tf.random_normal([None, 2])


def test_names_of_initial_values() -> None:
    """The operations of an initial value stand under the variable's name, as TensorFlow puts them."""
    tf.get_variable("w", [2, 3], initializer=tf.random_normal_initializer())
    names = [operation.name for operation in tf.get_default_graph().get_operations()]
    expected = ["shape", "mean", "stddev", "RandomStandardNormal", "mul", ""]
    assert [f"w/Initializer/random_normal/{name}".rstrip("/") for name in expected] == names[:6]
