"""The command `strip`."""

from __future__ import annotations

from typing import Annotated

import typer

from hdfsaver.cli.arguments import Anything, AsJson, DryRun, Group, InPlace, Output
from hdfsaver.cli.command_form import command
from hdfsaver.cli.edit_report import EditResult, report
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.editing.strip import strip as strip_file


@command(
    ("Leave out what only training needs.", "hdfsaver strip model.ckpt -o small.h5"),
    ("Leave out some arrays and the graph.", "hdfsaver strip model.ckpt --exclude 'dense/*' --graph -o rest.h5"),
    ("See what would be left out of a file, and replace it.", "hdfsaver strip model.ckpt --in-place --dry-run"),
    result=EditResult,
)
def strip(
    source: Anything,
    output: Output = None,
    in_place: InPlace = False,
    slots: Annotated[
        bool, typer.Option("--slots", help="Leave out the slots of optimizers; so without other options.")
    ] = False,
    exclude: Annotated[
        list[str], typer.Option("--exclude", metavar="NAME", help="Leave out arrays with names like `dense/*`.")
    ] = [],  # noqa: B006
    graph: Annotated[bool, typer.Option("--graph", help="Leave out the graph.")] = False,
    group: Group = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Leave out slots of optimizers, arrays, or the graph.

    Everything else is kept: values, digests and compression, metadata, collections, models of other groups, and what
    other programs have added. The Saver of the graph restores what is left. The result is complete before it gets its
    name, so that the source and an earlier file stay after every error.
    """
    with progress_bar(output or source) as progress:
        done = strip_file(
            source,
            output,
            slots=slots or None,
            exclude=exclude,
            graph=graph,
            in_place=in_place,
            group=group,
            dry_run=dry_run,
            progress=progress,
        )
    report("strip", done, as_json=as_json)
