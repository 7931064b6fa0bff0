"""The command `ls`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import TypedDict

from hdfsaver.cli import listing
from hdfsaver.cli.arguments import Anything, AsJson
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.formats.open_source import open_source


class LsResult(TypedDict):
    """The result of `ls`.

    Attributes
    ----------
    models : list of ModelForm
        One for a file without groups.
    """

    models: list[listing.ModelForm]


@command(("List the arrays of a checkpoint.", "hdfsaver ls model.ckpt"), result=LsResult)
def ls(checkpoint: Anything, as_json: AsJson = False) -> None:
    """List the arrays of a file, with their sizes and totals.

    An array is a line with its name, dtype, shape and bytes; elements that cannot be read follow, with the reason.
    Several models in one file are listed by group. The bytes of an array of strings are those of its strings.
    """
    models = list(_models(checkpoint))
    if as_json:
        say_json("ls", LsResult(models=[model.form() for model in models]))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    say(line for model in models for line in model.lines(width))


def _models(path: str) -> Iterator[listing.Model]:
    """The list of each model in a file."""
    with open_source(path) as source:
        groups = source.groups()
        if groups in ([], [""]):
            yield listing.Model.of(source)
            return
        for group in groups:
            with source.model(group) as model:
                yield listing.Model.of(model)
