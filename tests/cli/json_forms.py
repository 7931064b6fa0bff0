"""Comparing a value of JSON with the type that is written down for it."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints


def faults(value: Any, kind: Any, place: str) -> Iterator[str]:
    """Where a value differs from a type: a `TypedDict`, a list, a dict, a union or a plain type."""
    if typing.is_typeddict(kind):
        yield from _of_form(value, get_type_hints(kind), place)
    elif get_origin(kind) in (list, dict):
        yield from _of_many(value, get_origin(kind), get_args(kind)[-1], place)
    elif get_origin(kind) in (types.UnionType, typing.Union):
        if all(any(faults(value, one, place)) for one in get_args(kind)):
            yield f"{place}: {value!r} is none of {kind}"
    elif kind is not Any and type(value) is not kind and not (kind is float and type(value) is int):
        yield f"{place}: {value!r} is no {kind}"


def _of_form(value: Any, hints: dict[str, Any], place: str) -> Iterator[str]:
    if not isinstance(value, dict) or set(value) != set(hints):
        yield f"{place}: {value!r} has not the keys {sorted(hints)}"
        return
    for key, hint in hints.items():
        yield from faults(value[key], hint, f"{place}.{key}")


def _of_many(value: Any, kind: Any, inner: Any, place: str) -> Iterator[str]:
    if not isinstance(value, kind):
        yield f"{place}: {value!r} is no {kind}"
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield from faults(item, inner, f"{place}[{key!r}]")
