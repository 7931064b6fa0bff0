"""Programs about layers that graphs of long ago have; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.graph_calls import call

Program = Callable[[Any], Any]

_DRAWN = np.random.default_rng(9)
IMAGES = _DRAWN.normal(size=(2, 3, 4, 3)).astype(np.float32)
GRADS = _DRAWN.normal(size=IMAGES.shape).astype(np.float32)
MEAN, VARIANCE, BETA, GAMMA = (_DRAWN.uniform(0.1, 2, 3).astype(np.float32) for _ in range(4))
FILTERS = _DRAWN.normal(size=(2, 3, 3, 2)).astype(np.float32)
PADDINGS = [[[0, 0], [1, 2], [2, 0], [0, 0]], [[0, 0], [0, 0], [1, 3], [0, 0]]]


def normalized(tf: Any) -> list[Any]:
    """The older normalization and its derivatives, with a scale and without."""
    made = []
    for scaled in (False, True):
        attrs = {"variance_epsilon": 0.01, "scale_after_normalization": scaled, "T": tf.float32}
        given = [tf.constant(each) for each in (IMAGES, MEAN, VARIANCE, BETA, GAMMA)]
        (result,) = call(tf, "BatchNormWithGlobalNormalization", given, 1, **attrs)
        made += [result, *tf.gradients(tf.reduce_sum(result * GRADS), given)]
    return made


def mirrored(tf: Any) -> list[Any]:
    """An image that goes on as in a mirror, convolved; TensorFlow takes the first of several images for all."""
    made = []
    for mode in (b"REFLECT", b"SYMMETRIC"):
        for paddings in PADDINGS:
            for padding, step in ((b"SAME", 2), (b"VALID", 1)):
                given = [tf.constant(IMAGES[:1]), tf.constant(paddings), tf.constant(FILTERS)]
                attrs = {"mode": mode, "padding": padding, "strides": [1, step, step, 1], "T": tf.float32}
                made += call(tf, "FusedPadConv2D", given, 1, **attrs)
    return made


PROGRAMS: dict[str, Program] = {"mirrored": mirrored}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"normalized": normalized}
"""Programs whose results are TensorFlow's."""
