"""Progress of a save, a restore or a verification."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

Callback: TypeAlias = Callable[[int, int], object]
"""Called with the bytes done and the bytes in total, now and then, from any of the threads that move bytes, one at a
time. An exception in it ends the work, and is raised to the caller."""


class Progress:
    """Counts bytes for a callback; it does nothing without a callback or without bytes."""

    def __init__(self, callback: Callback | None, total: int) -> None:
        self._callback = callback
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def advance(self, nbytes: int) -> None:
        """Report that more bytes are done."""
        if self._callback is not None and nbytes:
            with self._lock:
                self._done += nbytes
                self._callback(self._done, self._total)


SILENT = Progress(None, 0)
