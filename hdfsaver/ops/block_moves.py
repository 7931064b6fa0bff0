"""Blocks of pixels moved to channels or to the batch, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Grads, added, at_least, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_Sizes = tuple[int | None, int | None, int | None]

_FORMATS = frozenset({b"NHWC", b"NCHW", b"NCHW_VECT_C"})


class _Depth(OpDef):
    signature = "input: T -> output: T"
    needed = {"block_size": "int"}
    attrs = {"data_format": b"NHWC"}
    allowed = {"data_format": _FORMATS}
    minimums = {"block_size": 2}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Height and width changed by the size of a block, channels by its square."""
        shape, size = with_rank(node.input_shapes[0], 4), node.attrs["block_size"]
        if shape is None or node.attrs["data_format"] == b"NCHW_VECT_C":
            return [None]
        batch, *rest = shape
        channels_first = node.attrs["data_format"] == b"NCHW"
        channels, height, width = rest if channels_first else (rest[2], rest[0], rest[1])
        height, width, channels = self.moved((height, width, channels), size)
        return [(batch, channels, height, width) if channels_first else (batch, height, width, channels)]

    def moved(self, sizes: _Sizes, size: int) -> _Sizes:
        """The new sizes; `ValueError` where blocks do not divide them."""
        raise NotImplementedError

    def kernel(self, node: Node) -> Kernel:
        form, size = node.attrs["data_format"], node.attrs["block_size"]
        if form == b"NCHW_VECT_C":
            raise invalid(f"{self.type} takes the data format NHWC or NCHW, not NCHW_VECT_C.")

        def move(images: Array) -> Array:
            self.moved(_sizes(np.shape(images), form), size)
            last = np.moveaxis(images, 1, 3) if form == b"NCHW" else images
            result = self.move(last, size)
            return np.ascontiguousarray(np.moveaxis(result, 3, 1) if form == b"NCHW" else result)

        return move

    def move(self, images: Array, size: int) -> Array:
        """Move the blocks of images whose channels come last."""
        raise NotImplementedError


def _sizes(shape: Sequence[int], form: bytes) -> tuple[int, int, int]:
    _, first, second, third = shape
    return (second, third, first) if form == b"NCHW" else (first, second, third)


def _part(size: int | None, block: int, what: str) -> int | None:
    if size is None:
        return None
    if size % block:
        raise ValueError(f"Dimension size must be evenly divisible by {block} but is {size}: the {what}.")
    return size // block


@register
class SpaceToDepth(_Depth):
    """Blocks of pixels as the channels of one pixel."""

    type = "SpaceToDepth"

    def moved(self, sizes: _Sizes, size: int) -> _Sizes:
        """Height and width divided, channels multiplied."""
        height, width, channels = sizes
        more = None if channels is None else channels * size * size
        return _part(height, size, "height"), _part(width, size, "width"), more

    def move(self, images: Array, size: int) -> Array:
        """Move the blocks of images whose channels come last."""
        batch, height, width, channels = images.shape
        blocks = images.reshape(batch, height // size, size, width // size, size, channels)
        return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height // size, width // size, size * size * channels)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("DepthToSpace", grads[0], **_attrs(op))]


@register
class DepthToSpace(_Depth):
    """The channels of one pixel as blocks of pixels."""

    type = "DepthToSpace"

    def moved(self, sizes: _Sizes, size: int) -> _Sizes:
        """Height and width multiplied, channels divided."""
        height, width, channels = sizes
        more = [None if length is None else length * size for length in (height, width)]
        return more[0], more[1], _part(channels, size * size, "number of channels")

    def move(self, images: Array, size: int) -> Array:
        """Move the blocks of images whose channels come last."""
        batch, height, width, channels = images.shape
        fewer = channels // size**2
        blocks = images.reshape(batch, height, width, size, size, fewer)
        return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * size, width * size, fewer)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("SpaceToDepth", grads[0], **_attrs(op))]


