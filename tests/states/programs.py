"""Programs that train and save, as a user writes them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import hdfsaver as tf
from tests.states.drawn import NAMINGS, PATTERNS, SHAPES, seed_of, value_of
from tests.states.model import Content, Job, Stored, protected


class Clock:
    """A clock that stands still until it is told to move on, for the program and for files that get their names."""

    def __init__(self) -> None:
        self.now = 1e9
        self._replace = os.replace
        self._patches: list[Any] = [mock.patch("time.time", self.time), mock.patch("os.replace", self.replace)]

    def start(self) -> None:
        for patch in self._patches:
            patch.start()

    def stop(self) -> None:
        for patch in self._patches:
            patch.stop()

    def time(self) -> float:
        return self.now

    def replace(self, source: Any, destination: Any) -> None:
        os.utime(source, (self.now, self.now))
        self._replace(source, destination)


@dataclass
class SaverOf:
    """A Saver and what it was asked to be."""

    saver: Any
    naming: str
    group: str
    latest: str
    prefixes: tuple[str, ...]
    is_packed: bool
    padded: bool
    options: dict[str, Any]
    """What it was made with."""

    def path(self, folder: Path, prefix: int) -> Path:
        """Where it saves."""
        return folder / self.prefixes[prefix % len(self.prefixes)]

    def prefix(self, folder: Path, prefix: int, step: int | None) -> str:
        """What `save` should return."""
        path = str(self.path(folder, prefix))
        if step is None:
            return path
        number = f"{step:08d}" if self.padded else f"{step}"
        return f"{path.removesuffix('.h5')}-{number}{'.h5' if path.endswith('.h5') else ''}"

    def names(self) -> dict[str, str]:
        """By the names in the file, those of the variables."""
        found = {NAMINGS[self.naming](name): name for name in SHAPES}
        return {stored: name for stored, name in found.items() if stored is not None}


class Program:
    """A graph, a session and Savers; ``seeds`` is what the variables should be, None before they are initialized."""

    def __init__(self) -> None:
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.variables = {name: self._variable(name, *SHAPES[name]) for name in SHAPES}
            self.feeds = {name: tf.placeholder(SHAPES[name][0], SHAPES[name][1]) for name in SHAPES}
            self.assigning = {name: self._assigning(name) for name in SHAPES}
            self.initializer = tf.global_variables_initializer()
        self.session = tf.Session(graph=self.graph)
        self.seeds: dict[str, Any] = dict.fromkeys(SHAPES)
        self.savers: list[SaverOf] = []

    @staticmethod
    def _variable(name: str, dtype: str, shape: tuple[int, ...]) -> Any:
        if name == "p":
            return tf.get_variable(name, shape, dtype, tf.zeros_initializer(), partitioner=tf.fixed_size_partitioner(2))
        return tf.get_variable(name, initializer=value_of(name, 0), dtype=dtype)

    def _assigning(self, name: str) -> Any:
        variable, feed = self.variables[name], self.feeds[name]
        if name == "p":
            return tf.group(*[tf.assign(part, feed[2 * row : 2 * row + 2]) for row, part in enumerate(variable)])
        return tf.assign(variable, feed).op

    def assign(self, name: str, seed: int) -> None:
        self.session.run(self.assigning[name], {self.feeds[name]: value_of(name, seed)})
        self.seeds[name] = seed

    def initialize(self) -> None:
        self.session.run(self.initializer)
        self.seeds = dict.fromkeys(SHAPES, 0)

    def train(self, changes: list[Any], clock: Clock) -> None:
        """Change variables, or the graph, or the time."""
        for change in changes:
            if isinstance(change, int):
                clock.now += change
            elif change == "initialize":
                self.initialize()
            elif change == "grow":
                with self.graph.as_default():
                    tf.constant(1.0)
            else:
                self.assign(*change)

    def check_session(self) -> None:
        """The session's values are those that the model has."""
        for name, seed in self.seeds.items():
            variable = self.variables[name]
            if seed is not None:
                parts = list(variable) if name == "p" else [variable]
                assert {seed} == set(map(seed_of, self.session.run(parts))), name

    def add_saver(self, naming: str, policy: str, is_packed: bool, latest: str, **options: Any) -> None:
        """Make a Saver."""
        given = {"naming": naming, "policy": policy, "is_packed": is_packed, "latest": latest, **options}
        policies = {
            "": None,
            "best": tf.train.keep_best(1),
            "least": tf.train.keep_best(2, mode="min"),
            "protected": protected,
            "any": tf.train.keep_any(tf.train.keep_best(1), tf.train.keep_latest(3)),
        }
        compression = {NAMINGS[naming]("d"): "gzip"} if is_packed else None
        with self.graph.as_default():
            saver = tf.train.Saver(
                self._var_list(naming),
                keep=policies[policy],
                rename={"function": NAMINGS["function"], "patterns": PATTERNS}.get(naming),
                compression=compression,
                **options,
            )
        padded = options["pad_step_number"]
        prefixes = ("o",) if latest == "other" else ("m", "n.h5")  # a list would name what another one removes
        self.savers.append(SaverOf(saver, naming, options["group"], latest, prefixes, is_packed, padded, given))

    def _var_list(self, naming: str) -> Any:
        if naming == "some":
            return [self.variables[name] for name in "nda"]
        if naming == "dict":
            named = [(NAMINGS["dict"](name), variable) for name, variable in self.variables.items()]
            return {stored: variable for stored, variable in named if stored is not None}
        return None

    def job(self, of: SaverOf, prefix: str, metric: float | None, has_graph: bool, has_state: bool) -> Job | None:
        """What a save should do now; None where a variable has no value, so that it should fail."""
        names = of.names()
        if any(self.seeds[name] is None for name in names.values()):
            return None
        values = {
            stored: Stored(*SHAPES[name], self.seeds[name], of.is_packed and name == "d")
            for stored, name in names.items()
        }
        return Job(prefix, Content(values, len(self.graph.digraph) if has_graph else None), metric, has_state)
