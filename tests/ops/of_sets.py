"""Programs about sets; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]

DENSE = np.array([[[9, 1], [5, 5]], [[3, 4], [8, 7]]])
OTHER = np.array([[[1, 2, 9], [5, 6, 6]], [[0, 0, 0], [7, 7, 8]]])


def parts(*sparse: Any) -> list[Any]:
    """The tensors of sparse tensors."""
    return [tensor for each in sparse for tensor in (each.indices, each.values, each.dense_shape)]


def sparse(tf: Any, dtype: Any) -> tuple[Any, Any]:
    """Two sparse tensors, of which some rows are empty."""
    a = tf.SparseTensor([[0, 0, 0], [0, 0, 5], [1, 1, 2]], tf.constant([9, 3, 7], dtype), [2, 2, 6])
    return a, tf.SparseTensor([[0, 0, 1], [0, 1, 0], [1, 1, 0]], tf.constant([3, 4, 7], dtype), [2, 2, 3])


def of_all_kinds(tf: Any) -> list[Any]:
    """Dense and sparse sets with each other, of all dtypes of integers."""
    made = []
    for dtype in (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16):
        a, b = tf.constant(DENSE, dtype), tf.constant(OTHER, dtype)
        c, d = sparse(tf, dtype)
        for first, second in ((a, b), (a, c), (d, b), (c, d)):
            found = [tf.sets.intersection(first, second), tf.sets.union(first, second)]
            found += [tf.sets.difference(first, second), tf.sets.difference(first, second, aminusb=False)]
            made += parts(*found)
        made += [tf.sets.size(c), tf.sets.size(tf.sets.union(a, b))]
    return made


def of_strings(tf: Any) -> list[Any]:
    """Sets of strings, and of nothing."""
    a, b = tf.constant([[b"b", b"\xff"], [b"", b""]]), tf.constant([[b"\xff", b"a", b"a"], [b"c", b"", b"b"]])
    empty = tf.zeros([2, 0], tf.int32)
    return parts(
        tf.sets.set_union(a, b),
        tf.sets.set_intersection(a, b),
        tf.sets.set_difference(b, a),
        tf.sets.set_union(empty, empty),
        tf.sets.set_intersection(empty, tf.constant([[1], [2]])),
    )


def in_a_graph(tf: Any) -> list[Any]:
    """Names, types, inputs and shapes of the operations."""
    a, b = tf.constant(DENSE, tf.int32), tf.placeholder_with_default(tf.constant(OTHER, tf.int32), [None, 2, None])
    c, d = sparse(tf, tf.int32)
    made = [tf.sets.union(a, b), tf.sets.difference(c, a), tf.sets.difference(c, d, False, False)]
    unknown = tf.placeholder_with_default(tf.constant(OTHER, tf.int32), None)
    return [*parts(*made, tf.sets.intersection(unknown, c)), tf.sets.size(c), tf.sets.size(d, False)]


PROGRAMS: dict[str, Program] = {"sets in a graph": in_a_graph}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"all kinds": of_all_kinds, "strings": of_strings}
"""Programs whose results are TensorFlow's."""
