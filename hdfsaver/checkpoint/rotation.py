"""The checkpoints that a Saver keeps: listed in memory and in the state file, deleted when they leave the list."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from hdfsaver.checkpoint import checkpoint_management, retention
from hdfsaver.checkpoint.retention import Kept, Policy, Rotation
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.reading.find_checkpoint import PathLike, as_prefixes
from hdfsaver.reading.state_file import CheckpointState


class Keeper:
    """Keeps the list of a Saver's checkpoints.

    Parameters
    ----------
    max_to_keep : int
        How many of the newest stay; 0 keeps all and lists the newest alone.
    hours : float
        Beside those, one stays for good whenever so much time has passed.
    keep : callable or None
        Which others stay too; see `hdfsaver.checkpoint.retention.Policy`.
    relative : bool
        Write paths into the state file relative to it.
    resume : bool
        Begin with what the state file lists.
    """

    def __init__(self, max_to_keep: int, hours: float, keep: Policy | None, relative: bool, resume: bool) -> None:
        self._max_to_keep = max_to_keep
        self._hours = hours
        self._keep = keep
        self._relative = relative
        self._remembers = resume
        self._resumes = resume and max_to_keep > 0
        self._rotation = Rotation(next_preserved=time.time() + hours * 3600)

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The checkpoints that are kept, oldest first."""
        return self._rotation.kept

    def set_kept(self, kept: Iterable[Kept]) -> None:
        """Say which checkpoints are kept, oldest first."""
        self._rotation = self._rotation._replace(kept=tuple(kept))
        self._resumes = False

    def recover(self, paths: Iterable[PathLike]) -> None:
        """Take up those of the checkpoints that are there; their files tell their times."""
        found = [(path, checkpoint_names.find(path)) for path in as_prefixes(paths)]
        self.set_kept(Kept(prefix, file.stat().st_mtime) for prefix, file in found if file is not None)

    def record(
        self, prefix: str, latest_filename: str | None, metric: float | None = None, durable: bool = True
    ) -> None:
        """List a checkpoint that was just saved, write the state file, and only then delete what left the list.

        To be called under the lock of the folder. What another Saver has removed is not written into the state file:
        two that save the same names would name each other's losses.
        """
        if self._resumes:
            self._resume(os.path.dirname(prefix), latest_filename)
        new = Kept(prefix, time.time(), metric)
        self._rotation = retention.record(self._rotation, new, self._max_to_keep, self._keep)
        self._write_state(new, latest_filename, durable)
        self._rotation, superseded = retention.retire(self._rotation, self._hours)
        for old in superseded:
            checkpoint_management.remove_superseded(old, retention.prefixes(self._rotation.kept))

    def _write_state(self, new: Kept, latest_filename: str | None, durable: bool) -> None:
        listed = [entry for entry in self._rotation.kept if _is_there(entry)] or [new]
        checkpoint_management.update_checkpoint_state(
            os.path.dirname(new.prefix),
            new.prefix,
            retention.prefixes(listed),
            latest_filename,
            # As in TensorFlow, times are written where somebody is going to read them.
            [entry.time for entry in listed] if self._remembers else None,
            self._last_preserved() if self._remembers else None,
            save_relative_paths=self._relative,
            all_model_checkpoint_metrics=[entry.metric for entry in listed],
            durable=durable,
        )

    def _last_preserved(self) -> float:
        return self._rotation.next_preserved - self._hours * 3600

    def _resume(self, folder: str, latest_filename: str | None) -> None:
        self._resumes = False
        try:
            state = state_file.read(folder, latest_filename)
        except ValueError:  # it names no checkpoint, and is about to be replaced
            state = None
        if state is not None:
            # What this Saver itself has listed already came after it.
            self.set_kept([*_listed(state), *self._rotation.kept])
            if state.last_preserved_timestamp:
                self._rotation = self._rotation._replace(
                    next_preserved=state.last_preserved_timestamp + self._hours * 3600
                )


def _is_there(entry: Kept) -> bool:
    # A Saver answers for what it would remove itself. What it has only been told of, and has no time, stays listed.
    return entry.time == float("inf") or checkpoint_names.find_own(entry.prefix) is not None


def _listed(state: CheckpointState) -> list[Kept]:
    """The checkpoints of a state that are there, oldest first."""
    paths = state.all_model_checkpoint_paths
    files = [checkpoint_names.find(path) for path in paths]
    times: Iterable[float] = state.all_model_checkpoint_timestamps
    if len(state.all_model_checkpoint_timestamps) != len(paths):
        times = [0.0 if file is None else file.stat().st_mtime for file in files]
    metrics = state.all_model_checkpoint_metrics or [None] * len(paths)
    rows = zip(paths, times, metrics, files, strict=True)
    return [Kept(path, saved, metric) for path, saved, metric, file in rows if file is not None]