def _attrs(op: Operation) -> dict[str, Any]:
    return {"block_size": op.get_attr("block_size"), "data_format": op.get_attr("data_format")}


# -- the batch ---------------------------------------------------------------------------------------------------------


def _to_batch(x: Array, blocks: Sequence[int], paddings: Array) -> Array:
    """Blocks of pixels as images of a larger batch, after a frame of zeros."""
    count = len(blocks)
    _check_blocks(np.shape(x), blocks, paddings)
    frame = [(0, 0), *[(int(before), int(after)) for before, after in paddings], *[(0, 0)] * (x.ndim - 1 - count)]
    empty: Any = {"constant_values": b""} if x.dtype.hasobject else {}
    wide = np.pad(x, frame, **empty)
    batch, *sizes = wide.shape
    for size, block in zip(sizes, blocks, strict=False):
        if size % block:
            raise invalid(f"padded_shape[{sizes.index(size)}]={size} is not divisible by block_shape={block}.")
    rest = sizes[count:]
    split = [part for size, block in zip(sizes, blocks, strict=False) for part in (size // block, block)]
    cut = wide.reshape(batch, *split, *rest)
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count, 2), *range(2 * count + 1, cut.ndim)]
    inner = [size // block for size, block in zip(sizes, blocks, strict=False)]
    return np.ascontiguousarray(cut.transpose(order)).reshape(batch * int(np.prod(blocks)), *inner, *rest)


def _from_batch(x: Array, blocks: Sequence[int], crops: Array) -> Array:
    """Images of a batch as blocks of pixels of a smaller one, without a frame."""
    count = len(blocks)
    _check_blocks(np.shape(x), blocks, crops)
    batch, *sizes = x.shape
    product = int(np.prod(blocks))
    if batch % product:
        raise invalid(f"Input batch dimension ({batch}) is not divisible by product of block sizes ({product}).")
    cut = x.reshape(*blocks, batch // product, *sizes)
    order = [count]
    for axis in range(count):
        order += [count + 1 + axis, axis]
    order += range(2 * count + 1, cut.ndim)
    whole = [size * block for size, block in zip(sizes, blocks, strict=False)]
    joined = cut.transpose(order).reshape(batch // product, *whole, *sizes[count:])
    places = [slice(None)]
    for size, (before, after) in zip(whole, np.asarray(crops).tolist(), strict=True):
        if before + after > size:
            raise invalid(f"crops {before} and {after} are more than the size {size}.")
        places.append(slice(before, size - after))
    return np.ascontiguousarray(joined[tuple(places)])


def _check_blocks(shape: Sequence[int], blocks: Sequence[int], frame: Array) -> None:
    if len(shape) < 1 + len(blocks):
        raise invalid(f"input rank should be >= {1 + len(blocks)} instead of {len(shape)}.")
    if np.shape(frame) != (len(blocks), 2):
        raise invalid(f"paddings and crops should have shape [{len(blocks)}, 2] instead of {list(np.shape(frame))}.")
    if any(block < 1 for block in blocks):
        raise invalid(f"All values in block_shape must be positive, got {list(blocks)}.")
    if np.min(frame, initial=0) < 0:
        raise invalid(f"paddings and crops must not be negative, got {np.asarray(frame).tolist()}.")


def _batch_shape(shape: Shape, blocks: Shape, frame: Array | None, divide: bool) -> Shape:
    """The shape after blocks went to the batch, or came from it."""
    if shape is None or blocks is None:
        return None
    batch, *sizes = at_least(shape, 1 + len(blocks)) or ()
    product = 1
    for block in blocks:
        product = 0 if block is None else product * block
    if divide:
        first = None if batch is None or not product else batch * product
    else:
        first = None if not product else _part(batch, product, "batch")
    inner = [_inner_size(sizes[axis], block, frame, axis, divide) for axis, block in enumerate(blocks)]
    return (first, *inner, *sizes[len(blocks) :])


def _inner_size(size: int | None, block: int | None, frame: Array | None, axis: int, divide: bool) -> int | None:
    if size is None or block is None or frame is None:
        return None
    border = int(np.sum(frame[axis]))
    return _part(added(size, border), block, "padded size") if divide else size * block - border


class _Batch(OpDef):
    """Blocks given by a vector."""

    divide: bool

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The batch times the product of the blocks, sizes divided by them; or the other way."""
        return [_batch_shape(node.input_shapes[0], node.sizes(1), node.constant(2), self.divide)]

    def kernel(self, node: Node) -> Kernel:
        move = _to_batch if self.divide else _from_batch
        return lambda x, blocks, frame: move(x, np.asarray(blocks).tolist(), np.asarray(frame))


@register
class SpaceToBatchND(_Batch):
    """Blocks of pixels as images of a larger batch, after a frame of zeros."""

    type = "SpaceToBatchND"
    signature = "input: T, block_shape: Tblock_shape, paddings: Tpaddings -> output: T"
    types = {"Tblock_shape": INDICES, "Tpaddings": INDICES}
    default_types = {"Tblock_shape": "int32", "Tpaddings": "int32"}
    divide = True

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("BatchToSpaceND", grads[0], op.inputs[1], op.inputs[2]), None, None]


@register
class BatchToSpaceND(_Batch):
    """Images of a batch as blocks of pixels of a smaller one, without a frame."""

    type = "BatchToSpaceND"
    signature = "input: T, block_shape: Tblock_shape, crops: Tcrops -> output: T"
    types = {"Tblock_shape": INDICES, "Tcrops": INDICES}
    default_types = {"Tblock_shape": "int32", "Tcrops": "int32"}
    divide = False

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("SpaceToBatchND", grads[0], op.inputs[1], op.inputs[2]), None, None]


class _Square(OpDef):
    """Blocks that are squares of height and width."""

    needed = {"block_size": "int"}
    minimums = {"block_size": 2}
    divide: bool

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The batch times the square of the size, height and width divided by it; or the other way."""
        blocks = (node.attrs["block_size"],) * 2
        return [_batch_shape(with_rank(node.input_shapes[0], 4), blocks, node.constant(1), self.divide)]

    def kernel(self, node: Node) -> Kernel:
        move, blocks = _to_batch if self.divide else _from_batch, (node.attrs["block_size"],) * 2
        return lambda x, frame: move(x, blocks, np.asarray(frame))


@register
class SpaceToBatch(_Square):
    """Square blocks of pixels as images of a larger batch, after a frame of zeros."""

    type = "SpaceToBatch"
    signature = "input: T, paddings: Tpaddings -> output: T"
    types = {"Tpaddings": INDICES}
    default_types = {"Tpaddings": "int32"}
    divide = True

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("BatchToSpace", grads[0], op.inputs[1], block_size=op.get_attr("block_size")), None]


@register
class BatchToSpace(_Square):
    """Images of a batch as square blocks of pixels of a smaller one, without a frame."""

    type = "BatchToSpace"
    signature = "input: T, crops: Tidx -> output: T"
    types = {"Tidx": INDICES}
    default_types = {"Tidx": "int32"}
    divide = False

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("SpaceToBatch", grads[0], op.inputs[1], block_size=op.get_attr("block_size")), None]


# -- the functions -----------------------------------------------------------------------------------------------------


def space_to_depth(input: TensorLike, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Blocks of pixels as the channels of one pixel.

    Parameters
    ----------
    input : TensorLike
        Images, of rank 4.
    block_size : int
        Height and width of a block, at least 2.
    name : str, optional
        The name of the operation.
    data_format : {"NHWC", "NCHW"}
        Where the channels are.

    Returns
    -------
    Tensor
        Height and width are divided by the size, channels multiplied by its square.

    Raises
    ------
    ValueError
        Height or width is not a multiple of the size.
    """
    return apply("SpaceToDepth", input, block_size=block_size, data_format=data_format.encode(), name=name)


def depth_to_space(input: TensorLike, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """The channels of one pixel as blocks of pixels.

    Parameters
    ----------
    input : TensorLike
        Images, of rank 4.
    block_size : int
        Height and width of a block, at least 2.
    name : str, optional
        The name of the operation.
    data_format : {"NHWC", "NCHW"}
        Where the channels are.

    Returns
    -------
    Tensor
        Height and width are multiplied by the size, channels divided by its square.

    Raises
    ------
    ValueError
        The number of channels is not a multiple of the square.
    """
    return apply("DepthToSpace", input, block_size=block_size, data_format=data_format.encode(), name=name)


def space_to_batch_nd(
    input: TensorLike, block_shape: TensorLike, paddings: TensorLike, name: str | None = None
) -> Tensor:
    """Blocks of pixels as images of a larger batch, after a frame of zeros.

    Parameters
    ----------
    input : TensorLike
        A batch.
    block_shape : TensorLike
        The size of a block along each axis behind the batch.
    paddings : TensorLike
        For each of these axes, how many zeros come before and after.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        The batch is multiplied by the product of the sizes, each axis divided by its own.

    Raises
    ------
    ValueError
        An axis with its zeros is not a multiple of the size.
    """
    return apply("SpaceToBatchND", input, block_shape, paddings, name=name)


def batch_to_space_nd(input: TensorLike, block_shape: TensorLike, crops: TensorLike, name: str | None = None) -> Tensor:
    """Images of a batch as blocks of pixels of a smaller one, without a frame.

    Parameters
    ----------
    input : TensorLike
        A batch.
    block_shape : TensorLike
        The size of a block along each axis behind the batch.
    crops : TensorLike
        For each of these axes, how much is cut away before and after.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        The batch is divided by the product of the sizes, each axis multiplied by its own.

    Raises
    ------
    ValueError
        The batch is not a multiple of the product.
    """
    return apply("BatchToSpaceND", input, block_shape, crops, name=name)


def space_to_batch(
    input: TensorLike,
    paddings: TensorLike,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: int | None = None,
) -> Tensor:
    """Square blocks of pixels as images of a larger batch, after a frame of zeros.

    Parameters
    ----------
    input : TensorLike
        Images, of rank 4.
    paddings : TensorLike
        For height and width, how many zeros come before and after.
    block_size : int
        Height and width of a block.
    name : str, optional
        The name of the operation.
    block_shape : int, optional
        Another name of ``block_size``.

    Returns
    -------
    Tensor
        See `space_to_batch_nd`.

    Raises
    ------
    ValueError
        Height or width with its zeros is not a multiple of the size; or both sizes are given, or none.
    """
    blocks = np.array([_one_of(block_size, block_shape)] * 2, np.int64)
    return apply("SpaceToBatchND", input, blocks, paddings, name=name)


def batch_to_space(
    input: TensorLike,
    crops: TensorLike,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: int | None = None,
) -> Tensor:
    """Images of a batch as square blocks of pixels of a smaller one, without a frame.

    Parameters
    ----------
    input : TensorLike
        Images, of rank 4.
    crops : TensorLike
        For height and width, how much is cut away before and after.
    block_size : int
        Height and width of a block.
    name : str, optional
        The name of the operation.
    block_shape : int, optional
        Another name of ``block_size``.

    Returns
    -------
    Tensor
        See `batch_to_space_nd`.

    Raises
    ------
    ValueError
        The batch is not a multiple of the square; or both sizes are given, or none.
    """
    blocks = np.array([_one_of(block_size, block_shape)] * 2, np.int64)
    return apply("BatchToSpaceND", input, blocks, crops, name=name)


def _one_of(block_size: int | None, block_shape: int | None) -> int:
    given = [size for size in (block_size, block_shape) if size is not None]
    if len(given) != 1:
        raise ValueError("One of block_size and block_shape must be given, and not both.")
    return given[0]
