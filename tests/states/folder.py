"""A folder of checkpoints beside the model of what it should hold."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py

import hdfsaver as tf
from tests.states.drawn import stored_value
from tests.states.faults import Fault
from tests.states.model import Content, GroupList, Job, Rotation, Stage, State, World, family, outcomes
from tests.states.programs import Clock, SaverOf

GROUPS = ("", "teacher", "student")


def look(path: Path) -> dict[str, Content]:
    """All that a file holds, by group, every byte checked."""
    with h5py.File(path) as plain:
        models = {group: plain[group or "/"] for group in GROUPS if not group or group in plain}
        found = {group: _packed(model) for group, model in models.items() if "variables" in model or "graph" in model}
    return {group: _content(path, group, packed) for group, packed in found.items()}


def _packed(model: Any) -> tuple[set[str], bool]:
    """Which variables are compressed, and whether there is a graph."""
    packed: set[str] = set()
    model["variables"].visititems(lambda name, item: packed.add(name) if getattr(item, "chunks", None) else None)
    return packed, "graph" in model


def _content(path: Path, group: str, known: tuple[set[str], bool]) -> Content:
    packed, has_graph = known
    with tf.open_file(path, group=group) as file:
        file.verify()
        values = {name: stored_value(array, name in packed) for name, array in file.items()}
    return Content(values, _nodes(path, group) if has_graph else None)


def _nodes(path: Path, group: str) -> int:
    if not group:
        return len(tf.read_digraph(path))
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(path, group=group)
        return len(graph.digraph)


class Folder:
    """A folder, and what it should hold: the candidates that fit all that was seen so far.

    One candidate is the rule. After a fault there may be several, which what comes next tells apart.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.candidates: list[tuple[World, dict[int, Rotation]]] = [(World(), {})]
        self.drafts: set[str] = set()
        self._seen: dict[str, tuple[Any, Mapping[str, Content]]] = {}

    @property
    def world(self) -> World:
        """The files and states, which are known from looking."""
        return self.candidates[0][0]

    def update(self, change: Callable[[World, dict[int, Rotation]], Any]) -> None:
        """Replace each candidate by those that ``change`` gives for it."""
        self.candidates = [after for before in self.candidates for after in change(*before)]

    def add_saver(self, key: int, options: dict[str, Any]) -> None:
        """Note that there is another Saver."""
        hours, resume = options["keep_checkpoint_every_n_hours"], options["resume_rotation"]
        made = Rotation(
            options["max_to_keep"],
            hours,
            options["policy"],
            resume,
            options["group"],
            options["latest"],
            self.clock.now + hours * 3600,
            is_to_resume=resume,
        )
        self.update(lambda world, rotations: [(world, {**rotations, key: made})])

    def saved(self, key: int, jobs: list[Job], failed: bool, is_dead: bool, spares: bool) -> None:
        """Note what saves by the Saver of that key may have done."""

        def change(world: World, rotations: dict[int, Rotation]) -> list[Any]:
            ends: list[Stage] = outcomes(world, rotations[key], jobs, self.clock.now, failed, is_dead, spares)
            return [(end.world, {**rotations, key: end.rotation}) for end in ends]

        self.update(change)

    def check(self, savers: Mapping[int, SaverOf]) -> None:
        """The folder is what one of the candidates says, and so are the lists of Savers that are alive."""
        actual = World(self._files(), self._states())
        listed = {key: tuple(of.saver.last_checkpoints) for key, of in savers.items()}
        fitting = [
            (world, rotations)
            for world, rotations in self.candidates
            if world == actual
            and listed == {key: tuple(entry.prefix for entry in rotations[key].kept) for key in savers}
        ]
        assert fitting, self._report(actual, listed)
        self.candidates = [entry for place, entry in enumerate(fitting) if entry not in fitting[:place]]
        for latest, state in actual.states.items():
            newest = state.newest if actual.has(state.newest) else None
            assert newest == tf.train.latest_checkpoint(self.path, latest)
        self._seen = {name: (identity_of(self.path / name), content) for name, content in actual.files.items()}

    def _report(self, actual: World, listed: Any) -> str:
        lines = [f"found:    {actual.files}\n{actual.states}\n{listed}"]
        for world, rotations in self.candidates:
            lines.append(f"expected: {world.files}\n{world.states}\n{rotations}")
        return "\n".join(lines)

    def _files(self) -> dict[str, Mapping[str, Content]]:
        found = {}
        for path in self.path.glob("*.h5"):
            seen, content = self._seen.get(path.name, (None, {}))
            found[path.name] = content if seen == identity_of(path) else look(path)
        return found

    def _states(self) -> dict[str, State]:
        found = {}
        for latest in STATE_FILES:
            state = tf.train.get_checkpoint_state(self.path, latest)
            if state is not None:
                found[latest] = State(
                    state.model_checkpoint_path,
                    tuple(state.all_model_checkpoint_paths),
                    tuple(state.all_model_checkpoint_timestamps),
                    state.last_preserved_timestamp,
                    tuple(map(repr, state.all_model_checkpoint_metrics)),
                    {
                        name: GroupList({path: repr(metric) for path, metric in those.listed.items()}, those.released)
                        for name, those in state.groups.items()
                    },
                )
        return found

    def check_drafts(self, saved: set[str], fault: Fault | None) -> None:
        """Drafts of what was saved are gone; a fault may leave one more, or old ones."""
        found = {name for name in os.listdir(self.path) if not name.endswith(".h5") and name not in STATE_FILES}
        assert all(name.endswith(".tmp") and name.startswith(".") for name in found), found
        if fault is not None and fault.fired:
            new = found - self.drafts
            allowed = 1 if fault.kind == "kill" or (fault.kind, fault.operation) == ("refuse", "unlink") else 0
            assert len(new) <= allowed, new
        else:
            assert {name for name in self.drafts if family(target(name)) not in saved} == found
        self.drafts = found


STATE_FILES = ("checkpoint", "other")


def target(draft: str) -> str:
    """What a draft was to become."""
    found = re.fullmatch(r"\.(.+)\.[0-9]+\.[0-9a-f]{8}\.tmp", draft)
    assert found, draft
    return found[1]


def identity_of(path: Path) -> tuple[int, ...]:
    """What changes when a file is replaced or changed."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def descriptors() -> int:
    """How many files are open."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
