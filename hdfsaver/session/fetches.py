"""The structures that a run may be asked for: nested lists, tuples and dicts of tensors, operations and names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hdfsaver.session import conversions

Leaves = list[Any]
Rebuild = Callable[[Iterator[Any]], Any]

_KINDS = 100
"""How many classes of leaves are remembered: a program may make classes without end."""


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
    kind: Any = type(fetches)
    if kind in conversions.leaves:
        leaves.append(fetches)
        return next
    if fetches is None:
        raise TypeError('Argument `fetch` = None has invalid type "NoneType". Cannot be None')
    if isinstance(fetches, list | tuple):
        items = [_flatten_into(leaves, item) for item in fetches]
        return lambda values: _sequence(kind, [item(values) for item in items])
    if isinstance(fetches, Mapping):
        keys = list(fetches)
        make = _mapping_maker(fetches)
        parts = [_flatten_into(leaves, fetches[key]) for key in keys]
        return lambda values: make(zip(keys, [part(values) for part in parts], strict=True))
    if hasattr(kind, "__attrs_attrs__"):
        fields = [_flatten_into(leaves, getattr(fetches, field.name)) for field in kind.__attrs_attrs__]
        return lambda values: kind(*[field(values) for field in fields])
    return _flatten_leaf(leaves, fetches)


def _flatten_leaf(leaves: Leaves, fetch: Any) -> Rebuild:
    known = conversions.conversion_of(fetch)
    if known is None:
        if len(conversions.leaves) < _KINDS:
            conversions.leaves.add(type(fetch))
        leaves.append(fetch)
        return next
    parts, contract = known.fetch(fetch)
    leaves.extend(parts)
    count = len(parts)
    return lambda values: contract([next(values) for _ in range(count)])


def _mapping_maker(fetches: Mapping[Any, Any]) -> Callable[[Any], Any]:
    """The function that makes a mapping of the same kind of pairs."""
    kind: Any = type(fetches)
    if isinstance(fetches, defaultdict):
        return lambda pairs: kind(fetches.default_factory, pairs)
    make: Callable[[Any], Any] = kind
    return make


def _sequence(kind: Any, values: list[Any]) -> Any:
    if hasattr(kind, "_fields"):
        return kind(*values)
    return values if issubclass(kind, list) else kind(values)
