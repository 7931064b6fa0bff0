"""Programs about special functions; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]

NUMBERS = np.array([[0.1, 0.35, 0.5], [0.65, 0.8, 0.95]], np.float32)


def in_a_graph(tf: Any) -> list[Any]:
    """Names and types of the operations."""
    x = tf.constant(NUMBERS)
    math = tf.math
    made = [math.lbeta(x), math.erfinv(x), math.ndtri(x), math.bessel_i0(x), math.bessel_i1e(x), math.angle(x)]
    made += [math.angle(tf.complex(x, x)), math.xlogy(x, x), math.xdivy(x, 2.0), math.xlog1py(x, x)]
    made += [math.multiply_no_nan(x, 2.0), math.reciprocal_no_nan(x), math.cumulative_logsumexp(x, 1)]
    made += [math.reduce_variance(x, 1), math.reduce_std(x, keepdims=True), math.polyval([x, 2 * x, 1.0], 3.0)]
    made += [math.polyval([], x), math.nextafter(1.0, 2.0), tf.truncatemod(-7, 3), tf.atan2(x, x), tf.zeta(2.0, x)]
    made += [tf.igamma(x, x), tf.igammac(x, x), tf.polygamma(1.0, x), tf.betainc(x, x, x), tf.acosh(x + 1)]
    return [*made, tf.asinh(x), tf.atanh(x)]


def derivatives(tf: Any) -> list[Any]:
    """The derivatives, where there are some."""
    x, found = tf.constant(NUMBERS), []
    math = tf.math
    functions = [tf.asinh, tf.atanh, math.erfinv, math.ndtri, math.bessel_i0, math.bessel_i0e, math.bessel_i1]
    functions += [math.bessel_i1e, tf.digamma, tf.lbeta, lambda x: tf.acosh(x + 1), lambda x: tf.igamma(x + 1, 3 * x)]
    functions += [lambda x: tf.igammac(3 * x, x), lambda x: tf.zeta(2.0, x), lambda x: tf.polygamma(2.0, x)]
    functions += [lambda x: tf.betainc(1.5, 2.5, x), lambda x: math.xlogy(x - 0.5, x), lambda x: math.xdivy(x, x + 1)]
    functions += [lambda x: math.cumulative_logsumexp(x, 1), lambda x: tf.atan2(x, x * x), math.reduce_variance]
    functions += [math.reduce_std, lambda x: math.polyval([x, x, x], x)]
    for function in functions:
        y = function(x)
        found.append(tf.gradients(y * y, x)[0])
    return found


PROGRAMS: dict[str, Program] = {"special functions in a graph": in_a_graph}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"derivatives": derivatives}
"""Programs whose results are TensorFlow's."""
