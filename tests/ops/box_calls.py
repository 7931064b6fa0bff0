"""Calls of operations that choose boxes; see `tests.ops.test_dtypes`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

BOX = np.array([[0, 0, 1, 1]], np.float32)
SCORE = np.array([0.5], np.float32)

CALLS: dict[str, Callable[..., Any]] = {
    "NonMaxSuppressionV4": lambda x: apply_list("NonMaxSuppressionV4", BOX, SCORE, 3, 0.5, 0.0),
    "NonMaxSuppressionV5": lambda x: apply_list("NonMaxSuppressionV5", BOX, SCORE, 3, 0.5, 0.0, 0.5),
    "NonMaxSuppressionWithOverlaps": lambda x: apply(
        "NonMaxSuppressionWithOverlaps", np.ones([1, 1], np.float32), SCORE, 3, 0.5, 0.0
    ),
    "CombinedNonMaxSuppression": lambda x: apply_list(
        "CombinedNonMaxSuppression", BOX[None, None], SCORE[None, None], 3, 4, 0.5, 0.0
    ),
}
"""Of each operation a call, which does not take the tensor."""
