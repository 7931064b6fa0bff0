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
        new = wait_for_new_checkpoint(checkpoint_dir, last, POLL_SECONDS, timeout)
        if new is not None:
            last, given = new, time.monotonic()
            yield new
            time.sleep(max(0.0, given + min_interval_secs - time.monotonic()))
        elif timeout_fn is None:
            return
        if timeout_fn is not None and timeout_fn():
            return


def wait_for_new_checkpoint(
    checkpoint_dir: PathLike,
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = POLL_SECONDS,
    timeout: float | None = None,
) -> str | None:
    """Wait until the latest checkpoint of a folder is another one.

    Parameters
    ----------
    checkpoint_dir : path
        The folder; it does not need to exist yet.
    last_checkpoint : str, optional
        The checkpoint that is known already; None where none is.
    seconds_to_sleep : float
        The number of seconds between two checks of the folder.
    timeout : float, optional
        The number of seconds to wait; unlimited by default. No check begins after it.

    Returns
    -------
    str or None
        The prefix of the latest checkpoint; None after the timeout.

    Raises
    ------
    ValueError
        The folder's state file names no checkpoint.
    """
    stop = None if timeout is None else time.monotonic() + timeout
    while True:
        latest = latest_checkpoint(checkpoint_dir)
        if latest is not None and latest != last_checkpoint:
            return latest
        if stop is not None and time.monotonic() + seconds_to_sleep > stop:
            return None
        time.sleep(seconds_to_sleep)
