"""The largest and the mean number of windows."""

from __future__ import annotations

from hdfsaver.onnx_graphs.channel_layout import Layout
from hdfsaver.onnx_graphs.convolution_twins import spatial_sizes, window_attrs
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, check_float, twin


@twin("MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D")
def pool(op: Given, to: Emitter) -> str:
    """Windows along the axes between the batch and the channels."""
    check_float(op)
    layout = Layout(op, 5 if op.type.endswith("3D") else 4)
    lengths = [int(length) for length in op.attrs["ksize"]]
    others = [axis for axis in range(layout.rank) if axis not in layout.spatial]
    if any(lengths[axis] != 1 or op.attrs["strides"][axis] != 1 for axis in others):
        raise NoTwinError("its windows span several images or channels")
    window = layout.inner(lengths)
    attrs = window_attrs(op, layout, spatial_sizes(op, layout, 0), window, with_dilations=False)
    onnx = "MaxPool" if op.type.startswith("Max") else "AveragePool"
    return layout.from_onnx(to, to.add(onnx, layout.to_onnx(to, op[0]), kernel_shape=window, **attrs))
