"""The runs that a session has prepared and keeps for the next time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.graph.tensor import Tensor
from hdfsaver.session.engine import Executable
from hdfsaver.shapes import Shape

RUNS = 4096
"""How many prepared runs a session keeps."""

STEPS = 1_000_000
"""How many steps these have together, each of about 500 bytes. The newest run is kept however many it has."""


class Feed(NamedTuple):
    """The requirements of a fed tensor on its value."""

    tensor: Tensor
    dtype: str
    numpy_dtype: np.dtype[Any]
    shape: Shape


class PreparedRun(NamedTuple):
    """The prepared run of a combination of fetches and feeds.

    Attributes
    ----------
    execute : callable
        Computes the values of the fetches.
    feeds : tuple of Feed
        In the order of the values that ``execute`` takes.
    version : int
        That of the graph for which it was prepared.
    steps : int
        How many operations it runs.
    """

    execute: Executable
    feeds: tuple[Feed, ...]
    version: int
    steps: int


class PreparedRuns:
    """Prepared runs by their fetches and feeds: those that were used last. Several threads may use them at once."""

    def __init__(self) -> None:
        self._runs: OrderedDict[Hashable, PreparedRun] = OrderedDict()  # the one that was used last is the last
        self._latest: PreparedRun | None = None
        self._steps = 0
        self._version = -1
        # A signal handler that runs the session may interrupt the thread that holds it.
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, key: Hashable, version: int) -> PreparedRun | None:
        """The run of that key for that version of the graph; None where it is not kept.

        Raises
        ------
        TypeError
            The key cannot be hashed.
        """
        found = self._runs.get(key)
        if found is None or found.version != version:
            return None
        if found is not self._latest:  # one that is repeated costs nothing more
            with self._lock:
                if key in self._runs:  # else another thread has just put more runs in its place
                    self._runs.move_to_end(key)
                    self._latest = found
        return found

    def keep(self, key: Hashable, run: PreparedRun) -> None:
        """Keep a run, in the place of those that were not used for the longest time, and of older versions."""
        with self._lock:
            if run.version < self._version:
                return
            if run.version > self._version:
                self.clear()
                self._version = run.version
            replaced = self._runs.pop(key, None)
            self._steps += run.steps - (replaced.steps if replaced is not None else 0)
            self._runs[key] = self._latest = run
            while len(self._runs) > 1 and (len(self._runs) > RUNS or self._steps > STEPS):
                self._steps -= self._runs.popitem(last=False)[1].steps

    def clear(self) -> None:
        """Keep none."""
        with self._lock:
            self._runs.clear()
            self._latest = None
            self._steps = 0
