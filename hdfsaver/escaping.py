"""Text from files that is shown: what controls a terminal or is not allowed in other formats is escaped."""

from __future__ import annotations


def printable(text: str) -> str:
    """Escape a string so that it does not control the terminal: names may contain escape sequences."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def on_one_line(text: str, length: int) -> str:
    """Text without line breaks, shortened to a number of characters."""
    text = " ".join(text.split()) if len(text) <= length else " ".join(text[: length + 1].split())
    return text if len(text) <= length else f"{text[: length - 3]}..."
