"""Promise: functions that make operations document each argument, and the examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import operator
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hdfsaver
from hdfsaver.graph.definition_places import PLACES

ROOT = Path(hdfsaver.__file__).parent
COMPOSED = ("ops.grids", "ops.init_ops", "ops.sampling")  # families that define no operation type
SECTIONS = ("Parameters", "Returns", "Raises")


def public_functions() -> Iterator[Callable[..., Any]]:
    """The public functions of all families of operations."""
    for family in sorted({*COMPOSED, *(name for name in PLACES.values() if name.startswith("ops."))}):
        module = importlib.import_module(f"hdfsaver.{family}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                yield value


def faults(function: Callable[..., Any]) -> list[str]:
    """What the docstring of a function with three arguments or more lacks: sections, and arguments by their names."""
    names = list(inspect.signature(function).parameters)
    if len(names) < 3:
        return []
    sections = inspect.cleandoc(function.__doc__ or "").split("\n---")
    titles = [section.rpartition("\n")[2] for section in sections]
    parameters = sections[titles.index("Parameters") + 1] if "Parameters" in titles[:-1] else ""
    documented = {
        name.strip(" *")
        for line in parameters.splitlines()
        if " : " in line and not line.startswith(" ")
        for name in line.partition(" : ")[0].split(",")
    }
    return [title for title in SECTIONS if title not in titles] + [name for name in names if name not in documented]


def test_every_argument_is_documented() -> None:
    """A function with three arguments or more says what each one is, what comes back and what is raised."""
    found = {f"{function.__module__}.{function.__name__}": faults(function) for function in public_functions()}
    assert len(found) > 150
    assert {} == {name: missing for name, missing in found.items() if missing}


def documented(x: int, y: int, name: str) -> None:
    """Do something.

    Parameters
    ----------
    x, y : int
        Numbers; name : is not documented by this.

    Returns
    -------
    None
        Nothing.
    """


def test_the_checker_finds_each_fault() -> None:
    """A missing section and an argument without a line of its own are found."""
    assert ["Raises", "name"] == faults(documented)


MET_FIRST = [
    *("constant", "placeholder", "add", "cast", "gather", "one_hot", "range", "zeros"),
    *("nn.bias_add", "nn.conv2d"),
    *("train.Saver", "train.Saver.save", "train.Saver.restore", "train.import_meta_graph"),
    *("train.NewCheckpointReader", "train.load_checkpoint", "train.list_variables", "train.load_variable"),
    *("save_file", "load_file", "open_file", "read_digraph", "write_digraph", "convert", "reseal", "salvage"),
]


@pytest.mark.parametrize("name", MET_FIRST)
def test_what_is_met_first_has_an_example(name: str) -> None:
    """A docstring shows a use, with what comes out of it."""
    docstring = inspect.cleandoc(operator.attrgetter(name)(hdfsaver).__doc__)
    assert ">>> " in docstring.partition("\nExamples\n--------\n")[2]


def modules_with_examples() -> list[str]:
    """The modules whose docstrings have examples."""
    paths = (path for path in sorted(ROOT.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8"))
    relative = (path.relative_to(ROOT.parent).with_suffix("") for path in paths)
    return [".".join(part for part in path.parts if part != "__init__") for path in relative]


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of a module print what they say, those of each docstring in a graph of their own."""
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner()
    for docstring in doctest.DocTestFinder().find(importlib.import_module(name)):
        with hdfsaver.Graph().as_default():
            runner.run(docstring)
    assert runner.tries > 0
    assert runner.failures == 0
