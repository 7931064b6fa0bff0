"""Pools of inputs of any rank, with gaps, and any operation on blocks of pixels as images of a larger batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.assertions.static_values import constant_value
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.block_moves import batch_to_space_nd, space_to_batch_nd
from hdfsaver.ops.joining import stack
from hdfsaver.ops.pooling import avg_pool, max_pool
from hdfsaver.ops.shaping import expand_dims, squeeze
from hdfsaver.ops.shaping import shape as shape_tensor
from hdfsaver.ops.volumes import avg_pool3d, max_pool3d


def required_space_to_batch_paddings(
    input_shape: TensorLike,
    block_shape: TensorLike,
    base_paddings: TensorLike | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """Numbers that are added to sizes so that blocks divide them, and those that are cut off again.

    Parameters
    ----------
    input_shape : TensorLike
        The sizes.
    block_shape : TensorLike
        The sizes of a block.
    base_paddings : TensorLike, optional
        Numbers that are added before and after each axis in any case; zeros by default.
    name : str, optional
        ``required_space_to_batch_paddings`` by default.

    Returns
    -------
    tuple of Tensor
        ``paddings`` and ``crops``, with two numbers for each axis.
    """
    with scope(name, "required_space_to_batch_paddings", input_shape, block_shape):
        sizes: Any = convert_to_tensor(input_shape, "int32", name="input_shape")
        blocks: Any = convert_to_tensor(block_shape, "int32", name="block_shape")
        count = blocks.shape.as_list()[0]
        if count == 0:
            return convert_to_tensor(np.zeros([0, 2], np.int32)), convert_to_tensor(np.zeros([0, 2], np.int32))
        given = np.zeros([count, 2], np.int32) if base_paddings is None else base_paddings
        base: Any = convert_to_tensor(given, "int32", name="base_paddings")
        known = [constant_value(one) for one in (sizes, blocks, base)]
        if all(one is not None for one in known):
            sizes, blocks, base = known
        start, end = base[:, 0], base[:, 1]
        more = (blocks - (sizes + start + end) % blocks) % blocks
        end = end + more
        paddings = stack([[start[axis], end[axis]] for axis in range(count)], name="paddings")
        return paddings, stack([[0, more[axis]] for axis in range(count)], name="crops")


def with_space_to_batch(
    input: TensorLike,  # noqa: A002  # as in TensorFlow
    dilation_rate: TensorLike,
    padding: str,
    op: Callable[[Any, int, str], Tensor],
    filter_shape: Any = None,
    spatial_dims: Sequence[int] | None = None,
    data_format: str | None = None,
) -> Tensor:
    """The result of an operation whose windows have gaps, by one without gaps on blocks as images of a larger batch.

    Parameters
    ----------
    input : TensorLike
    dilation_rate : TensorLike
        How far the elements of a window are apart along each axis.
    padding : {"SAME", "VALID"}
    op : callable
        A function of a tensor, the number of axes, and ``"VALID"`` or, without gaps, the padding.
    filter_shape : sequence of int, optional
        The sizes of a window, which ``"SAME"`` needs.
    spatial_dims : sequence of int, optional
        The axes; those after the batch by default.
    data_format : str, optional
        Channels come second if it begins with ``"NC"``.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The rates are not a vector of positive numbers, the axes are not positive, or the window has no sizes.
    """
    images = convert_to_tensor(input, name="input")
    rates = convert_to_tensor(dilation_rate, "int32", name="dilation_rate")
    if rates.shape.ndims != 1 or not rates.shape.is_fully_defined():
        raise ValueError(f"`dilation_rate` must be a vector of known length, not of shape {rates.shape}.")
    count = rates.shape.as_list()[0] or 0
    axes = _axes(spatial_dims, count, data_format)
    known = constant_value(rates)
    if known is not None and np.any(known < 1):
        raise ValueError(f"`dilation_rate` must be positive, not {known.tolist()}.")
    if known is not None and np.all(known == 1):
        return op(images, count, padding)
    base = _base_paddings(padding, filter_shape, rates if known is None else known, count)
    static = None if images.shape.ndims is None else [images.shape.as_list()[axis] for axis in axes]
    sizes: Any = static
    if static is None or None in static:
        whole = shape_tensor(images)
        sizes = stack([whole[axis] for axis in axes])
    paddings, crops = required_space_to_batch_paddings(sizes, rates, base)
    blocks = _for_all_axes(rates, 1, axes)
    moved = space_to_batch_nd(images, blocks, _for_all_axes(paddings, 0, axes))
    return batch_to_space_nd(op(moved, count, "VALID"), blocks, _for_all_axes(crops, 0, axes))


def _axes(given: Sequence[int] | None, count: int, data_format: str | None) -> list[int]:
    first = 2 if data_format is not None and data_format.startswith("NC") else 1
    axes = sorted({int(axis) for axis in (range(first, first + count) if given is None else given)})
    if len(axes) != count or (axes and axes[0] < 1):
        raise ValueError(f"`spatial_dims` must be {count} different positive numbers, not {given}.")
    return axes


def _base_paddings(padding: str, filter_shape: Any, rates: Any, count: int) -> Any:
    if padding == "VALID":
        return np.zeros([count, 2], np.int32)
    if padding != "SAME":
        raise ValueError(f"The padding must be SAME or VALID, not {padding!r}.")
    if filter_shape is None:
        raise ValueError("`filter_shape` must be given for the padding 'SAME'.")
    window: Any = convert_to_tensor(filter_shape, "int32", name="filter_shape")
    known = constant_value(window)
    extra = ((window if known is None else known)[:count] - 1) * rates
    start = extra // 2
    end = extra - start
    return stack([[start[axis], end[axis]] for axis in range(count)])


def _for_all_axes(values: Tensor, other: int, axes: Sequence[int]) -> Any:
    """Values for some axes, and others for those between, as the moves of blocks need them from the first axis on."""
    known: Any = constant_value(values)
    rows: Any = values if known is None else known
    if list(axes) == list(range(1, len(axes) + 1)):
        return rows
    unmoved = rows[0] * 0 + other
    whole = [rows[axes.index(axis)] if axis in axes else unmoved for axis in range(1, axes[-1] + 1)]
    return stack(whole) if known is None else np.stack(whole)


_POOLS: dict[tuple[str, int], Callable[..., Tensor]] = {
    ("MAX", 1): max_pool,
    ("MAX", 2): max_pool,
    ("MAX", 3): max_pool3d,
    ("AVG", 1): avg_pool,
    ("AVG", 2): avg_pool,
    ("AVG", 3): avg_pool3d,
}


def pool(
    input: TensorLike,  # noqa: A002  # as in TensorFlow
    window_shape: Sequence[int],
    pooling_type: str,
    padding: str,
    dilation_rate: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Sequence[int] | None = None,
) -> Tensor:
    """The greatest or the mean of each window of rows, images or volumes.

    Parameters
    ----------
    input : TensorLike
        Of rank 3, 4 or 5.
    window_shape : sequence of int
        The size of a window along each axis between the batch and the channels.
    pooling_type : {"MAX", "AVG"}
    padding : {"SAME", "VALID"}
    dilation_rate, dilations : sequence of int, optional
        How far the elements of a window are apart; 1 by default. Either name may be used.
    strides : sequence of int, optional
        How far windows are apart; 1 by default.
    name : str, optional
        The name of the operations, that of the pool by default.
    data_format : str, optional
        Channels come second if it begins with ``"NC"``.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The numbers of sizes, strides and rates differ, both strides and rates are above 1, or there is no such pool.
    """
    if None not in (dilation_rate, dilations):
        raise ValueError("Cannot specify both 'dilation_rate' and 'dilations'; the latter is the newer name.")
    count = len(window_shape)
    apart = [1] * count if (dilations or dilation_rate) is None else list(dilations or dilation_rate or ())
    steps = [1] * count if strides is None else list(strides)
    if count not in (1, 2, 3):
        raise ValueError(f"`window_shape` must have one, two or three sizes, not {count}.")
    if any(len(given) != count or min(given) < 1 for given in (apart, steps)):
        raise ValueError(f"{count} positive strides and rates are needed, not {steps} and {apart}.")
    if max(steps) > 1 and max(apart) > 1:
        raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
    if padding == "SAME" and max(apart) > 1:
        raise ValueError("pooling with 'SAME' padding is not implemented for dilation_rate > 1")
    if (pooling_type, count) not in _POOLS:
        raise ValueError(f"{count}-D {pooling_type} pooling is not supported.")
    second = data_format is not None and data_format.startswith("NC")
    with scope(name, f"{pooling_type.lower()}_pool", input) as full:
        images = convert_to_tensor(input)
        if images.shape.ndims not in (None, count + 2):
            raise ValueError(f"The input must have {count + 2} dimensions, but has shape {images.shape}.")
        first = 2 if second else 1
        inner = _one_pool(_POOLS[pooling_type, count], (window_shape, steps), data_format, first, full)
        axes = range(first, first + count)
        return with_space_to_batch(images, apart, padding, inner, window_shape, axes)


def _one_pool(
    function: Callable[..., Tensor],
    sizes: tuple[Sequence[int], Sequence[int]],
    data_format: str | None,
    first: int,
    name: str,
) -> Callable[[Any, int, str], Tensor]:
    """A pool without gaps as a function for `with_space_to_batch`; rows are images of one row."""
    window, steps = ([1] * first + list(values) + [1] * (2 - first) for values in sizes)
    is_row = len(sizes[0]) == 1
    layout = data_format
    if is_row:
        if data_format not in (None, "NWC", "NCW"):
            raise ValueError(f"data_format must be either 'NWC' or 'NCW', not {data_format!r}.")
        window, steps = [1, *window], [1, *steps]
        layout = "NCHW" if first == 2 else "NHWC"

    def run(images: Any, _: int, padding: str) -> Tensor:
        rows = expand_dims(images, first) if is_row else images
        options = {} if layout is None else {"data_format": layout}
        found = function(rows, window, steps, padding, name=name, **options)
        return squeeze(found, [first]) if is_row else found

    return run
