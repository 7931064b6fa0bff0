"""The command `view`."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from hdfsaver.cli.arguments import Anything, Group
from hdfsaver.cli.command_form import command
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.cli.terminal_text import say
from hdfsaver.errors import from_os_error
from hdfsaver.files.remote.names import is_remote
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.page.model_parts import check_group
from hdfsaver.page.page_file import write_page
from hdfsaver.page.page_server import PageServer
from hdfsaver.page.served_model import ServedModel

_LARGE = 1 << 30
"""Bytes of values from which on a file is served, so that they need not be read as a whole."""


@command(
    ("Show a model in the browser.", "hdfsaver view model.ckpt"),
    ("Write the page to a file, which can be kept and sent.", "hdfsaver view model.ckpt -o page.html"),
    ("Show how the second model differs from the first.", "hdfsaver view old.ckpt model.ckpt -o page.html"),
    result=None,
)
def view(
    checkpoint: Anything,
    other: Annotated[
        str | None, typer.Argument(metavar="[OTHER]", help="A second model: the page shows how it differs.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the page here; open no browser.")
    ] = None,
    group: Group = "",
    serve: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve",
            help="Serve the page to this machine alone, and read values when they are asked for; "
            "this is what happens to remote files and to those of 1 GiB and more.",
        ),
    ] = None,
) -> None:
    """Show a model in the browser: its graph and its arrays.

    The page is one HTML file that loads nothing from anywhere; nothing leaves this machine. It is written to a
    temporary file, which stays until you delete it.

    A page that is served is there until Ctrl-C. Only this machine can read it, at a path that cannot be guessed.
    """
    if serve and (output is not None or other is not None):
        raise ValueError("--serve shows one model, and writes no file.")
    if output is not None:
        _write(checkpoint, other, group, output)
        say([f"{output} shows the model; open it in a browser."])
        return
    if other is None and serve is not False:
        with open_source(checkpoint, group) as file:
            check_group(file)
            if serve or _is_large(file):
                _serve(file)
                return
    _show(checkpoint, other, group)


def _is_large(file: TensorFile) -> bool:
    return is_remote(file.path) or sum(entry.nbytes for entry in file.variables.values()) >= _LARGE


def _write(checkpoint: str, other: str | None, group: str, path: Path) -> None:
    model, before = (checkpoint, None) if other is None else (other, checkpoint)
    values = not is_remote(model)
    with progress_bar(model) as progress:
        write_page(model, path, before=before, group=group, values=values, progress=progress)


def _show(checkpoint: str, other: str | None, group: str) -> None:
    """Write the page to a temporary file, and open it."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="hdfsaver-", suffix=".html")
    except OSError as error:
        raise from_os_error(error, "Cannot make a temporary file; --output names another place") from error
    os.close(descriptor)
    path = Path(name)
    try:
        _write(checkpoint, other, group, path)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    _open(path.as_uri(), str(path))


def _open(url: str, shown: str) -> None:
    if webbrowser.open(url):
        say([f"{shown} is open in the browser."])
    else:
        say([f"No browser was found. Open {shown} in one."])


def _serve(file: TensorFile) -> None:
    """Serve the page until Ctrl-C."""
    with PageServer(ServedModel(file)) as server:
        say([f"{server.url} shows the model, on this machine alone. Ctrl-C ends it."])
        webbrowser.open(server.url)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
