"""Steps made ready, and how they run one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from hdfsaver.errors import FailedPreconditionError
from hdfsaver.ops.control_flow import DEAD, Chooser
from hdfsaver.session.engine import Observer, StepError
from hdfsaver.tensor_info import Array


class Call(NamedTuple):
    """A step made ready: ``values[output] = function(*inputs)``, then some slots are emptied.

    ``output`` is a tuple where the function gives several values.
    """

    function: Callable[..., Any]
    inputs: tuple[int, ...]
    output: int | tuple[int, ...]
    frees: tuple[int, ...]
    node: str
    controls: tuple[int, ...]


def outputs_of(call: Call) -> tuple[int, ...]:
    """The slots that a call fills."""
    return call.output if isinstance(call.output, tuple) else (call.output,)


class VariableRead:
    """Gives the value of the variable with a key.

    Parameters
    ----------
    variables : dict of str to ndarray
    """

    __slots__ = ("variables",)

    def __init__(self, variables: dict[str, Array]) -> None:
        self.variables = variables

    def __call__(self, key: str) -> Array:
        """Look the variable up; FailedPreconditionError where it has no value."""
        try:
            return self.variables[key]
        except KeyError:
            raise FailedPreconditionError(
                None, None, f"Attempting to use uninitialized value {key}: run its initializer or restore it first."
            ) from None


class Joined(partial[Any]):
    """The function of several calls that became one; it may take ``out``, where it `overwrites` an argument."""

    gives_new: bool
    """Whether its results have memory that nothing else has."""

    overwrites: tuple[int, ...]
    """The places of the arguments into whose memory its only result can go."""


class MemberError(Exception):
    """One of several calls that became one has failed.

    Parameters
    ----------
    failure : StepError
        That of the call.
    """

    def __init__(self, failure: StepError) -> None:
        super().__init__(failure)
        self.failure = failure


def run_calls(calls: Sequence[Call], values: list[Any]) -> None:
    """Run calls of which none is ever dead.

    Parameters
    ----------
    calls : sequence of Call
    values : list
        The values in their slots, which change.

    Raises
    ------
    StepError
        An operation failed.
    """
    node = ""
    inputs: tuple[int, ...] = ()
    try:
        for function, inputs, output, frees, node, _ in calls:  # noqa: B007, used where it fails
            result = function(*[values[slot] for slot in inputs])
            if type(output) is int:
                values[output] = result
            else:
                _store(values, output, result)
            for slot in frees:
                values[slot] = None
    except Exception as error:
        raise StepError(node, error, _shapes(values, inputs)) from error


def _shapes(values: Sequence[Any], slots: Sequence[int]) -> list[tuple[int, ...] | None]:
    """The shapes of the values in some slots; None for a variable itself, which is not a value."""
    return [getattr(values[slot], "shape", None) for slot in slots]


def _store(values: list[Any], slots: Any, results: Sequence[Any]) -> None:
    for slot, result in zip(slots, results, strict=True):
        values[slot] = result


def _is_dead(values: Sequence[Any], given: Sequence[Any], controls: Sequence[int]) -> bool:
    """Whether something that a step needs, or waits for, is dead."""
    for value in given:
        if value is DEAD:
            return True
    for slot in controls:  # noqa: SIM110, faster than any(), for every step of a branch
        if values[slot] is DEAD:
            return True
    return False


def run_conditionally(
    calls: Sequence[Call], values: list[Any], observer: Observer | None = None, size: int = 0
) -> None:
    """Run calls where branches may not be taken: what needs a dead value, or waits for one, is dead, until a Merge.

    Parameters
    ----------
    calls : sequence of Call
    values : list
        The values in their slots, which change.
    observer : callable, optional
        Each step that is not dead is shown to it, from the reads of its variables on.
    size : int
        With an observer, the first of the slots that these reads fill.

    Raises
    ------
    StepError
        An operation failed.
    """
    node = ""
    inputs: tuple[int, ...] = ()
    started = 0
    try:
        for function, inputs, output, frees, node, controls in calls:
            if observer is not None and not started:
                started = time.perf_counter_ns()
            given = [values[slot] for slot in inputs]
            slots = (output,) if isinstance(output, int) else output
            if type(function) is not Chooser and _is_dead(values, given, controls):
                results: Sequence[Any] = [DEAD] * len(slots)
            else:
                result = function(*given)
                results = (result,) if type(output) is int else result
            _store(values, slots, results)
            if observer is not None and slots[0] < size:
                if any(result is not DEAD for result in results):
                    observer(node, started, time.perf_counter_ns(), results)
                started = 0
            for slot in frees:
                values[slot] = None
    except Exception as error:
        raise StepError(node, error, _shapes(values, inputs)) from error
