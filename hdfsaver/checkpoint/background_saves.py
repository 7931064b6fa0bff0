"""Saves that go on while the program does: one after the other, in a thread, with their errors kept."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Background:
    """Runs jobs in the order in which they come.

    An error is kept, and raised by the next call of any method; those that nobody has asked about when the program ends
    are raised then, which prints them.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._pending: deque[Future[None]] = deque()
        self._lock = threading.Lock()

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job behind those that wait; raises the error of an earlier one instead."""
        self.check()
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="hdfsaver-save")
                atexit.register(_finish, weakref.ref(self))
            self._pending.append(self._pool.submit(job))

    def check(self) -> None:
        """Raise the error of the first job that has failed."""
        while self._pending and self._pending[0].done():
            self._next()

    def wait(self) -> None:
        """Wait for all jobs, and raise the error of the first that fails; call it again for the others."""
        while self._pending:
            self._next()

    def _next(self) -> None:
        try:
            job = self._pending.popleft()
        except IndexError:  # another thread was faster
            return
        job.result()


def _finish(reference: weakref.ref[Background]) -> None:
    background = reference()
    if background is not None:
        background.wait()
