"""The command `compress`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from hdfsaver.cli.arguments import Anything, AsJson, DryRun, Group, InPlace, Output
from hdfsaver.cli.command_form import command
from hdfsaver.cli.edit_report import EditResult, report
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.editing.compress import compress as compress_file
from hdfsaver.storage.chunks.compression import Compression


@command(
    ("Compress a checkpoint for every reader of HDF5.", "hdfsaver compress model.ckpt -o packed.h5"),
    ("Compress it faster and more.", "hdfsaver compress model.ckpt --codec zstd --level 9 -o packed.h5"),
    ("Undo the compression, in the file itself.", "hdfsaver compress model.ckpt --codec none --in-place"),
    result=EditResult,
)
def compress(
    source: Anything,
    output: Output = None,
    in_place: InPlace = False,
    codec: Annotated[
        Literal["gzip", "zstd", "lz4", "blosc2", "none"],
        typer.Option(metavar="CODEC", help="gzip, zstd, lz4 or blosc2; none undoes a compression."),
    ] = "gzip",
    level: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="1 to 9, for zstd to 22: from the fastest to the smallest.")
    ] = None,
    shuffle: Annotated[
        bool, typer.Option("--shuffle/--no-shuffle", help="Group bytes of equal significance first, which helps.")
    ] = True,
    include: Annotated[
        list[str], typer.Option(metavar="NAME", help="Change only arrays with names like `dense/*`.")
    ] = [],  # noqa: B006
    exclude: Annotated[list[str], typer.Option(metavar="NAME", help="Do not change arrays with names like this.")] = [],  # noqa: B006
    group: Group = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Compress the values of a checkpoint, or undo that.

    The values do not change, and everything else is kept. Strings and arrays of less than 64 KiB are not compressed,
    and arrays that are compressed in this way already stay unchanged, unless a level is given. The result is complete
    before it gets its name, so that the source and an earlier file stay after every error.
    """
    if codec == "none" and level is not None:
        raise ValueError("--level needs a codec.")
    with progress_bar(output or source) as progress:
        done = compress_file(
            source,
            output,
            compression=None if codec == "none" else Compression(codec, level, shuffle),
            include=include,
            exclude=exclude,
            in_place=in_place,
            group=group,
            dry_run=dry_run,
            progress=progress,
        )
    report("compress", done, as_json=as_json)
