"""What a folder of checkpoints should hold: dicts, and the states through which a save leads from one to the next.

Nothing here knows the package. A save that is cut short must leave one of the states in `stages`, whichever it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple


class Stored(NamedTuple):
    """A value in a file; every element of it is ``seed``."""

    dtype: str
    shape: tuple[int, ...]
    seed: Any
    is_packed: bool = False


class Content(NamedTuple):
    """One model of a file: its values by name, and how many nodes its graph has, if there is one."""

    values: Mapping[str, Stored]
    nodes: int | None


class State(NamedTuple):
    """What a state file says; metrics as text, so that NaN is equal to itself."""

    newest: str
    paths: tuple[str, ...]
    times: tuple[float, ...] = ()
    last_preserved: float = 0.0
    metrics: tuple[str, ...] = ()
    groups: Mapping[str, GroupList] = {}


class GroupList(NamedTuple):
    """The checkpoints that the Savers of a group list, with metrics as text, and those that they have released."""

    listed: Mapping[str, str]
    released: tuple[str, ...] = ()


class Listed(NamedTuple):
    """A checkpoint on a Saver's list."""

    prefix: str
    time: float
    metric: float | None


@dataclass(frozen=True)
class World:
    """A folder: files by name, each with models by group, and state files by name."""

    files: Mapping[str, Mapping[str, Content]] = field(default_factory=dict)
    states: Mapping[str, State] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict, compare=False)

    def has(self, prefix: str) -> bool:
        return file_name(prefix) in self.files

    def groups(self, prefix: str) -> set[str]:
        return set(self.files.get(file_name(prefix), ()))

    def without(self, prefix: str) -> World:
        return replace(self, files={name: f for name, f in self.files.items() if name != file_name(prefix)})


def file_name(prefix: str) -> str:
    """The file of a checkpoint, within its folder."""
    name = prefix.rpartition("/")[2]
    return name if name.endswith(".h5") else f"{name}.h5"


def family(name: str) -> str:
    """The name of a file without its step: a save clears the drafts of its family."""
    return re.sub(r"-[0-9]+(\.h5)?$", r"\1", name)


# -- which checkpoints stay -----------------------------------------------------------------------------------------


def best(count: int, sign: int) -> Callable[[list[Listed]], list[Listed]]:
    def policy(kept: list[Listed]) -> list[Listed]:
        rated = [(place, entry) for place, entry in enumerate(kept) if is_number(entry.metric)]
        rated.sort(key=lambda pair: (sign * pair[1].metric, pair[0]))  # type: ignore[operator] # numbers all
        return [entry for _place, entry in rated[-count:]]

    return policy


def is_number(metric: float | None) -> bool:
    return metric is not None and not math.isnan(metric)


def protected(kept: Any) -> Any:
    """A policy of one's own: what is rated 5 or more stays."""
    return [entry for entry in kept if is_number(entry.metric) and entry.metric >= 5]


POLICIES: dict[str, Callable[[list[Listed]], list[Listed]]] = {
    "": lambda kept: [],
    "best": best(1, 1),
    "least": best(2, -1),
    "protected": protected,
    "any": lambda kept: [*best(1, 1)(kept), *kept[-3:]],
}


