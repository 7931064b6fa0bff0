"""Text for a terminal: what comes from files is escaped, so that it does not control it."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import typer

from hdfsaver.escaping import printable


def printable_lines(text: str) -> str:
    """Escape several lines; see `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def count_of(number: int, noun: str) -> str:
    """A number with its noun: ``"1 array"``, ``"2,000 arrays"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say(lines: Iterable[str]) -> None:
    """Print lines, escaped, to the standard output."""
    found = list(lines)
    if found:
        typer.echo("\n".join(map(printable, found)))


def complain(message: str) -> None:
    """Print a sentence, escaped, to the standard error."""
    typer.echo(printable(message), err=True)


_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(part: float, width: int) -> str:
    """A bar of a part of some columns, padded to all of them; of number signs where the output lacks the blocks."""
    eighths = round(part * width * 8)
    try:
        _EIGHTHS.encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return ("#" * round(part * width)).ljust(width)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)
