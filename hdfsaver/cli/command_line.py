"""The command ``hdfsaver`` with its options, and what ends it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, ClassVar

import typer

from hdfsaver.cli.command_form import DEBUG
from hdfsaver.cli.command_group import CommandGroup, Entry
from hdfsaver.cli.commands import COMMANDS
from hdfsaver.version import __version__


class HdfsaverCommands(CommandGroup):
    """All commands of `COMMANDS`."""

    entries: ClassVar[Mapping[str, Entry]] = {each.name: each for each in COMMANDS}


app = typer.Typer(
    name="hdfsaver",
    cls=HdfsaverCommands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hdfsaver {__version__}")
        raise typer.Exit


@app.callback()
def hdfsaver(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show the traceback of an error; also behind a command.")] = False,
) -> None:
    """Look into checkpoints, check, change and convert them, and run programs written for TensorFlow 1.

    A checkpoint is given by its prefix, by a file, by a folder or by a URL, and may be of hdfsaver, TensorFlow, NumPy,
    safetensors, PyTorch or Keras.
    """


def main() -> None:
    """Run the command of ``sys.argv``."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")  # names may have letters that a terminal lacks
    app(prog_name="hdfsaver")
