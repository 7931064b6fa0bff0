"""Boxes in images: the best ones without those that overlap them, and what is in them."""

from __future__ import annotations

import numpy as np

from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("NonMaxSuppression", "NonMaxSuppressionV2", "NonMaxSuppressionV3")
def suppression(op: Given, to: Emitter) -> str:
    """The numbers of the best boxes."""
    return to.cast(_chosen(op, to), "int64", "int32")


@twin("NonMaxSuppressionV4", "NonMaxSuppressionV5")
def counted_suppression(op: Given, to: Emitter) -> list[str]:
    """The numbers of the best boxes, since version 5 also their scores; with zeros up to the most that is asked for."""
    if op.type == "NonMaxSuppressionV5":
        sigma = op.known(5)
        if sigma is None or sigma != 0:
            raise NoTwinError("it lowers the scores of boxes that overlap a better one")
    chosen = _chosen(op, to)
    count = to.squeeze(to.add("Shape", chosen), [0])
    scores = to.add("Gather", op[1], chosen, axis=0)
    results = [to.cast(chosen, "int64", "int32")]
    if op.type == "NonMaxSuppressionV5":
        results.append(scores)
    if op.attrs.get("pad_to_max_output_size"):
        further = to.add("Sub", to.reshape(to.cast(op[2], op.dtypes[2], "int64"), [1]), to.add("Shape", chosen))
        pads = to.add("Concat", to.constant([0]), further, axis=0)
        results = [to.add("Pad", each, pads) for each in results]
    return [*results, to.cast(count, "int64", "int32")]


def _chosen(op: Given, to: Emitter) -> str:
    boxes = to.unsqueeze(to.cast(op[0], op.dtypes[0], "float32"), [0])
    scores = to.unsqueeze(to.cast(op[1], op.dtypes[1], "float32"), [0, 1])
    limits = [to.reshape(to.cast(op[2], op.dtypes[2], "int64"), [1])]
    if op.type == "NonMaxSuppression":
        limits.append(to.constant(np.asarray([op.attrs.get("iou_threshold", 0.5)], np.float32)))
    else:
        last = 4 if op.type == "NonMaxSuppressionV2" else 5
        limits += [to.reshape(to.cast(op[place], op.dtypes[place], "float32"), [1]) for place in range(3, last)]
    found = to.add("NonMaxSuppression", boxes, scores, *limits)
    return to.add("Gather", found, to.constant(np.asarray(2, np.int64)), axis=1)


@twin("CropAndResize")
def crop_and_resize(op: Given, to: Emitter) -> str:
    """Parts of images, each resized to one size: the nearest pixels, or four of them with weights."""
    sizes = [int(size) for size in op.needed(3, "size")]
    image = to.cast(op[0], op.dtypes[0], "float32")
    last = to.add("Sub", to.add("Shape", image, start=1, end=3), to.constant([1]))
    far = to.cast(last, "int64", "float32")
    places, inside = [], []
    for axis in (0, 1):
        end = to.add("Gather", far, to.constant([axis]))
        place = _places(op, to, axis, end, sizes[axis])
        zero = to.constant(np.float32(0))
        inside.append(to.add("And", to.add("GreaterOrEqual", place, zero), to.add("LessOrEqual", place, end)))
        places.append(to.add("Max", to.add("Min", place, end), zero))
    numbers = to.unsqueeze(to.cast(op[2], op.dtypes[2], "int64"), [1, 2])
    if op.attrs.get("method", b"bilinear") == b"nearest":
        half = to.constant(np.float32(0.5))
        nearest = [to.add("Floor", to.add("Add", place, half)) for place in places]
        total = _pixels(to, image, numbers, nearest)
    else:
        rows, columns = ([to.add("Floor", place), to.add("Ceil", place)] for place in places)
        parts = [to.add("Sub", place, ends[0]) for place, ends in zip(places, (rows, columns), strict=True)]
        down, across = to.unsqueeze(parts[0], [2, 3]), to.unsqueeze(parts[1], [1, 3])
        lines = []
        for row in rows:
            left, right = (_pixels(to, image, numbers, [row, column]) for column in columns)
            lines.append(to.add("Add", left, to.add("Mul", across, to.add("Sub", right, left))))
        total = to.add("Add", lines[0], to.add("Mul", down, to.add("Sub", lines[1], lines[0])))
    kept = to.add("And", to.unsqueeze(inside[0], [2, 3]), to.unsqueeze(inside[1], [1, 3]))
    beyond = to.constant(np.float32(op.attrs.get("extrapolation_value", 0.0)))
    return to.add("Where", kept, total, beyond)


def _places(op: Given, to: Emitter, axis: int, end: str, size: int) -> str:
    """Where the lines of the crops are in the images: a row for each box."""
    first, second = (to.add("Gather", op[1], to.constant([axis + 2 * side]), axis=1) for side in (0, 1))
    if size == 1:
        return to.add("Mul", to.add("Mul", to.add("Add", first, second), to.constant(np.float32(0.5))), end)
    step = to.add("Div", to.add("Mul", to.add("Sub", second, first), end), to.constant(np.float32(size - 1)))
    numbers = to.constant(np.arange(size, dtype=np.float32)[None])
    return to.add("Add", to.add("Mul", first, end), to.add("Mul", step, numbers))


def _pixels(to: Emitter, image: str, numbers: str, places: list[str]) -> str:
    """The pixels at the crossings of rows and columns."""
    rows, columns = (
        to.unsqueeze(to.cast(place, "float32", "int64"), [axis]) for place, axis in zip(places, (2, 1), strict=True)
    )
    zero = to.add("Mul", to.add("Add", to.add("Add", numbers, rows), columns), to.constant([0]))
    index = [to.unsqueeze(to.add("Add", each, zero), [3]) for each in (numbers, rows, columns)]
    return to.add("GatherND", image, to.add("Concat", *index, axis=3))
