"""Normalizations by channel."""

from __future__ import annotations

import math

import numpy as np

from hdfsaver.onnx_graphs.channel_layout import Layout
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def batch_norm(op: Given, to: Emitter) -> list[str]:
    """Batch normalization, by given moments, or by those of the batch where it is in training."""
    layout = Layout(op, 5 if op.attrs.get("data_format") in (b"NDHWC", b"NCDHW") else 4)
    image, epsilon = layout.to_onnx(to, op[0]), float(op.attrs.get("epsilon", 1e-4))
    if not op.attrs.get("is_training", True):
        found = to.add("BatchNormalization", image, *(op[place] for place in range(1, 5)), epsilon=epsilon)
        return [layout.from_onnx(to, found), op[3], op[4]]
    if op.attrs.get("exponential_avg_factor", 1.0) != 1.0:
        raise NoTwinError("it mixes the moments of the batch with given ones")
    axes = to.constant([axis for axis in range(layout.rank) if axis != 1])
    mean = to.add("ReduceMean", image, axes, keepdims=0)
    apart = to.add("Sub", image, to.unsqueeze(mean, [0, *range(2, layout.rank)]))
    variance = to.add("ReduceMean", to.add("Mul", apart, apart), axes, keepdims=0)
    found = to.add("BatchNormalization", image, op[1], op[2], mean, variance, epsilon=epsilon)
    return [layout.from_onnx(to, found), mean, _unbiased(op, layout, to, variance)]


def _unbiased(op: Given, layout: Layout, to: Emitter, variance: str) -> str:
    """The variance of all, estimated by that of a part."""
    shape = op.shapes[0]
    sizes = [] if shape is None else [size for axis, size in enumerate(shape) if axis != layout.channel]
    count = math.prod(size for size in sizes if size is not None) if sizes and None not in sizes else 0
    return to.add("Mul", variance, to.constant(np.float32(count / (count - 1)))) if count > 1 else ""


@twin("LRN")
def local_response(op: Given, to: Emitter) -> str:
    """Local response normalization."""
    size = 2 * int(op.attrs["depth_radius"]) + 1
    settings = {"alpha": float(op.attrs["alpha"]) * size, "beta": float(op.attrs["beta"])}
    layout = Layout(op)
    found = to.add("LRN", layout.to_onnx(to, op[0]), size=size, bias=float(op.attrs["bias"]), **settings)
    return layout.from_onnx(to, found)
