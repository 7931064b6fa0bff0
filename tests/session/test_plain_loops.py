"""Loops without branches inside: they run without a look at what is alive, and give the same."""

from __future__ import annotations

from typing import Any

import hdfsaver as tf
from hdfsaver.session.plain_loops import plain_loop
from hdfsaver.session.plan import make_plan


def sums(depth: int) -> Any:
    """Loops in each other, each of three iterations, which count all of them."""

    def body(i: Any, total: Any) -> Any:
        inner = total + 1 if depth == 1 else nested(depth - 1, total)
        return i + 1, inner

    def nested(level: int, first: Any) -> Any:
        nonlocal depth
        depth = level
        return tf.while_loop(lambda i, _: i < 3, body, (0, first))[1]

    return nested(depth, 0)


def test_which_loops_are_plain() -> None:
    """An innermost loop is plain; one with a loop or a branch inside is not."""
    x = tf.constant(2.0)
    branch = tf.while_loop(lambda a: a < 9.0, lambda a: tf.cond(a > 4.0, lambda: a * x, lambda: a + x), [x])
    plan = make_plan(tf.get_default_graph(), [sums(2), branch], [])
    assert sorted(plain_loop(plan, loop) is not None for loop in plan.loops) == [False, False, True]


def test_loops_in_each_other_count_all_iterations() -> None:
    """Constants of an inner loop are there each time that it begins, and the trace of a run changes no value."""
    total = sums(3)
    with tf.Session() as session:
        assert session.run(total) == 27
        traced = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        assert session.run(total, options=traced, run_metadata=tf.RunMetadata()) == 27
