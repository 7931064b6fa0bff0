"""The code that is made for calls gives what the calls give, and names what fails."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.errors import FailedPreconditionError
from hdfsaver.session import generated_code
from hdfsaver.session.calls import Call, VariableRead, run_calls
from hdfsaver.session.engine import StepError
from hdfsaver.session.generated_code import Prepared, StraightCalls


@pytest.fixture(autouse=True, scope="module")
def soon() -> Iterator[None]:
    """Code is made after two runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_RUNS_BEFORE", 2)
        yield


class Value:
    """Something that can be watched."""

    def __init__(self, *parents: Value) -> None:
        self.shape = (len(parents),)


def unchanged(calls: Sequence[Call]) -> Prepared:
    """No call is left out."""
    return Prepared(calls, {}, {})


def pair(*values: Value) -> tuple[Value, Value]:
    return Value(*values), Value()


@st.composite
def calls_and_slots(draw: st.DrawFn) -> tuple[list[Call], int]:
    """Calls of several inputs and outputs, with slots that are emptied at their last use, or never."""
    size = draw(st.integers(1, 3))
    steps: list[tuple[Any, tuple[int, ...], int | tuple[int, ...]]] = []
    for _ in range(draw(st.integers(1, 12))):
        inputs = tuple(draw(st.lists(st.integers(0, size - 1), max_size=3)))
        output: int | tuple[int, ...] = (size, size + 1) if draw(st.booleans()) else size
        steps.append((pair if isinstance(output, tuple) else Value, inputs, output))
        size += 2 if isinstance(output, tuple) else 1
    seen = set(draw(st.lists(st.integers(0, size - 1))))
    calls: list[Call] = []
    for number, (function, inputs, output) in reversed(list(enumerate(steps))):
        outputs = output if isinstance(output, tuple) else (output,)
        frees = tuple(dict.fromkeys(slot for slot in (*inputs, *outputs) if slot not in seen))
        seen.update(frees)
        calls.append(Call(function, inputs, output, frees, f"node{number}", ()))
    return calls[::-1], size


def shapes(values: Sequence[Any]) -> list[Any]:
    return [None if value is None else value.shape for value in values]


@given(calls_and_slots(), st.integers(1, 5))
def test_code_leaves_what_the_calls_leave(made: tuple[list[Call], int], longest: int) -> None:
    """The same slots are filled in the end, however many functions the code is cut into."""
    calls, size = made
    expected: list[Any] = [Value() for _ in range(size)]
    found: list[Any] = list(expected)
    run_calls(calls, expected)
    run = StraightCalls(calls, unchanged)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_LONGEST", longest)
        run(list(found))
        run(list(found))
    outputs = {slot for call in calls for slot in (call.output if isinstance(call.output, tuple) else (call.output,))}
    inner = outputs & {slot for call in calls for slot in call.frees}
    run(found)
    for slot in inner:  # some were never in their slots
        expected[slot] = found[slot] = None
    assert shapes(found) == shapes(expected)


def test_a_value_is_gone_after_its_last_use() -> None:
    """No value is kept until the end of the run."""
    alive: list[weakref.ref[Value]] = []

    def make() -> Value:
        value = Value()
        alive.append(weakref.ref(value))
        return value

    def count() -> int:
        return sum(reference() is not None for reference in alive)

    calls = [Call(make, (), 0, (), "a", ()), Call(Value, (0,), 1, (0,), "b", ()), Call(count, (), 2, (), "c", ())]
    run = StraightCalls(calls, unchanged)
    for _ in range(4):
        values: list[Any] = [None, None, None]
        alive.clear()
        run(values)
        assert values[2] == 0


def test_the_operation_that_fails_is_named_in_every_run() -> None:
    """The error has the operation, its dtypes and the shapes of its inputs, in the first run and in later ones."""
    x = tf.placeholder(tf.float32)
    total = tf.add(tf.square(x), [1.0, 2.0], name="total")
    with tf.Session() as session:
        for _ in range(5):
            session.run(total, {x: [3.0, 4.0]})
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                session.run(total, {x: [1.0, 2.0, 3.0]})
            assert "'total' (Add" in str(caught.value)
            assert "dtypes float32, float32 and shapes (3,), (2,)" in str(caught.value)


def test_a_variable_without_a_value_is_named_in_every_run() -> None:
    """What reads it fails as in the first run."""
    v = tf.Variable([1.0], name="weights")
    double = v * 2.0
    with tf.Session() as session:
        session.run(v.initializer)
        for _ in range(4):
            session.run(double)
        session._state.variables.clear()
        with pytest.raises(FailedPreconditionError) as caught:
            session.run(double)
    assert "uninitialized value weights" in str(caught.value)


def test_a_read_that_fails_says_what_the_reading_says() -> None:
    """The code reads the dictionary itself, and gives the error of the reader."""
    read = VariableRead({"a": np.ones(1)})
    run = StraightCalls([Call(read, (0,), 1, (), "b", ())], unchanged)
    for _ in range(3):
        run(["a", None])
    with pytest.raises(StepError) as caught:
        run(["c", None])
    assert isinstance(caught.value.cause, FailedPreconditionError)
    assert "c: run its initializer" in str(caught.value.cause)
