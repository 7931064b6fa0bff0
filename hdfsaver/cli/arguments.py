"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Anything = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix, a file or a folder of any known kind.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Checkpoint = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix such as model/add.ckpt, or the file.")]
Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="A folder with checkpoints.")]
Group = Annotated[str, typer.Option(metavar="GROUP", help="The model, in a file that has several.")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="The file to write; its ending tells the format.")
]
NeededOutput = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="The file to write; its ending tells the format.")
]
InPlace = Annotated[
    bool, typer.Option("--in-place", "-i", help="Replace the checkpoint by the result, when that is complete.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Write nothing; print what would change.")]
Several = Annotated[
    list[str], typer.Argument(metavar="CHECKPOINT", help="Prefixes, files or folders of any known kind.")
]
