"""Saves as jobs, which run immediately or in the background, one after the other."""

from __future__ import annotations

import atexit
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

from hdfsaver.checkpoint.retention import Kept
from hdfsaver.checkpoint.rotation import Rotation
from hdfsaver.files.atomic_write import LONG_DRAFTS, clear_stale, draft_names
from hdfsaver.files.folder_lock import folder_lock
from hdfsaver.files.opening import is_there
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.ownership import check_replaceable
from hdfsaver.storage.reading import open_rest
from hdfsaver.storage.writing import Model, WriteOptions, Writer

_STEP = re.compile(r"-[0-9]+\Z")


@dataclass(frozen=True)
class SaveJob:
    """One save, with everything that it needs; it does not change until it runs.

    Attributes
    ----------
    prefix : str
        The prefix of the checkpoint.
    model : Model
        Values and graph.
    version : hashable
        The version of the graph; see `Writer.write`.
    group : str
        The group for the model; the models of the other groups of the file are written again with it.
    writer : Writer
    options : WriteOptions
    rotation : Rotation or None
        The rotation that lists the checkpoint; None if no state file is written.
    latest_filename : str or None
        The state file's name.
    metric : float or None
        The metric of the model.
    """

    prefix: str
    model: Model
    version: Hashable
    group: str
    writer: Writer
    options: WriteOptions
    rotation: Rotation | None
    latest_filename: str | None
    metric: float | None

    def run(self) -> None:
        """Write the file, then the state file, and then remove superseded checkpoints."""
        folder = os.path.dirname(self.prefix)
        path = checkpoint_names.file_of(self.prefix)
        # Other savers of the folder wait, and delete nothing meanwhile.
        with folder_lock(folder):
            clear_stale(folder, _draft_names(*_without_step(path.name), self.latest_filename))
            if is_there(path):
                check_replaceable(path)
            if self.group:
                self._write_beside_others(path)
            else:
                self.writer.write(path, {ROOT: self.model}, structure_version=self.version, options=self.options)
            if self.rotation is not None:
                new = Kept(self.prefix, time.time(), self.metric)
                self.rotation.record(new, folder, self.latest_filename, durable=self.options.durable)

    def _write_beside_others(self, path: os.PathLike[str]) -> None:
        with open_rest(path, self.group) as rest:
            self.writer.write(
                path,
                {**rest.models, self.group: self.model},
                metadata=rest.metadata,
                beside=None if rest.foreign is None else rest.foreign.copy_into,
                # The versions of the other graphs are unknown, so a layout for them cannot be reused.
                structure_version=None if rest.models else self.version,
                options=self.options,
            )


def _without_step(name: str) -> tuple[str, str]:
    stem, suffix = os.path.splitext(name)
    return _STEP.sub("", stem), suffix


@lru_cache
def _draft_names(stem: str, suffix: str, latest_filename: str | None) -> str:
    """A regular expression for the drafts of checkpoints of this prefix, with any step, and of the state file."""
    steps = f"{re.escape(stem)}(?:-[0-9]+)?{re.escape(suffix)}"
    return f"{steps}|{LONG_DRAFTS}|{draft_names(latest_filename or state_file.DEFAULT_NAME)}"


class BackgroundSaves:
    """Runs jobs in a thread, in the order of `submit`.

    An error is stored, and raised by the next call of a method. Errors that remain at the end of the program are raised
    then, which prints them.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self.pending: deque[Future[None]] = deque()

    def submit(self, job: Callable[[], None]) -> None:
        """Add a job; if an earlier job failed, raise its error instead."""
        while self.pending and self.pending[0].done():
            self._next()
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="hdfsaver-save")
            if not self.pending:
                # This keeps the object alive until the last job is checked: its Saver may be deleted before.
                atexit.register(self.wait)
            future = self._pool.submit(job)
            self.pending.append(future)
        future.add_done_callback(self._forget_success)

    def wait(self) -> None:
        """Wait for all jobs, and raise the first error; call it again for further errors."""
        while self.pending:
            self._next()

    def _forget_success(self, job: Future[None]) -> None:
        """Only errors are kept until they are asked for."""
        if job.exception() is None:
            with self._lock:
                if job in self.pending:
                    self.pending.remove(job)
                self._end_if_idle()

    def _end_if_idle(self) -> None:
        if not self.pending:
            atexit.unregister(self.wait)

    def _next(self) -> None:
        try:
            job = self.pending.popleft()
        except IndexError:  # another thread was faster
            return
        try:
            job.result()
        finally:
            with self._lock:
                self._end_if_idle()
