"""The structures that a run may be asked for: nested lists, tuples and dicts of tensors, operations and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Leaves = list[Any]
Rebuild = Callable[[Iterator[Any]], Any]


def flatten(fetches: Any) -> tuple[Leaves, Rebuild]:
    """Take a structure apart.

    Returns
    -------
    leaves : list
        The tensors, operations, variables and names in it, from left to right.
    rebuild : callable
        Makes the same structure of an iterator over the leaves' values.

    Raises
    ------
    TypeError
        None is somewhere in it.
    """
    leaves: Leaves = []
    return leaves, _flatten_into(leaves, fetches)


def _flatten_into(leaves: Leaves, fetches: Any) -> Rebuild:
    if fetches is None:
        raise TypeError("Argument `fetch` = None has invalid type NoneType; fetch a Tensor, an Operation or a name.")
    if isinstance(fetches, Mapping):
        kind, keys = type(fetches), list(fetches)
        parts = [_flatten_into(leaves, fetches[key]) for key in keys]
        return lambda values: _mapping(kind, keys, [part(values) for part in parts])
    if isinstance(fetches, list | tuple):
        sequence = type(fetches)
        items = [_flatten_into(leaves, item) for item in fetches]
        return lambda values: _sequence(sequence, [item(values) for item in items])
    leaves.append(fetches)
    return next


def _mapping(kind: type, keys: list[Any], values: list[Any]) -> Any:
    items = dict(zip(keys, values, strict=True))
    return items if kind is dict else kind(items)


def _sequence(kind: type, values: list[Any]) -> Any:
    if hasattr(kind, "_fields"):
        return kind(*values)
    return values if kind is list else kind(values)
