"""The rotation of a Saver's checkpoints: a list in memory and in the state file, and the deletion of old ones."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import NamedTuple

from hdfsaver.checkpoint import checkpoint_management, retention, shared_files
from hdfsaver.checkpoint.retention import Kept, Policy, RotationState
from hdfsaver.checkpoint.shared_files import Signature
from hdfsaver.errors import NotFoundError, OpError
from hdfsaver.files.file_status import file_status
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.reading import checkpoint_names, state_file
from hdfsaver.reading.checkpoint_names import PathLike, as_targets
from hdfsaver.reading.state_file import CheckpointState, GroupList


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
    group : str
        The group of the Saver.
    """

    def __init__(
        self, max_to_keep: int, hours: float, keep: Policy | None, relative: bool, resume: bool, group: str = ""
    ) -> None:
        self._max_to_keep = max_to_keep
        self._hours = hours
        self._keep = keep
        self._relative = relative
        self._group = group
        self._remembers = resume
        self._resumes = resume and max_to_keep > 0
        self._state = RotationState(next_preserved=time.time() + hours * 3600)
        self._written: dict[str, shared_files.Signature] = {}

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
        found = [(path, checkpoint_names.find(path)) for path in as_targets(paths)]
        self.set_kept(
            Kept(prefix, _mtime(file), path=checkpoint_names.absolute(prefix))
            for prefix, file in found
            if file is not None
        )

    def record(
        self,
        new: Kept,
        folder: str,
        latest_filename: str | None,
        *,
        durable: bool,
        names: Iterable[str] | None = None,
    ) -> None:
        """Add a saved checkpoint, write the state file, and then delete the retired checkpoints.

        The caller holds the lock of the folder and has swept its drafts. Checkpoints that another Saver has removed are
        not written to the state file; those that Savers of other groups list are written again.

        Parameters
        ----------
        new : Kept
            With its absolute path.
        folder : str
            The folder of the state file, as an absolute path.
        latest_filename : str, optional
            Its name.
        durable : bool
            Wait until the state file is on the disk.
        names : iterable of str, optional
            The names in the folder since its lock is held, if they are known.
        """
        place = new.place
        found: dict[str, Signature] = {}
        paths = _Names(folder, os.path.dirname(new.prefix))
        if self._resumes:
            self._resume(paths, latest_filename)
        self._state = retention.record(self._state, new, self._max_to_keep, self._keep)
        listed = [entry for entry in self._state.kept if _is_there(entry, new, found)]
        # A Saver that keeps all has no list, or one that it was given, which may end with this checkpoint.
        if not listed or listed[-1].place != place:
            listed.append(new)
        # A state file without groups is of no use to a Saver without one, and reading it takes time in every save.
        is_shared = self._group or state_file.has_groups(folder, latest_filename)
        before = _read(folder, latest_filename) if is_shared else None
        lists = {} if before is None else shared_files.lists_of_others(before, self._group)
        retired, superseded = retention.retire(self._state, self._hours)
        needed = self._needed(superseded, lists, folder, latest_filename, names)
        lists = self._with_own(lists, before, listed, needed)
        state_file.update(
            self._described(_joined(listed, lists, before, paths) if lists else listed, lists, paths),
            folder,
            latest_filename,
            save_relative_paths=self._relative,
            durable=durable,
            sweep=False,
        )
        found[place] = _signature_if_told(place)
        superseded = [each for each in superseded if each not in needed]
        if superseded:
            checkpoint_management.remove_superseded(superseded, [entry.place for entry in retired.kept], found)
        for entry in self._state.retired:
            self._written.pop(entry.place, None)
        if not self._group and self._max_to_keep > 0:
            self._written[place] = found[place]
        self._state = retired  # only now: what an interruption has left there goes with the next save

    def _needed(
        self,
        superseded: list[str],
        lists: dict[str, GroupList],
        folder: str,
        latest_filename: str | None,
        names: Iterable[str] | None,
    ) -> dict[str, bool]:
        """The superseded checkpoints that must stay; see `shared_files.still_needed`."""
        if not superseded:
            return {}
        # A file that this Saver has written without a group, and that is unchanged, has its model alone.
        known = {place: self._written[place] for place in superseded if place in self._written}
        unchanged = {place: each for place, each in known.items() if each and each == shared_files.signature(place)}
        return shared_files.still_needed(superseded, self._group, lists, folder, latest_filename, unchanged, names)

    def _with_own(
        self, lists: dict[str, GroupList], before: CheckpointState | None, listed: list[Kept], needed: dict[str, bool]
    ) -> dict[str, GroupList]:
        """The lists of all groups; none if there are no groups, so that the state file is that of TensorFlow."""
        if not (lists or self._group or any(needed.values()) or before):
            return {}
        found = {} if before is None else before.groups
        released = found[self._group].released if self._group in found else ()
        places = {entry.place for entry in listed}
        staying = dict.fromkeys([*(path for path in released if checkpoint_names.find_own(path) is not None), *needed])
        own = GroupList(
            {entry.place: entry.metric for entry in listed}, tuple(path for path in staying if path not in places)
        )
        return {**lists, self._group: own} if lists or self._group or own.released else {}

    def _described(self, entries: list[Kept], lists: dict[str, GroupList], names: _Names) -> CheckpointState:
        """The state to write; its last entry is the newest."""
        paths = [names.stored(entry.prefix, entry.place) for entry in entries]
        state = CheckpointState(
            paths[-1],
            paths,
            all_model_checkpoint_metrics=[entry.metric for entry in entries],
            groups=state_file.with_paths(lists, lambda path: names.stored(names.given(path), path)),
        )
        if self._remembers:  # as in TensorFlow, times are written only if they are used
            state.all_model_checkpoint_timestamps = [entry.time for entry in entries]
            state.last_preserved_timestamp = self._state.next_preserved - self._hours * 3600
        return state

    def _resume(self, names: _Names, latest_filename: str | None) -> None:
        state = _read(names.folder, latest_filename)
        if state is not None:
            # The checkpoints of this Saver are newer than those of the state file.
            self.set_kept([*self._own(_listed(state, names), state), *self._state.kept])
            if state.last_preserved_timestamp:
                self._state = self._state._replace(next_preserved=state.last_preserved_timestamp + self._hours * 3600)
        self._resumes = False  # only now: where the system does not let it be read, the next save tries again

    def _own(self, entries: list[Kept], state: CheckpointState) -> list[Kept]:
        """The entries of a state that the Saver's group has listed; without lists, those with a model of the group."""
        if state.groups:
            found = state.groups[self._group].listed if self._group in state.groups else {}
            return [entry._replace(metric=found[entry.place]) for entry in entries if entry.place in found]
        if not self._group:
            return entries
        return [entry for entry in entries if shared_files.has_model(entry.place, self._group)]


