"""Programs about pools with places, with gaps and of two lengths, and dilations; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]

IMAGES = np.random.default_rng(3).integers(-9, 9, (2, 7, 6, 2)).astype(np.float32)
"""Small whole numbers, so that many are equal."""

FILTERS = np.random.default_rng(4).standard_normal((2, 3, 2)).astype(np.float32)


def with_derivative(tf: Any, function: Any, *values: Any) -> list[Any]:
    """What a function gives, and the derivatives of its first result squared."""
    inputs = [tf.constant(value) for value in values]
    outputs = function(*inputs)
    made = list(outputs) if isinstance(outputs, tuple) else [outputs]
    return [*made, *tf.gradients(made[0] * made[0], inputs)]


def places(tf: Any) -> list[Any]:
    """The greatest and their places, in images and in the batch, with and without padding."""
    nn = tf.nn
    made = []
    for padding in ("SAME", "VALID"):
        for batch in (False, True):
            made += with_derivative(
                tf,
                lambda x, padding=padding, batch=batch: nn.max_pool_with_argmax(
                    x, [1, 3, 2, 1], [1, 2, 2, 1], padding, include_batch_in_index=batch
                ),
                IMAGES,
            )
    whole = tf.constant(IMAGES.astype(np.int32))
    edge = np.array([np.nan, 1, -np.inf, -np.inf], np.float32).reshape(1, 2, 2, 1)
    made += nn.max_pool_with_argmax(whole, [1, 2, 2, 1], [1, 1, 1, 1], "SAME", output_dtype=tf.int32)
    return [*made, *nn.max_pool_with_argmax(edge, [1, 1, 2, 1], [1, 1, 2, 1], "VALID")[1:]]


def twice(tf: Any) -> list[Any]:
    """The derivative of the derivative of a pool."""
    x = tf.constant(IMAGES * 0.1)
    made = []
    for padding in ("SAME", "VALID"):
        y = tf.nn.max_pool(x, [1, 3, 2, 1], [1, 2, 2, 1], padding)
        (grad,) = tf.gradients(y * y * y, x)
        made += [grad, *tf.gradients(grad * grad, x)]
    return made


def dilations(tf: Any) -> list[Any]:
    """Dilation and erosion, with gaps and steps, and their derivatives; integers too."""
    made = []
    for padding in ("SAME", "VALID"):
        for function in (tf.nn.dilation2d, tf.nn.erosion2d):
            made += with_derivative(
                tf,
                lambda x, y, function=function, padding=padding: function(x, y, [1, 1, 2, 1], [1, 2, 1, 1], padding),
                IMAGES,
                FILTERS,
            )
        whole = tf.constant(IMAGES.astype(np.int32))
        made.append(tf.nn.dilation2d(whole, whole[0, :2, :2], [1] * 4, [1] * 4, padding))
    return made


def fractions(tf: Any) -> list[Any]:
    """Windows of two lengths, in random orders of every kind."""
    made = []
    for pool in (tf.nn.fractional_max_pool, tf.nn.fractional_avg_pool):
        for pseudo_random in (False, True):
            for overlapping in (False, True):
                options = (pseudo_random, overlapping, True, 3, 4)
                made += with_derivative(
                    tf, lambda x, pool=pool, options=options: tuple(pool(x, [1, 1.5, 1.3, 1], *options)), IMAGES
                )
        made += pool(tf.constant(IMAGES.astype(np.int32)), [1, 2.0, 1.44, 1], deterministic=True, seed=5)
    return made


def pools(tf: Any) -> list[Any]:
    """Pools of rows, images and volumes, with steps and with gaps."""
    x, volumes = tf.constant(IMAGES), tf.constant(IMAGES[None])
    made = []
    for kind in ("MAX", "AVG"):
        made += [
            tf.nn.pool(x[0], [2], kind, "SAME", strides=[2]),
            tf.nn.pool(x[0], [2], kind, "VALID", dilation_rate=[2]),
            tf.nn.pool(x, [2, 3], kind, "SAME", strides=[2, 1], name="named"),
            tf.nn.pool(x, [2, 3], kind, "VALID", dilations=[2, 1]),
            tf.nn.pool(volumes, [2, 2, 2], kind, "SAME"),
            tf.nn.pool(volumes, [2, 2, 2], kind, "VALID", dilation_rate=[1, 2, 2]),
        ]
    return made


def blocks(tf: Any) -> list[Any]:
    """An operation on blocks, along one axis of two, and where sizes are found in the run."""
    nn = tf.nn
    moved = nn.with_space_to_batch(
        tf.constant(IMAGES),
        [2],
        "SAME",
        lambda x, _, padding: nn.max_pool(x, [1, 1, 3, 1], [1, 1, 1, 1], padding),
        filter_shape=[3],
        spatial_dims=[2],
    )
    unknown = tf.placeholder_with_default(IMAGES, [None, None, None, 2])
    return [moved, nn.pool(unknown, [2, 3], "MAX", "VALID", dilation_rate=[2, 1])]


PROGRAMS: dict[str, Program] = {
    "places": places,
    "twice": twice,
    "dilations": dilations,
    "pools": pools,
}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"fractions": fractions, "blocks": blocks}
"""Programs whose results are TensorFlow's; it tells the wrong number of places where windows begin in the graph."""
