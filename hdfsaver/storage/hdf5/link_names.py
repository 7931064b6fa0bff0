"""Names and link paths: any string is the name of a variable, and no two names meet in one HDF5 link.

Reading is one rule: percent-decode every link name and join them with ``/``. Writing escapes

* ``%`` and control characters, NUL among them;
* a slash that is not between two components: at the beginning, at the end, behind another slash;
* a slash below a name that is itself in the set, because HDF5 cannot hold a dataset and a group under one name:
  beside ``w``, ``w/Adam`` is the link ``w%2FAdam``;
* the components ``.`` and ``..``;
* the empty name, which is the link ``%``.

Decoding gives the name back, so two names never share a path; and what stands before a plain slash is never a name of
the set, so no path needs a dataset for a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from urllib.parse import unquote_to_bytes

EMPTY = "%"
"""The link of the empty name; in all others, two hexadecimal digits follow every percent sign."""

_ESCAPED = re.compile(r"[%\x00-\x1f\x7f]")
_DOTS = re.compile(r"(?:^|(?<=/))\.\.?(?=/|\Z)")


def paths_of(names: Iterable[str]) -> dict[str, str]:
    """The link path of every name, in the order given; it depends on the set of names alone.

    Parameters
    ----------
    names : iterable of str
        Any strings that UTF-8 can write.

    Returns
    -------
    dict[str, str]
        Each name's path below the group, ``"dense/kernel%2FAdam"``.

    Raises
    ------
    ValueError
        A name holds a surrogate, which UTF-8 cannot write.
    """
    known = dict.fromkeys(names)
    return {name: _path(name, known.keys()) for name in known}


def name_of(path: str) -> str:
    """The name that a link path stands for; a percent sign that escapes nothing stands for itself.

    Raises
    ------
    ValueError
        The escapes of the path do not spell UTF-8.
    """
    if "%" not in path:
        return path
    if path == EMPTY:
        return ""
    try:
        return unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise ValueError(f"The link path {path!r} does not percent-decode to UTF-8 text.") from None


def _path(name: str, names: AbstractSet[str]) -> str:
    if not name.isascii():
        _check_encodable(name)
    if not name:
        return EMPTY
    # Ten thousand names in ten milliseconds: the plain ones must not meet a regular expression.
    plain = name.isprintable() and "%" not in name
    pieces = [name] if plain and "/" not in name else _pieces(name, names)
    if not plain:
        pieces = [_ESCAPED.sub(_code, piece) for piece in pieces]
    path = "%2F".join(pieces)
    return _DOTS.sub(_code_dots, path) if "." in path else path


def _check_encodable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"The name {name!r} cannot be stored: its character {error.start}, a lone surrogate, has no place in "
            "UTF-8. Give the variable another name."
        ) from None


def _pieces(name: str, names: AbstractSet[str]) -> list[str]:
    """The name cut at the slashes that must not divide links."""
    pieces = []
    start, last = 0, len(name) - 1
    position = name.find("/")
    while position >= 0:
        if position in (0, last) or name[position - 1] == "/" or name[:position] in names:
            pieces.append(name[start:position])
            start = position + 1
        position = name.find("/", position + 1)
    pieces.append(name[start:])
    return pieces


def _code(found: re.Match[str]) -> str:
    return f"%{ord(found.group()):02X}"


def _code_dots(found: re.Match[str]) -> str:
    return "%2E" * len(found.group())
