"""Programs about equations of products; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]

NUMBERS = np.random.default_rng(8).uniform(-1, 1, (2, 3, 4)).astype(np.float32)


def in_a_graph(tf: Any) -> list[Any]:
    """Names, types, equations and shapes."""
    x, y = tf.constant(NUMBERS), tf.constant(NUMBERS[0])
    open_one = tf.placeholder_with_default(NUMBERS, [None, 3, None])
    made = [tf.einsum("bij,ij->bi", x, y), tf.einsum("ij,jk", y, tf.transpose(y)), tf.einsum("bij->b", open_one)]
    return [*made, tf.linalg.einsum("bij,bkj->bik", open_one, x, name="product")]


def values(tf: Any) -> list[Any]:
    """Values and derivatives, of up to four factors, with ellipses and traces."""
    x, y, z = tf.constant(NUMBERS), tf.constant(NUMBERS[0]), tf.constant(NUMBERS[1] * 2)
    found = [
        tf.einsum("...ij,...kj->...ik", x, x),
        tf.einsum("ii", z[:, :3]),
        tf.einsum("ij->ji", tf.constant([[1, 2]])),
    ]
    for equation, inputs in (
        ("bij,ij->bi", (x, y)),
        ("bij,kj->bik", (x, y)),
        ("ij,ik->jk", (y, z)),
        ("ij,kl->i", (y, z)),
        ("bij->jb", (x,)),
        ("bij,ij,kj->bk", (x, y, z)),
        ("ij,ij,ij,ij", (y, z, y, z)),
    ):
        product = tf.einsum(equation, *inputs)
        found += [product, *tf.gradients(product * product, list(dict.fromkeys(inputs)))]
    return found


PROGRAMS: dict[str, Program] = {"equations in a graph": in_a_graph}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"equations": values}
"""Programs whose results are TensorFlow's."""
