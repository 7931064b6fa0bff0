"""Slice specifications: which part of a tensor is meant, as TensorFlow writes it.

``"4 2 0,2:-"`` is of a tensor of shape (4, 2) the part that begins at row 0 and has 2 rows, with all columns; the empty
text is the whole tensor, whatever its shape.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SPEC = re.compile(r"((?:\d+ )+)((?:-|\d+,\d+)(?::(?:-|\d+,\d+))*)")


class Slice(NamedTuple):
    """A part of a tensor.

    Attributes
    ----------
    full_shape : tuple of int
        The shape of the tensor.
    key : tuple of slice
        What to index the tensor with to get the part.
    """

    full_shape: tuple[int, ...]
    key: tuple[slice, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the part."""
        return tuple(part.stop - part.start for part in self.key)


def parse(spec: str) -> Slice | None:
    """Read a slice specification; None for the empty one, which means the whole tensor.

    Raises
    ------
    ValueError
        It is not written as one, or the part lies outside of the tensor or is empty.
    """
    if not spec:
        return None
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"{spec!r} is no slice specification; one such as '4 2 0,2:-' was expected.")
    shape = tuple(map(int, match[1].split()))
    extents = match[2].split(":")
    if len(extents) != len(shape):
        raise ValueError(f"Slice specification {spec!r} has {len(shape)} dimensions, but {len(extents)} extents.")
    return Slice(shape, tuple(_extent(text, size, spec) for text, size in zip(extents, shape, strict=True)))


def _extent(text: str, size: int, spec: str) -> slice:
    if text == "-":
        return slice(0, size)
    start, length = map(int, text.split(","))
    if length == 0 or start + length > size:
        raise ValueError(f"Slice specification {spec!r}: {text} is no part of a dimension of {size}.")
    return slice(start, start + length)
