"""The command `latest`."""

from __future__ import annotations

import os
from typing import Annotated, TypedDict

import typer

from hdfsaver.cli.arguments import AsJson, Folder
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.reading.checkpoint_names import as_source
from hdfsaver.reading.find_checkpoint import latest_checkpoint


class LatestResult(TypedDict):
    """The result of `latest`.

    Attributes
    ----------
    path : str
        The prefix of the checkpoint.
    """

    path: str


@command(
    ("Print the newest checkpoint of a training.", "hdfsaver latest training"),
    result=LatestResult,
)
def latest(
    folder: Folder,
    relocated: Annotated[
        bool, typer.Option("--relocated", help="The folder was moved: look beside the state file for what it names.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the prefix of the newest checkpoint of a folder.

    It is the one that the state file of the folder names, which is not always that of the largest step.
    """
    where = as_source(folder)
    if not isinstance(where, RemoteName) and os.path.isfile(where):
        raise InvalidArgumentError(None, None, f"{where} is a file; `latest` takes a folder with a state file.")
    if not isinstance(where, RemoteName) and not os.path.isdir(where):
        raise NotFoundError(None, None, f"There is no folder {where}.")
    found = latest_checkpoint(where, relocated=relocated)
    if found is None:
        advice = "" if relocated else " If the folder was moved, `--relocated` may find it."
        raise NotFoundError(None, None, f"No state file of {where} names a checkpoint that exists.{advice}")
    if as_json:
        say_json("latest", LatestResult(path=str(found)))
    else:
        say([str(found)])
