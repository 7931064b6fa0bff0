"""The bytes of small values, copied at once, so that those that are digested are those that are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hdfsaver.errors import AbortedError
from hdfsaver.files.lazy_arrays import Pending
from hdfsaver.tensor_info import Array


def small_bytes(
    blocks: Mapping[int, Array | Pending], rows: Sequence[int], sizes: Sequence[int], name_of: Callable[[int], str]
) -> list[bytes]:
    """The bytes of values.

    Parameters
    ----------
    blocks : mapping of int to ndarray or Pending
        Values by their rows in the index.
    rows : sequence of int
        The rows that are wanted.
    sizes : sequence of int
        The length of each row's value in the layout.
    name_of : callable
        Gives the name of a row, for errors.

    Returns
    -------
    list of bytes

    Raises
    ------
    AbortedError
        A value has another length now.
    """
    pieces = [blocks[row].tobytes() for row in rows]
    if list(map(len, pieces)) == [sizes[row] for row in rows]:
        return pieces
    row, piece = next((row, piece) for row, piece in zip(rows, pieces, strict=True) if len(piece) != sizes[row])
    raise AbortedError(
        None,
        None,
        f"Variable {name_of(row)!r} had {sizes[row]} bytes when the save began, and {len(piece)} when it was written: "
        "its dtype or shape was changed meanwhile. Nothing was written; save again while they do not change.",
    )
