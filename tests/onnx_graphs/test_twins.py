"""Rules: each operation gives in ONNX Runtime what it gives here, for shapes that are known and that are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.conversion.onnx_models import model_graph, model_message_of
from hdfsaver.conversion.weights import SessionWeights
from tests.onnx_graphs.make_table import written

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

Feeds = Mapping[str, np.ndarray]
Outputs = Mapping[str, Any]

NUMBERS = np.random.default_rng(1)
X = NUMBERS.uniform(-2, 2, (2, 3, 4)).astype(np.float32)
IMAGES = NUMBERS.uniform(-1, 1, (2, 8, 7, 4)).astype(np.float32)
INTEGERS = NUMBERS.integers(-9, 9, (2, 3, 4)).astype(np.int32)
FILTER = NUMBERS.uniform(-1, 1, (3, 2, 4, 6)).astype(np.float32)


def elementwise(x: Any, k: Any) -> Outputs:
    small, positive = x * 1e-3, tf.abs(x) + 0.5
    unit = x / 2.5
    near = {name: getattr(tf.math, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf")}
    found: dict[str, Any] = {name: function(x) for name, function in near.items()}
    found |= {name: getattr(tf, name)(unit) for name in ("acos", "asin", "atan")}
    found |= {name: getattr(tf, name)(positive) for name in ("log", "sqrt", "rsqrt")}
    found |= {"log1p": tf.math.log1p(small), "log1p_large": tf.math.log1p(positive), "expm1": tf.math.expm1(small)}
    found |= {"expm1_large": tf.math.expm1(x), "erfc": tf.math.erfc(x)}
    found |= {name: getattr(tf, name)(x) for name in ("abs", "ceil", "floor", "exp", "negative", "square", "sign")}
    found |= {"round": tf.round(x * 3), "rint": tf.math.rint(x), "inverse": tf.math.reciprocal(positive)}
    found |= {"add": x + 1.5, "sub": 1 - x, "mul": x * x, "div": x / positive, "pow": tf.pow(positive, x)}
    found |= {"floordiv": x // 0.7, "floormod": tf.math.floormod(x, -0.7), "max": tf.maximum(x, 0.1)}
    found |= {"min": tf.minimum(x, 0.1), "squared": tf.math.squared_difference(x, 1)}
    found |= {"cut": tf.clip_by_value(x, -1, 1)}
    found |= {"no_nan": tf.div_no_nan(x, tf.floor(x))}
    found |= {"int_div": k // 4, "int_mod": k % -4, "int_trunc": tf.truncatediv(k, 4)}
    found |= {"add_n": tf.add_n([x, x, x]), "cumsum": tf.cumsum(x, 1, exclusive=True, reverse=True)}
    found |= {"cast": tf.cast(x, tf.int32), "cast_bool": tf.cast(k, tf.bool), "zeros": tf.zeros_like(x)}
    found |= {"bias": tf.nn.bias_add(x, tf.constant([1.0, 2, 3, 4])), "ones": tf.ones_like(k)}
    found |= {"bits": tf.bitwise.bitwise_and(k, 6), "inverted": tf.bitwise.invert(k), "int_square": tf.square(k)}
    return found


def activations(x: Any, k: Any) -> Outputs:
    names = ("relu", "relu6", "elu", "selu", "softplus", "softsign", "softmax", "log_softmax", "sigmoid")
    found = {name: getattr(tf.nn, name)(x) for name in names}
    return {**found, "leaky": tf.nn.leaky_relu(x, 0.3), "l2": tf.nn.l2_loss(x), "int": tf.nn.relu(k)}


def comparisons(x: Any, k: Any) -> Outputs:
    found = {name: getattr(tf, name)(k, 2) for name in ("equal", "not_equal", "less", "less_equal", "greater_equal")}
    rows = tf.reduce_sum(x, [1, 2]) > 0
    odd = x / tf.floor(x)
    return {
        **found,
        "logic": tf.logical_xor(x > 0, tf.logical_not(tf.logical_or(k > 0, tf.logical_and(k < 5, x < 1)))),
        "select": tf.where(x > 0, x, -x),
        "rows": tf.where(rows, x, -x),
        "broadcast": tf.where_v2(k > 0, x, 0.5),
        "places": tf.where(x > 0),
        "finite": tf.math.is_finite(odd),
        "infinite": tf.math.is_inf(odd),
    }


def matrices(x: Any, k: Any) -> Outputs:
    flat = tf.reshape(x, [6, 4])
    return {
        "product": tf.matmul(flat, flat, transpose_a=True),
        "other": tf.matmul(flat, flat, transpose_b=True),
        "batch": tf.matmul(x, x, adjoint_b=True),
        "batch_a": tf.matmul(x, x, transpose_a=True),
        "lower": tf.linalg.band_part(x, -1, 0),
        "band": tf.linalg.band_part(x, 1, 1),
        "integers": tf.matmul(tf.reshape(k, [6, 4]), tf.reshape(k, [4, 6])),
    }


def reductions(x: Any, k: Any) -> Outputs:
    names = ("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod", "reduce_logsumexp")
    found = {name: getattr(tf, name)(x, [0, -1]) for name in names}
    found |= {f"{name}_all": getattr(tf, name)(x) for name in names[:4]}
    values, places = tf.nn.top_k(x, 2)
    return {
        **found,
        "kept": tf.reduce_mean(x, 1, keepdims=True),
        "none": tf.reduce_sum(x, []),
        "integers": tf.reduce_max(k, 1),
        "all": tf.reduce_all(x > -1, 1),
        "any": tf.reduce_any(x > 1, [1, 2], keepdims=True),
        "argmax": tf.argmax(x, 1),
        "argmin": tf.argmin(x, -1, output_type=tf.int32),
        "norm": tf.norm(x, axis=1),
        "values": values,
        "places": places,
        "in_top_k": tf.nn.in_top_k(tf.reshape(x, [6, 4]), [0, 1, 2, 3, 0, 1], 2),
    }


def shapes(x: Any, k: Any) -> Outputs:
    length = tf.shape(x)[2]
    return {
        "shape": tf.shape(x),
        "wide": tf.shape(x, out_type=tf.int64),
        "shapes": tf.stack(tf.shape_n([x, x])),
        "size": tf.size(x),
        "rank": tf.rank(x),
        "reshape": tf.reshape(x, [-1, 4]),
        "by_value": tf.reshape(x, [2, -1, length, 1]),
        "expand": tf.expand_dims(x, -2),
        "squeeze": tf.squeeze(tf.expand_dims(x, 1), [1]),
        "transpose": tf.transpose(x, [2, 0, 1]),
        "broadcast": tf.broadcast_to(x, [2, 2, 3, length]),
        "fill": tf.fill([2, length], 1.5),
        "range": tf.range(length),
        "tile": tf.tile(x, [1, 2, length - 3]),
        "one_hot": tf.one_hot(k, 5),
        "one_hot_axis": tf.one_hot(k[0], length, on_value=2, off_value=1, axis=0, dtype=tf.int32),
        "inverse": tf.invert_permutation(tf.argmax(tf.one_hot([2, 0, 1], length - 1), output_type=tf.int32)),
    }


def slices(x: Any, k: Any) -> Outputs:
    last = tf.shape(x)[1] - 1
    return {
        "slice": tf.slice(x, [0, 1, 0], [2, -1, 3]),
        "by_value": tf.slice(x, [0, last, 0], [-1, 1, last]),
        "steps": x[:, ::2, ::-1],
        "one": x[1],
        "last": x[:, -1],
        "rest": x[..., 1:-1],
        "new": x[:, tf.newaxis, ..., 0, tf.newaxis],
        "value": x[:, last, :last],
        "negative": x[:, 2:0:-1],
        "ellipsis": x[..., -2, :],
        "reverse": tf.reverse(x, [0, -1]),
        "sequence": tf.reverse_sequence(x, [1, 3], seq_axis=1, batch_axis=0),
        "gather": tf.gather(x, [[2, 0], [1, 1]], axis=1),
        "rows": tf.gather(x, [1, 0, 1]),
        "batch": tf.gather(x, [[2, 0], [1, 1]], axis=1, batch_dims=1),
        "nd": tf.gather_nd(x, [[1, 2], [0, 0]]),
        "scatter": tf.scatter_nd([[1], [4], [1]], x[0], [5, last + 2]),
        "segments": tf.unsorted_segment_sum(x, [[2, 0, 2], [0, 0, 1]], last + 1),
    }


def joined(x: Any, k: Any) -> Outputs:
    first, second = tf.split(x, 2, axis=2)
    sized = tf.split(x, [1, -1], axis=1)
    parts = tf.unstack(x, 3, axis=1)
    return {
        "concat": tf.concat([x, x, x], 1),
        "stack": tf.stack([x, -x], -1),
        "first": first,
        "second": second,
        "sized": sized[1],
        "part": parts[2],
        "pad": tf.pad(x, [[0, 0], [1, 2], [0, 3]]),
        "pad_value": tf.pad(x, [[0, 0], [1, 2], [0, 3]], constant_values=1.5),
        "mirror": tf.pad(x, [[0, 1], [1, 2], [0, 3]], "REFLECT"),
    }


def losses(x: Any, k: Any) -> Outputs:
    flat = tf.reshape(x, [6, 4])
    labels = tf.nn.softmax(tf.reshape(tf.cast(k, tf.float32), [6, 4]))
    return {
        "dense": tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=flat),
        "sparse": tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1, 2, 3, 0, 1], logits=flat),
        "sigmoid": tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=flat),
    }


def convolutions(x: Any, _: Any) -> Outputs:
    each = FILTER[:, :, :, :2]
    second = tf.transpose(x, [0, 3, 1, 2])
    volumes = tf.expand_dims(x, 1)
    return {
        "same": tf.nn.conv2d(x, FILTER, strides=[1, 1, 1, 1], padding="SAME"),
        "strides": tf.nn.conv2d(x, FILTER, strides=[1, 2, 3, 1], padding="SAME"),
        "valid": tf.nn.conv2d(x, FILTER, strides=[1, 2, 1, 1], padding="VALID", dilations=[1, 1, 2, 1]),
        "explicit": tf.nn.conv2d(x, FILTER, strides=[1, 1, 1, 1], padding=[[0, 0], [1, 2], [0, 1], [0, 0]]),
        "depthwise": tf.nn.depthwise_conv2d(x, each, strides=[1, 2, 2, 1], padding="SAME"),
        "volumes": tf.nn.conv3d(volumes, FILTER[np.newaxis], strides=[1, 1, 2, 1, 1], padding="SAME"),
        "transposed": tf.nn.conv2d_transpose(x, tf.transpose(FILTER, [0, 1, 3, 2]), [2, 15, 14, 6], strides=2),
        "transposed_valid": tf.nn.conv2d_transpose(
            x, tf.transpose(FILTER, [0, 1, 3, 2]), [2, 18, 14, 6], strides=2, padding="VALID"
        ),
        "max": tf.nn.max_pool(x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME"),
        "mean": tf.nn.avg_pool(x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME"),
        "mean_valid": tf.nn.avg_pool(x, [1, 3, 2, 1], [1, 1, 2, 1], "VALID"),
        "second": second,
        "normed": tf.nn.fused_batch_norm(x, [1.0, 2, 3, 4], [0.0] * 4, [1.0] * 4, [2.0] * 4, is_training=False)[0],
        "trained": tf.nn.fused_batch_norm(x, [1.0, 2, 3, 4], [0.5] * 4)[0],
        "lrn": tf.nn.lrn(x, 1, 1.0, 0.5, 0.7),
        "global": tf.reduce_mean(x, [1, 2]),
        "linear": tf.image.resize_bilinear(x, [5, 11]),
        "linear_aligned": tf.image.resize_bilinear(x, [5, 11], align_corners=True),
        "linear_half": tf.image.resize_bilinear(x, [5, 11], half_pixel_centers=True),
        "nearest": tf.image.resize_nearest_neighbor(x, [5, 11]),
        "nearest_aligned": tf.image.resize_nearest_neighbor(x, [5, 13], align_corners=True),
        "to_space": tf.depth_to_space(x, 2),
        "to_depth": tf.space_to_depth(x[:, :, :6], 2),
    }


def dilated(x: Any, _: Any) -> Outputs:
    return {
        "atrous": tf.nn.atrous_conv2d(x, FILTER, 2, "SAME"),
        "batches": tf.space_to_batch_nd(x, [2, 3], [[0, 2], [1, 1]]),
        "spaces": tf.batch_to_space_nd(tf.tile(x, [2, 1, 1, 1]), [2, 1], [[1, 2], [0, 1]]),
    }


TABLE: Mapping[str, tuple[Callable[[Any, Any], Outputs], np.ndarray]] = {
    each.__name__: (each, values)
    for values, families in (
        (X, (elementwise, activations, comparisons, matrices, reductions, shapes, slices, joined, losses)),
        (IMAGES, (convolutions, dilated)),
    )
    for each in families
}

NEEDS_SIZES = ("dilated",)
"""Those whose twins need sizes that are known."""


NEEDS_AXES = ("dilated", "matrices")
"""Those that cannot be built without them."""


def compared(outputs: Outputs, sess: Any, feeds: Feeds, shapes: Any = None) -> dict[str, str]:
    """The outputs that differ in ONNX Runtime, and how."""
    weights = SessionWeights(sess)
    names = {name: tensor.name for name, tensor in outputs.items()}
    message = model_message_of(model_graph(sess.graph, weights, names, shapes=shapes), weights)
    session = runtime.InferenceSession(message.SerializeToString())
    given = {each.name: feeds[each.name] for each in session.get_inputs()}
    found = dict(zip(names, session.run(list(names), given), strict=True))
    expected = sess.run(dict(outputs), feeds)
    wrong = {}
    for name, value in found.items():
        other = np.asarray(expected[name])
        if (value.dtype, value.shape) != (other.dtype, other.shape):
            wrong[name] = f"{value.dtype}{value.shape} instead of {other.dtype}{other.shape}"
        elif not np.allclose(value, other, 2e-5, 2e-6, equal_nan=True):
            wrong[name] = f"{value.ravel()[:5]} instead of {other.ravel()[:5]}"
    return wrong


@pytest.mark.parametrize("known", ["sizes", "axes", "nothing"])
@pytest.mark.parametrize("family", TABLE)
def test_a_twin_computes_the_same(family: str, known: str) -> None:
    """Values, dtypes and shapes; where the graph knows no shape, that of the inputs is given to the conversion."""
    make, value = TABLE[family]
    if family in NEEDS_SIZES and known == "axes":
        pytest.skip("sizes must be known")
    if family in NEEDS_AXES and known == "nothing":
        pytest.skip("the functions of this family need the axes")
    feeds = {"x:0": value, "k:0": INTEGERS}
    with tf.Graph().as_default(), tf.Session() as sess:
        shapes = {"sizes": np.shape, "axes": lambda each: [None] * each.ndim, "nothing": lambda _: None}
        x, k = (
            tf.placeholder(dtype, shapes[known](feeds[f"{name}:0"]), name)
            for dtype, name in ((tf.float32, "x"), (tf.int32, "k"))
        )
        outputs = make(x, k)
        given = {name: each.shape for name, each in feeds.items()}
        assert {} == compared(outputs, sess, feeds, given if known == "nothing" else None)


def test_a_choice_between_values_of_any_number_of_axes() -> None:
    """Rows are chosen by a vector, also where only the run tells that they are rows."""
    with tf.Graph().as_default(), tf.Session() as sess:
        x, flags = tf.placeholder(tf.float32, [2, 3], "x"), tf.placeholder(tf.bool, None, "flags")
        same = tf.reshape(x, tf.placeholder(tf.int32, [None], "sizes"))
        feeds = {"x:0": X[0, :2, :3], "flags:0": np.array([True, False]), "sizes:0": np.array([2, 3], np.int32)}
        rows = tf.where(flags, same, -same)
        assert {} == compared({"rows": rows}, sess, feeds, {"flags": [None], rows.name: [None, None]})


def test_the_page_lists_all_types() -> None:
    """docs/onnx.md has the table of the rules."""
    page = (Path(__file__).parents[2] / "docs" / "onnx.md").read_text(encoding="utf-8")
    assert written(page) == page, "run `python -m tests.onnx_graphs.make_table docs/onnx.md`"
