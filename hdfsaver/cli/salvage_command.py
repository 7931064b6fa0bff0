"""The command `salvage`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from hdfsaver.cli.arguments import AsJson, Checkpoint
from hdfsaver.cli.command_form import command
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.own_files import own_file
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.errors import AlreadyExistsError
from hdfsaver.storage.salvaged_file import salvage_into


class SalvageResult(TypedDict):
    """The result of `salvage`.

    Attributes
    ----------
    file : str
        The new file.
    intact : list of str
        The variables that it has.
    lost : dict of str to str
        The reason for each variable that it lacks.
    graphs : int
        The number of graphs that it has.
    remarks : list of str
        Further information, in sentences.
    """

    file: str
    intact: list[str]
    lost: dict[str, str]
    graphs: int
    remarks: list[str]


@command(
    ("Save what is whole in a damaged checkpoint.", "hdfsaver salvage damaged.h5 intact.h5"),
    result=SalvageResult,
)
def salvage(
    checkpoint: Checkpoint,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The new file; it must not exist yet.")],
    as_json: AsJson = False,
) -> None:
    """Write the intact part of a damaged checkpoint to a new file.

    Graphs, metadata and groups are kept if the damage is only in values; otherwise the output says what is left out.
    The exit status is 1 if any variables are lost.
    """
    path = own_file(checkpoint)
    if os.path.lexists(out):
        raise AlreadyExistsError(None, None, f"{out} exists already; nothing is overwritten.")
    saved, graphs, left_out = salvage_into(path, out)
    remarks = [*saved.remarks, left_out] if left_out else list(saved.remarks)
    if as_json:
        result = SalvageResult(
            file=str(out), intact=list(saved.values), lost=dict(saved.lost), graphs=graphs, remarks=remarks
        )
        say_json("salvage", result)
    else:
        counts = f"{count_of(len(saved.values), 'variable')} intact, {len(saved.lost)} lost."
        kept = f" Kept: {count_of(graphs, 'graph')}." if graphs else ""
        say([*saved.remarks, *(f"{name}: {why}" for name, why in saved.lost.items()), *remarks[len(saved.remarks) :]])
        say([counts + kept])
    if saved.lost:
        raise typer.Exit(ExitCode.DIFFERS)
