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
        times = state.times or [world.times.get(file_name(path), 0.0) for path in state.paths]
        metrics = [None if text == "None" else float(text) for text in state.metrics] or [None] * len(state.paths)
        entries = zip(state.paths, times, metrics, strict=True)
        found = tuple(Listed(*entry) for entry in entries if world.has(entry[0]))
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

    def state(self, world: World, new: Listed) -> State:
        listed = [entry for entry in self.kept if world.has(entry.prefix)]
        if not listed or listed[-1].prefix != new.prefix:
            listed.append(new)
        metrics = tuple(repr(entry.metric) for entry in listed)
        return State(
            new.prefix,
            tuple(entry.prefix for entry in listed),
            tuple(entry.time for entry in listed) if self.resumes else (),
            self.next_preserved - self.hours * 3600 if self.resumes else 0.0,
            metrics if set(metrics) != {"None"} else (),
        )


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


def stages(world: World, rotation: Rotation, job: Job, time: float, spared: int = -1) -> Iterator[Stage]:
    """All states between the folder before a save and the one after it, in order.

    ``spared`` is the number of the removal that the system refuses.
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
    world = replace(world, states={**world.states, rotation.latest: rotation.state(world, new)})
    yield Stage(world, rotation)
    removals, kept = 0, {file_name(entry.prefix) for entry in rotation.kept}
    while rotation.retired:
        entry, *rest = rotation.retired
        if entry.time > rotation.next_preserved:
            rotation = replace(rotation, next_preserved=rotation.next_preserved + rotation.hours * 3600)
        elif world.has(entry.prefix) and file_name(entry.prefix) not in kept:
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
            end = list(stages(world, rotation, job, time, spared))[-1]
            found += outcomes(*end[:2], rest, time, failed, is_dead, False)
    return found
