"""The command `show`."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

import typer

from hdfsaver.cli import array_text
from hdfsaver.cli.arguments import Anything, AsJson
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import ArrayForm, described, plain, say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.formats.open_source import open_source
from hdfsaver.tensor_info import counted


class ShownForm(ArrayForm):
    """An array and its values.

    Attributes
    ----------
    values : object
        Lists of lists, as deep as the array has dimensions.
    """

    values: Any


class ShowResult(TypedDict):
    """The result of `show`.

    Attributes
    ----------
    arrays : list of ShownForm
    """

    arrays: list[ShownForm]


@command(("Show an array of a checkpoint.", "hdfsaver show model.ckpt dense/kernel"), result=ShowResult)
def show(
    checkpoint: Anything,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="The arrays to show.")],
    as_json: AsJson = False,
) -> None:
    """Show arrays: what they are, and their values.

    Only JSON has all values of a large array.
    """
    found: list[ShownForm] = []
    with open_source(checkpoint) as source:
        for name in names:
            value = source.read(name)
            entry = counted(source.variables[name], value)
            if as_json:
                found.append({**described(entry), "values": plain(value)})
            else:
                say([f"{name}  {entry.dtype}  {entry.shape}  {entry.nbytes:,} bytes", *array_text.lines(value)])
    if as_json:
        say_json("show", ShowResult(arrays=found))
