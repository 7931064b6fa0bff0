"""Values as text, as operations that print or check show them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hdfsaver.tensor_info import Array

_FEW = 15
_FEWEST = 6
_ESCAPES = {'"': '\\"', "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def number_text(value: Any) -> str:
    """A number with as few digits as 6 or 9 of a float32, or 15 or 17 of a float64, say it; a bool is 0 or 1."""
    if value.dtype.kind in "biu":
        return str(int(value))
    if value.dtype.kind == "c":
        return f"({number_text(value.real)},{number_text(value.imag)})"
    number = value if value.dtype == np.float64 else value.astype(np.float32)
    digits = _FEW if number.dtype == np.float64 else _FEWEST
    text = f"{float(number):.{digits}g}"
    with np.errstate(over="ignore"):
        is_same = number.dtype.type(text) == number or np.isnan(number)
    return text if is_same else f"{float(number):.{digits + 2 + (digits == _FEWEST)}g}"


def _escaped(value: bytes) -> str:
    """Text with control characters as C writes them; bytes that are not UTF-8 as a sign for them."""
    text = value.decode("utf-8", "replace")
    return "".join(
        _ESCAPES.get(char) or (char if char.isprintable() or char > "\x7f" else f"\\{ord(char):03o}") for char in text
    )


def first_values(values: Array, most: int) -> str:
    """The first values of an array, in brackets: ``[[1 2][3...]...]``.

    Parameters
    ----------
    values : ndarray
    most : int
        How many values are shown; a negative number for all.

    Returns
    -------
    str
    """
    array = np.asarray(values)
    limit = array.size if most < 0 else most
    left = iter(range(limit))
    dots = "..." if array.ndim > 1 and array.size > limit else ""
    return f"[{''.join(_first_parts(array, left, limit))}{dots}]"


def _first_parts(array: Array, left: Iterator[int], limit: int) -> Iterator[str]:
    if array.ndim > 1:
        size = array[0].size if len(array) else 0
        for row in array[: -(-limit // size) if size else 0]:
            yield f"[{''.join(_first_parts(row, left, limit))}]"
            limit -= size
        return
    flat = array.ravel()
    shown = [_escaped(item) if isinstance(item, bytes) else number_text(item) for item in flat[: max(limit, 0)]]
    yield " ".join(shown) + ("..." if len(shown) < flat.size else "")


def outer_values(values: Array, edge: int) -> str:
    """An array with the first and the last values of each dimension: ``[0 1 2 ... 7 8 9]``.

    Parameters
    ----------
    values : ndarray
    edge : int
        How many values are shown at each end; -1 for all.

    Returns
    -------
    str
    """
    array = np.asarray(values)
    return _outer(array, edge, array.ndim)


def _outer(array: Array, edge: int, rank: int) -> str:
    if array.ndim == 0:
        item = array[()]
        return f'"{_escaped(item)}"' if isinstance(item, bytes) else number_text(item)
    if not array.size:
        return "[]"
    size = len(array)
    is_cut = 0 <= edge < size and size > 2 * edge
    places = [*range(edge), *range(size - edge, size)] if is_cut else range(size)
    parts = [_outer(np.asarray(array[place, ...]), edge, rank) for place in places]
    if is_cut:
        parts.insert(edge, "...")
    between = " " if array.ndim == 1 else "\n" * (array.ndim - 1) + " " * (rank - array.ndim + 1)
    return f"[{between.join(parts)}]"
