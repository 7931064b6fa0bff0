"""Names in the file by a rule, instead of TensorFlow's dict with every variable."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, TypeVar

Pattern: TypeAlias = "str | re.Pattern[str]"
Replacement: TypeAlias = "str | Callable[[re.Match[str]], str]"

Rename: TypeAlias = "Callable[[str], str] | Mapping[Pattern, Replacement] | Iterable[tuple[Pattern, Replacement]]"
"""A map from variable names to names in the file: a function, or patterns with replacements."""

_Named = TypeVar("_Named")


def renamed(named: Mapping[str, _Named], rename: Rename | None) -> dict[str, _Named]:
    """Rename all items.

    Parameters
    ----------
    named : mapping of str
    rename : see `Rename`, or None
        All matches of a pattern anywhere in the name are replaced, one pattern after the other.

    Raises
    ------
    ValueError
        Two items would get the same name, or a pattern is malformed.
    TypeError
        The function does not return a str, or ``rename`` is neither a function nor pairs.
    """
    if rename is None:
        return dict(named)
    rule = rename if callable(rename) else _substitution(rename)
    found: dict[str, _Named] = {}
    before: dict[str, str] = {}
    for name, item in named.items():
        new = rule(name)
        if not isinstance(new, str):
            raise TypeError(f"rename returned {new!r} for {name!r}, but the name in the file must be a str.")
        if new in found:
            raise ValueError(f"rename gives both {before[new]!r} and {name!r} the name {new!r} in the file.")
        found[new], before[new] = item, name
    return found


def _substitution(
    rename: Mapping[Pattern, Replacement] | Iterable[tuple[Pattern, Replacement]],
) -> Callable[[str], str]:
    try:
        pairs = list(rename.items() if isinstance(rename, Mapping) else rename)
        compiled = [(re.compile(pattern), replacement) for pattern, replacement in pairs]
    except re.error as error:
        raise ValueError(f"rename has a malformed regular expression, {error.pattern!r}: {error}.") from None
    except (TypeError, ValueError):
        raise TypeError(f"rename must be a function, or pairs of pattern and replacement, not {rename!r}.") from None

    def substitute(name: str) -> str:
        for pattern, replacement in compiled:
            name = _replaced(pattern, replacement, name)
        return name

    return substitute


def _replaced(pattern: re.Pattern[str], replacement: Replacement, name: str) -> str:
    if callable(replacement):
        return pattern.sub(replacement, name)
    try:
        return pattern.sub(replacement, name)
    except (re.error, IndexError) as error:  # a group that the pattern does not have
        raise ValueError(f"rename has a malformed replacement, {replacement!r}: {error}.") from None