@dataclass(frozen=True)
class Rotation:
    """What a Saver should remember between two saves.

    Attributes
    ----------
    kept, retired : tuple of Listed
        The list, and what has left it and is to be removed when the next state file is written.
    """

    max_to_keep: int
    hours: float
    policy: str
    resumes: bool
    group: str
    latest: str
    next_preserved: float
    is_to_resume: bool
    kept: tuple[Listed, ...] = ()
    retired: tuple[Listed, ...] = ()

    def resumed(self, world: World) -> Rotation:
        state = world.states.get(self.latest)
        if not (self.is_to_resume and self.max_to_keep):
            return self
        if state is None:
            return replace(self, is_to_resume=False)
        own = state.groups[self.group].listed if self.group in state.groups else {}
        if not state.groups:
            metrics = state.metrics or ["None"] * len(state.paths)
            rows = zip(state.paths, metrics, strict=True)
            own = {path: text for path, text in rows if not self.group or self.group in world.groups(path)}
        times = state.times or [world.times.get(file_name(path), 0.0) for path in state.paths]
        entries = [(path, time) for path, time in zip(state.paths, times, strict=True) if path in own]
        found = tuple(Listed(path, time, number(own[path])) for path, time in entries if world.has(path))
        following = state.last_preserved + self.hours * 3600 if state.last_preserved else self.next_preserved
        return replace(self, is_to_resume=False, kept=found + self.kept, next_preserved=following)

    def recorded(self, new: Listed) -> Rotation:
        if not self.max_to_keep:
            return self
        kept = [*(entry for entry in self.kept if entry.prefix != new.prefix), new]
        retired = [entry for entry in self.retired if entry.prefix != new.prefix]
        staying = [*kept[-self.max_to_keep :], *POLICIES[self.policy](kept)]
        going = [entry for entry in kept if entry not in staying]
        going = going if self.policy else going[:1]  # as TensorFlow, which removes one for each that is saved
        kept = [entry for entry in kept if entry not in going]
        return replace(self, kept=tuple(kept), retired=(*retired, *going))

    def listed(self, world: World, new: Listed) -> list[Listed]:
        listed = [entry for entry in self.kept if world.has(entry.prefix)]
        return listed if listed and listed[-1].prefix == new.prefix else [*listed, new]

    def others(self, world: World) -> dict[str, GroupList]:
        """The lists of other groups in the state file; without groups it is that of the models at the root."""
        state = world.states.get(self.latest)
        if state is None:
            return {}
        rows = zip(state.paths, state.metrics or ["None"] * len(state.paths), strict=True)
        root = {"": GroupList({path: text for path, text in rows if "" in world.groups(path)})} if self.group else {}
        there = {
            name: GroupList(
                {path: text for path, text in found.listed.items() if world.has(path)},
                tuple(path for path in found.released if world.has(path)),
            )
            for name, found in (state.groups or root).items()
        }
        return {name: found for name, found in there.items() if name != self.group and any(found)}

    def superseded(self) -> list[str]:
        """What is to be removed: the retired checkpoints, except those that stay for good."""
        found, following = [], self.next_preserved
        for entry in self.retired:
            if entry.time > following:
                following += self.hours * 3600
            else:
                found.append(entry.prefix)
        return found

    def needed(self, world: World, unread: int) -> list[str]:
        """What others list, or have a model in and have not released; or cannot be read."""
        lists = [*self.others(world).items()]
        states = [state for latest, state in world.states.items() if latest != self.latest]
        listed = {file_name(path) for _group, found in lists for path in found.listed}
        listed |= {file_name(path) for state in states for path in (state.newest, *state.paths)}
        lists += [item for state in states for item in state.groups.items()]
        found = []
        for place, path in enumerate(path for path in self.superseded() if world.has(path)):
            released = {group for group, those in lists if file_name(path) in map(file_name, those.released)}
            if place == unread or file_name(path) in listed or not world.groups(path) <= released | {self.group}:
                found.append(path)
        return found

    def state(self, world: World, new: Listed, unread: int) -> State:
        listed, lists, before = self.listed(world, new), self.others(world), world.states.get(self.latest)
        gone = before.groups[self.group].released if before is not None and self.group in before.groups else ()
        released = dict.fromkeys([*(path for path in gone if world.has(path)), *self.needed(world, unread)])
        names = {entry.prefix: repr(entry.metric) for entry in listed}
        own = GroupList(names, tuple(path for path in released if path not in names))
        if lists and before is not None:
            times = dict(zip(before.paths, before.times, strict=True)) if before.times else {}
            rows = {entry.prefix: entry for entry in listed[:-1]}
            for found in lists.values():
                for path, text in found.listed.items():
                    if path != new.prefix:
                        time = times.get(path) or world.times.get(file_name(path), 0.0)
                        rows.setdefault(path, Listed(path, time, number(text)))
            order = dict.fromkeys([*(path for path in before.paths if path in rows), *rows])
            listed = [*(rows[path] for path in order), listed[-1]]
        metrics = tuple(repr(entry.metric) for entry in listed)
        return State(
            new.prefix,
            tuple(entry.prefix for entry in listed),
            tuple(entry.time for entry in listed) if self.resumes else (),
            self.next_preserved - self.hours * 3600 if self.resumes else 0.0,
            metrics if set(metrics) != {"None"} else (),
            {**lists, self.group: own} if lists or self.group or own.released else {},
        )


