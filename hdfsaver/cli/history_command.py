"""The command `history`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypedDict

import typer

from hdfsaver.cli.arguments import AsJson, Folder, Group
from hdfsaver.cli.column_text import aligned
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import real, say_json
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.inspection.checkpoint_history import SavedCheckpoint
from hdfsaver.inspection.checkpoint_history import history as list_checkpoints

_SHOWN = 5
"""Names of changed variables that are listed for a checkpoint."""


class CheckpointForm(TypedDict):
    """A checkpoint of a folder.

    Attributes
    ----------
    path : str
        Its prefix.
    step : int or None
    time : str or None
        When it was saved, in UTC, such as "2026-01-31T12:00:00Z".
    nbytes : int or None
        The length of its files.
    metric : int or float or str or None
        The metric that was passed to `Saver.save`.
    is_listed : bool
        Whether the state file names it.
    arrays : int or None
        The number of its variables; null if its index cannot be read.
    changed : list of str or None
        The variables that differ from those in the checkpoint before it; null for the first.
    added : list of str
    removed : list of str
        The variables that only one of the two has.
    error : str
        Why its digests are not known; empty if they are.
    """

    path: str
    step: int | None
    time: str | None
    nbytes: int | None
    metric: int | float | str | None
    is_listed: bool
    arrays: int | None
    changed: list[str] | None
    added: list[str]
    removed: list[str]
    error: str


class HistoryResult(TypedDict):
    """The result of `history`.

    Attributes
    ----------
    checkpoints : list of CheckpointForm
        By name, then by step.
    """

    checkpoints: list[CheckpointForm]


@command(
    ("List the checkpoints of a training.", "hdfsaver history training"),
    ("List all variables that changed.", "hdfsaver history training --full"),
    result=HistoryResult,
)
def history(
    folder: Folder,
    full: Annotated[bool, typer.Option("--full", help="List all names of changed variables.")] = False,
    group: Group = "",
    as_json: AsJson = False,
) -> None:
    """List the checkpoints of a folder, and what changed between them.

    Each has its step, the time when it was saved, the size of its files, the metric that was recorded with it, and the
    variables that changed since the checkpoint before it. These are found by the digests of the files' indexes; no
    values are read. A star marks the checkpoints that the state file names. Times are in UTC.
    """
    found = list_checkpoints(folder, group=group)
    if as_json:
        say_json("history", HistoryResult(checkpoints=[_form(each) for each in found]))
    else:
        say(_lines(found, full))


def _lines(found: Sequence[SavedCheckpoint], full: bool) -> Iterator[str]:
    has_metrics = any(each.metric is not None for each in found)
    headings = ["", "checkpoint", "step", "saved", "bytes", *(["metric"] if has_metrics else []), "changed"]
    rows = [headings]
    for each in found:
        metric = [] if not has_metrics else ["" if each.metric is None else f"{each.metric:.6g}"]
        step = "" if each.step is None else str(each.step)
        nbytes = "" if each.nbytes is None else f"{each.nbytes:,}"
        mark = "*" if each.is_listed else ""
        rows.append([mark, each.path, step, _time(each.time, " ") or "", nbytes, *metric, _changes(each, full)])
    yield from aligned(rows)
    yield f"{count_of(len(found), 'checkpoint')}, {count_of(sum(each.nbytes or 0 for each in found), 'byte')}."


def _changes(each: SavedCheckpoint, full: bool) -> str:
    if each.error:
        return each.error
    if each.changed is None:
        return f"{count_of(each.arrays or 0, 'variable')}"
    shown = each.changed if full else each.changed[:_SHOWN]
    more = f" and {len(each.changed) - len(shown):,} more" if len(each.changed) > len(shown) else ""
    names = f": {', '.join(shown)}{more}" if shown else ""
    others = "".join(
        f", {len(names):,} {what}" for names, what in ((each.added, "added"), (each.removed, "removed")) if names
    )
    return f"{len(each.changed):,} of {each.arrays:,}{names}{others}"


def _time(seconds: float | None, between: str) -> str | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime(f"%Y-%m-%d{between}%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return None


def _form(each: SavedCheckpoint) -> CheckpointForm:
    time = _time(each.time, "T")
    return CheckpointForm(
        path=each.path,
        step=each.step,
        time=f"{time}Z" if time else None,
        nbytes=each.nbytes,
        metric=None if each.metric is None else real(each.metric),
        is_listed=each.is_listed,
        arrays=each.arrays,
        changed=each.changed,
        added=each.added,
        removed=each.removed,
        error=each.error,
    )
