"""The functions of a graph as a session runs them: each is prepared once, when it is first called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.function_bodies import Body, body_of
from hdfsaver.graph.function_library import FunctionValue, Request
from hdfsaver.graph.graph import Graph
from hdfsaver.session.engine import StepError
from hdfsaver.session.loop_runs import Run, complete
from hdfsaver.session.numpy_engine import Program
from hdfsaver.session.plan import make_plan
from hdfsaver.session.run_errors import public_error
from hdfsaver.session.session_state import SessionState
from hdfsaver.training.function_gradients import derivative_of


class FunctionRuns:
    """The prepared functions of one graph in one session.

    Parameters
    ----------
    graph : Graph
    state : SessionState
    """

    def __init__(self, graph: Graph, state: SessionState) -> None:
        self._graph = graph
        self._state = state
        self._prepared: dict[Body, Program] = {}
        self._bodies: dict[tuple[int, bool], tuple[FunctionValue, Body]] = {}  # by the attributes, which nodes keep

    def run_of(self, request: Request) -> Run:
        """The run of a function, for `hdfsaver.session.loop_runs.complete`.

        Parameters
        ----------
        request : Request

        Returns
        -------
        generator
            It ends with the list of the results.

        Raises
        ------
        NotFoundError
            There is no such function.
        InvalidArgumentError
            Its definition is not well-formed, or the number of inputs is wrong.
        """
        key = id(request.function), request.derivative
        known = self._bodies.get(key)
        if known is None or known[0] is not request.function:
            make = derivative_of if request.derivative else body_of
            known = self._bodies[key] = request.function, make(self._graph.functions, request.function)
        return self._run(known[1], request.inputs)

    def call(self, function: FunctionValue, inputs: Sequence[Any]) -> list[Any]:
        """The results of a function, for kernels that call one where they stand.

        Parameters
        ----------
        function : mapping
            The attribute that names it.
        inputs : sequence of array_like
            The values of its arguments; of a handle its key.

        Returns
        -------
        list

        Raises
        ------
        OpError
            See `run_of`, or an operation of it has failed.
        """
        results: list[Any] = complete(self.run_of(Request(function, inputs)), self._state, self)
        return results

    def clear(self) -> None:
        """Forget what was prepared."""
        self._prepared.clear()
        self._bodies.clear()

    def _run(self, body: Body, inputs: Sequence[Any]) -> Run:
        try:
            program = self._prepared.get(body)
            if program is None:
                plan = make_plan(body.graph, [*body.outputs, *body.effects], body.inputs, is_body=True)
                program = self._prepared[body] = Program(plan, self._state)
            results = yield from program.called(inputs)
        except StepError as failure:
            raise public_error(body.graph, failure, is_body=True) from failure.cause
        return results[: len(body.outputs)]
