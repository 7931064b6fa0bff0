"""The commands, a function each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hdfsaver.errors import OpError
from hdfsaver.storage import naming
from hdfsaver.storage.reading import CheckpointFile, open_file
from hdfsaver.storage.reading import reseal as reseal_file
from hdfsaver.storage.salvage import salvage as salvage_file
from hdfsaver.storage.writing import write_file

app = typer.Typer(
    name="hdfsaver",
    help="HDF5 checkpoints of computation graphs and their variables.",
    no_args_is_help=True,
    add_completion=False,
)

Checkpoint = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix such as model/add.ckpt, or the file.")]


@app.callback()
def main() -> None:
    """HDF5 checkpoints of computation graphs and their variables."""


@app.command("ls")
def list_variables(checkpoint: Checkpoint) -> None:
    """List the variables: name, dtype, shape and size in bytes; of several models in one file, each by its group."""
    path = _found(checkpoint)
    with _reporting(), open_file(path) as file:
        for group in file.groups() or [file.group]:
            with open_file(path, group) as model:
                Console().print(_table(f"{group}: name" if group else "name", model))


def _table(title: str, model: CheckpointFile) -> Table:
    # A name may hold anything, terminal escapes too; what is printed must not.
    table = Table(escape(_printable(title)), "dtype", "shape", "bytes", box=None)
    for entry in model.variables.values():
        table.add_row(escape(_printable(entry.name)), entry.dtype, str(entry.shape), f"{entry.nbytes:,}")
    return table


@app.command()
def verify(checkpoint: Checkpoint) -> None:
    """Read everything and compare it with its digests; exit status 1 if anything differs."""
    path = _found(checkpoint)
    with _reporting(), open_file(path) as file:
        file.verify()
        sealed = "sealed, every byte is as it was written" if file.sealed else "not sealed: there are no digests"
        Console().print(f"{escape(str(path))}: {len(file.variables)} variables, {sealed}.", soft_wrap=True)


@app.command()
def reseal(checkpoint: Checkpoint) -> None:
    """Accept a file as it is now, after another program changed it: give it a new index and seal."""
    path = _found(checkpoint)
    with _reporting():
        reseal_file(path)
    Console().print(f"{escape(str(path))} is accepted as it is.", soft_wrap=True)


@app.command()
def salvage(
    checkpoint: Checkpoint, out: Annotated[Path, typer.Argument(help="The file to write; there must be none yet.")]
) -> None:
    """Write the variables of a damaged file that are still whole into a new one; exit status 1 if any are lost."""
    path = _found(checkpoint)
    if out.exists():
        _fail(f"{out} is there already; nothing is overwritten.")
    with _reporting():
        saved = salvage_file(path)
        write_file(out, variables=saved.values, structure=None, dtypes=saved.dtypes)
    said = [*saved.remarks, *(f"{name}: {why}" for name, why in saved.lost.items())]
    Console().print(*(escape(_printable(line)) for line in said), sep="\n", soft_wrap=True)
    Console().print(f"{len(saved.values)} variables are whole, {len(saved.lost)} are lost.")
    if saved.lost:
        raise typer.Exit(1)


def _found(checkpoint: str) -> Path:
    path = naming.find(checkpoint)
    if path is None:
        _fail(f"There is no checkpoint {checkpoint!r}.")
    return path


@contextmanager
def _reporting() -> Iterator[None]:
    """Turn what is wrong with a file into one sentence and an exit status."""
    try:
        yield
    except OpError as error:
        _fail(error.message)


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(escape(_printable(message)), soft_wrap=True)
    raise typer.Exit(1)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
