"""The command `average`."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

from hdfsaver.cli.arguments import AsJson, DryRun, Group, NeededOutput, Several
from hdfsaver.cli.command_form import command
from hdfsaver.cli.edit_report import EditResult, report
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.editing.average import average as average_files


@command(
    ("Average two checkpoints of a run.", "hdfsaver average run/model.ckpt-1 run/model.ckpt-2 -o mean.h5"),
    ("Average the last checkpoints that a folder has.", "hdfsaver average run --last 2 -o mean.h5"),
    ("Let later checkpoints weigh more.", "hdfsaver average run --decay 0.9 -o mean.h5"),
    result=EditResult,
)
def average(
    sources: Several,
    output: NeededOutput,
    last: Annotated[int | None, typer.Option(metavar="NUMBER", help="Take only this many, the last ones.")] = None,
    weights: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="A weight for each file, separated by commas.")
    ] = None,
    decay: Annotated[float | None, typer.Option(help="The weight of each file, divided by that of the next.")] = None,
    integers: Annotated[
        Literal["last", "refuse"],
        typer.Option(metavar="WHICH", help="Of integers and strings that differ: last or refuse."),
    ] = "last",
    group: Group = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Average the checkpoints of one run.

    Real and complex numbers are averaged, in float64; everything else is that of the last file: integers such as the
    step, strings, graph and metadata. All files must have the same arrays. One folder stands for the checkpoints that
    its file `checkpoint` names. The result is complete before it gets its name.
    """
    given = sources[0] if len(sources) == 1 and os.path.isdir(sources[0]) else sources
    with progress_bar(output) as progress:
        done = average_files(
            given,
            output,
            last=last,
            weights=None if weights is None else _numbers(weights),
            decay=decay,
            integers=integers,
            group=group,
            dry_run=dry_run,
            progress=progress,
        )
    report("average", done, as_json=as_json)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"--weights needs numbers such as 1,2,4, not {text!r}.") from None
