"""Windows that slide over images: what convolutions and pooling share.

Everything is computed with the channels last; images that have them second are transposed before and after.
Source of the padding: ``tensorflow/core/framework/kernel_shape_util.cc`` (``GetWindowedOutputSizeVerbose``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hdfsaver.graph.definition import Node
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

NHWC, NCHW = b"NHWC", b"NCHW"

FORMATS = frozenset({NHWC, NCHW})
PADDINGS = frozenset({b"SAME", b"VALID", b"EXPLICIT"})
ALLOWED = {"padding": PADDINGS, "data_format": FORMATS}
"""The values of `OpDef.allowed` that convolutions share."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """How windows move over height and width.

    Attributes
    ----------
    strides, dilations : (int, int)
        How far a window moves, and how far its elements are apart.
    padding : bytes
        ``SAME``, ``VALID`` or ``EXPLICIT``.
    explicit : sequence of int
        For ``EXPLICIT``: how much is added before and after each of the four dimensions.
    is_nchw : bool
        Whether the channels come second.
    """

    strides: Pair
    dilations: Pair
    padding: bytes
    explicit: Sequence[int]
    is_nchw: bool

    def paddings(self, sizes: Sequence[int], window: Sequence[int]) -> tuple[Pair, Pair]:
        """The padding before and after height and width."""
        first, second = (
            self._padding(axis, size, length) for axis, size, length in zip((0, 1), sizes, window, strict=True)
        )
        return first, second

    def _padding(self, axis: int, size: int, length: int) -> Pair:
        if self.padding == b"VALID":
            return 0, 0
        if self.padding == b"EXPLICIT":
            place = 2 * (axis + (2 if self.is_nchw else 1))
            return self.explicit[place], self.explicit[place + 1]
        count = -(-size // self.strides[axis])
        total = max((count - 1) * self.strides[axis] + self._reach(axis, length) - size, 0)
        return total // 2, total - total // 2

    def _reach(self, axis: int, length: int) -> int:
        return (length - 1) * self.dilations[axis] + 1

    def count(self, axis: int, size: int | None, length: int | None) -> int | None:
        """The number of windows along height or width.

        Parameters
        ----------
        axis : {0, 1}
            Height or width.
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

    def last(self, shape: Shape) -> Shape:
        """A shape with the channels last."""
        return (shape[0], shape[2], shape[3], shape[1]) if self.is_nchw and shape is not None else shape

    def back(self, shape: Shape) -> Shape:
        """A shape with the channels where the graph has them."""
        return (shape[0], shape[3], shape[1], shape[2]) if self.is_nchw and shape is not None else shape

    def images(self, values: Array) -> Array:
        """Images with the channels last."""
        return np.moveaxis(values, 1, 3) if self.is_nchw else values

    def given(self, values: Array) -> Array:
        """Images with the channels where the graph has them."""
        return np.ascontiguousarray(np.moveaxis(values, 3, 1)) if self.is_nchw else values

    def padded(self, images: Array, window: Sequence[int], value: float = 0) -> Array:
        """Images with a value around them, as far as windows reach.

        Parameters
        ----------
        images : ndarray
            Shape (batch, height, width, channels).
        window : (int, int)
            Height and width of a window.
        value : number
            The value of the padding.

        Returns
        -------
        ndarray
            Of the same dtype, height and width being longer.
        """
        pairs = self.paddings(images.shape[1:3], window)
        return np.pad(images, ((0, 0), *pairs, (0, 0)), constant_values=value)

    def over(self, padded: Array, window: Sequence[int]) -> Array:
        """All windows, as a view: batch, rows and columns of windows, channels, rows and columns within a window."""
        reach = tuple(self._reach(axis, length) for axis, length in enumerate(window))
        views = sliding_window_view(padded, reach, axis=(1, 2))
        (down, right), (apart, aside) = self.strides, self.dilations
        return views[:, ::down, ::right, :, ::apart, ::aside]

    def places(self, window: Sequence[int], counts: Sequence[int]) -> list[tuple[int, int, slice, slice]]:
        """For each element of a window, its row and column, and where it is in the padded images over all windows."""
        (down, right), (apart, aside) = self.strides, self.dilations
        return [
            (row, column, _steps(row * apart, down, counts[0]), _steps(column * aside, right, counts[1]))
            for row in range(window[0])
            for column in range(window[1])
        ]

    def inside(self, padded: Array, sizes: Sequence[int], window: Sequence[int]) -> Array:
        """The part of padded images that is not padding.

        Parameters
        ----------
        padded : ndarray
            Shape (batch, padded height, padded width, channels).
        sizes : (int, int)
            Height and width of the images without padding.
        window : (int, int)
            Height and width of a window.

        Returns
        -------
        ndarray
            A view of shape (batch, height, width, channels).
        """
        (top, _), (left, _) = self.paddings(sizes, window)
        return padded[:, top : top + sizes[0], left : left + sizes[1], :]


def _steps(start: int, step: int, count: int) -> slice:
    return slice(start, start + step * (count - 1) + 1, step)


def windows_of(node: Node) -> Windows:
    """The windows that an operation's attributes describe.

    Raises
    ------
    ValueError
        The windows step over images or channels, or the data format or padding is unknown or incomplete.
    """
    attrs = node.attrs
    data_format = attrs.get("data_format", NHWC)
    if data_format not in (NHWC, NCHW):
        raise ValueError(f"The format of images must be NHWC or NCHW, not {data_format!r}.")
    is_nchw = data_format == NCHW
    strides, dilations = (_pair(attrs.get(key) or [1, 1, 1, 1], is_nchw, key) for key in ("strides", "dilations"))
    if attrs["padding"] not in (b"SAME", b"VALID", b"EXPLICIT"):
        raise ValueError(f"The padding must be SAME, VALID or EXPLICIT, not {attrs['padding']!r}.")
    explicit = attrs.get("explicit_paddings", [])
    if attrs["padding"] == b"EXPLICIT" and len(explicit) != 8:
        raise ValueError(f"EXPLICIT padding needs explicit_paddings of eight numbers, not {explicit!r}.")
    return Windows(strides, dilations, attrs["padding"], explicit, is_nchw)


def window_of(node: Node, is_nchw: bool) -> Pair:
    """Height and width of the windows of a pooling operation, its attribute ``ksize``."""
    return _pair(node.attrs["ksize"], is_nchw, "ksize")


def _pair(values: Sequence[int], is_nchw: bool, key: str) -> Pair:
    if len(values) != 4 or any(value < 1 for value in values):
        raise ValueError(f"{key} must be four positive numbers, not {values!r}.")
    batch, channels = values[0], values[1 if is_nchw else 3]
    if (batch, channels) != (1, 1):
        raise ValueError(f"{key} must be 1 for the batch and the channels, not {values!r}.")
    first = 2 if is_nchw else 1
    return values[first], values[first + 1]


def four(values: int | Sequence[int] | None, data_format: str) -> list[int]:
    """A number for each of the four dimensions of images, given one (for height and width), two, or all four."""
    given = [int(value) for value in np.atleast_1d(1 if values is None else values)]
    if len(given) == 4:
        return given
    if len(given) not in (1, 2):
        raise ValueError(f"One, two or four numbers are needed for the dimensions of images, not {values!r}.")
    pair = given * 2 if len(given) == 1 else given
    return [1, 1, *pair] if data_format == "NCHW" else [1, *pair, 1]
