"""The text of a signature file: what was signed, line by line, and the signature itself.

The signature is over the bytes of all lines but the last one, so that nothing has to be put into a canonical form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from hdfsaver.errors import DataLossError, InvalidArgumentError

TITLE = "hdfsaver signature"
VERSION = 1

LARGEST = 1 << 28
"""Bytes of the largest file that is read as a signature."""

LONGEST_COMMENT = 1000

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Ranges of a file, each as offset and length."""

INDEX, STRUCTURE, VARIABLE = "index", "structure", "variable"
"""What a part is: the seal and the index; all bytes that are no values, among them also these; a value."""

_NUMBER = "(?:0|[1-9][0-9]{0,19})"
_RANGES = rf"(?:-|{_NUMBER}\+{_NUMBER}(?:,{_NUMBER}\+{_NUMBER})*)"
_PART = re.compile(rf"(index|structure) ([0-9a-f]{{64}}) ({_RANGES})")
_VARIABLE = re.compile(
    rf"(variable) ([0-9a-f]{{64}}) ({_RANGES}) ([a-z0-9_]+\[(?:{_NUMBER}(?:,{_NUMBER})*)?\]) (/[^\0-\x1f]*)"
)
_TITLE = re.compile(rf"{TITLE} ([0-9]{{1,9}})")
_KEY = re.compile("key (SHA256:[A-Za-z0-9+/]{43})")
_FILE = re.compile(rf"file ({_NUMBER})")
_LAST = re.compile(rb"signature ([0-9a-f]{128})\n")


class Part(NamedTuple):
    """A part of a file that has a digest.

    Attributes
    ----------
    kind : str
        `INDEX`, `STRUCTURE` or `VARIABLE`.
    ranges : tuple of (int, int)
        Where its bytes are, in order.
    type : str
        Dtype and shape of a variable: ``"float32[3,4]"``.
    path : str
        Its path in HDF5: ``"/variables/dense/kernel"``.
    """

    kind: str
    ranges: Ranges
    type: str = ""
    path: str = ""


class Table(NamedTuple):
    """What a signature is over.

    Attributes
    ----------
    key : str
        The fingerprint of the key.
    comment : str
    size : int
        The length of the file in bytes.
    parts : tuple of Part
        The index, the structure, and every variable in the order of the index.
    digests : tuple of str
        The SHA-256 digest of each part, hexadecimal.
    """

    key: str
    comment: str
    size: int
    parts: tuple[Part, ...]
    digests: tuple[str, ...]


def merged(ranges: Sequence[tuple[int, int]]) -> Ranges:
    """Ranges without those that are empty, and with those that follow each other as one."""
    found: list[tuple[int, int]] = []
    for offset, nbytes in ranges:
        if found and sum(found[-1]) == offset:
            found[-1] = (found[-1][0], found[-1][1] + nbytes)
        elif nbytes:
            found.append((offset, nbytes))
    return tuple(found)


def pack(table: Table) -> bytes:
    """The lines of a table, which are what is signed.

    Raises
    ------
    InvalidArgumentError
        A name or the comment cannot be in a line.
    """
    comment = [f"comment {table.comment}"] if table.comment else []
    if not table.comment.isprintable() or len(table.comment) > LONGEST_COMMENT:
        what = f"A comment must be one line of at most {LONGEST_COMMENT} printable characters"
        raise InvalidArgumentError(None, None, f"{what}, not {table.comment[:80]!r}.")
    lines = [f"{TITLE} {VERSION}", f"key {table.key}", *comment, f"file {table.size}"]
    for part, digest in zip(table.parts, table.digests, strict=True):
        ranges = ",".join(f"{offset}+{nbytes}" for offset, nbytes in part.ranges) or "-"
        rest = f" {part.type} {part.path}" if part.kind == VARIABLE else ""
        lines.append(f"{part.kind} {digest} {ranges}{rest}")
        if part.kind == VARIABLE and _VARIABLE.fullmatch(lines[-1]) is None:
            raise InvalidArgumentError(None, None, f"Variable {part.path!r} has a link that cannot be signed.")
    return "".join(f"{line}\n" for line in lines).encode()


