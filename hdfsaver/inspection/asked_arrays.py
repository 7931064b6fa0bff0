"""Names of arrays as a user types them: with patterns, and with the part that is wanted: ``dense/*[0:3, :]``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import EllipsisType
from typing import Any, NamedTuple

from hdfsaver.errors import NotFoundError, OpError
from hdfsaver.files.basic_indexing import select
from hdfsaver.files.tensor_file import TensorFile

Index = tuple[int | slice | EllipsisType, ...]

_PART = re.compile(r"(?s)(?P<name>.+)\[(?P<index>[-0-9:,.\s]*)\]")
_NEAR, _LOOKED_AT = 3, 10_000
"""Names that an error suggests, and names that are compared with the unknown one."""


class Asked(NamedTuple):
    """An array, or a part of one.

    Attributes
    ----------
    name : str
    part : tuple or None
        Integers, slices and an Ellipsis; None for the whole array.
    text : str
        The name, with the part as the user has typed it.
    """

    name: str
    part: Index | None
    text: str


def asked(file: TensorFile, wanted: Iterable[str]) -> list[Asked]:
    """The arrays that a user asks for, each once, in the order of the arguments and of the file.

    Parameters
    ----------
    file : TensorFile
    wanted : iterable of str
        A name, or a pattern as of a shell in which ``*`` also matches slashes; behind it perhaps a part as in NumPy:
        ``w[0:3, -1]``. A text that is the name of an array means this array, also if it looks like a pattern or a part.

    Returns
    -------
    list of Asked

    Raises
    ------
    NotFoundError
        A text matches no array.
    OpError
        It matches only elements that cannot be read.
    ValueError
        A part is not one of an array with these dimensions.
    """
    return list({one.text: one for text in wanted for one in _matches(file, text)}.values())


def _matches(file: TensorFile, text: str) -> Iterator[Asked]:
    if text in file.variables or text in file.unreadable:
        file.read_many([] if text in file.variables else [text])  # raises the error of an element without a value
        yield Asked(text, None, text)
        return
    found = _PART.fullmatch(text)
    if found is not None:
        names = matching(file.variables, [found["name"]])
        if names:
            index = _index_of(found["index"], text)
            for name in names:
                _check(index, file.variables[name].shape, text)
                yield Asked(name, index, f"{name}[{found['index'].strip()}]")
            return
    names = matching(file.variables, [text])
    if not names:
        raise _not_found(file, text if found is None else found["name"])
    yield from (Asked(name, None, name) for name in names)


def matching(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """The names that any of some patterns matches, or is; all names without patterns."""
    if not patterns:
        return list(names)
    plain = set(patterns)
    globs = [each for each in patterns if re.search(r"[*?\[]", each)]
    return [name for name in names if name in plain or any(fnmatchcase(name, each) for each in globs)]


def check_patterns(file: TensorFile, patterns: Sequence[str]) -> None:
    """Check that every pattern matches an array or another element of a file.

    Raises
    ------
    NotFoundError
        One matches nothing.
    """
    elements = [*file.variables, *file.unreadable, *file.left_out]
    for each in patterns:
        if not matching(elements, [each]):
            raise _not_found(file, each)


def _not_found(file: TensorFile, text: str) -> OpError:
    for name in matching(file.unreadable, [text]):
        return file.unreadable[name]
    if re.search(r"[*?\[]", text):
        return NotFoundError(None, None, f"No array of {file.path} matches {text!r}.{_near(file.variables, text)}")
    return NotFoundError(None, None, f"There is no tensor {text!r} in {file.path}.{_near(file.variables, text)}")


def _near(names: Mapping[str, Any], text: str) -> str:
    if len(names) > _LOOKED_AT:
        return ""
    within = [name for name in names if text and text in name][:_NEAR]
    near = within or get_close_matches(text, names, _NEAR)
    return f" Names like it: {', '.join(map(repr, near))}." if near else ""


def _index_of(text: str, whole: str) -> Index:
    """Parse what is between the brackets."""
    parts = [part.strip() for part in text.split(",")]
    if parts[-1] == "" and len(parts) > 1:
        parts.pop()  # `w[0,]`
    try:
        return tuple(map(_part_of, parts))
    except ValueError:
        raise ValueError(f"{whole!r}: a part is written as in NumPy, such as [0:3, -1] or [..., 0].") from None


def _part_of(text: str) -> int | slice | EllipsisType:
    if text == "...":
        return Ellipsis
    if ":" not in text:
        return int(text)
    bounds = [int(each) if each.strip() else None for each in text.split(":")]
    if len(bounds) > 3 or (len(bounds) == 3 and bounds[2] == 0):  # start, stop and step
        raise ValueError(text)
    return slice(*bounds)


def _check(index: Index, shape: tuple[int, ...], text: str) -> None:
    try:
        select(index, shape)
    except IndexError as error:
        raise ValueError(f"{text!r} is not a part of an array of shape {shape}: {error}") from None
