"""Waiting for checkpoints that another process saves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.reading.find_checkpoint import latest_checkpoint

POLL_SECONDS = 1.0
"""Seconds to sleep between two checks of a folder."""


def checkpoints_iterator(
    checkpoint_dir: PathLike,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """Yield the latest checkpoint of a folder whenever a new one appears.

    The folder is checked only when the next checkpoint is requested, so checkpoints in between may be missed.

    Parameters
    ----------
    checkpoint_dir : path
        The folder; it does not need to exist yet.
    min_interval_secs : float
        The least number of seconds between two checkpoints.
    timeout : float, optional
        The number of seconds to wait for a checkpoint; unlimited by default.
    timeout_fn : callable, optional
        Called at each timeout and after each checkpoint; a true result ends the iteration. By default a timeout ends
        it.

    Yields
    ------
    str
        The prefix of the latest checkpoint.

    Raises
    ------
    ValueError
        The folder's state file names no checkpoint.
    """
    last: str | None = None
    while True:
        new = _wait_for_another(checkpoint_dir, last, timeout)
        if new is not None:
            last, given = new, time.monotonic()
            yield new
            time.sleep(max(0.0, given + min_interval_secs - time.monotonic()))
        elif timeout_fn is None:
            return
        if timeout_fn is not None and timeout_fn():
            return


def _wait_for_another(checkpoint_dir: PathLike, last: str | None, timeout: float | None) -> str | None:
    """Wait until the latest checkpoint differs from the last one, and return it; None after the timeout."""
    stop = None if timeout is None else time.monotonic() + timeout
    while True:
        latest = latest_checkpoint(checkpoint_dir)
        if latest is not None and latest != last:
            return latest
        # Do not wait for a check after the timeout.
        if stop is not None and time.monotonic() + POLL_SECONDS > stop:
            return None
        time.sleep(POLL_SECONDS)
