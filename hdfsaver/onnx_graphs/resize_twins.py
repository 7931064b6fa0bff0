"""Images in another size."""

from __future__ import annotations

from hdfsaver.onnx_graphs.channel_layout import Layout
from hdfsaver.onnx_graphs.emitter import Emitter
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("ResizeBilinear", "ResizeNearestNeighbor")
def resize(op: Given, to: Emitter) -> str:
    """By linear interpolation, or by the nearest pixel."""
    aligned, half = bool(op.attrs.get("align_corners")), bool(op.attrs.get("half_pixel_centers"))
    is_linear = op.type == "ResizeBilinear"
    image = to.cast(op[0], op.dtypes[0], "float32") if is_linear else op[0]
    layout = Layout(op)
    image = layout.to_onnx(to, image)
    first = to.add("Slice", to.add("Shape", image), to.constant([0]), to.constant([2]))
    sizes = to.add("Concat", first, to.cast(op[1], op.dtypes[1], "int64"), axis=0)
    places = b"align_corners" if aligned else b"half_pixel" if half else b"asymmetric"
    nearest = b"round_prefer_ceil" if aligned or half else b"floor"
    attrs = {"mode": b"linear"} if is_linear else {"mode": b"nearest", "nearest_mode": nearest}
    found = to.add("Resize", image, "", "", sizes, coordinate_transformation_mode=places, **attrs)
    return layout.from_onnx(to, found)
