"""Programs about boxes that are chosen by their scores; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]

_DRAWN = np.random.default_rng(3)
CORNERS = _DRAWN.uniform(-0.1, 0.7, (2, 25, 3, 2)).astype(np.float32)
BOXES = np.concatenate([CORNERS, CORNERS + _DRAWN.uniform(0.1, 0.6, CORNERS.shape).astype(np.float32)], -1)
SCORES = _DRAWN.permutation(150).reshape(2, 25, 3).astype(np.float32) / 150
ROW = BOXES[0, :, 0]
ROW_SCORES = np.round(SCORES[0, :, 0], 1)  # some are equal
OVERLAPS = _DRAWN.uniform(0, 1, (25, 25)).astype(np.float32)


def padded(tf: Any) -> Any:
    """The numbers of boxes, with and without zeros behind them."""
    made = []
    for count, overlap, least in ((4, 0.5, float("-inf")), (30, 0.2, 0.3), (0, 1.0, 0.0), (25, 0.0, 2.0)):
        for pad in (False, True):
            made += tf.image.non_max_suppression_padded(tf.constant(ROW), ROW_SCORES, count, overlap, least, pad)
    return made


def scored(tf: Any) -> Any:
    """The scores of boxes, which fall with overlap."""
    made = []
    for sigma in (0.0, 0.1, 0.5, 3.0):
        for count, overlap, least in ((30, 0.4, 0.1), (5, 0.9, float("-inf")), (30, 0.5, 0.35)):
            made += tf.image.non_max_suppression_with_scores(ROW, ROW_SCORES, count, overlap, least, sigma)
    return made


def by_overlaps(tf: Any) -> Any:
    """A matrix of overlaps in place of the boxes."""
    return [
        tf.image.non_max_suppression_overlaps(OVERLAPS, ROW_SCORES, *more)
        for more in ((30, 0.8), (4, 0.9), (9, 0.6, 0.5))
    ]


def combined(tf: Any) -> Any:
    """Classes with boxes in common, and with their own; few and many places."""
    made = []
    for boxes in (BOXES, BOXES[:, :, :1]):
        for each, total, overlap, least in ((3, 7, 0.4, 0.1), (30, 40, 0.5, float("-inf")), (2, 20, 0.3, 0.8)):
            for pad, clip in ((False, True), (True, False)):
                made += tf.image.combined_non_max_suppression(boxes, SCORES, each, total, overlap, least, pad, clip)
    return made


PROGRAMS: dict[str, Program] = {"by_overlaps": by_overlaps, "combined": combined, "scored": scored}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"padded": padded}
"""Programs whose results are TensorFlow's."""