def number(text: str) -> float | None:
    return None if text == "None" else float(text)


# -- a save ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A save that was asked for."""

    prefix: str
    content: Content
    metric: float | None = None
    writes_state: bool = True


class Stage(NamedTuple):
    """How far a save has come; ``is_removal`` where it is about to remove a file."""

    world: World
    rotation: Rotation
    removes: str = ""


def stages(
    world: World, rotation: Rotation, job: Job, time: float, spared: int = -1, unread: int = -1
) -> Iterator[Stage]:
    """All states between the folder before a save and the one after it, in order.

    ``spared`` is the number of the removal that the system refuses, ``unread`` that of a file that is not read before.
    """
    yield Stage(world, rotation)
    name = file_name(job.prefix)
    others = {group: content for group, content in world.files.get(name, {}).items() if group != rotation.group}
    models = {**(others if rotation.group else {}), rotation.group: job.content}
    world = replace(world, files={**world.files, name: models}, times={**world.times, name: time})
    yield Stage(world, rotation)
    if not job.writes_state:
        return
    new = Listed(job.prefix, time, job.metric)
    rotation = rotation.resumed(world)
    yield Stage(world, rotation)
    rotation = rotation.recorded(new)
    yield Stage(world, rotation)
    needed = rotation.needed(world, unread)
    world = replace(world, states={**world.states, rotation.latest: rotation.state(world, new, unread)})
    yield Stage(world, rotation)
    removals, kept = 0, {file_name(entry.prefix) for entry in rotation.kept}
    while rotation.retired:
        entry, *rest = rotation.retired
        if entry.time > rotation.next_preserved:
            rotation = replace(rotation, next_preserved=rotation.next_preserved + rotation.hours * 3600)
        elif world.has(entry.prefix) and file_name(entry.prefix) not in kept and entry.prefix not in needed:
            if removals != spared:
                world = world.without(entry.prefix)
            removals += 1
        rotation = replace(rotation, retired=tuple(rest))
        yield Stage(world, rotation, entry.prefix)


def outcomes(
    world: World, rotation: Rotation, jobs: list[Job], time: float, failed: bool, is_dead: bool, spares: bool
) -> list[Stage]:
    """Where a series of saves may have led to: `failed` says that one of them did not come to its end."""
    if not jobs:
        return [] if failed else [Stage(world, rotation)]
    job, *rest = jobs
    found = []
    if failed:
        cut = list(stages(world, rotation, job, time))
        found += cut if is_dead else [end for at in cut for end in outcomes(*at[:2], rest, time, False, False, False)]
    ends = [list(stages(world, rotation, job, time))[-1]]
    found += outcomes(*ends[0][:2], rest, time, failed, is_dead, spares)
    if spares:
        for spared in range(len(rotation.kept) + len(rotation.retired) + 8):
            for places in ((spared, -1), (-1, spared)):
                end = list(stages(world, rotation, job, time, *places))[-1]
                found += outcomes(*end[:2], rest, time, failed, is_dead, False)
    return found
