"""The protocol of an engine: a function from a plan to an object that runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from hdfsaver.session.plan import ExecutionPlan
from hdfsaver.session.session_state import SessionState
from hdfsaver.tensor_info import Array

Executable = Callable[[Sequence[Array]], list[Any]]
"""Takes the values of the feeds, gives those of the fetches (None for an operation)."""

Observer = Callable[[str, int, int, Sequence[Any]], None]
"""Called when a step has run: its operation's name, when it began and ended, and the values of its outputs.

The times are those of `time.perf_counter_ns`. For a variable itself, which is not a value, its key is given."""


class Engine(Protocol):
    """Makes the object that computes a plan."""

    def __call__(self, plan: ExecutionPlan, state: SessionState, observer: Observer | None = None) -> Executable:
        """Prepare a plan for many runs.

        Parameters
        ----------
        plan : ExecutionPlan
        state : SessionState
            The session's variables, which the runs read and change.
        observer : callable, optional
            Called after each step that has run; a session gives it only for a run that is traced.

        Returns
        -------
        callable

        Raises
        ------
        StepError
            Also by the returned object: an operation failed.
        """
        ...


class StepError(Exception):
    """An operation failed while a plan ran.

    Parameters
    ----------
    node : str
        The operation's name.
    cause : Exception
        The exception that it raised.
    shapes : sequence of tuple or None
        The shape of each input, None for one that is not a value; empty where it failed before it was run.
    """

    def __init__(self, node: str, cause: Exception, shapes: Sequence[tuple[int, ...] | None] = ()) -> None:
        super().__init__(node, cause, shapes)
        self.node = node
        self.cause = cause
        self.shapes = shapes
