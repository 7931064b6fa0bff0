"""Wait for checkpoints that another process saves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.reading.find_checkpoint import latest_checkpoint

POLL_SECONDS = 1.0
"""How long to sleep between two looks at a folder."""


def checkpoints_iterator(
    checkpoint_dir: PathLike,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """Give the latest checkpoint of a folder, again and again as new ones appear.

    The folder is looked at only when the next checkpoint is asked for, so those in between may be missed.

    Parameters
    ----------
    checkpoint_dir : path
        It need not exist yet.
    min_interval_secs : float
        The least number of seconds between two checkpoints.
    timeout : float, optional
        How many seconds to wait for one; for ever where it is not given.
    timeout_fn : callable, optional
        Asked when the time is up, and after each checkpoint, whether to stop; without it the time decides.

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
    """The latest checkpoint once it is another than the last one; None when the time is up."""
    stop = None if timeout is None else time.monotonic() + timeout
    while True:
        latest = latest_checkpoint(checkpoint_dir)
        if latest is not None and latest != last:
            return latest
        # A look that would come after the time is up is not waited for.
        if stop is not None and time.monotonic() + POLL_SECONDS > stop:
            return None
        time.sleep(POLL_SECONDS)
