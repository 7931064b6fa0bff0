"""Windows that slide over images and volumes: what convolutions and pooling share.

Everything is computed with the channels last; images that have them second are transposed before and after.
Source of the padding: ``tensorflow/core/framework/kernel_shape_util.cc`` (``GetWindowedOutputSizeVerbose``).
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from hdfsaver.graph.definition import Node
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

NHWC, NCHW = b"NHWC", b"NCHW"
NDHWC, NCDHW = b"NDHWC", b"NCDHW"

FORMATS = frozenset({NHWC, NCHW})
VOLUME_FORMATS = frozenset({NDHWC, NCDHW})
PADDINGS = frozenset({b"SAME", b"VALID", b"EXPLICIT"})
ALLOWED = {"padding": PADDINGS, "data_format": FORMATS}
"""The values of `OpDef.allowed` that convolutions of images share."""

VOLUME_ALLOWED = {"padding": frozenset({b"SAME", b"VALID"}), "data_format": VOLUME_FORMATS}
"""The values of `OpDef.allowed` that convolutions and pools of volumes share."""

_PART = 1 << 20
"""How many bytes of windows are copied together: more than fit into a processor's cache would take longer."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """How windows move along the axes between the batch and the channels.

    Attributes
    ----------
    strides, dilations : tuple of int
        How far a window moves, and how far its elements are apart, along each of these axes.
    padding : bytes
        ``SAME``, ``VALID`` or ``EXPLICIT``.
    explicit : sequence of int
        For ``EXPLICIT``: how much is added before and after each dimension, batch and channels included.
    channels_second : bool
        Whether the channels come before these axes.
    """

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: bytes
    explicit: Sequence[int]
    channels_second: bool

    @property
    def rank(self) -> int:
        """The number of axes along which windows move."""
        return len(self.strides)

    @property
    def elements(self) -> tuple[int, ...]:
        """The axes of the elements of a window in what `over` gives."""
        return tuple(range(self.rank + 2, 2 * self.rank + 2))

    def paddings(self, sizes: Sequence[int], window: Sequence[int]) -> list[Pair]:
        """The padding before and after each axis."""
        return [
            self._padding(axis, size, length) for axis, (size, length) in enumerate(zip(sizes, window, strict=True))
        ]

    def _padding(self, axis: int, size: int, length: int) -> Pair:
        if self.padding == b"VALID":
            return 0, 0
        if self.padding == b"EXPLICIT":
            place = 2 * (axis + (2 if self.channels_second else 1))
            return self.explicit[place], self.explicit[place + 1]
        count = -(-size // self.strides[axis])
        total = max((count - 1) * self.strides[axis] + self._reach(axis, length) - size, 0)
        return total // 2, total - total // 2

    def _reach(self, axis: int, length: int) -> int:
        return (length - 1) * self.dilations[axis] + 1

    def count(self, axis: int, size: int | None, length: int | None) -> int | None:
        """The number of windows along an axis.

        Parameters
        ----------
        axis : int
            0 is the first one after the batch.
        size : int or None
            The length of the images along it; None where it is unknown.
        length : int or None
            The length of a window along it.

        Returns
        -------
        int or None
            None where a length is unknown.

        Raises
        ------
        ValueError
            A window is longer than the padded images.
        """
        if size is None or length is None:
            return None
        free = size + sum(self._padding(axis, size, length)) - self._reach(axis, length)
        if free < 0:
            raise ValueError(
                f"A window of length {self._reach(axis, length)} does not fit into images of length {size}."
            )
        return free // self.strides[axis] + 1

    def counts(self, sizes: Sequence[int | None], window: Sequence[int | None]) -> list[int | None]:
        """The number of windows along each axis; see `count`."""
        pairs = zip(sizes, window, strict=True)
        return [self.count(axis, size, length) for axis, (size, length) in enumerate(pairs)]

    def last(self, shape: Shape) -> Shape:
        """A shape with the channels last."""
        return (shape[0], *shape[2:], shape[1]) if self.channels_second and shape is not None else shape

    def back(self, shape: Shape) -> Shape:
        """A shape with the channels where the graph has them."""
        return (shape[0], shape[-1], *shape[1:-1]) if self.channels_second and shape is not None else shape

    def images(self, values: Array) -> Array:
        """Images with the channels last."""
        return np.moveaxis(values, 1, -1) if self.channels_second else values

    def given(self, values: Array) -> Array:
        """Images with the channels where the graph has them."""
        return np.ascontiguousarray(np.moveaxis(values, -1, 1)) if self.channels_second else values

    def padded(self, images: Array, window: Sequence[int], value: float = 0) -> Array:
        """Images with a value around them, as far as windows reach.

        Parameters
        ----------
        images : ndarray
            Shape (batch, ..., channels).
        window : sequence of int
            The sizes of a window.
        value : number
            The value of the padding.

        Returns
        -------
        ndarray
            Of the same dtype, and longer along the axes between; the images themselves where no window reaches out.
        """
        pairs = self.paddings(images.shape[1:-1], window)
        if not any(map(any, pairs)):
            return images
        larger = [size + sum(pair) for size, pair in zip(images.shape[1:-1], pairs, strict=True)]
        padded = np.empty((len(images), *larger, images.shape[-1]), images.dtype)
        inner = [slice(before, before + size) for (before, _), size in zip(pairs, images.shape[1:-1], strict=True)]
        padded[(slice(None), *inner)] = images
        for axis, part in enumerate(inner):  # what is left of each axis, along those before it within the images
            before = (slice(None), *inner[:axis])
            padded[(*before, slice(part.start))] = value
            padded[(*before, slice(part.stop, None))] = value
        return padded

    def over(self, padded: Array, window: Sequence[int]) -> Array:
        """All windows, as a view: batch, places of windows, channels, places within a window."""
        counts = [
            (size - self._reach(axis, length)) // self.strides[axis] + 1
            for axis, (size, length) in enumerate(zip(padded.shape[1:-1], window, strict=True))
        ]
        batch, *between, channel = padded.strides
        moves = map(operator.mul, between, self.strides)
        apart = map(operator.mul, between, self.dilations)
        shape = (len(padded), *counts, padded.shape[-1], *window)
        return as_strided(padded, shape, (batch, *moves, channel, *apart), writeable=False)

    def places(
        self, window: Sequence[int], counts: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """For each element of a window, its place in it, and where it is in the padded images over all windows."""
        for place in itertools.product(*map(range, window)):
            moved = zip(place, self.dilations, self.strides, counts, strict=True)
            yield place, (slice(None), *(_steps(number * apart, step, count) for number, apart, step, count in moved))

    def parts(self, shape: Sequence[int], counts: Sequence[int], size: int) -> Iterator[tuple[slice, slice]]:
        """Cut the places of windows into parts that are computed one after the other.

        Parameters
        ----------
        shape : sequence of int
            The shape of the images.
        counts : sequence of int
            The numbers of windows along the axes between.
        size : int
            The bytes that are needed for one window.

        Yields
        ------
        tuple of slice
            Some images, and some of the places along the first axis between: several whole images, or a part of one.
        """
        row = max(math.prod(counts[1:]) * size, 1)
        images = min(max(_PART // (row * counts[0]), 1), max(shape[0], 1))
        rows = counts[0] if images > 1 else min(max(_PART // row, 1), counts[0])
        for first in range(0, shape[0], images):
            for top in range(0, counts[0], rows):
                yield slice(first, min(first + images, shape[0])), slice(top, min(top + rows, counts[0]))

    def rows(self, padded: Array, window: Sequence[int]) -> Iterator[tuple[tuple[slice, slice], Array]]:
        """The windows as rows of matrices, some windows at a time.

        Parameters
        ----------
        padded : ndarray
            Shape (batch, padded sizes, channels).
        window : sequence of int
            The sizes of a window.

        Yields
        ------
        tuple of slice
            Which windows they are, by image and by place along the first axis between.
        ndarray
            A row for each window: its elements with their channels. The next matrix takes its place.
        """
        views = np.moveaxis(self.over(padded, window), self.rank + 1, -1)
        elements = math.prod(views.shape[self.rank + 1 :])
        space = np.empty(0, padded.dtype)
        for part in self.parts(views.shape, views.shape[1 : self.rank + 1], elements * padded.itemsize):
            some = views[part]
            if not some.flags.c_contiguous:
                space = space if space.size >= some.size else np.empty(some.size, padded.dtype)
                copied = space[: some.size].reshape(some.shape)
                copied[...] = some
                some = copied
            yield part, some.reshape(math.prod(some.shape[: self.rank + 1]), elements)

    def inside(self, padded: Array, sizes: Sequence[int], window: Sequence[int]) -> Array:
        """The part of padded images that is not padding.

        Parameters
        ----------
        padded : ndarray
            Shape (batch, padded sizes, channels).
        sizes : sequence of int
            The sizes of the images without padding.
        window : sequence of int
            The sizes of a window.

        Returns
        -------
        ndarray
            A view of shape (batch, sizes, channels).
        """
        pairs = self.paddings(sizes, window)
        return padded[
            (slice(None), *(slice(before, before + size) for (before, _), size in zip(pairs, sizes, strict=True)))
        ]


def _steps(start: int, step: int, count: int) -> slice:
    return slice(start, start + step * (count - 1) + 1, step)


def windows_of(node: Node, rank: int = 2) -> Windows:
    """The windows that an operation's attributes describe.

    Parameters
    ----------
    node : Node
    rank : {2, 3}
        The number of axes along which they move.

    Returns
    -------
    Windows

    Raises
    ------
    ValueError
        The windows step over images or channels, or the data format or padding is unknown or incomplete.
    """
    attrs = node.attrs
    last, second = (NHWC, NCHW) if rank == 2 else (NDHWC, NCDHW)
    data_format = attrs.get("data_format", last)
    if data_format not in (last, second):
        raise ValueError(f"The format of images must be {last.decode()} or {second.decode()}, not {data_format!r}.")
    is_second = data_format == second
    strides, dilations = (
        _inner(attrs.get(key) or [1] * (rank + 2), rank, is_second, key) for key in ("strides", "dilations")
    )
    if attrs["padding"] not in (b"SAME", b"VALID", b"EXPLICIT"):
        raise ValueError(f"The padding must be SAME, VALID or EXPLICIT, not {attrs['padding']!r}.")
    explicit = attrs.get("explicit_paddings", [])
    if attrs["padding"] == b"EXPLICIT" and len(explicit) != 8:
        raise ValueError(f"EXPLICIT padding needs explicit_paddings of eight numbers, not {explicit!r}.")
    return Windows(strides, dilations, attrs["padding"], explicit, is_second)


def window_of(node: Node, windows: Windows) -> tuple[int, ...]:
    """The sizes of the windows of a pooling operation, its attribute ``ksize``."""
    return _inner(node.attrs["ksize"], windows.rank, windows.channels_second, "ksize")


_WORDS = {4: "four", 5: "five"}


def _inner(values: Sequence[int], rank: int, channels_second: bool, key: str) -> tuple[int, ...]:
    if len(values) != rank + 2 or any(value < 1 for value in values):
        raise ValueError(f"{key} must be {_WORDS[rank + 2]} positive numbers, not {values!r}.")
    batch, channels = values[0], values[1 if channels_second else -1]
    if (batch, channels) != (1, 1):
        raise ValueError(f"{key} must be 1 for the batch and the channels, not {values!r}.")
    return tuple(values[2:]) if channels_second else tuple(values[1:-1])


def each_axis(values: int | Sequence[int] | None, data_format: str, rank: int) -> list[int]:
    """A number for each dimension of images, given one or a number for each axis between, or all of them.

    Parameters
    ----------
    values : int or sequence of int, optional
        1 by default.
    data_format : str
        ``"NC..."`` for channels that come second.
    rank : int
        The number of axes along which windows move.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        There are too many or too few numbers.
    """
    given = [int(value) for value in np.atleast_1d(1 if values is None else values)]
    if len(given) == rank + 2:
        return given
    if len(given) not in (1, rank):
        raise ValueError(f"One, {rank} or {rank + 2} numbers are needed for the dimensions of images, not {values!r}.")
    inner = given * rank if len(given) == 1 else given
    return [1, 1, *inner] if data_format.startswith("NC") else [1, *inner, 1]


def four(values: int | Sequence[int] | None, data_format: str) -> list[int]:
    """A number for each of the four dimensions of images, given one (for height and width), two, or all four."""
    return each_axis(values, data_format, 2)
