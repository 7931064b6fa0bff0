"""What every command has in common: its help, examples that work, and JSON of the form that is written down."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
import webbrowser
from pathlib import Path
from typing import Any, TypedDict

import pytest
from typer.testing import CliRunner

from hdfsaver.cli import app
from hdfsaver.cli.command_form import Form, ManualCommand
from hdfsaver.cli.commands import COMMANDS
from hdfsaver.cli.json_output import SCHEMA
from tests import forks
from tests.cli import example_files
from tests.cli.json_forms import faults

NAMES = [entry.name for entry in COMMANDS]
LOADED: dict[str, ManualCommand] = {entry.name: entry.load() for entry in COMMANDS}  # type: ignore[misc]
EXAMPLES = [example.command for command in LOADED.values() for example in command.form.examples]
NOT_ZERO = {"hdfsaver salvage damaged.h5 intact.h5": 1}
"""Examples whose exit status says what they found."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the examples."""
    folder = tmp_path_factory.mktemp("examples")
    example_files.make(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files of the examples, as the current folder; no browser is opened."""
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shutil.copytree(made, tmp_path / "files")
    monkeypatch.chdir(tmp_path / "files")
    return tmp_path / "files"


def form_of(name: str) -> Form:
    """The form of a command."""
    return LOADED[name].form


def run(command: str) -> Any:
    """Run an example."""
    program, *arguments = shlex.split(command)
    assert program == "hdfsaver"
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("name", NAMES)
def test_help(name: str) -> None:
    """The help begins with the summary in the list of commands, describes every parameter, and ends with examples."""
    entry = next(each for each in COMMANDS if each.name == name)
    command = LOADED[name]
    assert (command.help or "").split("\n")[0] == entry.summary
    assert len(entry.summary) <= 68
    assert [] == [each.name for each in command.params if not getattr(each, "help", None)]
    assert form_of(name).examples
    short, long = (CliRunner().invoke(app, [name, option]) for option in ("-h", "--help"))
    assert (0, short.output) == (long.exit_code, long.output)
    for example in form_of(name).examples:
        assert example.command in long.output
        assert example.command.startswith(f"hdfsaver {name} ")
        assert len(example.command) <= 76
        assert example.does.endswith(".")


@pytest.mark.parametrize("command", EXAMPLES)
def test_examples(folder: Path, command: str) -> None:
    """Each command of the help does what it says, on the files that it names."""
    if command.startswith("hdfsaver run ") and "--check" not in command:  # it replaces parts of Python for good
        printed = forks.run("-m", *shlex.split(command), loaded="hdfsaver").stdout
    else:
        done = run(command)
        assert NOT_ZERO.get(command, 0) == done.exit_code, done.output
        printed = done.output
    assert printed.strip()


@pytest.mark.parametrize("command", [each for each in EXAMPLES if form_of(each.split()[1]).result])
def test_json(folder: Path, command: str) -> None:
    """With `--json` an example prints one object, of the command's form and no other."""
    name = command.split()[1]
    if name == "run":
        command = "hdfsaver run --check program.py"
    done = run(f"{command} --json")
    assert NOT_ZERO.get(command, 0) == done.exit_code, done.output
    found = json.loads(done.stdout)
    assert (SCHEMA, name) == (found.pop("schema"), found.pop("command"))
    assert [] == list(faults(found, form_of(name).result, name))


@pytest.mark.parametrize("name", NAMES)
def test_json_is_an_option(name: str) -> None:
    """A command has `--json` if it has a form for it."""
    options = [option for each in LOADED[name].params for option in each.opts]
    assert (form_of(name).result is not None) == ("--json" in options)


class Pair(TypedDict):
    """A form."""

    a: list[int | None]
    b: dict[str, float]


def test_faults_are_found() -> None:
    """The comparison with a form finds a missing key, another type, and what is wrong inside."""
    assert [] == list(faults({"a": [1, None], "b": {"x": 1}}, Pair, ""))
    for wrong in ({"a": [1]}, {"a": ["1"], "b": {}}, {"a": {}, "b": {}}, {"a": [], "b": {"x": None}}, []):
        assert list(faults(wrong, Pair, ""))
