"""The rotation of a Saver's checkpoints: a list in memory and in the state file, and the deletion of old ones."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from hdfsaver.checkpoint import checkpoint_management, retention
from hdfsaver.checkpoint.retention import Kept, Policy, RotationState
from hdfsaver.errors import OpError, from_os_error
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.reading.checkpoint_names import PathLike, as_prefixes
from hdfsaver.reading.state_file import CheckpointState


class Rotation:
    """The list of a Saver's checkpoints.

    Parameters
    ----------
    max_to_keep : int
        The number of newest checkpoints to keep; 0 keeps all and lists only the newest.
    hours : float
        In addition, one checkpoint is kept permanently in each period of this many hours.
    keep : callable or None
        A policy for other checkpoints to keep; see `hdfsaver.checkpoint.retention.Policy`.
    relative : bool
        Write relative paths to the state file.
    resume : bool
        Begin with the checkpoints in the state file.
    """

    def __init__(self, max_to_keep: int, hours: float, keep: Policy | None, relative: bool, resume: bool) -> None:
        self._max_to_keep = max_to_keep
        self._hours = hours
        self._keep = keep
        self._relative = relative
        self._remembers = resume
        self._resumes = resume and max_to_keep > 0
        self._state = RotationState(next_preserved=time.time() + hours * 3600)

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The kept checkpoints, oldest first."""
        return self._state.kept

    def set_kept(self, kept: Iterable[Kept]) -> None:
        """Set the kept checkpoints, oldest first."""
        self._state = self._state._replace(kept=tuple(kept))
        self._resumes = False

    def recover(self, paths: Iterable[PathLike]) -> None:
        """Add the existing ones of some checkpoints, with the times of their files."""
        found = [(path, checkpoint_names.find(path)) for path in as_prefixes(paths)]
        self.set_kept(Kept(prefix, _mtime(file)) for prefix, file in found if file is not None)

    def record(self, new: Kept, folder: str, latest_filename: str | None, *, durable: bool) -> None:
        """Add a saved checkpoint, write the state file, and then delete the retired checkpoints.

        The caller holds the lock of the folder and has swept its drafts. Checkpoints that another Saver has removed are
        not written to the state file.

        Parameters
        ----------
        new : Kept
        folder : str
            The folder of the state file.
        latest_filename : str, optional
            Its name.
        durable : bool
            Wait until the state file is on the disk.
        """
        if self._resumes:
            self._resume(folder, latest_filename)
        self._state = retention.record(self._state, new, self._max_to_keep, self._keep)
        listed = [entry for entry in self._state.kept if _is_there(entry, new)]
        if listed[-1:] != [new]:  # a Saver that keeps all has no list, or one that it was given
            listed.append(new)
        state_file.update(
            self._described(new, listed),
            folder,
            latest_filename,
            save_relative_paths=self._relative,
            durable=durable,
            sweep=False,
        )
        retired, superseded = retention.retire(self._state, self._hours)
        if superseded:
            checkpoint_management.remove_superseded(superseded, retention.prefixes(retired.kept))
        self._state = retired  # only now: what an interruption has left there goes with the next save

    def _described(self, new: Kept, listed: list[Kept]) -> CheckpointState:
        state = CheckpointState(
            new.prefix,
            [entry.prefix for entry in listed],
            all_model_checkpoint_metrics=[entry.metric for entry in listed],
        )
        if self._remembers:  # as in TensorFlow, times are written only if they are used
            state.all_model_checkpoint_timestamps = [entry.time for entry in listed]
            state.last_preserved_timestamp = self._state.next_preserved - self._hours * 3600
        return state

    def _resume(self, folder: str, latest_filename: str | None) -> None:
        try:
            state = state_file.read(folder, latest_filename, strict=True)
        except ValueError:  # a state file without a checkpoint, which is replaced anyway
            state = None
        if state is not None:
            # The checkpoints of this Saver are newer than those of the state file.
            self.set_kept([*_listed(state), *self._state.kept])
            if state.last_preserved_timestamp:
                self._state = self._state._replace(next_preserved=state.last_preserved_timestamp + self._hours * 3600)
        self._resumes = False  # only now: where the system does not let it be read, the next save tries again


def _is_there(entry: Kept, new: Kept) -> bool:
    # Only checkpoints that the Saver may remove are checked. Entries without a time were set by the program, and stay.
    if entry is new or entry.time == float("inf"):
        return True
    try:
        return checkpoint_names.find_own(entry.prefix) is not None
    except OpError:  # the system does not tell: one that is no longer listed would never be deleted
        return True


def _mtime(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError as error:
        raise from_os_error(error, f"Cannot tell when {file} was saved") from error


def _listed(state: CheckpointState) -> list[Kept]:
    """The existing checkpoints of a state, oldest first."""
    paths = state.all_model_checkpoint_paths
    files = [checkpoint_names.find(path) for path in paths]
    times: Iterable[float] = state.all_model_checkpoint_timestamps
    if len(state.all_model_checkpoint_timestamps) != len(paths):
        times = [0.0 if file is None else _mtime(file) for file in files]
    metrics = state.all_model_checkpoint_metrics or [None] * len(paths)
    rows = zip(paths, times, metrics, files, strict=True)
    return [Kept(path, saved, metric) for path, saved, metric, file in rows if file is not None]
