"""The command `cast`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from hdfsaver.cli.arguments import Anything, AsJson, DryRun, Group, InPlace, Output
from hdfsaver.cli.command_form import command
from hdfsaver.cli.edit_report import EditResult, report
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.editing.cast import cast as cast_file


@command(
    ("Store real numbers in 16 bits.", "hdfsaver cast model.ckpt --dtype bfloat16 -o half.h5"),
    (
        "See how large the errors of some arrays would be.",
        "hdfsaver cast model.ckpt --dtype 'dense/*=float16' -o half.h5 --dry-run",
    ),
    result=EditResult,
)
def cast(
    source: Anything,
    dtype: Annotated[
        list[str],
        typer.Option(metavar="[NAME=]DTYPE", help="The new dtype, of all or of names like `dense/*`; may be repeated."),
    ],
    output: Output = None,
    in_place: InPlace = False,
    overflow: Annotated[
        Literal["refuse", "saturate", "infinite"],
        typer.Option(metavar="HOW", help="Numbers beyond the dtype: refuse, saturate or infinite."),
    ] = "refuse",
    group: Group = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Convert real numbers to another dtype.

    The largest error of each array is printed. A number beyond the new dtype is an error unless --overflow allows it.
    Integers, strings and everything else are kept; so is the graph, whose values are restored with `cast=True`. The
    result is complete before it gets its name, so that the source and an earlier file stay after every error.
    """
    with progress_bar(output or source) as progress:
        done = cast_file(
            source,
            output,
            dtype=dict(map(_rule, dtype)),
            overflow=overflow,
            in_place=in_place,
            group=group,
            dry_run=dry_run,
            progress=progress,
        )
    report("cast", done, as_json=as_json)


def _rule(text: str) -> tuple[str, str]:
    pattern, sign, name = text.rpartition("=")
    return (pattern, name) if sign else ("*", name)
