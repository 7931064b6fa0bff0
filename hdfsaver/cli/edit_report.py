"""The result of an edit, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.editing.edit_result import Edited

_SHOWN = 3
"""The number of names that are shown for one reason."""

_LISTED = 20
"""The number of changes that are shown, a line each."""


class EditResult(TypedDict):
    """The result of `strip`, `rename`, `merge`, `average`, `cast` and `compress`.

    Attributes
    ----------
    files : list of str
        The files that were written, or, after a dry run, would be.
    written : bool
        Whether they were.
    names : dict of str to str
        The name in the source of each array, by its name in the result.
    nbytes : int
        Bytes of all arrays of the result, uncompressed.
    has_graph : bool
        Whether the result has a graph.
    left_out : dict of str to str
        By name in the source, the reason for each array that the result lacks.
    changed : dict of str to str
        By name in the result, what was done with each array that is not as in the source.
    errors : dict of str to float
        By name in the result, the largest absolute difference that a new dtype makes.
    remarks : list of str
        Further sentences.
    """

    files: list[str]
    written: bool
    names: dict[str, str]
    nbytes: int
    has_graph: bool
    left_out: dict[str, str]
    changed: dict[str, str]
    errors: dict[str, float]
    remarks: list[str]


def report(name: str, done: Edited, *, as_json: bool) -> None:
    """Print the result of a command.

    Parameters
    ----------
    name : str
        The command.
    done : Edited
        Its result.
    as_json : bool
        Whether JSON is printed.
    """
    if as_json:
        fields = done._asdict()
        say_json(name, {key: fields[key] for key in EditResult.__annotations__})
    else:
        say(_lines(done))


def _lines(done: Edited) -> Iterator[str]:
    graph = ", and the graph" if done.has_graph else ""
    what = f"{count_of(len(done.names), 'array')}, {done.nbytes:,} bytes{graph}"
    yield f"{', '.join(done.files)}: {what}." if done.written else f"Would write {', '.join(done.files)}: {what}."
    reasons: dict[str, list[str]] = {}
    for name, reason in done.left_out.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"Left out: {', '.join(names[:_SHOWN])}{more} ({reason.rstrip('.')})."
    for name, change in list(done.changed.items())[:_LISTED]:
        yield f"{name}: {change}."
    if len(done.changed) > _LISTED:
        yield f"{len(done.changed) - _LISTED:,} more arrays changed; --json has all."
    yield from done.remarks
