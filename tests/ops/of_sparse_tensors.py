"""Programs about sparse tensors; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]


def is_there(grad: Any) -> bool:
    """Whether there is a derivative."""
    return grad is not None


def parts(*values: Any) -> list[Any]:
    """The tensors of sparse tensors, and others as they are."""
    found: list[Any] = []
    for value in values:
        is_sparse = hasattr(value, "dense_shape")
        found += [value.indices, value.values, value.dense_shape] if is_sparse else [value]
    return found


def pair(tf: Any) -> tuple[Any, Any, Any, Any]:
    """Two sparse matrices, and their values, by which derivatives are taken."""
    x, y = tf.constant([1.0, 2.0, -3.0]), tf.constant([-1.0, 5.0])
    a = tf.SparseTensor([[0, 0], [1, 0], [1, 2]], x, [2, 3])
    return a, tf.SparseTensor([[0, 0], [0, 1]], y, [2, 3]), x, y


def arithmetic(tf: Any) -> list[Any]:
    """Sums, products and extremes, with derivatives."""
    a, b, x, y = pair(tf)
    dense = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    w = tf.constant([[1.0, -1.0], [2.0, 0.5], [3.0, 4.0]])
    made = [tf.sparse_add(a, b), tf.sparse_add(a, b, 0.5), tf.sparse_add(a, dense), tf.sparse_add(dense, b)]
    made += [tf.sparse_minimum(a, b), tf.sparse_maximum(a, b), tf.sparse_softmax(a)]
    made += [tf.sparse_tensor_dense_matmul(a, w), tf.sparse_tensor_dense_matmul(a, w[:2], adjoint_a=True)]
    made += [tf.sparse.matmul(a, tf.transpose(w), adjoint_b=True)]
    total = tf.sparse_add(a, b).values
    grads = tf.gradients(total * total, [x, y]) + tf.gradients(made[2] * made[2], [x, dense])
    grads += tf.gradients(tf.square(tf.sparse_softmax(a).values), x)
    for product in made[7:]:
        grads += tf.gradients(product * product, [x, w])
    return [*parts(*made), *map(tf.convert_to_tensor, grads)]


def reductions(tf: Any) -> list[Any]:
    """Sums and greatest values along axes."""
    a, _, x, _ = pair(tf)
    made = []
    for axis in (None, 0, 1, -1, [0, 1]):
        for keeps in (False, True):
            total = tf.sparse_reduce_sum(a, axis, keepdims=keeps)
            made += [total, tf.sparse_reduce_max(a, axis, keepdims=keeps)]
            made += map(tf.convert_to_tensor, tf.gradients(total * total, x))
    return made


def forms(tf: Any) -> list[Any]:
    """Order, shape, parts, rows."""
    a, b, x, _ = pair(tf)
    loose = tf.SparseTensor([[1, 2], [0, 1], [0, 0]], x, [2, 3])
    ids = tf.SparseTensor([[0, 0], [1, 2]], np.array([3, 1], np.int64), [2, 3])
    made = [
        tf.sparse_reorder(loose),
        tf.sparse_reshape(a, [3, -1]),
        tf.sparse_transpose(a),
        tf.sparse_transpose(a, [0, 1]),
    ]
    made += [tf.sparse_concat(1, [a, b]), tf.sparse_concat(0, [a, b]), tf.sparse_concat(-1, [a])]
    wide = tf.SparseTensor([[0, 4]], [9.0], [1, 5])
    made += [tf.sparse_concat(0, [a, wide], expand_nonconcat_dim=True), tf.sparse_slice(a, [0, 1], [2, 5])]
    made += tf.sparse_split(sp_input=a, num_split=2, axis=1)
    made += [tf.sparse_retain(a, [True, False, True]), *tf.sparse_fill_empty_rows(b, 7.0)]
    made += [tf.sparse_to_indicator(ids, 5), tf.sparse_merge(ids, tf.SparseTensor(ids.indices, [1.0, 2.0], [2, 3]), 5)]
    made += [tf.sparse.from_dense([[0, 1], [2, 0]]), tf.sparse.eye(2, 3), tf.sparse.to_dense(a)]
    slices = tf.IndexedSlices(tf.constant([[1.0], [2.0], [3.0]]), tf.constant([5, 7, 9]))
    masked = tf.sparse_mask(slices, [7])
    grads = []
    for sparse in (made[0], made[2], made[8], made[11], made[12]):
        grads += tf.gradients(sparse.values * sparse.values, [x])
    return [
        *parts(*made),
        masked.values,
        masked.indices,
        *[tf.convert_to_tensor(grad) for grad in grads if grad is not None],
    ]


def embeddings(tf: Any) -> list[Any]:
    """Rows of tables, taken together."""
    ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], np.array([1, 3, 0], np.int64), [4, 2])
    odd = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], np.array([1, -1, 0], np.int64), [4, 2])
    weights = tf.SparseTensor(ids.indices, [2.0, 1.0, 3.0], [4, 2])
    table = tf.constant(np.arange(8.0).reshape(4, 2), tf.float32)
    made = []
    for combiner in ("sum", "mean", "sqrtn"):
        for given in (weights, None):
            rows = tf.nn.embedding_lookup_sparse(table, ids, given, combiner=combiner)
            made += [rows, tf.convert_to_tensor(tf.gradients(rows * rows, table)[0])]
            made.append(tf.nn.safe_embedding_lookup_sparse(table, odd, given, combiner=combiner))
    made += [tf.nn.embedding_lookup_sparse([table[:2], table[2:]], ids, weights, combiner="sum")]
    return [*made, tf.nn.safe_embedding_lookup_sparse(table, odd, default_id=2)]


def differences(tf: Any) -> list[Any]:
    """Different values, and those that another vector does not have."""
    made = [*tf.unique_with_counts([1, 1, 2, 4, 4, 4, 7]), *tf.unique_with_counts(["b", "a", "b"], tf.int64)]
    return [*made, *tf.setdiff1d([1, 2, 3, 4, 2], [2]), *tf.setdiff1d(["a", "b"], ["b", "c"], tf.int64)]


def graph_of_operations(tf: Any) -> list[Any]:
    """Names, types, dtypes and shapes of single operations."""
    x = tf.placeholder_with_default(tf.constant([1.0, 2.0]), [None])
    a = tf.SparseTensor(tf.constant([[0, 0], [1, 2]], tf.int64), x, tf.constant([2, 3], tf.int64))
    made = [tf.sparse_tensor_dense_matmul(a, tf.ones([3, 2])), tf.sparse_reduce_sum(a, 1), tf.sparse_reduce_max(a)]
    made.append(tf.sparse_softmax(a).values)
    return [*made, *tf.unique_with_counts([1, 1]), *tf.setdiff1d([1], [2])]


PROGRAMS: dict[str, Program] = {"sparse tensors in a graph": graph_of_operations}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {
    "arithmetic": arithmetic,
    "reductions": reductions,
    "forms": forms,
    "embeddings": embeddings,
    "differences": differences,
}
"""Programs whose results are TensorFlow's."""
