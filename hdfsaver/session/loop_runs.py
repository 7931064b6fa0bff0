"""Runs of plans with loops: pieces of steps, with marks between them from which a loop begins again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver.errors import CancelledError, DeadlineExceededError
from hdfsaver.ops.control_flow import DEAD
from hdfsaver.session.engine import StepError
from hdfsaver.session.loop_plan import Loop
from hdfsaver.session.session_state import SessionState

Piece = list[Any]
"""Calls that run one after the other."""


class Begin:
    """The first iteration of a loop begins."""

    def __init__(self, loop: Loop) -> None:
        self.empty = [*(target for _, target in loop.carried), *(public for _, public in loop.exits)]


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


def run_pieces(
    pieces: Sequence[Piece | Begin | Again],
    run: Callable[[Sequence[Any], list[Any]], None],
    state: SessionState,
    values: list[Any],
) -> None:
    """Run the pieces of a plan.

    Parameters
    ----------
    pieces : sequence of (list, Begin or Again)
    run : callable
        Runs the calls of one piece on the values.
    state : SessionState
        It says whether the run is to stop.
    values : list
        The values in their slots.

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
        if isinstance(piece, list):
            run(piece, values)
        elif isinstance(piece, Begin):
            for slot in piece.empty:
                values[slot] = DEAD
        elif _goes_on(piece.loop, values):
            _check_stopped(state, piece.loop.node, deadline)
            at = piece.piece
        else:
            for slot in piece.loop.clears:
                values[slot] = None


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
    if state.is_closed:
        raise StepError(node, CancelledError(None, None, "Loop execution was cancelled."))
    if deadline is not None and time.monotonic() > deadline:
        raise StepError(node, DeadlineExceededError(None, None, "Timed out waiting for notification."))
