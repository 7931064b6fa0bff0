"""The seam between a session and what computes: an engine is a function from a plan to something that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from hdfsaver.graph.definition import Array
from hdfsaver.session.plan import Plan
from hdfsaver.session.state import State

Executable = Callable[[Sequence[Array]], list[Any]]
"""Takes the values of the feeds, gives those of the fetches (None for an operation)."""


class Engine(Protocol):
    """What computes."""

    def __call__(self, plan: Plan, state: State) -> Executable:
        """Prepare a plan for many runs.

        Parameters
        ----------
        plan : Plan
        state : State
            The session's variables, which the runs read and change.

        Raises
        ------
        StepError
            By what is returned: an operation failed.
        """
        ...


class StepError(Exception):
    """An operation failed while a plan ran.

    Parameters
    ----------
    node : str
        The operation's name.
    cause : Exception
        What it raised.
    """

    def __init__(self, node: str, cause: Exception) -> None:
        super().__init__(node, cause)
        self.node = node
        self.cause = cause
