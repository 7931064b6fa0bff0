"""The rules where calls may be dead, and random graphs, whose repeated runs give what they gave without rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.graph.apply import apply_list
from hdfsaver.session import generated_code, repeated_runs
from hdfsaver.session.calls import Call
from hdfsaver.session.rewrites import Slots, rewritten_with_branches

RUNS = 3
ARRAY = np.array([[0.5, 0.25], [-1.0, 2.0]], "f")


@pytest.fixture(autouse=True, scope="module")
def soon() -> Iterator[None]:
    """Code is made after one run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_RUNS_BEFORE", 1)
        yield


def left(fetches: Any, feeds: Sequence[dict[Any, Any]]) -> list[str]:
    """The types of the operations that are left; each run must give what it gave before there was code."""
    found: list[str] = []

    def noting(calls: Sequence[Call], slots: Slots) -> list[Call]:
        made = rewritten_with_branches(calls, slots)
        found.extend(slots.type_of(call) or "read" for call in made)
        return made

    with mock.patch.object(repeated_runs, "rewritten_with_branches", noting):
        wanted = []
        for feed in feeds:
            with tf.Session() as session:
                wanted.append(session.run(fetches, feed))
        found.clear()
        with tf.Session() as session:
            for _ in range(RUNS):
                for feed, each in zip(feeds, wanted, strict=True):
                    np.testing.assert_equal(session.run(fetches, feed), each)
    return found


def test_identities_and_repetitions_of_a_branch() -> None:
    """They are left out, and a branch that is not taken stays dead."""
    x, chosen = tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.bool, [])
    result = tf.cond(chosen, lambda: tf.identity(tf.exp(x)) + tf.exp(x), lambda: tf.identity(tf.sin(x)))
    found = left(result, [{x: ARRAY, chosen: value} for value in (True, False)])
    assert (found.count("Exp"), found.count("Sin"), found.count("AddV2")) == (1, 1, 1)
    assert "Identity" not in found


def test_an_identity_that_waits_stays() -> None:
    """It is dead where what it waits for is, though its input is not."""
    x, chosen = tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.bool, [])
    no, yes = apply_list("Switch", x, chosen)
    with tf.control_dependencies([yes]):
        waiting = tf.identity(tf.identity(x))
    result, _ = apply_list("Merge", [waiting, no * 2.0])
    assert "Identity" in left(result, [{x: ARRAY, chosen: value} for value in (True, False)])


def test_constants_outside_of_branches_are_worked_out() -> None:
    """One time, while a constant of a branch is dead with it."""
    x, chosen = tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.bool, [])
    scale = tf.sqrt(tf.constant([4.0, 9.0]))
    result = tf.cond(chosen, lambda: x * scale, lambda: x + tf.sqrt(tf.constant([16.0, 25.0])))
    assert left(result, [{x: ARRAY, chosen: value} for value in (True, False)]).count("Sqrt") == 1


def test_effects_happen_in_the_branch_that_is_taken() -> None:
    """A variable changes once in each run that takes it, and random numbers are drawn in each."""
    chosen, count = tf.placeholder(tf.bool, []), tf.Variable(0.0)
    result = tf.cond(chosen, lambda: tf.identity(tf.assign_add(count, 1.0)), lambda: tf.identity(count) * 0.0)
    drawn = tf.cond(chosen, lambda: tf.random_uniform([], seed=1), lambda: tf.random_uniform([], seed=1) + 1.0)
    with tf.Session() as session:
        session.run(count.initializer)
        found = [session.run([result, drawn], {chosen: number % 2 == 0}) for number in range(8)]
        assert session.run(count) == 4.0
    assert [each for each, _ in found] == [1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 4.0, 0.0]
    assert len({number for _, number in found}) == 8


def test_an_error_in_a_branch_names_its_operation() -> None:
    """Also after runs of the other branch."""
    x, chosen = tf.placeholder(tf.int32, [2]), tf.placeholder(tf.bool, [])
    result = tf.cond(chosen, lambda: tf.floordiv(6, x, name="failing"), lambda: tf.identity(x))
    with tf.Session() as session:
        for _ in range(RUNS):
            session.run(result, {x: [0, 1], chosen: False})
        with pytest.raises(tf.errors.InvalidArgumentError, match="failing"):
            session.run(result, {x: [0, 1], chosen: True})


KINDS = ("add", "exp", "identity", "constant", "sum", "reshape", "transpose", "split", "cond", "product", "random")


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=12),
    st.integers(0, 9),
)
def test_random_graphs_give_the_same_without_rules(steps: list[tuple[str, int, int]], fed: int) -> None:
    """Values, dtypes and random draws, also where an inner tensor is fed that a rule would leave out."""
    with tf.Graph().as_default():
        x, chosen = tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.bool, [])
        values: list[Any] = [x, tf.constant(np.eye(2, dtype="f") + 1)]
        for number, (kind, a, b) in enumerate(steps):
            values.append(_grown(kind, values[a % len(values)], values[b % len(values)], chosen, number))
        fetches = [values[-1], values[len(values) // 2], tf.reduce_sum(values[-1] * 1.0)]
        inner = values[fed % len(values)]
        runs = [{x: ARRAY, chosen: taken} | ({inner: ARRAY * 3} if more else {}) for more in (0, 1) for taken in (0, 1)]
        found = []
        for soon in (1, 10**6):
            with mock.patch.object(generated_code, "_RUNS_BEFORE", soon), tf.Session() as session:
                found.append([session.run(fetches, feed) for _ in range(RUNS) for feed in runs])
        np.testing.assert_equal(found[0], found[1])
        assert [[each.dtype for each in run] for run in found[0]] == [[each.dtype for each in run] for run in found[1]]


def _grown(kind: str, a: Any, b: Any, chosen: Any, number: int) -> Any:
    made = {
        "add": lambda: a + b * 0.5,
        "exp": lambda: tf.exp(-abs(a)),
        "identity": lambda: tf.identity(a),
        "constant": lambda: tf.sqrt(tf.constant([[1.0, 4.0], [9.0, 2.0]])) + number,
        "sum": lambda: tf.reduce_sum(a, 0, keepdims=True) * 0.5 + b,
        "reshape": lambda: tf.reshape(tf.expand_dims(tf.reshape(a, [4]), 0), [2, 2]),
        "transpose": lambda: tf.transpose(a, [1, 0]),
        "split": lambda: tf.concat(tf.split(a, 2, 1)[::-1], 1),
        "cond": lambda: tf.cond(chosen, lambda: tf.identity(a) + tf.exp(-abs(b)), lambda: tf.identity(b)),
        "product": lambda: tf.matmul(a, b, transpose_b=True) * 0.25,
        "random": lambda: tf.random_uniform([2, 2], seed=number) + a,
    }
    return made[kind]()
