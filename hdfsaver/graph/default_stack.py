"""Stacks of the graphs and sessions that ``with`` blocks make the default of a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

_Item = TypeVar("_Item")


class SupportsRun(Protocol):
    """Runs parts of a graph, as a session does."""

    def run(self, fetches: Any, feed_dict: Mapping[Any, Any] | None = None) -> Any:
        """The values of the fetches."""


class DefaultStack(threading.local, Generic[_Item]):
    """A stack in each thread, the innermost item last.

    Parameters
    ----------
    what : str
        The kind of the items, for messages.
    """

    def __init__(self, what: str) -> None:
        self.items: list[_Item] = []
        self._what = what

    def current(self) -> _Item | None:
        """The innermost item, or None."""
        return self.items[-1] if self.items else None

    def push(self, item: _Item) -> None:
        """Make an item the innermost one."""
        self.items.append(item)

    def pop(self, item: _Item) -> None:
        """End what `push` began; `AssertionError` where the item is not the innermost one."""
        if not self.items or self.items[-1] is not item:
            raise AssertionError(
                f"Nesting violated for default stack of {self._what}: leave them in the reverse order of entering."
            )
        self.items.pop()

    @contextmanager
    def entered(self, item: _Item) -> Iterator[_Item]:
        """Make an item the innermost one inside a ``with`` block."""
        self.items.append(item)
        try:
            yield item
        finally:
            self.pop(item)


default_sessions: DefaultStack[SupportsRun] = DefaultStack("sessions")


def session_for(doing: str, argument: str, session: SupportsRun | None) -> SupportsRun:
    """The session given, or the default one.

    Parameters
    ----------
    doing : str
        The purpose of the session, for the message: ``"evaluate 'a:0'"``.
    argument : str
        The call that takes a session, for the message: ``"eval"``.
    session : Session or None

    Returns
    -------
    Session

    Raises
    ------
    ValueError
        There is neither.
    """
    found = session or default_sessions.current()
    if found is None:
        raise ValueError(
            f"Cannot {doing}: there is no default session. "
            f"Use `with sess.as_default()` or pass one as `{argument}(session=sess)`."
        )
    return found
