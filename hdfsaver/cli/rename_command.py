"""The command `rename`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from hdfsaver.cli.arguments import Anything, AsJson, DryRun, Group, InPlace, Output
from hdfsaver.cli.command_form import command
from hdfsaver.cli.edit_report import EditResult, report
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.editing.rename import rename as rename_file
from hdfsaver.errors import from_os_error


@command(
    ("Give arrays another scope.", "hdfsaver rename model.ckpt 'dense/*=encoder/*' -o new.h5"),
    ("Give two arrays other names.", "hdfsaver rename model.ckpt dense/kernel=w dense/bias=b -o new.h5"),
    (
        "Replace the matches of a regular expression, in the file itself.",
        "hdfsaver rename model.ckpt --regex '^dense=encoder' --in-place",
    ),
    result=EditResult,
)
def rename(
    source: Anything,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="OLD=NEW", help="Names; each * of NEW stands for what the * of OLD matches."),
    ] = None,
    output: Output = None,
    in_place: InPlace = False,
    regex: Annotated[list[str], typer.Option(metavar="OLD=NEW", help="Replace matches of a regular expression.")] = [],  # noqa: B006
    names_file: Annotated[
        str | None, typer.Option("--names-file", metavar="FILE", help="A JSON file with an object of OLD: NEW.")
    ] = None,
    group: Group = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give arrays other names.

    The first OLD that matches a name counts, so that names can be exchanged. The operations of the graph keep their
    names: its Saver finds each variable under the new name of its array. Everything else is kept. The result is
    complete before it gets its name, so that the source and an earlier file stay after every error.
    """
    pairs = dict(_pair(text, "An argument") for text in names or [])
    if names_file is not None:
        pairs |= _in_file(names_file)
    if pairs and regex:
        raise ValueError("Give either OLD=NEW or --regex.")
    if not pairs and not regex:
        raise ValueError("Give OLD=NEW, --names-file or --regex: what is to be renamed.")
    with progress_bar(output or source) as progress:
        done = rename_file(
            source,
            output,
            names=pairs or None,
            rename=[_pair(text, "--regex") for text in regex] or None,
            in_place=in_place,
            group=group,
            dry_run=dry_run,
            progress=progress,
        )
    report("rename", done, as_json=as_json)


def _pair(text: str, what: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not sign or not old or not new:
        raise ValueError(f"{what} must be OLD=NEW, not {text!r}.")
    return old, new


def _in_file(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        raise from_os_error(error, f"Cannot read {os.fspath(path)}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(new, str) and new for new in found.values()):
        raise ValueError(f"{path} must have an object whose values are names.")
    return found
