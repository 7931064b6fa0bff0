"""Text for a terminal: what comes from files is escaped, so that it does not control it."""

from __future__ import annotations

from collections.abc import Iterable

import typer


def printable(text: str) -> str:
    """Escape a string so that it does not control the terminal: names may contain escape sequences."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


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
