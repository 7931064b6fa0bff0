"""Programs with map_fn, scan, foldl and foldr, written once for hdfsaver and TensorFlow; see `branches.py`."""

from __future__ import annotations

from typing import Any

Program = tuple[Any, list[dict[str, bool]]]

ONCE: list[dict[str, bool]] = [{}]
MATRIX = [[1.0, 2.0], [3.0, 4.0]]


def given(tf: Any) -> Any:
    """A matrix of an unknown number of rows."""
    return tf.placeholder_with_default(MATRIX, [None, 2], name="x")


def maps(tf: Any) -> Program:
    """One tensor of unknown size, with its derivative."""
    x = given(tf)
    y = tf.map_fn(lambda row: row * row, x)
    return [y, tf.gradients(y, x)], ONCE


def maps_structures(tf: Any) -> Program:
    """Several tensors and results, and no row at all."""
    x = tf.constant(MATRIX, name="x")
    pair = tf.map_fn(lambda rows: rows[0] * rows[1], (x, x + 1.0), dtype=tf.float32, parallel_iterations=3)
    named = tf.map_fn(lambda row: {"a": row, "b": (row[0], -row)}, x, dtype={"a": tf.float32, "b": (tf.float32,) * 2})
    none = tf.map_fn(lambda i: i * 2, tf.zeros([0], tf.int32), name="none")
    return [pair, tf.gradients(pair, x), named["a"], named["b"][0], named["b"][1], none], ONCE


def scans(tf: Any) -> Program:
    """From the first row and from a value, in both directions."""
    x = given(tf)
    y = tf.scan(lambda a, row: a * row, x)
    z = tf.scan(lambda a, row: a * row, tf.constant(MATRIX), initializer=tf.constant([2.0, 3.0]), reverse=True)
    return [y, tf.gradients(y, x), z, tf.scan(lambda a, row: a + row, x, reverse=True, infer_shape=False)], ONCE


def scans_structures(tf: Any) -> Program:
    """Several results of one tensor."""
    return list(tf.scan(lambda a, i: (a[0] + i, a[1] * i), tf.constant([1, 2, 3]), initializer=(0, 1))), ONCE


def folds(tf: Any) -> Program:
    """From both ends, with derivatives, and with several tensors."""
    x = given(tf)
    left, right = tf.foldl(lambda a, row: a * row + 1.0, x), tf.foldr(lambda a, row: a * row + 1.0, x)
    i = tf.constant([1, 2, 3])
    both = tf.foldl(lambda a, each: a + each[0] * each[1], (i, i), initializer=2)
    return [left, right, tf.gradients([left, right], x), both, tf.foldr(lambda a, j: a * j + 1, i, initializer=2)], ONCE


FOLDS = (maps, maps_structures, scans, scans_structures, folds)
