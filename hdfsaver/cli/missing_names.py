"""The report of `run --check`: the names of TensorFlow that hdfsaver lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from hdfsaver.cli.terminal_text import count_of
from hdfsaver.programs.name_check import Report


class MissingForm(TypedDict):
    """A name that a program uses and hdfsaver lacks.

    Attributes
    ----------
    file : str
        The file, with the cell of a notebook.
    line : int
    column : int
        Both count from 1.
    name : str
    of_tensorflow : bool
        Whether TensorFlow 1 has it.
    nearest : list of str
        Names like it that hdfsaver has.
    """

    file: str
    line: int
    column: int
    name: str
    of_tensorflow: bool
    nearest: list[str]


class RunResult(TypedDict):
    """The result of `run --check`.

    Attributes
    ----------
    files : int
        The number of files that were read.
    present : list of str
        The names of TensorFlow that are used, and that hdfsaver has.
    missing : list of MissingForm
        Those that it lacks.
    unread : dict of str to str
        The files that could not be read, with the reason.
    """

    files: int
    present: list[str]
    missing: list[MissingForm]
    unread: dict[str, str]


def lines(report: Report) -> Iterator[str]:
    """The report of a check, a line per place; the last line has the counts."""
    for it in report.missing:
        what = "is not in hdfsaver" if it.of_tensorflow else "is not a name of TensorFlow 1"
        like = f" Names like it: {', '.join(it.nearest)}." if it.nearest else ""
        yield f"{it.file}:{it.line}: {it.name} {what}.{like}"
    for file, why in report.unread.items():
        yield f"{file} cannot be read: {why}."
    names = len({it.name for it in report.missing})
    here = count_of(len(report.present), "name")
    files = count_of(report.files, "file")
    yield f"{count_of(names, 'name')} of TensorFlow missing, {here} here, in {files}."


def form(report: Report) -> RunResult:
    """The report for JSON."""
    missing = [
        MissingForm(
            file=it.file,
            line=it.line,
            column=it.column,
            name=it.name,
            of_tensorflow=it.of_tensorflow,
            nearest=it.nearest,
        )
        for it in report.missing
    ]
    return RunResult(files=report.files, present=report.present, missing=missing, unread=report.unread)
