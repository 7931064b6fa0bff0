"""Names and link paths: any string can be the name of a variable, and no two names share an HDF5 link.

Reading is one rule: percent-decode every link name and join them with ``/``. Writing escapes

* ``%`` and control characters, including NUL;
* a slash that is not between two components: at the beginning, at the end, after another slash;
* every slash behind the first 1,000 that are not escaped, because HDF5 keeps the whole path of each open group;
* a slash after a name that is itself in the set, because an HDF5 link cannot be both a dataset and a group: together
  with ``w``, ``w/Adam`` is the link ``w%2FAdam``;
* the components ``.`` and ``..``;
* the empty name, which is the link ``%``.

Decoding restores the name, so two names never share a path. The part before a plain slash is never a name of the set,
so no path needs a group in the place of a dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from urllib.parse import unquote_to_bytes

EMPTY = "%"
"""The link of the empty name; in all other links, two hexadecimal digits follow every percent sign."""

NAME = "name"
"""The attribute, a fixed-length string, with the name of an object whose path has an escape."""

LONGEST_NAME = 4096
"""Bytes of the longest name that has the attribute."""

LEVELS = 1000
"""How many groups a path has at most."""

_ESCAPED = re.compile(r"[%\x00-\x1f\x7f]")
_DOTS = re.compile(r"(?:^|(?<=/))\.\.?(?=/|\Z)")


def paths_of(names: Iterable[str]) -> dict[str, str]:
    """The link path of every name, in the given order; it depends only on the set of names.

    Parameters
    ----------
    names : iterable of str
        Any strings that UTF-8 can encode.

    Returns
    -------
    dict[str, str]
        Each name's path below the group, ``"dense/kernel%2FAdam"``.

    Raises
    ------
    ValueError
        A name contains a lone surrogate, which UTF-8 cannot encode.
    """
    known = dict.fromkeys(names)
    lengths = frozenset(map(len, known))
    return {name: _path(name, known.keys(), lengths) for name in known}


def labels_of(name: str, path: str) -> dict[str, str]:
    """The attribute `NAME` of an object whose name differs from its path, so that a person need not decode it.

    Parameters
    ----------
    name : str
        The name.
    path : str
        Its path from `paths_of`.

    Returns
    -------
    dict of str to str
    """
    return {NAME: name} if path != name and len(name.encode()) <= LONGEST_NAME else {}


def name_of(path: str) -> str:
    """Decode a link path to a name; a percent sign that escapes nothing is kept.

    Raises
    ------
    ValueError
        The decoded bytes are not UTF-8.
    """
    if "%" not in path:
        return path
    if path == EMPTY:
        return ""
    try:
        return unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise ValueError(f"The link path {path!r} does not percent-decode to UTF-8.") from None


def _path(name: str, names: AbstractSet[str], lengths: AbstractSet[int]) -> str:
    if not name.isascii():
        _check_encodable(name)
    if not name:
        return EMPTY
    # For speed (10,000 names in 10 ms), plain names are not matched with a regular expression.
    plain = name.isprintable() and "%" not in name
    pieces = [name] if plain and "/" not in name else _pieces(name, names, lengths)
    if not plain:
        pieces = [_ESCAPED.sub(_code, piece) for piece in pieces]
    path = "%2F".join(pieces)
    return _DOTS.sub(_code_dots, path) if "." in path else path


def _check_encodable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"The name {name!r} cannot be stored: its character {error.start}, a lone surrogate, is invalid in "
            "UTF-8. Give the variable another name."
        ) from None


def _pieces(name: str, names: AbstractSet[str], lengths: AbstractSet[int]) -> list[str]:
    """The name divided at the slashes that must be escaped.

    Only a part that is as long as one of the names can be one; the parts of a name with many slashes are long.
    """
    pieces = []
    start, last, levels = 0, len(name) - 1, 0
    position = name.find("/")
    while position >= 0:
        is_name = position in lengths and name[:position] in names
        if position in (0, last) or name[position - 1] == "/" or is_name or levels == LEVELS:
            pieces.append(name[start:position])
            start = position + 1
        else:
            levels += 1
        position = name.find("/", position + 1)
    pieces.append(name[start:])
    return pieces


def _code(found: re.Match[str]) -> str:
    return f"%{ord(found.group()):02X}"


def _code_dots(found: re.Match[str]) -> str:
    return "%2E" * len(found.group())
