"""Hooks that end a training, delay or feed its runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import GraphElementLike
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.monitoring.coordinator import Coordinator
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.session import Session
from hdfsaver.training import tf_logging as log
from hdfsaver.training.global_step import get_global_step
from hdfsaver.variables.variable import Variable

WAIT_SECONDS = 0.5
"""Seconds between two reads of a global step that other threads raise."""


def needed_global_step(hook: object) -> Variable | Tensor:
    """The global step; `RuntimeError` where the graph has none, as the hook needs it."""
    found = get_global_step()
    if found is None:
        raise RuntimeError(f"Global step should be created to use {type(hook).__name__}.")
    return found


class StopAtStepHook(SessionRunHook):
    """Asks to stop after a number of steps, or at a step.

    Parameters
    ----------
    num_steps : int, optional
        The number of steps from the first session on.
    last_step : int, optional
        The value of the global step. Exactly one of the two must be given.

    Raises
    ------
    ValueError
        Both or neither are given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        if num_steps is None and last_step is None:
            raise ValueError("One of num_steps or last_step must be specified.")
        if num_steps is not None and last_step is not None:
            raise ValueError("Only one of num_steps or last_step can be specified.")
        self._num_steps = num_steps
        self._last_step = last_step

    def begin(self) -> None:
        """Find the global step."""
        self._global_step = needed_global_step(self)

    def after_create_session(self, session: Session, coord: Coordinator) -> None:
        """Compute the last step; once, so that a recovered session does not count from its own beginning."""
        if self._last_step is None:
            assert self._num_steps is not None
            self._last_step = int(session.run(self._global_step)) + self._num_steps

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Ask to stop at the last step; the value that was fetched may be from before the run's own update."""
        last = self._last_step
        if run_values.results + 1 >= last and run_context.session.run(self._global_step) >= last:
            run_context.request_stop()


class NanLossDuringTrainingError(RuntimeError):
    """The loss is NaN."""

    def __str__(self) -> str:
        return "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Stops when a loss is NaN.

    Parameters
    ----------
    loss_tensor : Tensor or str
        The loss, a single number, or its name.
    fail_on_nan_loss : bool
        Whether to raise `NanLossDuringTrainingError`, or only to ask to stop.
    """

    def __init__(self, loss_tensor: GraphElementLike, fail_on_nan_loss: bool = True) -> None:
        self._loss = loss_tensor
        self._fails = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the loss."""
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Check the loss.

        Raises
        ------
        NanLossDuringTrainingError
            The loss is NaN.
        """
        if np.isnan(run_values.results):
            if self._fails:
                log.error("Model diverged with loss = NaN.")
                raise NanLossDuringTrainingError
            log.warning("Model diverged with loss = NaN.")
            run_context.request_stop()


class GlobalStepWaiterHook(SessionRunHook):
    """Delays the first run until other threads have raised the global step to a value."""

    def __init__(self, wait_until_step: int) -> None:
        self._wait_until_step = wait_until_step

    def begin(self) -> None:
        """Find the global step."""
        self._has_begun = False
        self._global_step = needed_global_step(self)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Wait, before the first run."""
        if not self._has_begun and self._wait_until_step > 0:
            log.info("Waiting for global step %d before starting training.", self._wait_until_step)
            while run_context.session.run(self._global_step) < self._wait_until_step:
                time.sleep(WAIT_SECONDS)
        self._has_begun = True
        return None


class FeedFnHook(SessionRunHook):
    """Feeds every run with the values that a function gives.

    Parameters
    ----------
    feed_fn : callable
        Gives a ``feed_dict``.
    """

    def __init__(self, feed_fn: Callable[[], Mapping[Any, Any]]) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Call the function."""
        return SessionRunArgs(None, self.feed_fn())


class FinalOpsHook(SessionRunHook):
    """Runs fetches at the end of a session, and keeps their values.

    Parameters
    ----------
    final_ops : object
        As for `Session.run`.
    final_ops_feed_dict : dict, optional
        The feeds of that run.
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: Mapping[Any, Any] | None = None) -> None:
        self._final_ops = final_ops
        self._feed_dict = final_ops_feed_dict
        self._values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """The values; None before the end."""
        return self._values

    def end(self, session: Session) -> None:
        """Run the fetches."""
        if self._final_ops is not None:
            self._values = session.run(self._final_ops, feed_dict=self._feed_dict)


def default_graph_element(item: GraphElementLike) -> Tensor | Operation:
    """The element of the default graph that an object or a name stands for."""
    return get_default_graph().as_graph_element(item)