def with_signature(signed: bytes, signature: bytes) -> bytes:
    """The content of a signature file."""
    return signed + b"signature " + signature.hex().encode() + b"\n"


def split(data: bytes, path: str) -> tuple[bytes, bytes]:
    """Take a signature file apart, without a look at the table.

    Parameters
    ----------
    data : bytes
        Its content.
    path : str
        Its name, for errors.

    Returns
    -------
    signed, signature : bytes
        The lines of the table, none of which is to be believed before the signature was checked, and the signature.

    Raises
    ------
    InvalidArgumentError
        It is of another kind, or of a later version.
    DataLossError
        It is damaged.
    """
    first = data[:80].partition(b"\n")[0].decode("utf-8", "replace")
    title = _TITLE.fullmatch(first)
    if title is None:
        raise InvalidArgumentError(None, None, f"{path} is not a signature of hdfsaver; it begins with {first!r}.")
    if int(title[1]) != VERSION:
        remedy = "Check it with the hdfsaver that made it, or a newer one."
        raise InvalidArgumentError(None, None, f"{path} is a signature of the unknown version {title[1]}. {remedy}")
    place = data.rfind(b"\nsignature ") + 1
    last = _LAST.fullmatch(data[place:])
    if not place or last is None:
        raise damaged(path, "it does not end with the line of the signature")
    return data[:place], bytes.fromhex(last[1].decode())


def claimed_key(signed: bytes) -> str | None:
    """The fingerprint of the key that a table names, for errors; None if it names none."""
    line = signed[:200].decode("utf-8", "replace").split("\n")[1:2]
    found = _KEY.fullmatch(line[0]) if line else None
    return found and found[1]


def parse(signed: bytes, path: str) -> Table:
    """Read a table; errors as in `split`."""
    try:
        table = _table(signed.decode().split("\n"), path)
    except UnicodeDecodeError:
        raise damaged(path, "it is not UTF-8") from None
    # One table has one text: whoever reads the lines in another way sees the same.
    if pack(table) != signed:
        raise damaged(path, "its lines are not as they are written")
    return table


def _table(lines: list[str], path: str) -> Table:
    rest = iter(lines[1:-1])
    key = _matched(_KEY, next(rest, ""), path)[1]
    line = next(rest, "")
    comment = ""
    if line.startswith("comment "):
        comment, line = line.removeprefix("comment "), next(rest, "")
    size = int(_matched(_FILE, line, path)[1])
    parts, digests = [], []
    for line in rest:
        found = _matched(_VARIABLE if line.startswith(VARIABLE) else _PART, line, path)
        texts = [] if found[3] == "-" else [text.partition("+") for text in found[3].split(",")]
        ranges = tuple((int(offset), int(nbytes)) for offset, _, nbytes in texts)
        parts.append(Part(found[1], ranges, *found.groups()[3:]))
        digests.append(found[2])
    if [part.kind for part in parts[:2]] != [INDEX, STRUCTURE] or any(part.kind != VARIABLE for part in parts[2:]):
        raise damaged(path, "it does not have the lines index, structure and then variables")
    return Table(key, comment, size, tuple(parts), tuple(digests))


def _matched(pattern: re.Pattern[str], line: str, path: str) -> re.Match[str]:
    found = pattern.fullmatch(line)
    if found is None:
        raise damaged(path, f"there cannot be the line {line[:80]!r}")
    return found


def damaged(path: str, what: str) -> DataLossError:
    """The error for a damaged signature file."""
    remedy = "Get it again from its signer, or sign the checkpoint again."
    return DataLossError(None, None, f"{path}: the signature is damaged: {what}. {remedy}")
