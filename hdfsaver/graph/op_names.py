"""Names of operations, tensors and scopes: which are legal and how they are made unique."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import TypeAlias

from hdfsaver.graph.walks import nodes_behind
from hdfsaver.schema import DiGraph

# TensorFlow's own rule (tensorflow/python/framework/ops.py): a name becomes part of paths and of collections' patterns.
_OPERATION = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*", re.ASCII)
_SLASH = re.compile("/")
_SCOPE = re.compile(r"[A-Za-z0-9_.\\/>-]*", re.ASCII)


def as_name(name: str | bytes) -> str:
    """A name as a string; `TypeError` where it is not one."""
    if isinstance(name, bytes):
        return name.decode()
    if not isinstance(name, str):
        raise TypeError(f"The name of an operation or a scope is a string, not {name!r}.")
    return name


def check_operation_name(name: str) -> None:
    """Raise `ValueError` unless an operation may have the name."""
    if not _OPERATION.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a valid name for an operation: it begins with an ASCII letter, digit or dot, "
            r"and goes on with those or any of _ - / > \."
        )


def check_scope_name(name: str, *, at_root: bool) -> None:
    """Raise `ValueError` unless a scope may have the name; at the root it must begin as an operation's name does."""
    if not (_OPERATION if at_root else _SCOPE).fullmatch(name):
        kind = "root scope" if at_root else "scope"
        raise ValueError(
            f"{name!r} is not a valid {kind} name: use ASCII letters, digits and any of . _ - / > \\"
            + (", of which the first is a letter, a digit or a dot." if at_root else ".")
        )


def parse_element(text: str) -> tuple[str, int]:
    """The operation and the output that a program names for an import: ``"a"`` and ``"a:0"`` are the first one.

    Raises
    ------
    ValueError
        It is not such a name.
    """
    parts = text.split(":")
    said = f"Cannot convert {text!r} to a tensor name."
    if len(parts) > 2:
        raise ValueError(f"{said} Tensor names should not contain more than 1 `:`. Obtained {len(parts) - 1}.")
    if len(parts) == 1:
        return text, 0
    parsed = parse_tensor_name(text)
    if parsed is None:
        said += " Second component of the name following the `:` should be an int."
        raise ValueError(f"{said} Got {parts[1]}. Write the number of an output, such as '{parts[0]}:0'.")
    return parsed


def parse_tensor_name(name: str) -> tuple[str, int] | None:
    """Split ``"add:0"`` into the operation's name and the output's number; None if it is not a tensor's name."""
    operation, colon, output = name.rpartition(":")
    if not colon or not (output.isascii() and output.isdigit()):
        return None
    return operation, int(output)


LONG = 256
"""The longest name that is kept. A longer one is known by its digest, as all its scopes together are much longer."""

_Key: TypeAlias = str | bytes
"""A name, or the digest of a long one."""


def _key(name: str) -> _Key:
    return name if len(name) <= LONG else next(_digests(name, [len(name)]))


def _digests(name: str, ends: Iterable[int]) -> Iterator[bytes]:
    """The digests of beginnings of a name, in the order of their ends."""
    hasher = blake2b(digest_size=16)
    start = 0
    for end in ends:
        hasher.update(name[start:end].encode(errors="surrogatepass"))
        yield hasher.digest()
        start = end


def _long_scopes(name: str) -> Iterator[bytes]:
    """The digests of the scopes with long names that a name is in."""
    return _digests(name, (found.start() for found in _SLASH.finditer(name, LONG + 1)))


def _end_of_short_scopes(name: str) -> int:
    """The end of the innermost of the other scopes; 0 or less where there is not one."""
    return name.rfind("/", 0, LONG + 1)


