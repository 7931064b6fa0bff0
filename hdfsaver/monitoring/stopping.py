"""Hooks that end a training."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from hdfsaver.graph.default import get_default_graph
from hdfsaver.monitoring.hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.training import log
from hdfsaver.training.global_step import get_global_step

WAIT_SECONDS = 0.5
"""How long to sleep between two looks at a global step that others raise."""


def needed_global_step(hook: object) -> Any:
    """The global step, which a hook cannot do without; `RuntimeError` where there is none."""
    found = get_global_step()
    if found is None:
        raise RuntimeError(f"Global step should be created to use {type(hook).__name__}.")
    return found


class StopAtStepHook(SessionRunHook):
    """Asks to stop after a number of steps, or at a step.

    Parameters
    ----------
    num_steps : int, optional
        So many steps after the session was made.
    last_step : int, optional
        At this value of the global step. Exactly one of both is to be given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        if num_steps is None and last_step is None:
            raise ValueError("One of num_steps or last_step must be specified.")
        if num_steps is not None and last_step is not None:
            raise ValueError("Only one of num_steps or last_step can be specified.")
        self._num_steps = num_steps
        self._last_step = last_step

    def begin(self) -> None:
        """Look for the global step."""
        self._global_step = needed_global_step(self)

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Find out the last step; once, so that a recovered session does not begin to count anew."""
        if self._last_step is None:
            assert self._num_steps is not None
            self._last_step = int(session.run(self._global_step)) + self._num_steps

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Ask to stop at the last step; the value that was fetched may be from before the run's own step."""
        last = self._last_step
        if run_values.results + 1 >= last and run_context.session.run(self._global_step) >= last:
            run_context.request_stop()


class NanLossDuringTrainingError(RuntimeError):
    """The loss is not a number."""

    def __str__(self) -> str:
        return "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Stops when a loss is not a number any more.

    Parameters
    ----------
    loss_tensor : Tensor
    fail_on_nan_loss : bool
        Whether to raise `NanLossDuringTrainingError`, or only to ask to stop.
    """

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss = loss_tensor
        self._fails = fail_on_nan_loss

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the loss."""
        return SessionRunArgs(self._loss)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Look at the loss."""
        if np.isnan(run_values.results):
            if self._fails:
                log.error("Model diverged with loss = NaN.")
                raise NanLossDuringTrainingError
            log.warning("Model diverged with loss = NaN.")
            run_context.request_stop()


class GlobalStepWaiterHook(SessionRunHook):
    """Holds the first run up until others have raised the global step to a value."""

    def __init__(self, wait_until_step: int) -> None:
        self._wait_until_step = wait_until_step

    def begin(self) -> None:
        """Look for the global step."""
        self._has_begun = False
        self._global_step = needed_global_step(self)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Wait, the first time."""
        if not self._has_begun and self._wait_until_step > 0:
            log.info("Waiting for global step %d before starting training.", self._wait_until_step)
            while run_context.session.run(self._global_step) < self._wait_until_step:
                time.sleep(WAIT_SECONDS)
        self._has_begun = True
        return None


class FeedFnHook(SessionRunHook):
    """Feeds every run what a function gives.

    Parameters
    ----------
    feed_fn : callable
        Gives a ``feed_dict``.
    """

    def __init__(self, feed_fn: Any) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Ask the function."""
        return SessionRunArgs(None, self.feed_fn())


class FinalOpsHook(SessionRunHook):
    """Runs something at the end of a session, and keeps the values.

    Parameters
    ----------
    final_ops : object
        As for `Session.run`.
    final_ops_feed_dict : dict, optional
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None) -> None:
        self._final_ops = final_ops
        self._feed_dict = final_ops_feed_dict
        self._values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """The values; None before the end."""
        return self._values

    def end(self, session: Any) -> None:
        """Run them."""
        if self._final_ops is not None:
            self._values = session.run(self._final_ops, feed_dict=self._feed_dict)


def default_graph_element(item: Any) -> Any:
    """What a hook was given, by itself or by its name, as an element of the default graph."""
    return get_default_graph().as_graph_element(item)
