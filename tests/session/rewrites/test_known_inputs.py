"""Kernels that know their constant inputs give what others give, and fail as they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.session import generated_code
from hdfsaver.session.rewrites import known_inputs

RUNS = 3

VALUES = np.random.RandomState(0).rand(2, 4, 3)

CASES: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "Sum": (tf.reduce_sum, [1, -1]),
    "Sum of all": (tf.reduce_sum, [0, 1, 2]),
    "Mean": (lambda x, axes: tf.reduce_mean(x, axes, keepdims=True), 1),
    "Max": (tf.reduce_max, 0),
    "Min": (tf.reduce_min, []),
    "Prod": (tf.reduce_prod, [2]),
    "Reshape": (tf.reshape, [4, 6]),
    "Reshape with a size to find": (tf.reshape, [3, -1]),
    "ExpandDims": (tf.expand_dims, 1),
    "ExpandDims, counted from the last": (tf.expand_dims, -1),
    "Transpose": (tf.transpose, [2, 0, 1]),
    "ConcatV2": (lambda x, axis: tf.concat([x, x + 1], axis), 1),
    "Split": (lambda x, axis: tf.split(x, 2, axis), 1),
    "Tile": (tf.tile, [1, 2, 0]),
    "FloorDiv": (lambda x, y: tf.floordiv(tf.cast(x * 10, y.dtype), y), [3, 2, 1]),
}


@pytest.fixture(autouse=True, scope="module")
def soon() -> Iterator[None]:
    """Code is made after one run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_RUNS_BEFORE", 1)
        yield


def runs_of(fetches: Any, feeds: dict[Any, Any]) -> list[Any]:
    """What several runs give."""
    with tf.Session() as session:
        return [session.run(fetches, feeds) for _ in range(RUNS)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32"])
@pytest.mark.parametrize("name", CASES)
def test_results_are_those_of_other_kernels(name: str, dtype: str) -> None:
    """Values and dtypes are the same as with inputs that are fed, in the first run and in all others."""
    make, known = CASES[name]
    values = (VALUES * 7).astype(dtype)
    x, fed = tf.placeholder(dtype, [2, 4, 3]), tf.placeholder(tf.int32, np.shape(known))
    wanted = runs_of(make(x, fed), {x: values, fed: known})[0]
    for found in runs_of(make(x, tf.constant(known, tf.int32)), {x: values}):
        np.testing.assert_equal(found, wanted)
        assert np.asarray(found).dtype == np.asarray(wanted).dtype


def test_kernels_are_replaced() -> None:
    """Of the operations here that have constants beside their tensors, all but what is computed from tensors alone."""
    replaced: list[str] = []

    def noting(call: Any, slots: Any) -> Any:
        found = told(call, slots)
        if found is not call:
            replaced.append(slots.type_of(call))
        return found

    told = known_inputs._told
    x = tf.placeholder(tf.float32, [2, 4, 3])
    fetches = [make(x, tf.constant(known, tf.int32)) for name, (make, known) in CASES.items() if name != "FloorDiv"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_inputs, "_told", noting)
        runs_of(fetches, {x: VALUES})
    assert {"Sum", "Mean", "Max", "Min", "Prod", "Reshape", "ExpandDims", "Transpose", "ConcatV2", "Split"} == set(
        replaced
    )


def test_a_constant_that_is_fed_is_not_known() -> None:
    """What is fed decides, run by run."""
    x, axis = tf.constant(VALUES), tf.constant(0)
    total = tf.reduce_sum(x, axis)
    with tf.Session() as session:
        for number in (0, 1, 2, 0):
            np.testing.assert_array_equal(session.run(total, {axis: number}), VALUES.sum(number))


@pytest.mark.parametrize(
    ("make", "fitting"),
    [
        (lambda x: tf.reshape(x, [5, 5], name="failing"), (25,)),
        (lambda x: tf.split(x, 2, 1, name="failing")[0], (3, 4)),
    ],
)
def test_errors_are_those_of_other_kernels(make: Callable[[Any], Any], fitting: tuple[int, ...]) -> None:
    """After runs of values that fit they name the operation, and say the same as in a first run."""
    x = tf.placeholder(tf.float32)
    result = make(x)

    def failed(session: tf.Session) -> str:
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(result, {x: np.ones((3, 3), "f")})
        return str(caught.value)

    with tf.Session() as first, tf.Session() as later:
        for _ in range(RUNS):
            later.run(result, {x: np.ones(fitting)})
        assert failed(first) == failed(later)
        assert "failing" in failed(later)


def test_a_shape_that_was_said_wrongly() -> None:
    """A value of another rank than the graph says, as functions of Python give them, is computed as it is."""
    wrong = tf.py_func(lambda: np.arange(8.0).reshape(2, 2, 2), [], tf.float64)
    wrong.set_shape([2, 2])
    for result in (tf.reduce_sum(wrong, -1), tf.expand_dims(wrong, -1), tf.split(wrong, 2, -1)):
        first, *others = runs_of(result, {})
        for other in others:
            np.testing.assert_equal(other, first)


def test_a_branch_knows_constants_too() -> None:
    """A branch that is not taken stays dead, and the other gives what it gave."""
    x, chosen = tf.placeholder(tf.float32, [2, 4, 3]), tf.placeholder(tf.bool, [])
    result = tf.cond(chosen, lambda: tf.reduce_sum(x, [0, 1]), lambda: tf.reshape(x, [8, 3])[0])
    with tf.Session() as session:
        for which in (True, False, True, False):
            values = VALUES.astype("f")
            wanted = values.sum((0, 1)) if which else values[0, 0]
            np.testing.assert_array_equal(session.run(result, {x: values, chosen: which}), wanted)
