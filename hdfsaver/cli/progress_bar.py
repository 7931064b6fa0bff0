"""A progress bar on a terminal; there is no bar if the output is a file or a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from hdfsaver.errors import without_secrets
from hdfsaver.escaping import printable
from hdfsaver.files.progress import Callback


@contextmanager
def progress_bar(title: str) -> Iterator[Callback]:
    """Give a callback that moves a progress bar, which is removed at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal)
    with bar:
        task = bar.add_task(escape(printable(without_secrets(title))), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
