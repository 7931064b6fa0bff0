"""Functions that make variables in place of the class: ``variable_creator_scope``."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from hdfsaver.graph.default import get_default_graph

Creator: TypeAlias = Callable[..., Any]
"""Called as ``creator(next_creator, **kwargs)`` with the arguments of `Variable`; gives the variable."""

# A key that is not a string keeps the creators with their graph, and out of files.
_CREATORS_KEY = ("__variable_creators",)


class _Creators(threading.local):
    """The creators of one graph in one thread, the outermost first."""

    def __init__(self) -> None:
        self.stack: tuple[Creator, ...] = ()


def _creators() -> _Creators:
    kept = get_default_graph().get_collection_ref(_CREATORS_KEY)
    if not kept:
        kept.append(_Creators())
    creators: _Creators = kept[0]
    return creators


def current_creators() -> Sequence[Creator]:
    """The creators of the default graph, the outermost first."""
    return _creators().stack


@contextmanager
def variable_creator_scope(variable_creator: Creator) -> Iterator[None]:
    """Let a function make the variables inside a ``with`` block.

    Parameters
    ----------
    variable_creator : callable
        Called as ``variable_creator(next_creator, **kwargs)``, the arguments being those of `Variable` by their
        names. It may change them, and gives the variable, for example that of ``next_creator(**kwargs)``: the
        creator of the block around this one, or at last the class itself.

    Raises
    ------
    RuntimeError
        Another block that was entered inside is left later.
    """
    creators = _creators()
    outer = creators.stack
    creators.stack = inner = (*outer, variable_creator)
    try:
        yield
    finally:
        if creators.stack is not inner:
            raise RuntimeError("Exiting variable_creator_scope without proper nesting.")
        creators.stack = outer


def call_creators(make: Callable[..., Any], creators: Sequence[Creator], arguments: dict[str, Any]) -> Any:
    """Call the innermost creator, whose next one is the one around it, and at last the class.

    Parameters
    ----------
    make : callable
        Makes a variable.
    creators : sequence of callable
        The outermost first.
    arguments : dict
        The arguments by name.

    Returns
    -------
    object
        The result of the innermost creator.
    """
    for creator in creators:
        make = functools.partial(creator, make)
    return make(**arguments)
