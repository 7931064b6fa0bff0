"""Convolutions: TensorFlow and Keras keep height, width, inputs and outputs; PyTorch outputs, inputs, height and width.

A transposed convolution of TensorFlow is the derivative of a convolution, and has its kernel: height, width, *outputs*,
inputs. So does PyTorch's, whose kernel is that of its convolution too; the axes change places in the same way.
"""

from __future__ import annotations

from hdfsaver.conversion.layouts.found import Found, SeenUse, kept, moved
from hdfsaver.conversion.layouts.uses import Uses

_KERNEL = {
    "Conv2D": 1,
    "Conv3D": 1,
    "Conv": 1,
    "_FusedConv2D": 1,
    "FusedPadConv2D": 2,
    "FusedResizeAndPadConv2D": 3,
    "Conv2DBackpropInput": 1,
    "Conv3DBackpropInput": 1,
    "Conv3DBackpropInputV2": 1,
}
"""Which input is the kernel."""

_TRANSPOSED = "BackpropInput"


def convolution(seen: SeenUse) -> Found | None:
    """The kernel of a convolution of one, two or three axes, also of a transposed one."""
    graph, use, shape, layout = seen
    kind = graph.kind(use.op)
    if _KERNEL.get(kind) != use.position or len(use.axes) < 3:
        return None
    *places, inner, outer = use.axes
    spatial = [axis for axis in places if axis is not None]
    if inner is None or outer is None or not spatial:
        return None
    rule = f"{'transposed ' if _TRANSPOSED in kind else ''}convolution"
    order = (*spatial, inner, outer) if layout == "keras" else (outer, inner, *spatial)
    return moved(rule, use.op, shape, order)


def depthwise(seen: SeenUse) -> Found | None:
    """The kernel of a depthwise convolution: in PyTorch one with as many groups as channels."""
    graph, use, shape, layout = seen
    if graph.kind(use.op) != "DepthwiseConv2dNative" or use.position != 1 or len(use.axes) != 4:
        return None
    *places, channel, multiplier = use.axes
    spatial = [axis for axis in places if axis is not None]
    if channel is None or multiplier is None or not spatial:
        return None
    if layout == "keras":
        return moved("depthwise convolution", use.op, shape, (*spatial, channel, multiplier))
    order = (channel, multiplier, *spatial)
    sizes = [shape[axis] for axis in order]
    final = (sizes[0] * sizes[1], 1, *sizes[2:])
    return Found("depthwise convolution", use.op, shape, order, final, "weight")


def bias(seen: SeenUse) -> Found | None:
    """The bias of a convolution or a dense layer, which all keep alike."""
    graph, use, shape, _layout = seen
    kind = graph.kind(use.op)
    if len(shape) != 1 or kind not in ("BiasAdd", "BiasAddV1", "Add", "AddV2"):
        return None
    inputs = graph.inputs(use.op)
    if kind.startswith("BiasAdd") and use.position != 1:
        return None
    other = graph.source(*inputs[1 - use.position])[0]
    if not kind.startswith("BiasAdd") and graph.kind(other) not in {*_KERNEL, "MatMul", *_MORE}:
        return None
    return kept("bias", use.op, shape, "bias")._replace(of=_behind_reshapes(graph, other))


def _behind_reshapes(graph: Uses, name: str) -> str:
    """The operation whose result was brought to another shape."""
    seen: set[str] = set()
    while graph.kind(name) in ("Reshape", "Squeeze", "BatchToSpaceND") and name not in seen:
        seen.add(name)
        name = graph.source(*graph.input(name, 0))[0]
    return name


_MORE = ("DepthwiseConv2dNative", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Reshape")
"""Further operations whose result a bias is added to; a product of more axes is brought to its shape first."""
