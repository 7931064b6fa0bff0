"""The command `run`: a program for TensorFlow, run or checked."""

from __future__ import annotations

from collections.abc import Iterator

from hdfsaver.cli import rendering
from hdfsaver.programs.name_check import Report


def lines(report: Report) -> Iterator[str]:
    """The report of a check, a line per place; the last line has the counts."""
    for it in report.missing:
        what = "is not in hdfsaver" if it.of_tensorflow else "is not a name of TensorFlow 1"
        like = f" Names like it: {', '.join(it.nearest)}." if it.nearest else ""
        yield f"{it.file}:{it.line}: {it.name} {what}.{like}"
    for file, why in report.unread.items():
        yield f"{file} cannot be read: {why}."
    names = len({it.name for it in report.missing})
    here = rendering.count_of(len(report.present), "name")
    files = rendering.count_of(report.files, "file")
    yield f"{rendering.count_of(names, 'name')} of TensorFlow missing, {here} here, in {files}."


def as_dict(report: Report) -> dict[str, object]:
    """The report for JSON."""
    return {**report._asdict(), "missing": [it._asdict() for it in report.missing]}
