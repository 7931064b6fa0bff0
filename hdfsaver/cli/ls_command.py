"""The command `ls`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, TypedDict

import typer

from hdfsaver.cli import listing
from hdfsaver.cli.arguments import Anything, AsJson
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.formats.open_source import open_source
from hdfsaver.inspection.asked_arrays import check_patterns


class LsResult(TypedDict):
    """The result of `ls`.

    Attributes
    ----------
    models : list of ModelForm
        One for a file without groups.
    """

    models: list[listing.ModelForm]


@command(
    ("List the arrays of a checkpoint.", "hdfsaver ls model.ckpt"),
    ("List those of a layer, the largest first.", "hdfsaver ls model.ckpt 'dense/*' --sort size"),
    ("Show the scopes of the names as a tree.", "hdfsaver ls old.ckpt --tree"),
    result=LsResult,
)
def ls(
    checkpoint: Anything,
    patterns: Annotated[
        list[str], typer.Argument(metavar="NAME", help="List only arrays with names like `dense/*`.")
    ] = [],  # noqa: B006
    tree: Annotated[bool, typer.Option("--tree", help="Show scopes, with their totals, as a tree.")] = False,
    sort: Annotated[
        listing.Order | None,
        typer.Option(metavar="ORDER", help="Sort by name, size (the largest first), dtype or shape."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the arrays of a file, with their sizes and totals.

    An array is a line with its name, dtype, shape and bytes; elements that cannot be read follow, with the reason.
    Several models in one file are listed by group. The bytes of an array of strings are those of its strings. The order
    is that of the file.
    """
    models = [model.sorted(sort) for model in _models(checkpoint, patterns)]
    if as_json:
        say_json("ls", LsResult(models=[model.form() for model in models]))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    say(line for model in models for line in model.lines(width, tree=tree))


def _models(path: str, patterns: Sequence[str]) -> Iterator[listing.Model]:
    """The list of each model in a file; of several, of those in which a pattern matches an array."""
    with open_source(path) as source:
        groups = source.groups()
        if groups in ([], [""]):
            check_patterns(source, patterns)
            yield listing.Model.of(source, patterns)
            return
        found = []
        for group in groups:
            with source.model(group) as model:
                found.append(listing.Model.of(model, patterns))
        if patterns and not any(model.entries for model in found):
            check_patterns(source, patterns)
        yield from (model for model in found if model.entries or not patterns)
