"""Runs in several parts: each part feeds more tensors and fetches what can be computed by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hdfsaver.errors import InvalidArgumentError, UnimplementedError
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.session.engine import Engine
from hdfsaver.session.feeds import feed_of, feed_value
from hdfsaver.session.plan import ExecutionPlan, Step
from hdfsaver.session.session_state import SessionState


class PartialRun:
    """One run in several parts. Every operation runs once, as soon as the values that it needs are there.

    Parameters
    ----------
    plan : ExecutionPlan
        That of the whole run.
    fetched : sequence of Tensor or Operation
        The fetches of all parts, in the order of the plan.
    fed : sequence of Tensor
        The feeds of all parts, in the order of the plan.

    Raises
    ------
    UnimplementedError
        The run has a loop.
    """

    def __init__(self, plan: ExecutionPlan, fetched: Sequence[Tensor | Operation], fed: Sequence[Tensor]) -> None:
        if plan.loops:
            raise UnimplementedError(None, None, "A loop cannot be run in parts: run it with Session.run.")
        self._plan = plan
        self._waiting = list(plan.steps)
        self._values: dict[int, Any] = {}
        self._fetches = {
            element: (slot, read, node)
            for element, slot, read, node in zip(fetched, plan.fetches, plan.fetch_reads, plan.targets, strict=True)
            if slot is not None
        }
        self._feeds = dict(zip(fed, plan.feeds, strict=True))
        self._unfetched = set(self._fetches)
        self._unfed = set(self._feeds)

    @property
    def is_over(self) -> bool:
        """Whether all was fed and fetched."""
        return not self._unfetched and not self._unfed

    def check(self, fetched: Sequence[Tensor], fed: Sequence[Tensor]) -> None:
        """`InvalidArgumentError` where a part feeds or fetches something a second time, or was not set up so."""
        for what, tensors, known, left, done in (
            ("feed", fed, self._feeds, self._unfed, "fed"),
            ("fetch", fetched, self._fetches, self._unfetched, "fetched"),
        ):
            for tensor in tensors:
                if tensor not in known:
                    raise _invalid(f"The {what} {tensor.name} was not specified in partial_run_setup.")
                if tensor not in left:
                    raise _invalid(f"The {what} {tensor.name} has already been {done}.")

    def go_on(
        self, fetched: Sequence[Tensor], fed: Mapping[Tensor, Any], engine: Engine, state: SessionState
    ) -> list[Any]:
        """Run what can run by now.

        Parameters
        ----------
        fetched : sequence of Tensor
        fed : mapping of Tensor to array_like
        engine : Engine
        state : SessionState

        Returns
        -------
        list
            The values of the fetches.

        Raises
        ------
        InvalidArgumentError
            A fetch needs a tensor that is still to be fed.
        StepError
            An operation failed.
        """
        # The run keeps them beyond this call, and the program may write on its arrays meanwhile.
        arrays = {
            self._feeds[tensor]: _kept(feed_value(feed_of(tensor), value).copy()) for tensor, value in fed.items()
        }
        ready = self._ready({*self._values, *arrays})
        there = {*self._values, *arrays, *(slot for step in ready for slot in step.outputs)}
        for tensor in fetched:
            if self._fetches[tensor][0] not in there:
                raise _invalid(
                    f"Fetch {tensor.name} can't be computed from the feeds that have been fed so far: feed "
                    f"{', '.join(sorted(other.name for other in self._unfed.difference(fed)))}."
                )
        self._values.update(arrays)
        values = self._run(ready, fetched, engine, state)
        self._unfed.difference_update(fed)
        self._unfetched.difference_update(fetched)
        return values

    def _ready(self, there: set[int]) -> list[Step]:
        found = []
        for step in self._waiting:
            if there.issuperset(step.inputs) and there.issuperset(step.controls):
                found.append(step)
                there.update(step.outputs)
        return found

    def _run(self, steps: list[Step], fetched: Sequence[Tensor], engine: Engine, state: SessionState) -> list[Any]:
        wanted = [self._fetches[tensor] for tensor in fetched]
        kept = [(slot, step.node) for step in steps for slot in step.outputs]
        plan = replace(
            self._plan,
            steps=tuple([replace(step, frees=()) for step in steps]),
            feeds=tuple(self._values),
            targets=tuple([node for _, _, node in wanted] + [node for _, node in kept]),
            fetches=tuple([slot for slot, _, _ in wanted] + [slot for slot, _ in kept]),
            fetch_reads=tuple([read for _, read, _ in wanted] + [False] * len(kept)),
        )
        results = engine(plan, state)(list(self._values.values()))
        for (slot, _), value in zip(kept, results[len(wanted) :], strict=True):
            self._values[slot] = _kept(value)
        done = set(map(id, steps))
        self._waiting = [step for step in self._waiting if id(step) not in done]
        return results[: len(wanted)]


def _kept(value: Any) -> Any:
    """The value for later parts: an array that nothing else can be given."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def _invalid(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)
