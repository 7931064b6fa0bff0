"""Convolutions: ONNX has channels second, and those of the output first in filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.onnx_graphs.channel_layout import Layout
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, check_float, twin


def window_attrs(
    op: Given, layout: Layout, sizes: Sequence[int | None], window: Sequence[int], with_dilations: bool = True
) -> dict[str, Any]:
    """The strides, dilations and padding of windows that slide over an image.

    Parameters
    ----------
    op : Given
    layout : Layout
    sizes : sequence of int or None
        Of the image along the axes between, as far as known.
    window : sequence of int
        Of the window along these axes.
    with_dilations : bool
        Whether the operator has them.

    Returns
    -------
    dict
    """
    strides = layout.inner(op.attrs["strides"])
    dilations = layout.inner(op.attrs.get("dilations") or [1] * layout.rank)
    if op.type.startswith("Depthwise") and len(set(strides)) > 1:
        raise NoTwinError("its strides differ")
    attrs: dict[str, Any] = {"strides": strides}
    if with_dilations:
        attrs["dilations"] = dilations
    padding = op.attrs["padding"]
    if padding == b"EXPLICIT":
        explicit = op.attrs["explicit_paddings"]
        attrs["pads"] = [int(explicit[2 * axis + side]) for side in (0, 1) for axis in layout.spatial]
    elif padding == b"SAME":
        if any(size is None for size in sizes):
            attrs["auto_pad"] = b"SAME_UPPER"
        else:
            rows = zip(sizes, window, strides, dilations, strict=True)
            totals = [same_padding(int(size or 0), *rest) for size, *rest in rows]
            attrs["pads"] = [total // 2 for total in totals] + [total - total // 2 for total in totals]
    return attrs


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> int:
    """The padding of both sides together, so that there are as many windows as strides fit into the size."""
    count = -(-size // stride)
    return max((count - 1) * stride + (window - 1) * dilation + 1 - size, 0)


def spatial_sizes(op: Given, layout: Layout, position: int) -> list[int | None]:
    """The sizes of an image along the axes between."""
    shape = op.shapes[position]
    return [None] * len(layout.spatial) if shape is None else [shape[axis] for axis in layout.spatial]


def filter_shape(op: Given, position: int = 1) -> list[int]:
    """The shape of a filter.

    Raises
    ------
    NoTwinError
        It is not known.
    """
    shape = op.shapes[position]
    if shape is None or None in shape:
        raise NoTwinError("the shape of its filter is not known")
    return [int(size or 0) for size in shape]


@twin("Conv2D", "Conv3D")
def convolution(op: Given, to: Emitter) -> str:
    """A convolution; of several groups where the filter has fewer channels than the image."""
    check_float(op)
    rank = 4 if op.type == "Conv2D" else 5
    layout, shape = Layout(op, rank), filter_shape(op)
    attrs = window_attrs(op, layout, spatial_sizes(op, layout, 0), shape[:-2])
    channels = None if op.shapes[0] is None else op.shapes[0][layout.channel]
    weights = to.transpose(op[1], [rank - 1, rank - 2, *range(rank - 2)])
    group = 1 if channels is None else channels // max(shape[-2], 1)
    found = to.add("Conv", layout.to_onnx(to, op[0]), weights, kernel_shape=shape[:-2], group=group, **attrs)
    return layout.from_onnx(to, found)


@twin("DepthwiseConv2dNative")
def depthwise(op: Given, to: Emitter) -> str:
    """Each channel with filters of its own."""
    check_float(op)
    layout, (height, width, channels, many) = Layout(op), filter_shape(op)
    attrs = window_attrs(op, layout, spatial_sizes(op, layout, 0), (height, width))
    weights = to.reshape(op[1], [height, width, 1, channels * many])
    weights = to.transpose(weights, [3, 2, 0, 1])
    image = layout.to_onnx(to, op[0])
    found = to.add("Conv", image, weights, kernel_shape=[height, width], group=channels, **attrs)
    return layout.from_onnx(to, found)


@twin("Conv2DBackpropInput", "Conv3DBackpropInputV2")
def transposed_convolution(op: Given, to: Emitter) -> str:
    """A transposed convolution, as ``conv2d_transpose`` makes it."""
    check_float_filter(op)
    rank = 4 if op.type == "Conv2DBackpropInput" else 5
    layout, shape = Layout(op, rank), filter_shape(op)
    if op.attrs["padding"] == b"EXPLICIT":
        raise NoTwinError("its padding is explicit")
    strides = layout.inner(op.attrs["strides"])
    dilations = layout.inner(op.attrs.get("dilations") or [1] * rank)
    attrs = {"kernel_shape": shape[:-2], "strides": strides, "dilations": dilations}
    image = layout.to_onnx(to, op[2])
    weights = to.transpose(op[1], [rank - 1, rank - 2, *range(rank - 2)])
    # All windows, and as many zeros more as an output can have; what is meant is cut out of that.
    further = [stride - 1 for stride in strides]
    whole = to.add("ConvTranspose", image, weights, output_padding=further, **attrs)
    axes = list(range(2, rank))
    sizes = to.cast(op[0], op.dtypes[0], "int64")
    wanted = to.add("Gather", sizes, to.constant(layout.spatial))
    first = to.constant([0] * len(axes))
    if op.attrs["padding"] == b"SAME":
        more = to.constant(further)
        covered = to.add("Sub", to.add("Slice", to.add("Shape", whole), to.constant([2]), to.constant([rank])), more)
        total = to.add("Max", to.add("Sub", covered, wanted), first)
        first = to.add("Div", total, to.constant([2]))
    found = to.add("Slice", whole, first, to.add("Add", first, wanted), to.constant(axes))
    return layout.from_onnx(to, found)


def check_float_filter(op: Given) -> None:
    """Refuse filters that are not of floats."""
    if op.dtypes[1] not in ("float16", "float32", "float64"):
        raise NoTwinError(f"ONNX computes it for floats alone, not for {op.dtypes[1]}")
