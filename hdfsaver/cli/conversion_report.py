"""The report of a conversion for people: the parts that were written, those that were left out, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from hdfsaver.conversion.report import Conversion

_SHOWN = 3
"""The number of names that are shown for one reason."""


class ConvertResult(TypedDict):
    """The result of `convert`.

    Attributes
    ----------
    names : dict of str to str
        The name in the source of each array, by its name in the target.
    nbytes : int
        Bytes of all arrays in the target.
    has_graph : bool
        Whether a graph was written.
    files : list of str
        The files that were written.
    left_out : dict of str to str
        The reason for each element of the source that is not in the target.
    changed : dict of str to str
        By name in the target: how many numbers of an array are not in its dtype.
    remarks : list of str
        Further information, in sentences.
    layout : dict of str to str
        By name in the target: what was done with an array for another layout.
    unchanged : dict of str to str
        By name in the source: why an array has no other layout.
    """

    names: dict[str, str]
    nbytes: int
    has_graph: bool
    files: list[str]
    left_out: dict[str, str]
    changed: dict[str, str]
    remarks: list[str]
    layout: dict[str, str]
    unchanged: dict[str, str]


def form(done: Conversion) -> ConvertResult:
    """The report for JSON."""
    return ConvertResult(
        names=done.names,
        nbytes=done.nbytes,
        has_graph=done.has_graph,
        files=done.files,
        left_out=done.left_out,
        changed=done.changed,
        remarks=done.remarks,
        layout=done.layout,
        unchanged=done.unchanged,
    )


def lines(target: str, done: Conversion) -> Iterator[str]:
    """The sentences of the report.

    Parameters
    ----------
    target : str
        The target as the user spells it.
    done : Conversion
        The result.
    """
    files = "" if done.files == [target] else f" Files: {', '.join(done.files)}."
    yield f"{target}: {_content(done)}.{files}"
    by_reason: dict[str, list[str]] = {}
    for name, reason in done.left_out.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield f"Left out: {', '.join(names[:_SHOWN])}{_more(len(names))} ({reason.rstrip('.')})."
    by_layer: dict[str, list[str]] = {}
    for name, what in done.layout.items():
        by_layer.setdefault(what.partition(" (")[0], []).append(name)
    for layer, names in by_layer.items():
        yield f"Laid out ({layer}): {', '.join(names[:_SHOWN])}{_more(len(names))}."
    by_reason = {}
    for name, reason in done.unchanged.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield f"Unchanged: {', '.join(names[:_SHOWN])}{_more(len(names))} ({reason})."
    if done.changed:
        shown = [f"{name} ({change})" for name, change in list(done.changed.items())[:_SHOWN]]
        yield f"Changed: {', '.join(shown)}{_more(len(done.changed))}."
    yield from done.remarks


def _more(count: int) -> str:
    return f" and {count - _SHOWN} more" if count > _SHOWN else ""


def _content(done: Conversion) -> str:
    count = len(done.names)
    if not count:
        return "the graph"
    arrays = f"{count:,} array{'' if count == 1 else 's'}, {done.nbytes:,} bytes"
    return f"{arrays}, and the graph" if done.has_graph else arrays
