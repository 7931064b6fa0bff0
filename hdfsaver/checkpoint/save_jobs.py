"""A save as a job, which has all that it needs and can run at any time."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Hashable
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from hdfsaver.checkpoint.retention import Kept
from hdfsaver.checkpoint.rotation import Rotation
from hdfsaver.errors import OpError
from hdfsaver.files.atomic_write import LONG_DRAFTS, clear_stale, draft_names
from hdfsaver.files.file_status import Numbers, file_status
from hdfsaver.files.folder_lock import folder_lock
from hdfsaver.files.opening import is_there
from hdfsaver.files.remote.names import RemoteName, sharing
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.ownership import check_replaceable
from hdfsaver.storage.reading import open_rest
from hdfsaver.storage.writing import Model, WriteOptions, Writer

_Identity: TypeAlias = "Numbers | None"

_STEP = re.compile(r"-[0-9]+\Z")


@dataclass(frozen=True)
class SaveJob:
    """One save, with everything that it needs; it does not change until it runs.

    Attributes
    ----------
    prefix : str
        The prefix of the checkpoint, as the program has given it.
    path : str
        The prefix as an absolute path.
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
    folder : str
        The folder of the prefix.
    real : str
        The folder without symbolic links.
    """

    prefix: str
    path: str
    model: Model
    version: Hashable
    group: str
    writer: Writer
    options: WriteOptions
    rotation: Rotation | None
    latest_filename: str | None
    metric: float | None
    folder: str
    real: str

    def run(self) -> None:
        """Write the file, then the state file, and then remove superseded checkpoints.

        A save that comes within another one, of the same folder or rotation, only writes its file: a signal handler has
        interrupted the other one, or its ``progress`` saves. The rest is done when the other save has ended.
        """
        folder, path = self.folder, checkpoint_names.file_of(self.path)
        enclosing = _running.get()
        outer = next((each for each in enclosing if each.covers(self)), None) if enclosing else None
        if outer is not None:
            with folder_lock(folder, self.real):
                self._write(folder, path)
                outer.postponed.append((self, _identity(path)))
            return
        this = _Running(self)
        _running.set((*enclosing, this))
        try:
            with folder_lock(folder, self.real):
                self._record(folder, self._write(folder, path))
        finally:
            if this.postponed:
                this.complete()
            _running.set(enclosing)
            if this.postponed:  # a handler has come between the two
                this.complete()

    def complete(self, written: _Identity) -> None:
        """Do the rest of a save that was within another one; a file that this one has replaced is written again."""
        folder, path = self.folder, checkpoint_names.file_of(self.path)
        with folder_lock(folder, self.real):
            if _identity(path) != written:
                self._write(folder, path)
            self._record(folder)

    def _write(self, folder: str, path: str) -> list[str] | None:
        """Write the file; the names that were in the folder."""
        # Other savers of the folder wait, and delete nothing meanwhile.
        is_remote = isinstance(path, RemoteName)
        names = None
        if not is_remote:
            names = clear_stale(folder, _draft_names(*_without_step(os.path.basename(path)), self.latest_filename))
        with sharing() if is_remote else nullcontext():
            if is_there(path):
                check_replaceable(path)
        if self.group:
            self._write_beside_others(path)
        else:
            self.writer.write(path, {ROOT: self.model}, structure_version=self.version, options=self.options)
        return names

    def _record(self, folder: str, names: list[str] | None = None) -> None:
        if self.rotation is None:
            return
        new = Kept(self.prefix, time.time(), self.metric, self.path)
        try:
            self.rotation.record(new, folder, self.latest_filename, durable=self.options.durable, names=names)
        except OpError as error:
            written = f"{checkpoint_names.file_of(self.path)} is written, but the state file may not list it"
            raise type(error)(None, None, f"{written}: {error.message}", error.error_code) from error.__cause__

    def _write_beside_others(self, path: str) -> None:
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


@dataclass
class _Running:
    """A save that runs, and what those within it have left to do."""

    job: SaveJob
    postponed: list[tuple[SaveJob, _Identity]] = field(default_factory=list)

    def covers(self, job: SaveJob) -> bool:
        """Whether the other save is of the same rotation or folder."""
        return self.job.rotation is job.rotation is not None or self.job.real == job.real

    def complete(self) -> None:
        """Do what is left."""
        while self.postponed:
            job, written = self.postponed.pop(0)
            job.complete(written)


_running: ContextVar[tuple[_Running, ...]] = ContextVar("_running", default=())
"""The saves in which the present code runs."""


def _identity(path: str) -> _Identity:
    """Distinguishes two files that have one name, one after the other; None without a file."""
    found = file_status(path)
    return None if found is None else found.signature


def _without_step(name: str) -> tuple[str, str]:
    stem, suffix = os.path.splitext(name)
    return _STEP.sub("", stem), suffix


@lru_cache
def _draft_names(stem: str, suffix: str, latest_filename: str | None) -> str:
    """A regular expression for the drafts of checkpoints of this prefix, with any step, and of the state file."""
    steps = f"{re.escape(stem)}(?:-[0-9]+)?{re.escape(suffix)}"
    return f"{steps}|{LONG_DRAFTS}|{draft_names(latest_filename or state_file.DEFAULT_NAME)}"
