"""Boxes chosen by their scores, without those that overlap a better one."""

from __future__ import annotations

from typing import NamedTuple

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope


class CombinedNonMaxSuppression(NamedTuple):
    """The boxes of each image, their scores, their classes, and how many there are."""

    nmsed_boxes: Tensor
    nmsed_scores: Tensor
    nmsed_classes: Tensor
    valid_detections: Tensor


class NonMaxSuppressionV4(NamedTuple):
    """The numbers of boxes, and how many there are."""

    selected_indices: Tensor
    valid_outputs: Tensor


def combined_non_max_suppression(
    boxes: TensorLike,
    scores: TensorLike,
    max_output_size_per_class: TensorLike,
    max_total_size: TensorLike,
    iou_threshold: TensorLike = 0.5,
    score_threshold: TensorLike = float("-inf"),
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: str | None = None,
) -> CombinedNonMaxSuppression:
    """The best boxes of each class, and of those the best of each image.

    Parameters
    ----------
    boxes : TensorLike
        (images, boxes, 1 or classes, 4), float32.
    scores : TensorLike
        (images, boxes, classes), float32.
    max_output_size_per_class, max_total_size : TensorLike
        The most boxes of a class, and of an image.
    iou_threshold : TensorLike
        How much of their union two boxes of a class may share.
    score_threshold : TensorLike
        The score that a chosen box is above.
    pad_per_class : bool
        Whether the results have only as many places as all classes can have boxes, if those are fewer.
    clip_boxes : bool
        Whether numbers of boxes are brought between 0 and 1.
    name : str, optional
        The name of the scope.

    Returns
    -------
    CombinedNonMaxSuppression
        The best box first, zeros behind the last one.

    Raises
    ------
    ValueError
        Shapes are other than described, or a size is not positive.
    """
    with scope(name, "combined_non_max_suppression"):
        overlap = convert_to_tensor(iou_threshold, "float32", name="iou_threshold")
        least = convert_to_tensor(score_threshold, "float32", name="score_threshold")
        total = convert_to_tensor(max_total_size)
        inputs = boxes, scores, max_output_size_per_class, total, overlap, least
        found = apply_list("CombinedNonMaxSuppression", *inputs, pad_per_class=pad_per_class, clip_boxes=clip_boxes)
    return CombinedNonMaxSuppression(*found)


def non_max_suppression(
    boxes: TensorLike,
    scores: TensorLike,
    max_output_size: TensorLike,
    iou_threshold: TensorLike = 0.5,
    score_threshold: TensorLike = float("-inf"),
    name: str | None = None,
) -> Tensor:
    """The numbers of the boxes with the best scores, without those that overlap a better one.

    Parameters
    ----------
    boxes : TensorLike
        A row of four numbers for each box, two opposite corners.
    scores : TensorLike
        A number for each box.
    max_output_size : TensorLike
        The most boxes that are chosen.
    iou_threshold : TensorLike
        How much of their union two boxes may share.
    score_threshold : TensorLike
        The score that a chosen box is above.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        int32, the best box first.

    Raises
    ------
    ValueError
        Shapes are other than described.
    """
    with scope(name, "non_max_suppression"):
        overlap = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        return apply("NonMaxSuppressionV3", boxes, scores, max_output_size, overlap, least)


def non_max_suppression_overlaps(
    overlaps: TensorLike,
    scores: TensorLike,
    max_output_size: TensorLike,
    overlap_threshold: TensorLike = 0.5,
    score_threshold: TensorLike = float("-inf"),
    name: str | None = None,
) -> Tensor:
    """As `non_max_suppression`, with a matrix of how much the boxes overlap in their place.

    Parameters
    ----------
    overlaps : TensorLike
        A row and a column for each box, float32.
    scores : TensorLike
        A number for each box.
    max_output_size : TensorLike
        The most boxes that are chosen.
    overlap_threshold : TensorLike
        How much two boxes may overlap.
    score_threshold : TensorLike
        The score that a chosen box is above.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        int32, the best box first.

    Raises
    ------
    ValueError
        Shapes are other than described.
    """
    with scope(name, "non_max_suppression_overlaps"):
        most = convert_to_tensor(overlap_threshold, name="overlap_threshold")
        return apply("NonMaxSuppressionWithOverlaps", overlaps, scores, max_output_size, most, score_threshold)


def non_max_suppression_padded(
    boxes: TensorLike,
    scores: TensorLike,
    max_output_size: TensorLike,
    iou_threshold: TensorLike = 0.5,
    score_threshold: TensorLike = float("-inf"),
    pad_to_max_output_size: bool = False,
    name: str | None = None,
) -> NonMaxSuppressionV4:
    """As `non_max_suppression`, with zeros behind the numbers if told.

    Parameters
    ----------
    boxes, scores, max_output_size, iou_threshold, score_threshold : TensorLike
        As for `non_max_suppression`.
    pad_to_max_output_size : bool
        Whether there are as many numbers as boxes are chosen at most.
    name : str, optional
        The name of the scope.

    Returns
    -------
    NonMaxSuppressionV4
        The numbers, and how many are valid.

    Raises
    ------
    ValueError
        Shapes are other than described.
    """
    with scope(name, "non_max_suppression_padded"):
        overlap = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        inputs = boxes, scores, max_output_size, overlap, least
        found = apply_list("NonMaxSuppressionV4", *inputs, pad_to_max_output_size=pad_to_max_output_size)
    return NonMaxSuppressionV4(*found)


def non_max_suppression_with_scores(
    boxes: TensorLike,
    scores: TensorLike,
    max_output_size: TensorLike,
    iou_threshold: TensorLike = 0.5,
    score_threshold: TensorLike = float("-inf"),
    soft_nms_sigma: TensorLike = 0.0,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """As `non_max_suppression`, with the scores.

    Parameters
    ----------
    boxes, scores, max_output_size, iou_threshold, score_threshold : TensorLike
        As for `non_max_suppression`.
    soft_nms_sigma : TensorLike
        Above 0, a box that is chosen lowers the scores of those that overlap it, which are not left out.
    name : str, optional
        The name of the scope.

    Returns
    -------
    tuple of Tensor
        The numbers of the boxes, and their scores.

    Raises
    ------
    ValueError
        Shapes are other than described.
    """
    with scope(name, "non_max_suppression_with_scores"):
        overlap = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        sigma = convert_to_tensor(soft_nms_sigma, name="soft_nms_sigma")
        found = apply_list("NonMaxSuppressionV5", boxes, scores, max_output_size, overlap, least, sigma)
    return found[0], found[1]
