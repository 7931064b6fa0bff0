"""Protobuf's text format, as far as a state file needs it: fields with strings or numbers.

Source: "Text Format Language Specification" of Protocol Buffers, and its Python implementation where that accepts more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

# Repetitions are possessive: a match is never tried again, so the time is linear in the length of the text.
_GAP = r"(?:\s++|#[^\n]*+)*+"
_STRING = r"""(?:"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')"""
_NUMBER = r"[-+]?(?:inf(?:inity)?|nan|(?:(?:0|[1-9]\d*+)(?:\.\d*+)?|\.\d++)(?:e[-+]?\d++)?f?)(?![\w.])"
_SCALAR = rf"(?:{_STRING}{_GAP})++|{_NUMBER}{_GAP}"
_FIELD = re.compile(
    rf"([^\W\d]\w*+){_GAP}:{_GAP}(?:({_SCALAR})|\[{_GAP}((?:(?:{_SCALAR})(?:,{_GAP}(?:{_SCALAR}))*+)?+)\]{_GAP})"
    rf"[,;]?{_GAP}",
    re.IGNORECASE | re.ASCII,
)
_LEADING = re.compile(_GAP)
_COMMENT = r"#[^\n]*"
_SCALARS = re.compile(rf"((?:{_STRING}{_GAP})++)|({_NUMBER})|{_COMMENT}", re.IGNORECASE | re.ASCII)
_STRINGS = re.compile(rf"({_STRING})|{_COMMENT}")

_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_ESCAPES: dict[int, str] = {byte: f"\\{byte:03o}" for byte in (*range(32), *range(127, 256))} | {
    ord(character): escaped
    for character, escaped in {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "'": r"\'", "\\": r"\\"}.items()
}
"""The escapes of bytes that are not written literally."""

_ITSELF = b"\\'\"?"


def fields(text: str) -> Iterator[tuple[str, str | float]]:
    """The fields of a message in text format, in order; a field with a list of values is yielded once for each value.

    Yields
    ------
    name : str
    value : str or float
        Bytes that are not UTF-8 become surrogates, as in paths (`os.fsdecode`).

    Raises
    ------
    ValueError
        The text is malformed, or has a value that is neither a string nor a number.
    """
    position = _end(_LEADING.match(text))
    while position < len(text):
        match = _FIELD.match(text, position)
        if match is None:
            raise ValueError(f"Not a field in text format: {text[position : position + 40]!r}.")
        name, one, several = match.groups()
        yield from ((name, value) for value in _values(several if one is None else one))
        position = match.end()


def _end(match: re.Match[str] | None) -> int:
    return 0 if match is None else match.end()


def _values(text: str) -> Iterator[str | float]:
    for strings, number in _SCALARS.findall(text):
        if strings:
            yield "".join(_unquoted(string) for string in _STRINGS.findall(strings) if string)
        elif number:
            yield float(number.rstrip("fF") if number[-1] in "fF" and number[-2:].lower() != "nf" else number)


def quoted(text: str) -> str:
    """A string in quotation marks; bytes beyond ASCII become octal escapes."""
    return f'"{os.fsencode(text).decode("latin-1").translate(_ESCAPES)}"'


def _unquoted(string: str) -> str:
    return os.fsdecode(_ESCAPE.sub(_unescaped, string[1:-1].encode("utf-8")))


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, short, long, character = match.groups()
    if octal is not None:
        return bytes([int(octal, 8)])  # ValueError above 255
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if short is not None or long is not None:
        return chr(int(short or long, 16)).encode("utf-8")
    if character in b"xuU":
        raise ValueError(f"An escape without digits: {match[0]!r}.")
    # An unknown escape is two characters.
    return character if character in _ITSELF else _NAMED.get(character, match[0])
