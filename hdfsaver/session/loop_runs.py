"""Runs in pieces: loops begin again from the marks between them, and functions run where their operations stand.

Neither loops nor calls use Python's stack: a run is a generator that yields what it waits for, the run of a function,
and `complete` keeps all that wait in a list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol

from hdfsaver.errors import CancelledError, DeadlineExceededError, ResourceExhaustedError
from hdfsaver.graph.function_library import Request
from hdfsaver.ops.control_flow import DEAD
from hdfsaver.session.engine import Observer, StepError
from hdfsaver.session.loop_plan import Loop
from hdfsaver.session.plain_loops import PlainLoop
from hdfsaver.session.session_state import SessionState

Calls = Callable[[list[Any]], None]
"""Runs calls one after the other, on the values in their slots."""

Run = Generator[Any, Any, Any]
"""A run that waits for others: it yields them, and is sent their results."""

_DEEPEST = 10_000
"""How many calls may be open at once; a function that calls itself without end would fill the memory."""


class Begin:
    """The first iteration of a loop begins."""

    def __init__(self, loop: Loop) -> None:
        self.empty = [*(target for _, target in loop.carried), *(public for _, public in loop.exits)]


class Plain:
    """All iterations of a loop in which nothing is ever dead; see `plain_loops`.

    Parameters
    ----------
    loop : PlainLoop
    before, body : callable
        Run the calls before the condition is known, and those where it is true.
    """

    def __init__(self, loop: PlainLoop, before: Calls, body: Calls) -> None:
        self.loop = loop
        self.before = before
        self.body = body

    def run(self, state: SessionState, values: list[Any]) -> None:
        """Run the loop.

        Parameters
        ----------
        state : SessionState
        values : list

        Raises
        ------
        StepError
            As `run_pieces` raises it.
        """
        loop, before, body = self.loop, self.before, self.body
        deadline = state.deadline()
        if any(values[slot] is DEAD for slot in loop.inputs):
            for target, _ in loop.exits:
                values[target] = DEAD
            return
        for slot, first, _ in loop.variables:
            values[slot] = values[first]
        slots = [slot for slot, _, _ in loop.variables]
        sources = [following for _, _, following in loop.variables]
        condition = loop.condition
        while True:
            before(values)
            if not values[condition]:
                break
            body(values)
            for slot, value in zip(slots, [values[source] for source in sources], strict=True):
                values[slot] = value
            if deadline is not None or state.is_closed:
                _check_stopped(state, loop.loop.node, deadline)
        for target, slot in loop.exits:
            values[target] = values[slot]
        for slot in loop.clears:
            values[slot] = None


class Again:
    """The end of an iteration.

    Parameters
    ----------
    loop : Loop
    piece : int
        The place of the piece with which the next iteration begins.
    """

    def __init__(self, loop: Loop, piece: int) -> None:
        self.loop = loop
        self.piece = piece


class Invoke:
    """An operation that calls functions.

    Parameters
    ----------
    function : callable
        Its kernel, which gives a generator.
    inputs, outputs, frees, controls : tuple of int
        Slots, as in `hdfsaver.session.plan.Step`.
    node : str
        The operation's name.
    """

    def __init__(
        self,
        function: Callable[..., Run],
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
        frees: tuple[int, ...],
        controls: tuple[int, ...],
        node: str,
    ) -> None:
        self.function = function
        self.inputs = inputs
        self.outputs = outputs
        self.frees = frees
        self.controls = controls
        self.node = node


Piece = Calls | Begin | Again | Plain | Invoke
"""A part of a plan that has loops or calls functions."""


class Programs(Protocol):
    """Gives the prepared functions of a graph; see `hdfsaver.session.function_runs`."""

    def run_of(self, request: Request) -> Run:
        """The run of a function for values of its arguments, which ends with its results."""
        ...


def run_pieces(
    pieces: Sequence[Piece],
    state: SessionState,
    values: list[Any],
    observer: Observer | None = None,
) -> Run:
    """Run the pieces of a plan.

    Parameters
    ----------
    pieces : sequence of (callable, Begin, Again, Plain or Invoke)
    state : SessionState
        It says whether the run is to stop.
    values : list
        The values in their slots.
    observer : callable, optional
        Called after each operation that has called functions.

    Returns
    -------
    generator
        It yields the kernels of operations that call functions, for `complete`.

    Raises
    ------
    StepError
        An operation failed, or the run was stopped between two iterations.
    """
    deadline = state.deadline()
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        at += 1
        if isinstance(piece, Invoke):
            yield from _invoked(piece, values, observer)
        elif isinstance(piece, Plain):
            piece.run(state, values)
        elif isinstance(piece, Begin):
            for slot in piece.empty:
                values[slot] = DEAD
        elif not isinstance(piece, Again):
            piece(values)
        elif _goes_on(piece.loop, values):
            _check_stopped(state, piece.loop.node, deadline)
            at = piece.piece
        else:
            for slot in piece.loop.clears:
                values[slot] = None


def _invoked(call: Invoke, values: list[Any], observer: Observer | None) -> Run:
    """Run one operation that calls functions."""
    started = time.perf_counter_ns()
    given = [values[slot] for slot in call.inputs]
    if any(value is DEAD for value in given) or any(values[slot] is DEAD for slot in call.controls):
        results: Sequence[Any] = [DEAD] * len(call.outputs)
    else:
        try:
            results = (yield call.function(*given)) or [()]  # without results, the sign that it has run
        except Exception as error:
            raise StepError(call.node, error, [getattr(value, "shape", None) for value in given]) from error
        if observer is not None:
            observer(call.node, started, time.perf_counter_ns(), results)
    for slot, result in zip(call.outputs, results, strict=True):
        values[slot] = result
    for slot in call.frees:
        values[slot] = None


def complete(first: Run, state: SessionState, programs: Programs) -> Any:
    """Run to the end, with all that is waited for meanwhile.

    Parameters
    ----------
    first : generator
        It yields other generators, and requests for functions.
    state : SessionState
        It says whether the run is to stop, which it does between two calls.
    programs : Programs
        Where functions are found.

    Returns
    -------
    The value with which it ends.

    Raises
    ------
    Exception
        That of the first, as it handles those of others.
    """
    deadline = state.deadline()
    waiting = [first]
    value: Any = None
    failure: Exception | None = None
    while waiting:
        try:
            asked = waiting[-1].send(value) if failure is None else waiting[-1].throw(failure)
        except StopIteration as end:
            waiting.pop()
            value, failure = end.value, None
            continue
        except Exception as error:  # noqa: BLE001, what waits for it gets it
            waiting.pop()
            value, failure = None, error
            continue
        value = failure = None
        if isinstance(asked, Request):
            try:
                _check_may_call(state, deadline, len(waiting))
                asked = programs.run_of(asked)
            except Exception as error:  # noqa: BLE001, what has asked gets it
                failure = error
                continue
        waiting.append(asked)
    if failure is not None:
        raise failure
    return value


def _goes_on(loop: Loop, values: list[Any]) -> bool:
    """Move the values of an iteration to where the next one looks for them; whether there is a next one."""
    alive = False
    for source, target in loop.carried:
        value = values[target] = values[source]
        alive = alive or value is not DEAD
    for slot in loop.firsts:
        values[slot] = DEAD
    for inside, outside in loop.exits:
        if values[inside] is not DEAD:
            values[outside] = values[inside]
    return alive


def _check_stopped(state: SessionState, node: str, deadline: float | None) -> None:
    error = _reason_to_stop(state, deadline)
    if error is not None:
        raise StepError(node, error)


def _check_may_call(state: SessionState, deadline: float | None, depth: int) -> None:
    error = _reason_to_stop(state, deadline)
    if error is not None:
        raise error
    if depth > _DEEPEST:
        raise ResourceExhaustedError(None, None, f"More than {_DEEPEST} calls of functions are in each other.")


def _reason_to_stop(state: SessionState, deadline: float | None) -> Exception | None:
    if state.is_closed:
        return CancelledError(None, None, "Loop execution was cancelled.")
    if deadline is not None and time.monotonic() > deadline:
        return DeadlineExceededError(None, None, "Timed out waiting for notification.")
    return None
