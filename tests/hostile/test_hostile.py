"""Malicious files, one by one: each gives a clear error or is harmless, in little time and memory."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from tests import forks
from tests.hostile import foreign_makers
from tests.hostile.attempts import ways_of
from tests.hostile.makers import ATTACKS, Attack

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
MOST_SECONDS = 10
"""Of the processor's time."""
MOST_MEMORY = 512 << 10
"""Kilobytes; the interpreter with all that is loaded has a fifth of it."""


BLOCK = 24
"""The files that one child opens: few enough that every process of a run of the tests has its share."""


class Attempts(dict[str, dict[str, tuple[str, float, int]]]):
    """How every way ended for every file: ``(error or nothing, seconds, kilobytes)`` by name and way.

    The files of a block are opened when the first of them is asked for.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, name: str) -> dict[str, tuple[str, float, int]]:
        names = list(ATTACKS)
        start = names.index(name) // BLOCK * BLOCK
        self._open(names[start : start + BLOCK])
        return self[name]

    def _open(self, waiting: list[str]) -> None:
        paths = {name: self._folder / f"{name}{ATTACKS[name].suffix}" for name in waiting}
        for name, path in paths.items():
            ATTACKS[name].make(path)
            self[name] = {}
        while waiting:
            files = (paths[name] for name in waiting)
            child = forks.run("-m", "tests.hostile.attempts", *files, cwd=ROOT, check=False, loaded=forks.MODELS)
            lines = [json.loads(line) for line in child.stdout.splitlines()]
            assert lines, child.stderr
            for name, way, *ended in lines:
                self[name][way] = tuple(ended) or (f"died with status {child.returncode}: {child.stderr}", 0.0, 0)
            # If the child did not end normally, the files after that one are opened in another child.
            waiting = waiting[waiting.index(lines[-1][0]) + 1 :]


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Attempts:
    """The attempts at all files, in a folder."""
    return Attempts(tmp_path_factory.mktemp("hostile"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_file_is_refused_or_harmless(attempts, name):
    """Reading gives the verdict; every way of opening ends soon, with little memory, and raises clear errors only."""
    _make, verdict, suffix, chosen = ATTACKS[name]
    read = attempts[name][chosen][0]
    assert read == "" if verdict is None else re.search(verdict, read), read
    assert ways_of(suffix).keys() == attempts[name].keys()
    for way, (ended, seconds, memory) in attempts[name].items():
        assert re.match(r"\w+Error: |$", ended), (way, ended)
        # What is refused when a graph is put into another one is named by the node.
        named = f"{name}{suffix}" in ended or re.search("[Nn]ode 'x'|the constant 'x'", ended)
        assert named or not ended or ended.startswith("KeyError"), (way, ended)
        assert seconds < MOST_SECONDS, way
        assert memory < MOST_MEMORY, way


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if attack.verdict is None])
def test_nothing_else_happens_for_harmless_ones(attempts, name):
    """A harmless file can also be verified and listed."""
    assert {"read": "", "verify": "", "list": ""} == {way: attempts[name][way][0] for way in ("read", "verify", "list")}


def _has_neighbour(attack: Attack) -> bool:
    return attack.suffix != ".h5" or bool(re.match(r"\w+: \.\*/variables/", attack.verdict or ""))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if _has_neighbour(attack)])
def test_a_hostile_element_leaves_the_others_readable(attempts, name):
    """Only what is asked for the bad element by name is an error; the variable beside it has its value."""
    assert "" == attempts[name]["neighbour"][0]
    if ATTACKS[name].way != "read" or ATTACKS[name].make is foreign_makers.operations_of_many_outputs:
        return  # what is refused is the graph, not an array
    assert attempts[name]["read"][0].partition(":")[0] == attempts[name]["each"][0].partition(":")[0]


def test_the_page_lists_all_attacks():
    """Every maker has a row with its aim and its verdict; there is no other row."""
    table = PAGE.read_text(encoding="utf-8").partition("| file | aim of the attacker |")[2].partition("\n\n")[0]
    listed = {name: row for name, *row in re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", table, re.MULTILINE)}
    assert {name: [_aim(it.make.__doc__), _classes(it.verdict)] for name, it in ATTACKS.items()} == listed


def _aim(docstring: str | None) -> str:
    return " ".join((docstring or "").split()).removesuffix(".")


def _classes(verdict: str | None) -> str:
    names = dict.fromkeys(re.findall(r"(\w+Error): ", verdict or ""))
    return " or ".join(f"`{name}`" for name in names) or "harmless"


def test_a_file_that_shrinks_while_it_is_read(tmp_path):
    """Bytes that are missing since the file was opened are an error; no values are invented."""
    tf.save_file({"a": np.ones(100_000), "b": np.ones(1)}, tmp_path / "a.h5")
    with tf.open_file(tmp_path / "a.h5") as file:
        os.truncate(tmp_path / "a.h5", 20_000)
        with pytest.raises(errors.DataLossError, match=r"a\.h5"):
            file["a"]
        with pytest.raises(errors.DataLossError, match=r"a\.h5"):
            file.verify()


def test_a_file_that_grows_while_it_is_read(tmp_path):
    """Bytes appended to an open file do not matter, and the next opening reports them."""
    tf.save_file({"a": np.ones(100_000)}, tmp_path / "a.h5")
    with tf.open_file(tmp_path / "a.h5") as file:
        with (tmp_path / "a.h5").open("ab") as more:
            more.write(bytes(1 << 20))
        assert {1.0} == set(file["a"].tolist())
    with pytest.raises(errors.DataLossError, match="has bytes after its end"):
        tf.open_file(tmp_path / "a.h5")


def test_a_file_that_is_changed_while_it_is_read(tmp_path):
    """A value that is overwritten in place between opening and reading does not match its digest."""
    tf.save_file({"a": np.ones(100_000)}, tmp_path / "a.h5")
    with tf.open_file(tmp_path / "a.h5") as file:
        with (tmp_path / "a.h5").open("r+b") as other:
            other.seek(500_000)
            other.write(b"changed")
        with pytest.raises(errors.DataLossError, match="differ from those that were saved"):
            file["a"]
