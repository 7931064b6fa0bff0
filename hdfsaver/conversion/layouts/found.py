"""The finding of a rule: the layout of a variable's array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hdfsaver.conversion.layouts.uses import Use, Uses
from hdfsaver.tensor_info import Array

Make = Callable[[Sequence[Array]], Array]
"""Makes an array of a target of arrays of the source."""


class Unfit(Exception):  # noqa: N818 - no error: a reason for the report
    """A rule knows the use of a variable, and that the layout has nothing for this use."""


class SeenUse(NamedTuple):
    """A use of a variable, as a rule looks at it.

    Attributes
    ----------
    graph : Uses
    use : Use
        The operation, and the axes of the variable there.
    shape : tuple of int
        The shape of the variable.
    layout : str
        ``"torch"`` or ``"keras"``.
    """

    graph: Uses
    use: Use
    shape: tuple[int, ...]
    layout: str


class Found(NamedTuple):
    """The layout of an array: it is divided into axes, these are put in another order, and it gets its last shape.

    Attributes
    ----------
    rule : str
        The kind of layer, for the report.
    op : str
        The operation that uses the variable.
    split : tuple of int
        The shape with the axes that change places.
    order : tuple of int
        Their order.
    shape : tuple of int
        The shape in the target.
    role : str
        The part that the array plays in its layer: ``"weight"``, ``"bias"``, ``"running_mean"``, ...
    of : str
        Of a bias, the operation to whose result it is added.
    """

    rule: str
    op: str
    split: tuple[int, ...]
    order: tuple[int, ...]
    shape: tuple[int, ...]
    role: str
    of: str = ""

    def make(self, arrays: Sequence[Array]) -> Array:
        """The array in its layout."""
        found: Array = np.ascontiguousarray(arrays[0].reshape(self.split).transpose(self.order)).reshape(self.shape)
        return found

    @property
    def is_changed(self) -> bool:
        """Whether the array differs from that of the source."""
        return self.split != self.shape or self.order != tuple(range(len(self.order)))

    @property
    def change(self) -> str:
        """The change, for the report."""
        if not self.is_changed:
            return "unchanged"
        if self.shape == tuple(self.split[axis] for axis in self.order):
            return f"axes in the order {self.order}"
        return f"as {self.split}, axes in the order {self.order}, then as {self.shape}"

    def agrees(self, other: Found) -> bool:
        """Whether another use leads to the same array."""
        if not self.is_changed and not other.is_changed:
            return self.shape == other.shape
        return self[2:5] == other[2:5]


def moved(rule: str, op: str, shape: tuple[int, ...], order: Sequence[int], role: str = "weight") -> Found:
    """A layout that only puts the axes in another order.

    Parameters
    ----------
    rule : str
        The kind of layer.
    op : str
        The operation that uses the variable.
    shape : tuple of int
        The shape of the variable.
    order : sequence of int
        The order of its axes in the target.
    role : str
        See `Found`.

    Returns
    -------
    Found
    """
    return Found(rule, op, shape, tuple(order), tuple(shape[axis] for axis in order), role)


def kept(rule: str, op: str, shape: tuple[int, ...], role: str = "weight") -> Found:
    """The layout of the source.

    Parameters
    ----------
    rule : str
        The kind of layer.
    op : str
        The operation that uses the variable.
    shape : tuple of int
        The shape of the variable.
    role : str
        See `Found`.

    Returns
    -------
    Found
    """
    return moved(rule, op, shape, range(len(shape)), role)


class Place(NamedTuple):
    """The place of an array among the layers of a model.

    Attributes
    ----------
    rule : str
        The kind of layer.
    role : str
        The part that the array plays in it.
    op : str
        The operation that uses the variable.
    of : str
        Of a bias, the operation to whose result it is added.
    order : int
        The place of the operation in the graph.
    """

    rule: str
    role: str
    op: str
    of: str
    order: int


class Part(NamedTuple):
    """An array of the target.

    Attributes
    ----------
    sources : tuple of str
        The names in the source of the arrays that it is made of.
    shape : tuple of int
        Its shape.
    make : callable
        Makes it of them.
    what : str
        The change, for the report.
    place : Place or None
        Where it belongs; None for what is not a weight of a layer that a rule knows.
    """

    sources: tuple[str, ...]
    shape: tuple[int, ...]
    make: Make
    what: str
    place: Place | None = None
