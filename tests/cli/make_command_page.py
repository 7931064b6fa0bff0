"""Write the pages of the command from its help and from the classes of its JSON: run it when one of them changes.

    python -m tests.cli.make_command_page

It writes ``docs/command.md`` and ``docs/json.md``.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer
from typer.core import TyperArgument, TyperOption

from hdfsaver.cli import app
from hdfsaver.cli.command_form import ManualCommand, option_name
from hdfsaver.cli.commands import COMMANDS
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.cli.json_output import SCHEMA

DOCS = Path(__file__).parents[2] / "docs"

COMMAND_HEAD = """\
# The command

`hdfsaver` (or `python -m hdfsaver`) looks into checkpoints and other files with arrays, checks, changes and converts
them, and runs programs for TensorFlow 1. This page is generated from its help (`hdfsaver COMMAND --help`, or `-h`), and
a test compares the two; another runs each example.

* *What is read*: everything that [`convert` reads](converting.md): a prefix, a file or a folder, and
  [a URL](remote.md).
* *What is printed*: results on the standard output, one sentence about an error on the standard error. Characters of
  names that would control a terminal are escaped. There are colors nowhere but in the bars of progress, which are on a
  terminal only; `NO_COLOR` turns them off.
* *Programs* read `--json`: [the forms](json.md).
* *Completion*: `hdfsaver --install-completion` for bash, zsh, fish and PowerShell.
* *Files are written as a save is*: a command that is interrupted leaves the earlier file, and no unfinished one.
"""

JSON_HEAD = """\
# JSON of the command

With `--json` a command prints one object in one line of strict JSON, with `schema` (now {schema}), `command`, the name
of the command, and the keys of its result below. The number of the schema grows when a key is removed or changes its
meaning; keys may be added. Characters that are not printable are escaped. Numbers that JSON does not have are the
strings `"NaN"`, `"Infinity"` and `"-Infinity"`. An error is a sentence on the standard error, as without `--json`, and
[an exit status](command.md#exit-status). This page is generated from the classes of the results, and a test compares
the results of [all examples](command.md) with them.
"""


def command_page() -> str:
    """The page of all commands."""
    lines = [COMMAND_HEAD.rstrip(), "", "| Command | |", "|---|---|"]
    lines += [f"| [`{each.name}`](#hdfsaver-{each.name}) | {each.summary} |" for each in COMMANDS]
    lines += ["", "## Exit status", "", "| Status | Meaning |", "|---|---|"]
    lines += [f"| {status.value} | {status.meaning} |" for status in ExitCode]
    for entry in COMMANDS:
        command = entry.load()
        assert isinstance(command, ManualCommand)
        lines += ["", f"## hdfsaver {entry.name}", "", *command_lines(command)]
    return "\n".join(lines) + "\n"


def command_lines(command: ManualCommand) -> Iterator[str]:
    """The section of a command."""
    with typer.main.get_command(app).make_context("hdfsaver", ["x"], resilient_parsing=True) as above:
        context = command.make_context(command.name, [], parent=above, resilient_parsing=True)
        pieces = " ".join(command.collect_usage_pieces(context))
    yield from ("```text", f"hdfsaver {command.name} {pieces}", "```", "")
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield from (paragraph, "")
    yield from ("| Argument or option | |", "|---|---|")
    for each in command.params:
        if isinstance(each, TyperArgument):
            yield f"| `{each.display_name_raw}` | {cell(each.help)} |"
        elif isinstance(each, TyperOption):
            yield f"| `{option_name(each)}` | {cell(each.help)} |"
    yield ""
    for number, (does, line) in enumerate(command.form.examples):
        yield from (*([""] if number else []), does, "", "```bash", line, "```")


def cell(text: str | None) -> str:
    """Text in a table."""
    return (text or "").replace("|", "\\|")


def json_page() -> str:
    """The page of all forms."""
    lines = [JSON_HEAD.format(schema=SCHEMA).rstrip()]
    shown: dict[type, None] = {}
    for entry in COMMANDS:
        command = entry.load()
        assert isinstance(command, ManualCommand)
        if command.form.result is not None:
            lines += ["", f"## {entry.name}", "", *form_lines(command.form.result)]
            shown |= dict.fromkeys(forms_in(command.form.result))
    lines += ["", "## Parts of results"]
    for form in sorted(shown, key=lambda form: form.__name__):
        lines += ["", f"### {form.__name__}", "", *form_lines(form)]
    return "\n".join(lines) + "\n"


def forms_in(kind: Any) -> Iterator[type]:
    """The forms that a form or a type has inside."""
    for hint in get_type_hints(kind).values() if typing.is_typeddict(kind) else get_args(kind):
        if typing.is_typeddict(hint):
            yield hint
        yield from forms_in(hint)


def form_lines(form: type) -> Iterator[str]:
    """The table of a form, with what its docstring says about each key."""
    head = inspect.cleandoc(form.__doc__ or "").partition("\n\nAttributes\n")[0]
    yield from (head, "", "| Key | Type | |", "|---|---|---|")
    said = meanings(form.__doc__ or "")
    for key, hint in get_type_hints(form).items():
        yield f"| `{key}` | {named(hint)} | {cell(said[key])} |"


def meanings(docstring: str) -> dict[str, str]:
    """What a docstring says about each attribute."""
    found: dict[str, str] = {}
    last = ""
    for line in inspect.cleandoc(docstring).partition("----------\n")[2].split("\n"):
        key = re.match(r"(\w+) : ", line)
        last = key[1] if key else last
        found[last] = "" if key else f"{found[last]} {line.strip()}".strip()
    return found


def named(hint: Any) -> str:
    """The name of a type in JSON."""
    if typing.is_typeddict(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    arguments = get_args(hint)
    if typing.get_origin(hint) is list:
        return f"array of {named(arguments[0])}"
    if typing.get_origin(hint) is dict:
        return f"object of {named(arguments[1])} by name"
    if arguments:
        return " or ".join(dict.fromkeys(map(named, arguments)))
    names = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "any"}
    return names[hint]


if __name__ == "__main__":
    (DOCS / "command.md").write_text(command_page(), encoding="utf-8")
    (DOCS / "json.md").write_text(json_page(), encoding="utf-8")
