"""Code for programs with branches: what is dead does not run, and the rest does not look."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.graph.apply import apply_list
from hdfsaver.session import deciding_slots, generated_code
from hdfsaver.session.calls import Call
from hdfsaver.session.rewrites import Slots


@pytest.fixture(autouse=True, scope="module")
def soon() -> Iterator[None]:
    """Code is made after one run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_RUNS_BEFORE", 1)
        yield


STEPS = ("add", "cond", "nested", "assign", "loop", "wait")


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6),
    st.integers(1, 20),
)
def test_code_gives_what_the_calls_give(steps: list[tuple[str, int, int]], longest: int) -> None:
    """With nested branches, changes of variables and loops, for all predicates, however the code is cut."""
    with tf.Graph().as_default(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_LONGEST", longest)
        x, p, q = tf.placeholder(tf.float64, [2]), tf.placeholder(tf.bool, []), tf.placeholder(tf.bool, [])
        values: list[Any] = [x, x * 2.0]
        variables: list[Any] = [tf.Variable(np.zeros(2))]
        for kind, a, b in steps:
            values.append(_grown(kind, values[a % len(values)], values[b % len(values)], (p, q), variables))
        start = tf.global_variables_initializer()
        for choice in itertools.product([True, False], repeat=2):
            feeds = dict(zip((x, p, q), (np.array([0.5, -1.0]), *choice), strict=True))
            with tf.Session() as session:
                found = []
                for _ in range(3):
                    session.run(start)
                    found.append((session.run([values[-1], values[len(values) // 2]], feeds), session.run(variables)))
                np.testing.assert_equal(found[1:], found[:1] * 2)


def _grown(kind: str, a: Any, b: Any, predicates: tuple[Any, Any], variables: list[Any]) -> Any:
    p, q = predicates
    if kind == "assign":
        return tf.cond(p, lambda: tf.assign_add(variables[0], a), lambda: tf.identity(b))
    if kind == "wait":
        with tf.control_dependencies([tf.cond(q, lambda: tf.assign(variables[0], a).op, tf.no_op)]):
            return variables[0] + b
    if kind == "loop":
        return tf.while_loop(
            lambda i, _: i < 3, lambda i, c: (i + 1, tf.cond(q, lambda: c + a, lambda: c * 0.5)), (0, b)
        )[1]
    if kind == "nested":
        return tf.cond(p, lambda: tf.cond(q, lambda: a * 2.0, lambda: tf.square(b)) + a, lambda: -a)
    return tf.cond(p, lambda: a * b, lambda: a - 1.0) if kind == "cond" else a + b


def looked_at(fetches: Any, feeds: dict[Any, Any]) -> dict[str, int]:
    """At how many slots each operation looks before it runs."""
    found: dict[str, int] = {}

    def noting(calls: Sequence[Call], slots: Slots, alive: Any) -> list[tuple[int, ...]]:
        made = deciding_slots.deciding_slots(calls, slots, alive)
        found.update({call.node: len(deciding) for call, deciding in zip(calls, made, strict=True)})
        return made

    with pytest.MonkeyPatch.context() as patch, tf.Session() as session:
        patch.setattr("hdfsaver.session.repeated_runs.deciding_slots", noting)
        for _ in range(3):
            session.run(fetches, feeds)
    return found


def test_what_is_never_dead_does_not_look() -> None:
    """Before a branch and behind it; in it, one look is enough."""
    x, p, q = tf.placeholder(tf.float32, [2]), tf.placeholder(tf.bool, []), tf.placeholder(tf.bool, [])
    before = tf.square(x, name="before")
    inner = tf.cond(
        p,
        lambda: tf.add(tf.cond(q, lambda: tf.sqrt(before, name="deep"), lambda: before), x, name="inside"),
        lambda: before,
    )
    after = tf.multiply(inner, before, name="after")
    found = looked_at(after, {x: [1.0, 2.0], p: True, q: False})
    assert (found["before"], found["cond/inside"], found["cond/cond/deep"], found["after"]) == (0, 1, 1, 0)


def test_what_is_not_taken_does_not_run() -> None:
    """In repeated runs too, whichever side is taken."""
    ran: list[str] = []

    def noting(name: str) -> float:
        ran.append(name)
        return 1.0

    p = tf.placeholder(tf.bool, [])
    sides = [
        functools.partial(tf.py_func, functools.partial(noting, name), [], tf.double) for name in ("true", "false")
    ]
    result = tf.cond(p, *sides)
    with tf.Session() as session:
        for value in (True, False, True, False):
            session.run(result, {p: value})
    assert ran == ["true", "false", "true", "false"]


def test_an_operation_of_a_branch_that_fails_is_named() -> None:
    """With the shapes of its inputs."""
    x, p = tf.placeholder(tf.float32), tf.placeholder(tf.bool, [])
    total = tf.cond(p, lambda: tf.add(x, [1.0, 2.0], name="total"), lambda: x)
    with tf.Session() as session:
        for value in (True, False, True):
            session.run(total, {x: [3.0, 4.0], p: value})
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"'cond/total' .*shapes \(3,\), \(2,\)"):
            session.run(total, {x: [1.0, 2.0, 3.0], p: True})


def test_switches_of_different_predicates() -> None:
    """What needs a side of each is dead where either is; a Merge of them may be dead."""
    x, p, q = tf.placeholder(tf.float32, []), tf.placeholder(tf.bool, []), tf.placeholder(tf.bool, [])
    (off, _), (_, on) = apply_list("Switch", x, p), apply_list("Switch", x * 10.0, q)
    both = apply_list("Merge", [tf.add(off, on), x])[0]
    either = apply_list("Merge", [tf.abs(apply_list("Merge", [off, on])[0]), -x])[0]
    with tf.Session() as session:
        for _ in range(3):
            for first, second in itertools.product([True, False], repeat=2):
                found = session.run([both, either], {x: 1.0, p: first, q: second})
                assert found == [11.0 if second and not first else 1.0, 1.0 if not first else 10.0 if second else -1.0]
