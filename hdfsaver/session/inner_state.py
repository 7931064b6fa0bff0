"""The state in which the functions of one iterator run: that of the session, with random numbers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdfsaver.graph.graph import Graph
from hdfsaver.session.function_runs import FunctionRuns
from hdfsaver.session.numpy_engine import numpy_engine
from hdfsaver.session.plan import make_plan
from hdfsaver.session.session_state import SessionState
from hdfsaver.tensor_info import Array


class InnerState(SessionState):
    """The variables, resources and functions of a session, with other streams of random numbers.

    Parameters
    ----------
    outer : SessionState
        That of the session, or another one within it.
    """

    def __init__(self, outer: SessionState) -> None:
        self.outer: SessionState = outer.outer if isinstance(outer, InnerState) else outer
        super().__init__()
        self.timeout = outer.timeout
        self.variables = outer.variables
        self.kept = outer.kept
        self._resources = outer._resources
        self._lock = outer._lock
        self._of_thread = outer._of_thread
        self.functions = FunctionRuns(graph_of(outer), self)

    @property
    def is_closed(self) -> bool:
        """Whether the session was closed."""
        return self.outer.is_closed

    @is_closed.setter
    def is_closed(self, value: bool) -> None:
        """Only the session itself is closed."""


def graph_of(state: SessionState) -> Graph:
    """The graph that a session runs."""
    graph: Graph = state.functions._graph
    return graph


def evaluated(state: SessionState, name: str, feeds: Mapping[str, Array]) -> Any:
    """The value of a tensor of the session's graph.

    Parameters
    ----------
    state : SessionState
    name : str
    feeds : mapping of str to ndarray
        The values of other tensors.

    Returns
    -------
    object

    Raises
    ------
    KeyError
        There is no such tensor.
    StepError
        An operation has failed.
    """
    graph = graph_of(state)
    fed = [graph.get_tensor_by_name(key) for key in feeds]
    plan = make_plan(graph, [graph.get_tensor_by_name(name)], fed)
    return numpy_engine(plan, state)(list(feeds.values()))[0]
