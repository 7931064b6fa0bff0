"""A timer of actions that are due every few seconds or steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class SecondOrStepTimer:
    """Decides at which steps an action is due: at the first, and then whenever enough seconds or steps have passed.

    Parameters
    ----------
    every_secs : float, optional
        Seconds between two actions.
    every_steps : int, optional
        Steps between two actions. Exactly one of the two must be given.

    Raises
    ------
    ValueError
        Both or neither are given.
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        self._every_secs = every_secs
        self._every_steps = every_steps
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")
        self.reset()

    def reset(self) -> None:
        """Forget the last action."""
        self._last_step: int | None = None
        self._last_time = 0.0

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether the action is due at a step."""
        if self._last_step is None:
            return True
        if step == self._last_step:
            return False
        if self._every_secs is not None and time.time() >= self._last_time + self._every_secs:
            return True
        return self._every_steps is not None and step >= self._last_step + self._every_steps

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Note the action at a step; gives the seconds and steps since the last one, None at the first."""
        now = time.time()
        elapsed = (None, None) if self._last_step is None else (now - self._last_time, step - self._last_step)
        self._last_time, self._last_step = now, step
        return elapsed

    def last_triggered_step(self) -> int | None:
        """The step of the last action; None before the first."""
        return self._last_step


def due_step(
    timer: SecondOrStepTimer, fetched: Any, read_step: Callable[[], Any], steps_per_run: int = 1
) -> int | None:
    """Find whether a timer's action is due after a run.

    Parameters
    ----------
    timer : SecondOrStepTimer
        Decides; the action is not noted.
    fetched : int
        The global step that the run fetched, maybe from before its own update.
    read_step : callable
        Reads the global step; called only where the action may be due, as reading it is another run.
    steps_per_run : int
        The steps that one run makes.

    Returns
    -------
    int or None
        The global step after the run; None where the action is not due.
    """
    if not timer.should_trigger_for_step(int(fetched) + steps_per_run):
        return None
    step = int(read_step())
    return step if timer.should_trigger_for_step(step) else None
