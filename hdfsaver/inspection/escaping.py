"""Text from files that is shown: what controls a terminal or is not allowed in other formats is escaped."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape a string so that it does not control the terminal: names may contain escape sequences."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
