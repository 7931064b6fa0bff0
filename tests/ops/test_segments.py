"""Segments and blocks that do not fit are refused, as in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

ROWS = np.ones((3, 2), np.float32)


def fed(values: Any) -> Any:
    """Values that nothing knows before a run."""
    return tf.placeholder_with_default(tf.constant(values), None)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tf.segment_sum(ROWS, fed([0, 1, 0])), "segment ids are not increasing"),
        (lambda: tf.segment_max(ROWS, fed([-1, 0, 0])), "segment ids must be >= 0"),
        (lambda: tf.segment_mean(ROWS, fed([0, 0])), "segment_ids should be the same size as dimension 0 of input"),
        (lambda: tf.unsorted_segment_max(ROWS, fed([0, 3, 0]), 3), "which is not below num_segments = 3"),
        (lambda: tf.sparse_segment_mean(ROWS, fed([0, 3]), [0, 0]), r"indices\[1\] = 3 out of range \[0, 3\)"),
        (lambda: tf.sparse_segment_sum(ROWS, fed([0]), [3], num_segments=2), "segment ids must be < num_segments"),
        (lambda: tf.space_to_batch_nd(ROWS, [3], fed([[0, 0]])), "is not divisible by block_shape=3"),
        (lambda: tf.batch_to_space_nd(fed(ROWS), [2], [[0, 0]]), "is not divisible by product of block sizes"),
    ],
)
def test_what_does_not_fit(make: Callable[[], Any], text: str) -> None:
    """The run says what is wrong, in TensorFlow's class."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=text), tf.Session() as session:
        session.run(make())


def test_blocks_that_are_known_not_to_fit() -> None:
    """A size that blocks do not divide is an error before anything runs."""
    with pytest.raises(ValueError, match="evenly divisible by 2 but is 3"):
        tf.space_to_depth(tf.zeros([1, 3, 4, 1]), 2)
