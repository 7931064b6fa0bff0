"""The command `merge`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from hdfsaver.cli.arguments import AsJson, DryRun, Group, NeededOutput, Several
from hdfsaver.cli.command_form import command
from hdfsaver.cli.edit_report import EditResult, report
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.editing.merge import merge as merge_files


@command(
    ("Put the arrays of two files into one.", "hdfsaver merge model.ckpt weights.npz -o both.h5 --on-conflict first"),
    result=EditResult,
)
def merge(
    sources: Several,
    output: NeededOutput,
    on_conflict: Annotated[
        Literal["refuse", "first", "last"],
        typer.Option(metavar="WHICH", help="Of different arrays of one name: refuse, first or last."),
    ] = "refuse",
    group: Group = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put the arrays of several files into one.

    Arrays of one name must be equal, unless --on-conflict says which is taken; so must metadata. The graph is that of
    the first file that has one. The result is complete before it gets its name.
    """
    with progress_bar(output) as progress:
        done = merge_files(sources, output, on_conflict=on_conflict, group=group, dry_run=dry_run, progress=progress)
    report("merge", done, as_json=as_json)
