"""Blocks of pixels moved into channels or images, and back."""

from __future__ import annotations

from hdfsaver.onnx_graphs.channel_layout import Layout
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("SpaceToDepth", "DepthToSpace")
def blocks(op: Given, to: Emitter) -> str:
    """Between pixels and channels."""
    layout = Layout(op)
    found = to.add(op.type, layout.to_onnx(to, op[0]), blocksize=int(op.attrs["block_size"]))
    return layout.from_onnx(to, found)


@twin("SpaceToBatchND")
def space_to_batch(op: Given, to: Emitter) -> str:
    """Pixels into further images, as a dilated convolution of TensorFlow 1 does it."""
    blocks = [int(size) for size in op.needed(1, "block sizes")]
    pads = op.needed(2, "padding")
    count, shape = len(blocks), op.shapes[0]
    if shape is None or None in shape[1:]:
        raise NoTwinError("the sizes of its images are not known")
    rest = [int(size or 0) for size in shape[count + 1 :]]
    zeros = [0] * len(rest)
    sides = [[0, *(int(side) for side in pads[:, place]), *zeros] for place in (0, 1)]
    value = to.add("Pad", op[0], to.constant(sides[0] + sides[1]))
    sizes = [int(shape[axis + 1] or 0) + int(pads[axis].sum()) for axis in range(count)]
    split = [part for size, block in zip(sizes, blocks, strict=True) for part in (size // block, block)]
    value = to.reshape(value, [-1, *split, *rest])
    outer = [2 + 2 * axis for axis in range(count)]
    inner = [1 + 2 * axis for axis in range(count)]
    value = to.transpose(value, [*outer, 0, *inner, *range(2 * count + 1, 2 * count + 1 + len(rest))])
    return to.reshape(value, [-1, *(size // block for size, block in zip(sizes, blocks, strict=True)), *rest])


@twin("BatchToSpaceND")
def batch_to_space(op: Given, to: Emitter) -> str:
    """Images back into pixels."""
    blocks = [int(size) for size in op.needed(1, "block sizes")]
    crops = op.needed(2, "cut")
    count, shape = len(blocks), op.shapes[0]
    if shape is None or None in shape[1:]:
        raise NoTwinError("the sizes of its images are not known")
    sizes, rest = ([int(size or 0) for size in part] for part in (shape[1 : count + 1], shape[count + 1 :]))
    value = to.reshape(op[0], [*blocks, -1, *sizes, *rest])
    moved = [axis for place in range(count) for axis in (count + 1 + place, place)]
    value = to.transpose(value, [count, *moved, *range(2 * count + 1, 2 * count + 1 + len(rest))])
    value = to.reshape(value, [-1, *(size * block for size, block in zip(sizes, blocks, strict=True)), *rest])
    ends = [size * block - int(crop[1]) for size, block, crop in zip(sizes, blocks, crops, strict=True)]
    axes = to.constant(list(range(1, count + 1)))
    return to.add("Slice", value, to.constant([int(crop[0]) for crop in crops]), to.constant(ends), axes)
