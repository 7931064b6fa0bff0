"""Boxes chosen by their scores, also padded to a size, with scores that fall by overlap, or of several classes.

Source: ``tensorflow/core/kernels/image/non_max_suppression_op.cc``.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.ops.base import Flat, integer, invalid, static_integer, with_rank
from hdfsaver.shapes import Shape, merge
from hdfsaver.tensor_info import Array

Similar = Callable[[int, list[int]], Array]
"""How much a box has in common with each of some others."""


class _Suppression(Flat, OpDef):
    """The numbers of boxes with the best scores, without those that overlap a better one."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A vector whose length is known in the run."""
        with_rank(node.input_shapes[0], 2)
        with_rank(node.input_shapes[1], 1)
        return [(None,)]


def _areas(boxes: Array) -> tuple[Array, Array]:
    first, second = boxes[:, :2], boxes[:, 2:]
    return np.minimum(first, second), np.maximum(first, second)


def _overlaps_with(boxes: Array) -> Similar:
    """A function that gives for a box and some others how much of their union is shared, 0 for boxes without area."""
    low, high = _areas(np.asarray(boxes, np.float32))
    areas = (high - low).prod(1)

    def ratios(number: int, others: list[int]) -> Array:
        shared = np.maximum(np.minimum(high[number], high[others]) - np.maximum(low[number], low[others]), 0).prod(1)
        with np.errstate(all="ignore"):
            found = shared / (areas[number] + areas[others] - shared)
        return np.where((areas[number] > 0) & (areas[others] > 0), found, np.float32(0))

    return ratios


def _chosen(boxes: Array, scores: Array, most: Array | int, overlap: Any, least: Any) -> Array:
    """The numbers of the boxes with the best scores, without those that overlap a better one."""
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise invalid(f"boxes must be of shape (count, 4), not {boxes.shape}.")
    if scores.shape != boxes.shape[:1]:
        raise invalid(f"scores has incompatible shape: {scores.shape} for {boxes.shape[0]} boxes.")
    if not 0 <= float(overlap) <= 1:
        raise invalid(f"iou_threshold must be in [0, 1], not {overlap}.")
    ratios = _overlaps_with(boxes)
    kept: list[int] = []
    for number in np.argsort(-np.asarray(scores, np.float32), kind="stable").tolist():
        if len(kept) >= int(most) or not scores[number] > least:
            break
        if not (ratios(number, kept) > float(overlap)).any():
            kept.append(number)
    return np.array(kept, np.int32)


@register
class NonMaxSuppression(_Suppression):
    """The best boxes, without those that overlap a better one; found in older graphs."""

    type = "NonMaxSuppression"
    signature = "boxes: float32, scores: float32, max_output_size: int32 -> selected_indices: int32"
    attrs = {"iou_threshold": 0.5}

    def kernel(self, node: Node) -> Kernel:
        overlap = node.attrs["iou_threshold"]
        return lambda boxes, scores, most: _chosen(boxes, scores, most, overlap, -np.inf)


@register
class NonMaxSuppressionV2(_Suppression):
    """As `NonMaxSuppression`, with the overlap as an input."""

    type = "NonMaxSuppressionV2"
    signature = "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold -> selected_indices: int32"
    types = {"T": frozenset({"float16", "float32"}), "T_threshold": frozenset({"float16", "float32"})}
    default_types = {"T": "float32", "T_threshold": "float32"}

    def kernel(self, node: Node) -> Kernel:
        return lambda boxes, scores, most, overlap: _chosen(boxes, scores, most, overlap, -np.inf)


@register
class NonMaxSuppressionV3(_Suppression):
    """As `NonMaxSuppressionV2`, of boxes whose score is above a threshold."""

    type = "NonMaxSuppressionV3"
    signature = (
        "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, score_threshold: T_threshold"
        " -> selected_indices: int32"
    )
    types = NonMaxSuppressionV2.types
    default_types = NonMaxSuppressionV2.default_types

    def kernel(self, node: Node) -> Kernel:
        return _chosen


def _most(value: Array) -> int:
    count = integer(value)
    if count < 0:
        raise invalid(f"output size must be non-negative, not {count}.")
    return count


def _padded(node: Node) -> Shape:
    return (static_integer(node, 2) if node.attrs["pad_to_max_output_size"] else None,)


def _lengthened(values: Array, count: int, whether: bool) -> Array:
    """A vector with zeros behind it."""
    return np.pad(values, (0, count - len(values))) if whether else values


