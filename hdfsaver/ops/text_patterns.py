"""Regular expressions as TensorFlow's library RE2 writes them, by Python's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from hdfsaver.ops.base import invalid

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}

_PIECES = re.compile(
    r"\[:(?P<posix>\w+):\]|\\(?P<escape>.)|(?P<look>\(\?(?:=|!|<=|<!|P=|#|\())|(?P<end>\$)|(?P<bracket>[\[\]])",
    re.DOTALL,
)


@lru_cache(maxsize=256)
def compiled(pattern: bytes) -> re.Pattern[str]:
    """The regular expression; `InvalidArgumentError` where it is not one, or needs what is not here."""
    try:
        return re.compile(_translated(pattern.decode("utf-8", "surrogateescape")), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise invalid(f"Invalid pattern: {pattern.decode('latin-1')}, error: {error}.") from None


def _translated(pattern: str) -> str:
    """The pattern as Python writes it."""
    inside = False
    pieces, place = [], 0
    for found in _PIECES.finditer(pattern):
        pieces.append(pattern[place : found.start()])
        place = found.end()
        text = found.group()
        if found["bracket"]:
            inside = text == "[" if not inside else text != "]"
            pieces.append("\\[" if text == "[" and pieces[-1:] and inside and _is_open(pieces) else text)
        elif found["posix"]:
            if found["posix"] not in _CLASSES or not inside:
                raise re.error(f"there is no class {text} here")
            pieces.append(_CLASSES[found["posix"]])
        elif found["look"]:
            raise re.error(f"{text} is not part of patterns")
        elif found["end"]:
            pieces.append("$" if inside else "\\Z")
        else:
            pieces.append(_escaped(found["escape"]))
    return "".join([*pieces, pattern[place:]])


def _is_open(pieces: list[str]) -> bool:
    """Whether a bracket was opened before, so that another one is a character."""
    opened = False
    for piece in pieces:
        if piece == "[":
            opened = True
        elif piece == "]":
            opened = False
    return opened


def _escaped(letter: str) -> str:
    if letter in "pPCQXR" or letter.isdigit():
        raise re.error(f"\\{letter} is not here")
    return {"z": "\\Z", "a": "\\x07"}.get(letter, f"\\{letter}")


def rewriting(pattern: bytes, rewrite: bytes, everywhere: bool) -> Callable[[bytes], bytes]:
    r"""The function that replaces matches in a text.

    Parameters
    ----------
    pattern : bytes
        A regular expression.
    rewrite : bytes
        The text for each match; ``\0`` to ``\9`` are its groups.
    everywhere : bool
        Whether every match is replaced.

    Returns
    -------
    callable
        Of a text; it gives the text itself where the rewriting names a group that is not there.

    Raises
    ------
    InvalidArgumentError
        The pattern is not one.
    """
    wanted = compiled(pattern)
    parts = re.split(r"\\(.)", rewrite.decode("utf-8", "surrogateescape"), flags=re.DOTALL)
    groups = parts[1::2]
    if any(not (part == "\\" or (part.isdigit() and int(part) <= wanted.groups)) for part in groups):
        return lambda text: text

    def made(match: re.Match[str]) -> str:
        found = [
            part if number % 2 == 0 else part if part == "\\" else match[int(part)] or ""
            for number, part in enumerate(parts)
        ]
        return "".join(found)

    def rewritten(text: bytes) -> bytes:
        given = text.decode("utf-8", "surrogateescape")
        pieces, end = [], None
        for match in wanted.finditer(given):
            if match.end() == end:
                continue  # nothing is matched right behind a match
            pieces += [given[end or 0 : match.start()], made(match)]
            end = match.end()
            if not everywhere:
                break
        return "".join([*pieces, given[end or 0 :]]).encode("utf-8", "surrogateescape")

    return rewritten
