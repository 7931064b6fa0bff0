"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Anything = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix, a file or a folder of any known kind.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Checkpoint = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix such as model/add.ckpt, or the file.")]
Group = Annotated[str, typer.Option(metavar="GROUP", help="The model, in a file that has several.")]