class NamesInUse:
    """The names that are taken in a graph. Uniqueness ignores case, as file systems may."""

    def __init__(self) -> None:
        self._count_by_key: dict[_Key, int] = {}

    def mark(self, name: str) -> None:
        """Take a name that is unique already."""
        self._count_by_key.setdefault(_key(name.lower()), 1)

    def mark_with_scopes(self, name: str) -> None:
        """Take a name that is unique already, and the scopes that it is in."""
        name = name.lower()
        mark = self._count_by_key.setdefault
        mark(_key(name), 1)
        if len(name) > LONG:
            for scope in _long_scopes(name):
                mark(scope, 1)
        end = _end_of_short_scopes(name)
        while end > 0:
            name = name[:end]
            mark(name, 1)
            end = name.rfind("/")

    def unique(self, name: str, *, mark_as_used: bool = True) -> str:
        """The name itself where it is free, otherwise with the first free ``_1``, ``_2`` and so on."""
        lower = name.lower()
        key = _key(lower)
        count = self._count_by_key.get(key, 0)
        if count == 0:
            if mark_as_used:
                self._count_by_key[key] = 1
            return name
        while (numbered := _key(f"{lower}_{count}")) in self._count_by_key:
            count += 1
        if mark_as_used:
            # The next one goes on from here: names are never given back, so that all numbers below stay taken.
            self._count_by_key[key] = count + 1
            self._count_by_key[numbered] = 1
        return f"{name}_{count}"


class TakenNames:
    """The names of a graph's operations and of the scopes that they are in, as TensorFlow looks at them for an import.

    Unlike elsewhere, case counts. The names are kept for the next import, which looks only at new operations.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._seen: tuple[int, str | None] = (0, None)
        self._scopes: set[_Key] = set()
        self._numbers: dict[str, int] = {}

    def keep_up(self, digraph: DiGraph) -> None:
        """Look at the operations that were added since the last time."""
        names = nodes_behind(digraph, *self._seen)
        if names is None:  # some were removed, so that their names are free again
            self._forget()
            names = list(digraph)
        self._digraph = digraph
        for name in names:
            self._add_scopes(name)
        if names:
            self._seen = len(digraph), names[-1]

    def _add_scopes(self, name: str) -> None:
        if len(name) > LONG:
            self._scopes.update(_long_scopes(name))
        end = _end_of_short_scopes(name)
        while end > 0 and (name := name[:end]) not in self._scopes:
            self._scopes.add(name)
            end = name.rfind("/")

    def __contains__(self, name: str) -> bool:
        return name in self._digraph or _key(name) in self._scopes

    def first_free(self, name: str) -> int:
        """The first number that makes a name free, 1 or more."""
        count = self._numbers.get(name, 1)
        while f"{name}_{count}" in self:
            count += 1
        self._numbers[name] = count
        return count


_MARKED_NAME = re.compile(r"([\^]|loc:@|)(.*)", re.DOTALL)
"""The mark of an operation that another one waits for, or shares a device with, and its name."""


def strip_name_scope(name: str | bytes, export_scope: str | None) -> str:
    """The name of an operation without the scope that it begins with; unchanged where it begins with another.

    Parameters
    ----------
    name : str
        It may begin with ``^`` or ``loc:@``, which stay.
    export_scope : str or None
        The scope; with None nothing is taken away.

    Returns
    -------
    str
    """
    text = as_name(name)
    if not export_scope:
        return text
    scope = export_scope.removesuffix("/")
    return re.sub(rf"([\^]|loc:@|^){re.escape(scope)}[/]+(.*)", r"\1\2", text, count=1)


def prepend_name_scope(name: str | bytes, import_scope: str | None) -> str:
    """The name of an operation within a scope.

    Parameters
    ----------
    name : str
        It may begin with ``^`` or ``loc:@``, which stay.
    import_scope : str or None
        The scope; with None nothing is added.

    Returns
    -------
    str
    """
    text = as_name(name)
    if not import_scope:
        return text
    found = _MARKED_NAME.fullmatch(text)
    assert found is not None  # it matches any text
    return f"{found[1]}{import_scope.removesuffix('/')}/{found[2]}"
