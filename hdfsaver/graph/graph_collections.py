"""The collections of a graph: lists of anything under a name."""

from __future__ import annotations

import operator
import re
from collections.abc import Hashable, Iterable
from typing import Any


class Snapshot:
    """The contents of collections at one moment; equal to another where every item is the very same object."""

    def __init__(self, collections: Iterable[tuple[Any, ...]]) -> None:
        self._collections = tuple(collections)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot) or len(self._collections) != len(other._collections):
            return False
        pairs = zip(self._collections, other._collections, strict=True)
        return all(len(mine) == len(theirs) and all(map(operator.is_, mine, theirs)) for mine, theirs in pairs)

    def __hash__(self) -> int:
        return hash(tuple(map(len, self._collections)))


class Collections:
    """Named lists. A name is any hashable value; only lists under strings reach a file.

    Attributes
    ----------
    version : int
        A number that grows with every change through the methods here.
    is_shared : bool
        Whether a list that may reach a file was given away, so that it can change without a new version.
    """

    def __init__(self) -> None:
        self._items: dict[Hashable, list[Any]] = {}
        self.version = 0
        self.is_shared = False

    def add(self, name: Hashable, value: Any) -> None:
        """Append a value to one collection."""
        self._items.setdefault(name, []).append(value)
        self.version += 1

    def add_to_each(self, names: Iterable[Hashable] | str, value: Any) -> None:
        """Append a value to several collections, to each of them once."""
        for name in [names] if isinstance(names, str) else dict.fromkeys(names):
            self.add(name, value)

    def reference(self, name: Hashable) -> list[Any]:
        """The list itself, to be changed in place."""
        self.is_shared = self.is_shared or isinstance(name, str)
        return self._items.setdefault(name, [])

    def get(self, name: Hashable, scope: str | None = None) -> list[Any]:
        """A copy of the list, or of those items whose ``name`` the pattern ``scope`` matches at its start.

        The scope is a regular expression, so ``"s"`` finds ``sv:0`` too; items without a name are left out then.
        """
        items = self._items.get(name, [])
        if scope is None:
            return list(items)
        matches = re.compile(scope).match
        return [item for item in items if hasattr(item, "name") and matches(item.name)]

    def clear(self, name: Hashable) -> None:
        """Empty one collection."""
        self._items.pop(name, None)
        self.version += 1

    def snapshot(self) -> Snapshot:
        """The present contents of the collections."""
        return Snapshot((name, *items) for name, items in self._items.items() if items)

    def names(self) -> list[Hashable]:
        """The names of all collections."""
        return list(self._items)