@register
class NonMaxSuppressionV4(_Suppression):
    """As `NonMaxSuppressionV3`, with zeros behind the numbers if told, and how many numbers there are."""

    type = "NonMaxSuppressionV4"
    signature = (
        "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, score_threshold: T_threshold"
        " -> selected_indices: int32, valid_outputs: int32"
    )
    types = NonMaxSuppressionV3.types
    default_types = NonMaxSuppressionV3.default_types
    attrs = {"pad_to_max_output_size": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A vector, of the most boxes where it is padded, and one number."""
        super().shapes(node)
        return [_padded(node), ()]

    def kernel(self, node: Node) -> Kernel:
        pad = node.attrs["pad_to_max_output_size"]

        def choose(boxes: Array, scores: Array, most: Array, overlap: Array, least: Array) -> tuple[Any, ...]:
            count = _most(most)
            numbers = _chosen(boxes, scores, count, overlap, least)
            return _lengthened(numbers, count, pad), np.int32(len(numbers))

        return choose


def _weights(shared: Array, sigma: Any) -> Array:
    """By what a score is multiplied for what a box shares with others."""
    scale = sigma.dtype.type(-0.5) / sigma
    weights: Array = np.exp(scale * shared * shared)
    return weights


def _softly(similar: Similar, scores: Array, most: int, least: Any, sigma: Any) -> tuple[list[int], list[Any]]:
    """The numbers of boxes whose scores stay high while each box that is chosen lowers those of its neighbours."""
    kept: list[int] = []
    found: list[Any] = []
    waiting = [(-float(score), number, 0) for number, score in enumerate(scores) if score > least]
    heapq.heapify(waiting)
    while waiting and len(kept) < most:
        negative, number, begin = heapq.heappop(waiting)
        before = score = scores.dtype.type(-negative)
        # The boxes that were chosen last are the most similar ones, and each lowers a score once only.
        for weight in _weights(similar(number, kept[begin:]).astype(scores.dtype), sigma)[::-1]:
            score = score * weight
            if score <= least:
                break
        if score == before:
            kept.append(number)
            found.append(score)
        elif score > least:
            heapq.heappush(waiting, (-float(score), number, len(kept)))
    return kept, found


@register
class NonMaxSuppressionV5(_Suppression):
    """As `NonMaxSuppressionV4`, with the scores; a sigma lowers scores by overlap instead of leaving boxes out."""

    type = "NonMaxSuppressionV5"
    signature = (
        "boxes: T, scores: T, max_output_size: int32, iou_threshold: T, score_threshold: T, soft_nms_sigma: T"
        " -> selected_indices: int32, selected_scores: T, valid_outputs: int32"
    )
    types = {"T": frozenset({"float16", "float32"})}
    default_types = {"T": "float32"}
    attrs = {"pad_to_max_output_size": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Two vectors, of the most boxes where they are padded, and one number."""
        super().shapes(node)
        return [_padded(node), _padded(node), ()]

    def kernel(self, node: Node) -> Kernel:
        pad = node.attrs["pad_to_max_output_size"]

        def choose(
            boxes: Array, scores: Array, most: Array, overlap: Array, least: Array, sigma: Array
        ) -> tuple[Any, ...]:
            count = _most(most)
            if sigma < 0:
                raise invalid(f"soft_nms_sigma_val must be >= 0, not {sigma}.")
            hard = _chosen(boxes, scores, count if sigma == 0 else 0, overlap, least)  # checks in either case
            numbers, values = hard, scores[hard]
            if sigma > 0:
                soft = _softly(_overlaps_with(boxes), scores, count, least, np.asarray(sigma))
                numbers, values = np.array(soft[0], np.int32), np.array(soft[1], scores.dtype)
            return _lengthened(numbers, count, pad), _lengthened(values, count, pad), np.int32(len(numbers))

        return choose


@register
class NonMaxSuppressionWithOverlaps(Flat, OpDef):
    """As `NonMaxSuppressionV3`, with a matrix of how much the boxes overlap in their place."""

    type = "NonMaxSuppressionWithOverlaps"
    signature = (
        "overlaps: float32, scores: float32, max_output_size: int32, overlap_threshold: float32, "
        "score_threshold: float32 -> selected_indices: int32"
    )

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A vector whose length is known in the run."""
        overlaps = with_rank(node.input_shapes[0], 2)
        if overlaps is not None:
            merge(overlaps[:1], overlaps[1:])
        scores = with_rank(node.input_shapes[1], 1)
        if overlaps is not None and scores is not None:
            merge(overlaps[:1], scores)
        return [(None,)]

    def kernel(self, node: Node) -> Kernel:
        return _by_overlaps


def _by_overlaps(overlaps: Array, scores: Array, most: Array, threshold: Array, least: Array) -> Array:
    if overlaps.ndim != 2 or overlaps.shape[0] != overlaps.shape[1]:
        raise invalid(f"overlaps must be square, not {overlaps.shape}.")
    if scores.shape != overlaps.shape[:1]:
        raise invalid(f"scores has incompatible shape: {scores.shape} for {len(overlaps)} boxes.")
    count = _most(most)
    kept: list[int] = []
    for number in np.argsort(-scores, kind="stable").tolist():
        if len(kept) >= count or not scores[number] > least:
            break
        if not (overlaps[number, kept] > threshold).any():
            kept.append(number)
    return np.array(kept, np.int32)


@register
class CombinedNonMaxSuppression(Flat, OpDef):
    """The best boxes of each class, and of those the best of each image, with their scores and classes."""

    type = "CombinedNonMaxSuppression"
    signature = (
        "boxes: float32, scores: float32, max_output_size_per_class: int32, max_total_size: int32, "
        "iou_threshold: float32, score_threshold: float32 "
        "-> nmsed_boxes: float32, nmsed_scores: float32, nmsed_classes: float32, valid_detections: int32"
    )
    attrs = {"pad_per_class": False, "clip_boxes": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(images, boxes, 4), twice (images, boxes), and (images,)."""
        boxes, scores = with_rank(node.input_shapes[0], 4), with_rank(node.input_shapes[1], 3)
        images = classes = None
        if boxes is not None and scores is not None:
            images, _ = merge(boxes[:2], scores[:2]) or (None, None)
            classes = scores[2]
        elif boxes is not None or scores is not None:
            images = (boxes or scores or (None,))[0]
            classes = scores[2] if scores is not None else None
        if boxes is not None:
            merge(boxes[3:], (4,))
            if None not in (boxes[2], classes) and boxes[2] not in (1, classes):
                raise ValueError(
                    "third dimension of boxes must be either 1 or equal to the third dimension of scores, "
                    f"not {boxes[2]} for {classes} classes."
                )
        total = _positive(node, 3, "max_total_size")
        if node.attrs["pad_per_class"]:
            each = _positive(node, 2, "max_output_size_per_class")
            total = None if None in (total, each, classes) else min(total or 0, (each or 0) * (classes or 0))
        return [(images, total, 4), (images, total), (images, total), (images,)]

    def kernel(self, node: Node) -> Kernel:
        pad, clip = node.attrs["pad_per_class"], node.attrs["clip_boxes"]

        def combine(
            boxes: Array, scores: Array, each: Array, total: Array, overlap: Array, least: Array
        ) -> tuple[Array, ...]:
            count = _size_of(boxes, scores, each, total, overlap, pad)
            results = [
                _of_image(*pair, min(int(each), boxes.shape[1]), overlap, least)
                for pair in zip(boxes, scores, strict=True)
            ]
            shape = (len(boxes), count)
            found, values, classes = np.zeros((*shape, 4), np.float32), np.zeros(shape, np.float32), np.zeros(shape)
            valid = np.zeros(len(boxes), np.int32)
            for image, (some, score, of) in enumerate(results):
                valid[image] = length = min(len(some), count)
                found[image, :length] = np.clip(some[:length], 0, 1) if clip else some[:length]
                values[image, :length], classes[image, :length] = score[:length], of[:length]
            return found, values, classes.astype(np.float32), valid

        return combine


def _positive(node: Node, position: int, what: str) -> int | None:
    size = static_integer(node, position)
    if size is not None and size <= 0:
        raise ValueError(f"{what} must be > 0, not {size}.")
    return size


def _size_of(boxes: Array, scores: Array, each: Array, total: Array, overlap: Array, pad: bool) -> int:
    """How many boxes each image gets; checks of what shapes could not show."""
    if boxes.ndim != 4 or boxes.shape[3] != 4:
        raise invalid(f"boxes must have 4 columns, and four dimensions, not shape {boxes.shape}.")
    if scores.ndim != 3 or scores.shape[:2] != boxes.shape[:2]:
        raise invalid(f"scores has incompatible shape: {scores.shape} for boxes of shape {boxes.shape}.")
    if boxes.shape[2] not in (1, scores.shape[2]):
        raise invalid(f"third dimension of boxes must be either 1 or num classes, not {boxes.shape[2]}.")
    for what, value in (("max_size_per_class", each), ("max_total_size", total)):
        if value <= 0:
            raise invalid(f"{what} must be positive, not {value}.")
    if not 0 <= overlap <= 1:
        raise invalid(f"iou_threshold must be in [0, 1], not {overlap}.")
    return min(int(total), int(each) * scores.shape[2]) if pad else int(total)


def _of_image(boxes: Array, scores: Array, most: int, overlap: Array, least: Array) -> tuple[Array, Array, Array]:
    """The best boxes of an image, their scores and their classes, the best first."""
    found = []
    for number in range(scores.shape[1]):
        own = boxes[:, number if boxes.shape[1] > 1 else 0]
        kept = _chosen(own, scores[:, number], most, overlap, least)
        found.append((own[kept], scores[kept, number], np.full(len(kept), number, np.float32)))
    if not found:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32)
    all_boxes, values, classes = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(-values, kind="stable")
    return all_boxes[order], values[order], classes[order]
