"""NumPy's basic indexing, split into the block that is read from a file and the index within that block."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple


class Selection(NamedTuple):
    """An index in two steps.

    Attributes
    ----------
    box : tuple of slice
        The smallest block, with step 1 in every dimension, that contains the selection.
    rest : tuple of int or slice
        The index of the selection within the block.
    """

    box: tuple[slice, ...]
    rest: tuple[int | slice, ...]


def select(index: Any, shape: tuple[int, ...]) -> Selection:
    """Split an index into a block and an index within it.

    Parameters
    ----------
    index : int, slice, Ellipsis, or a tuple of these
    shape : tuple of int
        The shape of the indexed array.

    Raises
    ------
    IndexError
        There are too many indices, or an index is out of bounds.
    TypeError
        An index is neither an integer, a slice nor an Ellipsis.
    """
    parts = _expanded(index if isinstance(index, tuple) else (index,), len(shape))
    pairs = [_part(part, size) for part, size in zip(parts, shape, strict=True)]
    return Selection(tuple(box for box, _rest in pairs), tuple(rest for _box, rest in pairs))


def _expanded(parts: tuple[Any, ...], rank: int) -> list[Any]:
    """The index with a full slice for every dimension that it leaves out."""
    missing = rank - sum(part is not Ellipsis for part in parts)
    if missing < 0:
        raise IndexError(f"There are {rank - missing} indices, but only {rank} dimensions.")
    ellipses = [place for place, part in enumerate(parts) if part is Ellipsis]
    if len(ellipses) > 1:
        raise IndexError("An index can have only one Ellipsis.")
    place = ellipses[0] if ellipses else len(parts)
    return [*parts[:place], *[slice(None)] * missing, *parts[place + 1 :]]


def _part(part: Any, size: int) -> tuple[slice, int | slice]:
    if isinstance(part, slice):
        return _slice(range(size)[part])
    if isinstance(part, bool):
        raise TypeError("A slice of a file is taken with integers and slices, not with truth values.")
    try:
        position = range(size)[operator.index(part)]
    except TypeError:
        raise TypeError(f"A slice of a file is taken with integers and slices, not with {part!r}.") from None
    except IndexError:
        raise IndexError(f"Index {part} is out of bounds for a dimension of {size}.") from None
    return slice(position, position + 1), 0


def _slice(positions: range) -> tuple[slice, slice]:
    if not positions:
        return slice(0, 0), slice(None)
    first, last = min(positions[0], positions[-1]), max(positions[0], positions[-1])
    return slice(first, last + 1), slice(None, None, positions.step)
