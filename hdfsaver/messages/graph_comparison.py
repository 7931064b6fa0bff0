"""Whether two graphs are the same, in any order of their operations and functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from hdfsaver.messages import message_classes

_SETS = ("node", "function", "gradient", "node_def")
"""The fields of messages whose order means nothing."""


def graph_defs_equal(
    graph_def_1: message_classes.GraphDef, graph_def_2: message_classes.GraphDef, treat_nan_as_equal: bool = False
) -> bool:
    """Whether two graphs have the same operations and functions, in any order, and the same versions.

    Parameters
    ----------
    graph_def_1, graph_def_2 : GraphDef
    treat_nan_as_equal : bool
        Whether NaN equals itself. Otherwise no graph that has one is equal to another.

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        An argument is of another type.
    """
    for name, given in (("graph_def_1", graph_def_1), ("graph_def_2", graph_def_2)):
        if not isinstance(given, message_classes.GraphDef):
            raise TypeError(f"{name} must be a GraphDef, but got type {type(given).__name__}.")
    if _ordered(graph_def_1) != _ordered(graph_def_2):
        return False
    return treat_nan_as_equal or not _has_nan(graph_def_1)


def _ordered(message: Any) -> bytes:
    """The bytes of a message whose lists without an order are sorted; equal bytes are equal messages."""
    if not isinstance(message, _WITH_SETS):
        return bytes(message.SerializeToString(deterministic=True))
    rest: Any = type(message)()
    rest.CopyFrom(message)
    parts = []
    for field, value in message.ListFields():
        if field.name in _SETS:
            parts += [(field.name, data) for data in sorted(map(_ordered, value))]
        elif isinstance(value, _WITH_SETS):
            parts.append((field.name, _ordered(value)))
        else:
            continue
        rest.ClearField(field.name)
    return repr((rest.SerializeToString(deterministic=True), parts)).encode()


_WITH_SETS = (message_classes.GraphDef, message_classes.FunctionDefLibrary, message_classes.FunctionDef)


def _has_nan(message: Any) -> bool:
    """Whether a number in a message is NaN; the bytes of tensors are not numbers."""
    for _, value in message.ListFields():
        items: Iterable[Any]
        if isinstance(value, Mapping):
            items = value.values()
        else:
            items = [value] if isinstance(value, str | bytes | int | float) or hasattr(value, "ListFields") else value
        for item in items:
            if math.isnan(item) if isinstance(item, float) else hasattr(item, "ListFields") and _has_nan(item):
                return True
    return False
