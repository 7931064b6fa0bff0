"""The attributes of operations as strings for people, each of a limited length."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

LONGEST = 1000
"""Characters of a string; a longer one is cut."""

_SHOWN = 20
"""Elements of a list or an array that are shown."""

_DEEPEST = 8
"""Levels of nested lists and dicts that are shown."""

_HIDDEN = frozenset({"_output_shapes"})
"""Attributes that the outputs of an operation say as well."""


def attribute_texts(attrs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each attribute with its value as a string, in the order of their names.

    Parameters
    ----------
    attrs : mapping of str to AttrValue
        See `hdfsaver.schema`; the values of a program are strings as well.

    Returns
    -------
    list of tuple of str
    """
    return [(str(key), value_text(attrs[key])) for key in sorted(attrs, key=str) if key not in _HIDDEN]


def value_text(value: Any) -> str:
    """A value as a string of at most `LONGEST` characters."""
    text = _text(value, _DEEPEST)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _text(value: Any, levels: int) -> str:
    if isinstance(value, bytes):
        return json.dumps(value[:LONGEST].decode(errors="backslashreplace"), ensure_ascii=False)
    if value is None:
        return "unknown shape"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, np.ndarray):
        return _array_text(value, levels)
    if isinstance(value, tuple):
        return f"({', '.join('?' if size is None else _text(size, levels - 1) for size in value[:_SHOWN])})"
    if levels == 0:
        return "…"
    if isinstance(value, dict):
        return f"{{{_joined((f'{str(key)[:LONGEST]}: {_text(value[key], levels - 1)}' for key in value), len(value))}}}"
    if isinstance(value, list | set | frozenset):
        return f"[{_joined((_text(item, levels - 1) for item in value), len(value))}]"
    return str(value)[:LONGEST]


def _array_text(value: np.ndarray[Any, Any], levels: int) -> str:
    sizes = ", ".join(map(str, value.shape))
    first = [value[place] for place in np.ndindex(value.shape[:0])] if value.ndim == 0 else value.reshape(-1)[:_SHOWN]
    items = _joined((_text(item, levels - 1) for item in first), value.size)
    dtype = "string" if value.dtype == np.object_ else value.dtype.name
    return f"{dtype} ({sizes}): {items}"


def _joined(items: Iterable[str], count: int) -> str:
    shown = [item for item, _ in zip(items, range(_SHOWN), strict=False)]
    return ", ".join(shown) + (f", … ({count:,} in all)" if count > _SHOWN else "")
