"""Programs about segments, and about blocks of pixels; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]

ROWS = np.array([[1.0, -2.0], [3.0, 4.0], [3.0, 0.0], [-1.0, 0.0], [2.0, 5.0]], np.float32)
IDS = [0, 0, 2, 2, 3]
LOOSE = [2, 0, -1, 2, 2]
SORTED = ("sum", "mean", "prod", "max", "min")
UNSORTED = ("sum", "prod", "max", "min", "mean", "sqrt_n")


def dense(tf: Any, grads: Any) -> Any:
    """Derivatives as whole tensors."""
    return [None if grad is None else tf.convert_to_tensor(grad) for grad in grads]


def segments(tf: Any) -> list[Any]:
    """Every function of sorted segments, of floats and integers, and its derivative."""
    x, whole = tf.constant(ROWS), tf.constant(ROWS.astype(np.int32))
    made = []
    for name in SORTED:
        function = getattr(tf, f"segment_{name}")
        y = function(x, IDS)
        made += [y, function(whole, tf.constant(IDS, tf.int64)), *dense(tf, tf.gradients(y * y, x))]
    return [*made, tf.segment_sum(tf.zeros([0, 2]), tf.zeros([0], tf.int32))]


def unsorted(tf: Any) -> list[Any]:
    """Every function of unsorted segments, with ids of one and two dimensions, and its derivative."""
    x, whole = tf.constant(ROWS), tf.constant(ROWS.astype(np.int32))
    made = []
    for name in UNSORTED:
        function = getattr(tf, f"unsorted_segment_{name}")
        y = function(x, LOOSE, 3)
        made += [y, *dense(tf, tf.gradients(tf.reduce_sum(y[::2] * y[::2]), x))]
        if name not in ("mean", "sqrt_n"):
            made += [function(whole, LOOSE, 4), function(whole, [[0, 1], [1, 1], [0, 1], [-1, 2], [0, 2]], 3)]
    return made


def of_rows(tf: Any) -> list[Any]:
    """Rows chosen by indices, taken together."""
    x = tf.constant(ROWS)
    made = []
    for name in ("sum", "mean", "sqrt_n"):
        function = getattr(tf, f"sparse_segment_{name}")
        for options in ({}, {"num_segments": 6}):
            y = function(x, [4, 0, 0, 1], [0, 0, 1, 3], **options)
            made += [y, *dense(tf, tf.gradients(y * y, x))]
    return made


def graph_of_segments(tf: Any) -> list[Any]:
    """Names, types, dtypes and shapes."""
    x, ids = tf.placeholder(tf.float32, [None, 3]), tf.placeholder_with_default([0, 1], [None])
    made = [getattr(tf, f"segment_{name}")(x, ids) for name in SORTED]
    made += [getattr(tf, f"unsorted_segment_{name}")(x, ids, 2, name="u") for name in ("prod", "max", "min")]
    made += [tf.sparse_segment_sum(x, [1, 0], [0, 0]), tf.sparse_segment_mean(x, [1, 0], [0, 0], num_segments=1)]
    return [*made, tf.space_to_depth(tf.zeros([1, 4, 6, 2]), 2), tf.depth_to_space(tf.zeros([1, 4, 6, 8]), 2)]


def blocks(tf: Any) -> list[Any]:
    """Pixels moved to channels and to the batch, and back, with derivatives."""
    x = tf.constant(np.arange(96, dtype=np.float32).reshape(2, 4, 6, 2))
    deep = tf.constant(np.arange(96, dtype=np.float32).reshape(2, 2, 3, 8))
    made = [tf.space_to_depth(x, 2), tf.depth_to_space(deep, 2), tf.nn.space_to_depth(x[:1], 2)]
    many = tf.constant(np.arange(96, dtype=np.float32).reshape(8, 2, 3, 2))
    made += [
        tf.space_to_batch(x, [[0, 2], [1, 1]], block_size=2),
        tf.batch_to_space(many, [[0, 1], [2, 0]], block_size=2),
        tf.space_to_batch_nd(x, [2, 3], [[1, 1], [0, 0]]),
        tf.batch_to_space_nd(many, [4], [[1, 1]]),
    ]
    for y, source in zip(made[:2] + made[3:7], [x, deep, x, many, x, many], strict=True):
        made += tf.gradients(y * y, source)
    return made


def graph_of_blocks(tf: Any) -> list[Any]:
    """Static shapes, as far as they are known."""
    x = tf.placeholder(tf.float32, [None, 4, None, 8])
    return [
        tf.space_to_depth(x, 2),
        tf.depth_to_space(x, 2),
        tf.space_to_batch(x, [[0, 0], [1, 1]], 2),
        tf.space_to_batch_nd(x, [2, 2], [[1, 1], [0, 0]], name="nd"),
        tf.batch_to_space_nd(tf.placeholder(tf.float32, [8, 2, None]), [2, 2], [[0, 0], [1, 0]]),
    ]


PROGRAMS: dict[str, Program] = {"segments in a graph": graph_of_segments, "blocks in a graph": graph_of_blocks}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {
    "segments": segments,
    "unsorted segments": unsorted,
    "segments of rows": of_rows,
    "blocks": blocks,
}
"""Programs whose results are TensorFlow's."""