class _Names(NamedTuple):
    """How a program and a state file name the checkpoints of a folder.

    ``folder`` is its absolute path, and ``given_folder`` the path by which the program knows it.
    """

    folder: str
    given_folder: str

    def given(self, path: str) -> str:
        """An absolute path of a checkpoint as the program would name it."""
        if isinstance(path, RemoteName):
            return path
        within = path.removeprefix(os.path.join(self.folder, ""))
        return path if within == path else os.path.join(self.given_folder, within)

    def stored(self, given: str, path: str) -> str:
        """The path in the state file. As in TensorFlow, a folder that the program names relatively can be moved."""
        if isinstance(path, RemoteName):  # always relative to its folder: see `state_file.generate`
            return path
        is_movable = not os.path.isabs(self.given_folder) and not os.path.isabs(given)
        return checkpoint_names.relative(path, self.folder) if is_movable else path


def _read(folder: str, latest_filename: str | None) -> CheckpointState | None:
    """The content of the state file that will be replaced; None without one that is understood."""
    try:
        return state_file.read(folder, latest_filename, strict=True)
    except ValueError:  # it names no checkpoint, and is replaced anyway
        return None


def _joined(
    listed: list[Kept], lists: dict[str, GroupList], before: CheckpointState | None, names: _Names
) -> list[Kept]:
    """The checkpoints of all groups, in the order of the last state; the newest one is last."""
    rows = {entry.place: entry for entry in listed}
    times = {} if before is None else dict(_timed(before))
    for found in lists.values():
        for path, metric in found.listed.items():
            rows.setdefault(path, Kept(names.given(path), times.get(path) or _time_of(path), metric, path))
    newest = rows.pop(listed[-1].place)
    order = dict.fromkeys([*(path for path in times if path in rows), *rows])
    return [*(rows[path] for path in order), newest]


def _is_there(entry: Kept, new: Kept, found: dict[str, Signature]) -> bool:
    """Whether a checkpoint exists; of one that was looked at, ``found`` gets the signature."""
    # Only checkpoints that the Saver may remove are checked. Entries without a time were set by the program, and stay.
    if entry is new or entry.time == float("inf"):
        return True
    try:
        found[entry.place] = shared_files.signature(entry.place)
    except OpError:  # the system does not tell: one that is no longer listed would never be deleted
        return True
    return found[entry.place] != ()


def _signature_if_told(place: str) -> Signature:
    try:
        return shared_files.signature(place)
    except OpError:
        return ()


def _mtime(file: str) -> float:
    found = file_status(file)
    if found is None:
        raise NotFoundError(None, None, f"Cannot tell when {file} was saved: it is gone.")
    return found.mtime


def _listed(state: CheckpointState, names: _Names) -> list[Kept]:
    """The existing checkpoints of a state, oldest first."""
    rows = zip(state_file.rated(state), _timed(state), strict=True)
    return [
        Kept(names.given(path), _time_of(path) if saved is None else saved, metric, path)
        for (path, metric), (_path, saved) in rows
        if checkpoint_names.find(path) is not None
    ]


def _timed(state: CheckpointState) -> list[tuple[str, float | None]]:
    """The checkpoints of a state, each with its time; None if it is not recorded."""
    paths, times = state.all_model_checkpoint_paths, state.all_model_checkpoint_timestamps
    return list(zip(paths, times if len(times) == len(paths) else [None] * len(paths), strict=True))


def _time_of(path: str) -> float:
    file = checkpoint_names.find(path)
    return 0.0 if file is None else _mtime(file)
