"""Slice specifications: TensorFlow's notation for a part of a tensor.

``"4 2 0,2:-"`` is a part of a tensor of shape (4, 2): 2 rows from row 0, with all columns. The empty string is the
whole tensor of any shape.
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
        The index of the part in the tensor.
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
        It is malformed, or the part is empty or exceeds the tensor.
    """
    if not spec:
        return None
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"{spec!r} is not a slice specification such as '4 2 0,2:-'.")
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
        raise ValueError(f"Slice specification {spec!r}: {text} is not a part of a dimension of {size}.")
    return slice(start, start + length)
