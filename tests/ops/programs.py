"""Small programs for TensorFlow 1, run by TensorFlow once (`make_programs.py`) and by hdfsaver in every test.

Each is a function of the module that it is to be run with, ``tensorflow.compat.v1`` or ``hdfsaver``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]


def matrix(tf: Any, rows: Any = None, columns: Any = 3, dtype: str = "float32") -> Any:
    """A placeholder for a matrix whose number of rows is not known."""
    return tf.placeholder(dtype, [rows, columns], name="x")


def anything(tf: Any) -> Any:
    """A placeholder of unknown rank."""
    return tf.placeholder("float32", name="u")


def factored(tf: Any) -> list[Any]:
    """Inverses, determinants, solutions and factors, with derivatives."""
    half = np.array([[2.0, 0.5, 0.1], [0.3, 3.0, -0.4], [0.2, 0.6, 1.5]])
    x, rhs = tf.constant(half @ half.T), tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]], "float64")
    made = [tf.matrix_inverse(x), tf.matrix_inverse(x, adjoint=True), tf.matrix_determinant(x), tf.cholesky(x)]
    made += [tf.matrix_solve(x, rhs), tf.matrix_solve(x, rhs, adjoint=True), tf.linalg.logdet(x)]
    made += [tf.matrix_triangular_solve(x, rhs), tf.matrix_triangular_solve(x, rhs, lower=False, adjoint=True)]
    made += [tf.cholesky_solve(tf.cholesky(x), rhs), *tf.linalg.slogdet(-x)]
    slopes = [tf.gradients(tf.square(y), x) for y in made]
    values = [tf.self_adjoint_eigvals(x), tf.svd(x, compute_uv=False), tf.abs(tf.qr(x)[1]), tf.trace(x)]
    return [*made, *slopes, *values, tf.abs(tf.self_adjoint_eig(x)[1]), *[tf.abs(part) for part in tf.svd(rhs)]]


def diagonals(tf: Any) -> list[Any]:
    """Diagonals and bands, set and taken."""
    x = tf.constant(np.arange(24.0).reshape(2, 3, 4))
    made = [tf.matrix_band_part(x, lower, upper) for lower, upper in ((0, 0), (1, -1), (-1, 0), (0, 2))]
    made += [tf.matrix_diag(x), tf.matrix_diag_part(x), tf.matrix_set_diag(x, x[:, :, 0]), tf.trace(x)]
    made += [tf.diag(x[0]), tf.diag_part(tf.diag(x[0])), tf.linalg.adjoint(x), tf.eye(3), tf.eye(2, 3, [2])]
    return [*made, tf.eye(tf.constant(2), dtype="int32")]


def sparse_values(tf: Any) -> list[Any]:
    """Values at places of a matrix and of a vector, and a derivative."""
    sparse = tf.SparseTensor([[0, 1], [2, 0]], tf.constant([5.0, 6.0]), [3, 4])
    dense = tf.sparse_tensor_to_dense(sparse)
    made = [tf.sparse_to_dense([1, 2], [4], 9), tf.sparse_to_dense(2, [4], 1, -1), dense]
    return [*made, tf.sparse_tensor_to_dense(sparse, -1.0), tf.gradients(tf.square(dense), sparse.values)]


def corner(tf: Any) -> list[Any]:
    """Derivatives at points where there is more than one answer."""
    x, y, zero = tf.constant([1.0, 2.0]), tf.constant([1.0, 3.0]), tf.constant([0.0, -1.0, 2.0])
    made = tf.gradients(tf.maximum(x, y), [x, y]) + tf.gradients(tf.minimum(x, y), [x, y])
    for function in (tf.nn.relu, tf.nn.relu6, tf.nn.elu, tf.nn.leaky_relu, tf.abs, tf.sign, tf.square):
        made += tf.gradients(function(zero), zero)
    end = tf.constant(0.0)
    for function in (tf.sqrt, tf.rsqrt, tf.reciprocal):
        made += tf.gradients(function(end), end) + tf.gradients(function(end) * 0.0, end)
    made += tf.gradients(tf.pow(end, 2.0), end) + tf.gradients(tf.div_no_nan(1.0, end), end)
    return made + tf.gradients(tf.reduce_prod(zero), zero) + tf.gradients(tf.clip_by_value(zero, -0.5, 2.0), zero)


def wide_indices(tf: Any) -> list[Any]:
    """Shapes, axes and indices that are arrays of NumPy, whose integers have 64 bits."""
    row = tf.constant([1.0, 2.0])
    made = [tf.reshape(matrix(tf), np.array([3, -1])), tf.reduce_sum(matrix(tf), np.array([1]))]
    (by_row,) = tf.gradients(tf.gather_nd(row, np.array([[0], [0]])), row)
    return [*made, tf.convert_to_tensor(by_row)]  # of TensorFlow it may be sparse


def dropped(tf: Any) -> list[Any]:
    """Dropout in its two forms; one without any effect counts as an operation, so that the last one has other seeds."""
    tf.set_random_seed(1)
    return [
        tf.nn.dropout(matrix(tf), 0.9),
        tf.nn.dropout(matrix(tf), rate=0.0),
        tf.nn.dropout(matrix(tf, 4), rate=0.5, noise_shape=[None, 1]),
        tf.nn.dropout(tf.ones([2, 3], tf.float64), rate=0.25, name="d"),
    ]


def distributions(tf: Any) -> list[Any]:
    """Every function that draws numbers, with the seeds of a graph."""
    tf.set_random_seed(2)
    return [
        tf.random_normal([2, 3], 2.0, 0.5),
        tf.truncated_normal([5], stddev=0.35),
        tf.random_uniform([3], -10, 10, seed=2),
        tf.random_uniform([3], maxval=7, dtype=tf.int64),
        tf.random_shuffle(tf.range(9)),
        tf.multinomial([[0.0, 1.0, 2.0]], 6),
        tf.random.categorical([[0.0, 1.0], [1.0, 1.0]], 4, dtype=tf.int32),
        tf.random_gamma([2], [0.5, 1.5], beta=2.0),
        tf.random_poisson([1.0, 20.0], [3]),
        tf.random_crop(matrix(tf), [1, 2]),
        tf.random_crop(tf.reshape(tf.range(25), [5, 5]), [2, 2], seed=5),
    ]


def stateless_numbers(tf: Any) -> list[Any]:
    """Every function that draws numbers with seeds that it is given."""
    draw = tf.random
    return [
        draw.stateless_uniform([3], [1, 2], -1.0, 1.0),
        draw.stateless_uniform([3], [1, 2], 0, 9, tf.int32),
        draw.stateless_uniform([3], [1, 2], None, None, tf.uint32),
        draw.stateless_normal([3], [1, 2], 1.0, 2.0),
        draw.stateless_truncated_normal([3], [1, 2]),
        draw.stateless_multinomial([[1.0, 2.0]], 4, [1, 2]),
        draw.stateless_categorical([[1.0, 2.0]], 4, [1, 2], tf.int32),
        draw.stateless_gamma([3, 2], [1, 2], [0.5, 1.0]),
        draw.stateless_poisson([3, 1], [1, 2], [0.5]),
    ]


def initial_values(tf: Any) -> list[Any]:
    """Every initializer that draws numbers, with the seeds of a graph or with its own."""
    tf.set_random_seed(1)
    made = [
        tf.glorot_uniform_initializer(),
        tf.glorot_normal_initializer(seed=7),
        tf.random_normal_initializer(1.0, 0.1),
        tf.truncated_normal_initializer(0.0, 0.5),
        tf.random_uniform_initializer(),
        tf.random_uniform_initializer(-0.05, 0.05),
        tf.variance_scaling_initializer(2.0, "fan_out", "untruncated_normal"),
        tf.uniform_unit_scaling_initializer(1.5),
        tf.orthogonal_initializer(2.0),
        tf.initializers.he_normal(),
        tf.initializers.lecun_uniform(),
    ]
    return [initializer([3, 4]) for initializer in made] + [tf.orthogonal_initializer()([5, 2])]


def derivatives(tf: Any, known: bool = True) -> list[Any]:
    """Derivatives of a small network by its weights."""
    x = matrix(tf, 2 if known else None)
    w = tf.constant([[1.0], [2.0], [3.0]], name="w")
    loss = tf.reduce_sum(tf.square(tf.matmul(tf.exp(x), w) / 2.0))
    return list(tf.gradients(loss, [x, w]))


def added_derivatives(tf: Any, **options: Any) -> list[Any]:
    """Several contributions to one derivative."""
    x, w = tf.constant([1.0, 2.0], name="x"), tf.constant([3.0, 4.0], name="w")
    return list(tf.gradients([x * w, tf.negative(x), tf.sin(x)], [x, w], **options))


def gathered(tf: Any, *functions: Any) -> list[Any]:
    """The derivatives of rows of a tensor, behind functions of it, and those of two choices of rows."""
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="x")
    made = []
    for function in functions:
        made += tf.gradients(tf.gather(function(x), [0, 0]), x)
    made += tf.gradients([tf.gather(x, [1]), tf.gather(x, [[0], [1]])], x)
    return [[grad.values, grad.indices, grad.dense_shape] if hasattr(grad, "values") else grad for grad in made]


def overridden(tf: Any) -> list[Any]:
    """A derivative of an operation other than that of its type; one with an output that nothing depends on."""
    x = tf.constant([1.0, 2.0], name="x")
    with tf.get_default_graph().gradient_override_map({"Exp": "Identity"}):
        y = tf.exp(x)
    return [*tf.gradients(y, x), *tf.gradients(tf.split(x, 2)[1], x)]


def edges(tf: Any) -> list[Any]:
    """Integers, stopped tensors, tensors that are both ys and xs, and empty reductions."""
    x, y, n = tf.constant(2.0), tf.constant(3.0), tf.constant([1, 2])
    product, nothing = x * y, tf.zeros([2, 0])
    first, second = tf.split(tf.constant([1.0, 2.0]), 2)
    made = tf.gradients(product, [x, y], stop_gradients=[x, y]) + tf.gradients([product, x], [x, product])
    made += tf.gradients(first + second, [second], stop_gradients=[first]) + tf.gradients(n + n, n, grad_ys=[[3, 4]])
    made += tf.gradients(n, n) + tf.gradients(n * n, n) + tf.gradients(tf.cast(x, tf.int32), x)
    for reduce in (tf.reduce_sum, tf.reduce_mean, tf.reduce_max, tf.reduce_min, tf.reduce_prod, tf.reduce_logsumexp):
        whole = tf.placeholder_with_default(tf.constant(3.0), None)
        empty = tf.placeholder_with_default(nothing, None)
        by_axes = tf.placeholder_with_default(tf.ones([2, 3]), None)
        axes = tf.placeholder_with_default(tf.constant([0, -1]), None)
        made += tf.gradients(reduce(whole), whole) + tf.gradients(reduce(empty), empty)
        made += tf.gradients(reduce(by_axes, axes), by_axes)
    u = tf.placeholder_with_default(tf.constant([1.0, 2.0]), None)
    made += tf.gradients([u * tf.constant([[3.0], [4.0]]), u / 2.0, u - u], u)
    return [*made, tf.floormod(tf.zeros([0], tf.int32), 0), tf.floordiv(tf.zeros([0, 2], tf.int32), 0)]


def gathers_along_axes(tf: Any) -> list[Any]:
    """Derivatives along axes that are known or not, with batches, and where a tensor is joined of others."""
    x = tf.constant([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0], [1.0, 2.0, 3.0]]])
    axis = tf.placeholder_with_default(tf.constant(-1), [])
    unknown = tf.placeholder_with_default(x, None)
    made = []
    for y in (
        tf.gather(x, [1, 1, 0], axis=1),
        tf.gather(x, [[1, 1], [0, 2]], axis=axis),
        tf.gather(x, [[0, 2, 2], [1, 1, 0]], axis=2, batch_dims=1),
        tf.gather(x, [[0, 1], [1, 1]], batch_dims=-1),
    ):
        made += tf.gradients(y * y, x)
    made += tf.gradients(tf.gather(unknown, [0, 1, 0], axis=-2), unknown)
    pair = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    made += tf.gradients(tf.gather(tf.concat([pair, 2.0 * pair], 0), [3, 0, 3]), pair)
    made += tf.gradients(tf.gather(tf.concat([pair, 2.0 * pair], 1), [0, 1, 0]), pair)
    slices = tf.IndexedSlices(tf.constant([[1.0], [2.0], [4.0]]), tf.constant([0, 2, 0]), tf.constant([3, 1]))
    made += [tf.add_n([slices, tf.ones([3, 1])]), tf.accumulate_n([[1.0], [2.0]]), slices, -slices]
    return [tf.convert_to_tensor(grad) for grad in made]


def clipped(tf: Any) -> list[Any]:
    """Bounds of values and norms where there is more than one answer."""
    made: list[Any] = []
    for values in ([3.0, 4.0], [0.0, 0.0], [np.inf, 1.0], [np.nan, 1.0]):
        x = tf.constant(values)
        for bound in (1.0, 0.0, -1.0, 100.0):
            made += [
                tf.clip_by_norm(x, bound),
                tf.clip_by_norm(x, tf.constant(bound)),
                tf.clip_by_average_norm(x, bound),
            ]
            clipped_list, norm = tf.clip_by_global_norm([x, None, x[:1]], bound)
            made += [*clipped_list, norm]
        made += tf.gradients(tf.clip_by_norm(x, 1.0), x)
    slices = tf.IndexedSlices(tf.constant([[3.0], [4.0]]), tf.constant([0, 2]), tf.constant([3, 1]))
    made += [
        tf.clip_by_norm(slices, 1.0),
        tf.clip_by_value(slices, 0.0, 3.5),
        *tf.clip_by_global_norm([slices], 1.0)[0],
    ]
    made += [
        tf.global_norm([]),
        tf.global_norm([slices, None]),
        tf.clip_by_norm(tf.constant(3.0, tf.float64), tf.constant(1.0)),
    ]
    made += tf.clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0, use_norm=tf.constant(10.0))[0]
    return [tensor if tensor is None else tf.convert_to_tensor(tensor) for tensor in made]


def curvature(tf: Any) -> list[Any]:
    """Second derivatives, and functions with derivatives of their own."""
    x, m = tf.constant([1.0, 2.0]), tf.constant([[1.0, 2.0], [3.0, 4.0]])

    @tf.custom_gradient
    def doubled(pair: Any) -> Any:
        return [pair["a"] * 2.0, pair["b"] * 2.0], lambda by_a, by_b: [by_a * 10.0, by_b * 100.0]

    a, b = doubled({"b": x, "a": m})
    made = [a, b, *tf.gradients([a, b], [m, x]), *tf.hessians(tf.reduce_sum(x * x * x), x)]
    return [*made, *tf.hessians(tf.reduce_sum(tf.matmul(m, m)), [m]), *tf.identity_n([x, m])]


def images(tf: Any, *sizes: int, dtype: str = "float32") -> Any:
    """Numbers of both signs, none of them equal to another."""
    count = int(np.prod(sizes))
    return tf.constant(((np.arange(count) * 7919 % count) / count - 0.4).reshape(sizes), dtype)


def convolutions(tf: Any) -> list[Any]:
    """Strides, paddings and dilations, known and unknown sizes, and the derivatives."""
    filters = images(tf, 3, 2, 2, 4)
    made = []
    for options in (
        {"strides": [1, 1, 1, 1], "padding": "SAME"},
        {"strides": [1, 2, 3, 1], "padding": "VALID"},
        {"strides": 2, "padding": "SAME"},
        {"strides": [1, 1], "padding": "VALID", "dilations": [1, 2, 2, 1]},
        {"strides": 1, "padding": [[0, 0], [1, 2], [0, 3], [0, 0]]},
    ):
        x = images(tf, 2, 7, 6, 2)
        y = tf.nn.conv2d(x, filters, **options)
        made += [y, *tf.gradients(y * y, [x, filters])]
    return [*made, tf.nn.conv2d(tf.placeholder("float32", [None, 5, None, 2]), filters, [1, 1, 1, 1], "SAME")]


def by_channel(tf: Any) -> list[Any]:
    """Convolutions of each channel by itself, and the derivatives."""
    filters = images(tf, 3, 2, 2, 3)
    made = []
    for strides, padding, rate in (([1, 1, 1, 1], "SAME", [2, 2]), ([1, 2, 2, 1], "VALID", None)):
        x = images(tf, 2, 7, 6, 2)
        y = tf.nn.depthwise_conv2d(x, filters, strides, padding, rate=rate)
        made += [y, *tf.gradients(y * y, [x, filters])]
    return made


def pools(tf: Any) -> list[Any]:
    """The greatest and the mean of windows, and the derivatives."""
    made = []
    for size, stride, padding in ((2, 2, "VALID"), (3, 2, "SAME"), ([1, 3, 2, 1], [1, 1, 2, 1], "SAME")):
        for pool in (tf.nn.max_pool, tf.nn.avg_pool):
            x = images(tf, 2, 7, 6, 3)
            y = pool(x, size, stride, padding)
            made += [y, *tf.gradients(y * y, [x])]
    return [*made, tf.nn.max_pool(tf.placeholder("float32", [None, 5, None, 2]), 2, 2, "SAME")]


def volumes(tf: Any) -> list[Any]:
    """Convolutions and pools along three axes, and the derivatives."""
    filters, made = images(tf, 2, 1, 2, 2, 3), []
    for options in ({"strides": [1, 2, 2, 2, 1], "padding": "SAME"}, {"strides": [1, 1, 2, 1, 1], "padding": "VALID"}):
        x = images(tf, 1, 3, 4, 2, 2)
        y = tf.nn.conv3d(x, filters, **options)
        made += [y, *tf.gradients(y * y, [x, filters])]
        for pool in (tf.nn.max_pool3d, tf.nn.avg_pool3d):
            y = pool(x, [2, 2, 1], **options)
            made += [y, *tf.gradients(y * y, x)]
    larger = tf.nn.conv3d_transpose(images(tf, 1, 2, 2, 1, 3), filters, [1, 4, 2, 2, 2], [2, 1, 2], name="larger")
    return [*made, larger, *tf.gradients(larger * larger, filters)]


def further_activations(tf: Any) -> list[Any]:
    """Activations of which programs use few, local response normalization, and the derivatives."""
    x = images(tf, 2, 3, 1, 7)
    made = []
    for function in (
        tf.nn.selu,
        tf.nn.softsign,
        tf.nn.lrn,
        lambda x: tf.nn.local_response_normalization(x, 2, 2.0, 1e-1, 0.75, name="n"),
    ):
        y = function(x * 4.0)
        made += [y, *tf.gradients(y * y, x)]
    return made


def sequences(tf: Any) -> list[Any]:
    """Losses and derivatives of labels without places, and decoders."""
    logits = images(tf, 6, 3, 5) * 5.0
    places = [[0, 0], [0, 1], [1, 0], [1, 1], [1, 2], [2, 0]]
    labels = tf.SparseTensor(places, tf.constant([1, 3, 2, 2, 0, 2]), [3, 3])
    made = []
    given: list[dict[str, Any]] = [
        {},
        {"preprocess_collapse_repeated": True},
        {"ctc_merge_repeated": False},
        {"ignore_longer_outputs_than_inputs": True, "sequence_length": [6, 2, 0]},
        {"sequence_length": [2, 3, 6]},
    ]
    for options in given:
        loss = tf.nn.ctc_loss(labels, logits, **{"sequence_length": [6, 5, 4], **options})
        made += [loss, *tf.gradients(loss * [1.0, 2.0, 3.0], logits)]
    made.append(tf.nn.ctc_loss(labels, tf.transpose(logits, [1, 0, 2]), [6, 5, 4], time_major=False))
    for decoded, numbers in (
        tf.nn.ctc_greedy_decoder(logits, [6, 5, 0]),
        tf.nn.ctc_greedy_decoder(logits, [6, 5, 4], merge_repeated=False),
        tf.nn.ctc_beam_search_decoder(tf.exp(logits), [6, 5, 4], 50, 2, merge_repeated=False),
        tf.nn.ctc_beam_search_decoder(logits, [6, 1, 4], 4),
    ):
        made += [numbers, *((one.indices, one.values, one.dense_shape) for one in decoded)]
    return made


def distances(tf: Any) -> list[Any]:
    """Numbers of changes between rows, some of which are empty."""
    texts = tf.constant(["a", "b", "c", "x", "a", "d"])
    given = tf.SparseTensor([[0, 0], [0, 1], [0, 2], [1, 0], [3, 0], [3, 1]], texts, [4, 3])
    true = tf.SparseTensor([[0, 0], [0, 1], [2, 0], [3, 0]], tf.constant(["b", "c", "e", "a"]), [4, 2])
    return [tf.edit_distance(given, true), tf.edit_distance(given, true, normalize=False, name="n")]


def statistics(tf: Any) -> list[Any]:
    """Moments with weights and from sums, parts of zeros, and other functions that are composed."""
    x = matrix(tf)
    made = [*tf.nn.weighted_moments(x, [0], [[1.0], [3.0]]), *tf.nn.weighted_moments(x, [0, 1], 2.0, keep_dims=True)]
    for axes, shift in (([0], None), ([1], 0.5), ([0, 1], 1.0)):
        sums = tf.nn.sufficient_statistics(x, axes, shift, keep_dims=True)
        made += [*sums[:3], *tf.nn.normalize_moments(*sums)]
    made += [tf.nn.zero_fraction(tf.nn.relu(x)), tf.nn.zero_fraction(tf.constant([0, 1, 0]))]
    made += [tf.nn.log_poisson_loss([[1.0, 0.5, 3.0]] * 2, x, full) for full in (False, True)]
    y = tf.nn.swish(x)
    return [*made, y, *tf.gradients(y, x)]


def wide_windows(tf: Any) -> list[Any]:
    """Convolutions of any rank, with gaps, and transposed ones of rows."""
    row, image = images(tf, 2, 6, 2), images(tf, 1, 7, 6, 2)
    kernel = images(tf, 3, 2, 2, 3)
    made = [tf.nn.convolution(row, kernel[0], "SAME"), tf.nn.convolution(image, kernel, "VALID", [2, 1])]
    made += [tf.nn.convolution(image, kernel, "SAME", dilation_rate=[2, 1])]
    made += [tf.nn.atrous_conv2d(image, kernel, 2, "SAME")]
    made += [tf.nn.atrous_conv2d_transpose(image, images(tf, 3, 2, 3, 2), [1, 7, 6, 3], 2, "SAME")]
    made += [tf.nn.max_pool1d(row, 2, 2, "VALID"), tf.nn.avg_pool1d(row, [1, 3, 1], [1, 2, 1], "SAME")]
    return [*made, tf.nn.conv1d_transpose(row, images(tf, 3, 4, 2), [2, 12, 4], 2)]


def raw_op(tf: Any, op_type: str, *inputs: Any, **attrs: Any) -> Any:
    """An operation that graphs have and no function makes any more."""
    if hasattr(tf, "raw_ops"):
        names = ("x", "scale", "offset", "mean", "variance")
        return list(getattr(tf.raw_ops, op_type)(**dict(zip(names, inputs, strict=True)), **attrs))
    from hdfsaver.graph.apply import apply_list

    return apply_list(op_type, *inputs, **attrs)


def batch_norms(tf: Any) -> list[Any]:
    """Batches normalized by themselves and by what is given, in three versions, and the derivatives."""
    made = []
    for op_type in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        for is_training in (True, False):
            x, scale, offset = (
                tf.placeholder("float32", [3, 4, 5, 2]),
                tf.constant([1.5, -0.5]),
                tf.constant([0.2, 2.0]),
            )
            known = [tf.constant([0.5, -1.0]), tf.constant([2.0, 0.5])]
            given = [tf.constant([], "float32"), tf.constant([], "float32")] if is_training else known
            found = raw_op(tf, op_type, x, scale, offset, *given, epsilon=0.01, is_training=is_training)
            # Of one that is not trained TensorFlow makes other operations, without the further outputs.
            made += [*found[: 3 if is_training else 1], *tf.gradients(found[0] * found[0], [x, scale, offset])]
    x = tf.placeholder("float32", [3, 4, 5, 2])
    return [*made, *tf.nn.fused_batch_norm(x, [1.0, 2.0], [0.0, 1.0])]


def matrices(tf: Any) -> list[Any]:
    """Transposes of matrices, whose rank is known or not."""
    x, u, c = matrix(tf), anything(tf), tf.constant([[1 + 2j, 3 - 1j]])
    made = [tf.matrix_transpose(x), tf.matrix_transpose(u), tf.matrix_transpose([[[1, 2], [3, 4]]], name="n")]
    made += [tf.linalg.transpose(c, conjugate=True), tf.transpose(x, conjugate=True), tf.transpose(c, conjugate=True)]
    return made + tf.gradients(made[0], x)


def masks(tf: Any) -> list[Any]:
    """Masks of sequences of known and unknown number."""
    n = tf.placeholder("int32", [None], name="n")
    made = [tf.sequence_mask([1, 3, 2]), tf.sequence_mask([1, 3, 2], 5), tf.sequence_mask(n), tf.sequence_mask(2)]
    made += [tf.sequence_mask(n, 4, tf.float32, name="m"), tf.sequence_mask([1.5], np.int64(3), dtype=None)]
    return [*made, tf.sequence_mask(tf.constant([[1, 2]], tf.int64), tf.constant(3), tf.bool)]


def grids(tf: Any) -> list[Any]:
    """Grids of one to three axes."""
    x = tf.placeholder("float32", [None], name="x")
    made = [tf.meshgrid(x, [1.0, 2.0]), tf.meshgrid([1, 2], [3, 4, 5], [6]), tf.meshgrid([[1, 2]], 3), tf.meshgrid()]
    return [*made, tf.meshgrid(x, tf.constant([1.0, 2.0]), indexing="ij", name="g"), tf.meshgrid(np.arange(2))]


def bits(tf: Any) -> list[Any]:
    """The bits of integers, by functions and by operators, which are about bools, too."""
    x, y = tf.constant([1, -2, 7]), tf.placeholder("int32", [3], name="y")
    made = [function(x, y) for function in (tf.bitwise.bitwise_and, tf.bitwise.bitwise_or, tf.bitwise.left_shift)]
    made += [tf.bitwise.bitwise_xor(x, 3, name="n"), tf.bitwise.invert(x), tf.bitwise.right_shift(x, [1, 0, 2])]
    made += [x & y, x | y, x ^ y, ~x, 3 & x, 3 | x, 3 ^ x, x & 1, x ^ np.int32(1)]
    t, f = tf.constant([True]), tf.constant([False])
    return [*made, t & True, True | f, t ^ f, t ^ True, False ^ t, ~t, *tf.gradients(x & y, x)]


def shifts(tf: Any) -> list[Any]:
    """Shifts by more places than there are, and by fewer than none."""
    made = []
    for dtype, most in (("int8", 127), ("uint8", 255), ("int32", 2**31 - 1), ("uint32", 2**32 - 1), ("int64", -1)):
        x, y = tf.constant([1, 3, most], dtype), tf.constant([7, 64, 8], dtype)
        made += [tf.bitwise.left_shift(x, y), tf.bitwise.right_shift(x, y)]
    return [*made, tf.bitwise.left_shift([1, 4], [-1, -2]), tf.bitwise.right_shift([16, -4], [-1, 31])]


def searches(tf: Any) -> list[Any]:
    """Places in sorted rows."""
    s, v = tf.constant([[1.0, 3.0, 9.0], [2.0, 4.0, 6.0]]), tf.placeholder("float32", [2, None], name="v")
    made = [tf.searchsorted(s, v), tf.searchsorted(s, v, side="right", out_type=tf.int64, name="n")]
    return [*made, tf.searchsorted([1, 5, 7], [0, 5, 9]), tf.searchsorted([[[1, 2]]], [[[2, 0]]])]


def odd_searches(tf: Any) -> list[Any]:
    """Searches in rows that are empty, not sorted, or not numbers."""
    nan = float("nan")
    made = [tf.searchsorted(*pair) for pair in ((tf.zeros([2, 0]), tf.zeros([2, 2])), (tf.zeros([0, 2]),) * 2)]
    made += [
        tf.searchsorted([3.0, 1.0, 2.0, 0.5], [1.5, nan, 0.7]),
        tf.searchsorted(tf.zeros([2, 2]), tf.zeros([2, 0])),
    ]
    made += [tf.searchsorted([1.0, nan], [nan, 2.0], side=side) for side in ("left", "right")]
    return [*made, tf.searchsorted([1, 2, 2, 3, 3, 3], [0, 1, 2, 3, 4], side="right")]


def scaled(tf: Any) -> list[Any]:
    """Products with a number, of tensors and of slices."""
    slices = tf.scalar_mul(3, tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([0]), tf.constant([3, 2])))
    x = matrix(tf)
    made = [tf.scalar_mul(2.0, x), tf.math.scalar_mul(tf.constant(2.0), x, name="n"), tf.scalar_mul(2, np.ones(2))]
    return [*made, slices.values, slices.indices, slices.dense_shape]


def batches(tf: Any) -> list[Any]:
    """Slices by vectors of indices in each element of a batch."""
    x = tf.constant([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    u = tf.placeholder_with_default(x, [None, 2, 2])
    first = tf.gather_nd(x, [[0], [1]], batch_dims=1)
    made = [first, tf.gather_nd(u, [[[0, 1]], [[1, 0]]], batch_dims=1, name="n")]
    return [*made, tf.gather_nd(x, [[[0], [1]], [[1], [0]]], batch_dims=2)]


def norms(tf: Any, known: bool = True) -> list[Any]:
    """Roots of sums of squares, and their derivatives."""
    x = tf.constant([[3.0, 4.0], [0.0, 5.0]]) if known else tf.placeholder_with_default(tf.ones([2, 3]), None)
    norm = tf.math.reduce_euclidean_norm
    made = [norm(x), norm(x, 1), norm(x, [0], True, name="n")]
    grads = [tf.gradients(made[2], x)] if known else [tf.gradients(y, x) for y in made]
    return [
        made,
        grads,
        norm(tf.constant([3 + 4j, 1j])),
        norm(tf.constant([[3, -4], [1, 1]], tf.int8), -1),
        norm([], 0),
    ]


def texts(tf: Any) -> list[Any]:
    """Values as text, in all forms."""
    numbers = [0.0, -1.5, 3.14159265, 1e10, 1e-10, float("inf"), float("-inf"), float("nan"), -0.0]
    forms: list[dict[str, Any]] = [{}, {"precision": 2}, {"scientific": True}, {"shortest": True}, {"width": 8}]
    forms += [{"width": 10, "fill": fill} for fill in "0-+ #"]
    forms += [{"width": 12, "fill": " ", "precision": 3, "scientific": True}, {"shortest": True, "precision": 3}]
    made = [tf.as_string(tf.constant(numbers, dtype), **form) for dtype in ("float64", "float32") for form in forms]
    made += [tf.as_string(tf.constant(numbers[:3], dtype)) for dtype in ("float16", "bfloat16", "complex64")]
    widths: list[dict[str, Any]] = [{}, {"width": 5}, *({"width": 5, "fill": fill} for fill in "0-+ ")]
    made += [tf.as_string(tf.constant([1, 100], dtype), **form) for dtype in ("int8", "uint8") for form in widths]
    made += [tf.as_string([True, False], **form) for form in widths[:3]]
    made += [tf.as_string(["a", "long text"], **form) for form in [*widths, {"width": 5, "precision": 2}]]
    return made


def summaries(tf: Any) -> list[Any]:
    """Summaries of each kind under their names and tags, and merged; images differ in the bytes of their PNG."""
    summary = tf.summary
    with tf.name_scope("outer"):
        made = [
            summary.scalar("a b", tf.constant(1.5)),
            summary.scalar("a b", 3),
            summary.scalar("/in/x", tf.constant(2, tf.uint8), family="fam"),
            summary.histogram("h", [1.0, 2.0, -3.0, 0.0, 1e-30, 1e30, 5.0]),
            summary.histogram(None, tf.constant([[1, 2], [3, 4]]), collections=["other"]),
        ]
    wide = np.array([1e300, -1e300, 1e-12, 1e-13, 1e-12, 0.0, 0.1, 0.1])
    made += [summary.histogram("wide", wide), summary.histogram("none", tf.zeros([0]))]
    made += [summary.scalar(f"of_{dtype}", tf.constant(7, dtype)) for dtype in ("float16", "float64", "int64", "int8")]
    made += [
        summary.tensor_summary("t", tf.constant([1.0, 2.0]), summary_description="d", display_name="n"),
        summary.tensor_summary("one", 3, family="f"),
        summary.text("text", tf.constant(["a", "b"])),
        summary.audio("sound", np.array([[[0.0], [0.5], [-1.0], [2.0]]], np.float32), 8000.0),
        summary.audio("quiet", tf.zeros([2, 3]), sample_rate=tf.constant(0.2), max_outputs=1),
        summary.image("no_images", tf.zeros([0, 2, 2, 1])),
    ]
    made += [summary.merge_all(scope="outer"), summary.merge_all()]
    return [*made, summary.merge(made[:2]), summary.merge(made[:1], name="n"), summary.merge_all("other")]


PROGRAMS: dict[str, Program] = {
    # arithmetic and functions
    "add numbers": lambda tf: matrix(tf) + 1.0,
    "operators": lambda tf: (2.0 * matrix(tf) - 1.0) / 3.0,
    "power, floor division, modulo": lambda tf: (matrix(tf) ** 2.0) // 2.0 % 3.0,
    "named": lambda tf: tf.add(tf.constant(1.0, name="a"), 2.0, name="sum"),
    "functions": lambda tf: [tf.exp(matrix(tf)), tf.square(1.0), tf.abs([-1, 2]), tf.pow(2.0, [1.0, 2.0])],
    "divide integers": lambda tf: tf.constant([1, 2]) / 2,
    "div": lambda tf: [tf.div(tf.constant([1, 2]), 2), tf.div(matrix(tf), 2.0), tf.div_no_nan(1.0, 0.0)],
    "broadcast": lambda tf: tf.placeholder("float32", [None, 1]) * tf.placeholder("float32", [3, 1, 4]),
    "unknown rank": lambda tf: anything(tf) * [1.0, 2.0, 3.0],
    "add_n": lambda tf: tf.add_n([matrix(tf), matrix(tf, 2)]),
    "compare": lambda tf: [tf.equal(matrix(tf), 0.0), matrix(tf) > 1.0, tf.logical_and(True, [False, True])],
    "logical_xor": lambda tf: tf.logical_xor([True], [False]),
    "where": lambda tf: [tf.where([True, False]), tf.where([True, False], [1, 2], [3, 4])],
    "derivatives": derivatives,
    "added derivatives": added_derivatives,
    "added in pairs": lambda tf: added_derivatives(tf, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE),
    "gated derivatives": lambda tf: added_derivatives(tf, gate_gradients=True),
    "derivatives of rows": lambda tf: gathered(tf, tf.identity, tf.negative, tf.square),
    "overridden derivatives": overridden,
    "global norm": lambda tf: tf.clip_by_global_norm([matrix(tf), tf.constant([1.0], name="b"), None], 1.0),
    "clip": lambda tf: tf.clip_by_value(matrix(tf), -1.0, 1.0),
    "complex": lambda tf: [tf.complex([1.0], 2.0), tf.real(tf.constant(1j)), tf.imag(tf.constant([1j])), tf.conj([1j])],
    "abs of complex": lambda tf: tf.abs(tf.constant([1j])),
    # reductions
    "reduce everything": lambda tf: [tf.reduce_sum(matrix(tf)), tf.reduce_mean([1.0, 2.0]), tf.reduce_max(1)],
    "reduce an axis": lambda tf: [tf.reduce_sum(matrix(tf), 1), tf.reduce_mean(matrix(tf), axis=[0], keepdims=True)],
    "reduce an unknown rank": lambda tf: [tf.reduce_sum(anything(tf)), tf.reduce_prod(anything(tf), 1, keepdims=True)],
    "reduce truths": lambda tf: [tf.reduce_all([True, False]), tf.reduce_any(matrix(tf) > 0.0, axis=-1)],
    "reduce by a tensor": lambda tf: tf.reduce_min(matrix(tf), axis=tf.placeholder("int32", [1])),
    "older names": lambda tf: tf.reduce_sum(matrix(tf), reduction_indices=[1], keep_dims=True),
    "logsumexp": lambda tf: tf.reduce_logsumexp(matrix(tf), 1),
    "argmax": lambda tf: [
        tf.argmax(matrix(tf), 1),
        tf.argmin(matrix(tf)),
        tf.argmax(matrix(tf), 1, output_type=tf.int32),
    ],
    "cumsum": lambda tf: [tf.cumsum(matrix(tf), 1), tf.cumprod(matrix(tf), exclusive=True)],
    "count_nonzero": lambda tf: tf.count_nonzero(matrix(tf), axis=1),
    # products
    "matmul": lambda tf: tf.matmul(matrix(tf), tf.ones([3, 4])),
    "matmul, transposed": lambda tf: tf.matmul(matrix(tf), matrix(tf, 5), transpose_b=True),
    "matmul of batches": lambda tf: tf.matmul(tf.ones([2, 3, 4]), tf.placeholder("float32", [None, 4, 5])),
    "matmul operator": lambda tf: matrix(tf) @ tf.ones([3, 2]),
    "adjoint": lambda tf: tf.matmul(tf.ones([2, 3, 4]), tf.ones([2, 3, 5]), adjoint_a=True),
    # shapes
    "shape": lambda tf: [
        tf.shape(matrix(tf)),
        tf.shape([1, 2]),
        tf.size(matrix(tf)),
        tf.rank(matrix(tf)),
        tf.size([1]),
    ],
    "shape as int64": lambda tf: tf.shape(matrix(tf), out_type=tf.int64),
    "reshape": lambda tf: [tf.reshape(matrix(tf), [-1, 1, 3]), tf.reshape(tf.ones([2, 3]), [-1])],
    "reshape by a stack": lambda tf: tf.reshape(matrix(tf), tf.stack([tf.shape(matrix(tf))[0], 3, 1])),
    "reshape by a list": lambda tf: tf.reshape(anything(tf), [tf.shape(anything(tf))[0], 3]),
    "reshape with the rest": lambda tf: tf.reshape(matrix(tf), tf.stack([-1, 3])),
    "reshape by an unknown": lambda tf: tf.reshape(matrix(tf), tf.placeholder("int32", [3])),
    "reshape by sizes of both": lambda tf: tf.reshape(matrix(tf), tf.concat([tf.shape(matrix(tf))[:1], [3, 1]], 0)),
    "flatten": lambda tf: tf.reshape(tf.ones([4, 2, 3]), [4, -1]),
    "expand and squeeze": lambda tf: tf.squeeze(tf.expand_dims(tf.expand_dims(matrix(tf), 1), -1), [1]),
    "squeeze everything": lambda tf: [tf.squeeze(tf.ones([1, 2, 1])), tf.squeeze(matrix(tf))],
    "transpose": lambda tf: [tf.transpose(matrix(tf)), tf.transpose(tf.ones([2, 3, 4]), [1, 2, 0])],
    "transpose an unknown rank": lambda tf: tf.transpose(anything(tf)),
    "broadcast_to": lambda tf: tf.broadcast_to(matrix(tf, None, 1), [2, 3]),
    "tile": lambda tf: [tf.tile(matrix(tf), [2, 2]), tf.tile(anything(tf), [1, 2])],
    # making
    "zeros and ones": lambda tf: [tf.zeros([2, 3]), tf.ones([2], tf.int32), tf.zeros([]), tf.zeros([2], tf.bool)],
    "many zeros": lambda tf: tf.zeros([40, 50]),
    "zeros of a shape": lambda tf: tf.zeros(tf.shape(matrix(tf))),
    "zeros of a list": lambda tf: tf.zeros([tf.shape(matrix(tf))[0], 5], tf.int32),
    "zeros_like": lambda tf: [tf.zeros_like(matrix(tf)), tf.zeros_like([1, 2]), tf.ones_like(matrix(tf))],
    "fill": lambda tf: [tf.fill([2, 3], 9), tf.fill(tf.shape(matrix(tf)), 1.5)],
    "range": lambda tf: [tf.range(5), tf.range(3, 18, 3), tf.range(tf.shape(matrix(tf))[0]), tf.range(0.0, 1.0, 0.25)],
    "one_hot": lambda tf: [
        tf.one_hot([0, 2], 3),
        tf.one_hot(tf.placeholder("int32", [None, 2]), 4, axis=0, dtype=tf.int64),
    ],
    "cast": lambda tf: [
        tf.cast([1, 2], tf.float32),
        tf.cast(matrix(tf), "int32"),
        tf.to_float(3),
        tf.cast(1.0, tf.bool),
    ],
    "bitcast": lambda tf: [tf.bitcast(matrix(tf), tf.int32), tf.bitcast(tf.constant([1.0]), tf.uint8)],
    # joining and taking apart
    "concat": lambda tf: [tf.concat([matrix(tf), tf.ones([2, 3])], 0), tf.concat([matrix(tf), matrix(tf)], axis=-1)],
    "concat one": lambda tf: tf.concat([matrix(tf)], 1),
    "stack": lambda tf: [
        tf.stack([matrix(tf), tf.ones([2, 3])]),
        tf.stack([1, 2]),
        tf.stack([matrix(tf)] * 2, axis=-1),
    ],
    "unstack": lambda tf: [tf.unstack(matrix(tf), axis=1), tf.unstack(anything(tf), num=2)],
    "split": lambda tf: [tf.split(matrix(tf), 3, axis=1), tf.split(matrix(tf), [1, 2], 1), tf.split(tf.ones([4]), 2)],
    # indices
    "gather": lambda tf: [tf.gather(matrix(tf), [0, 1]), tf.gather(matrix(tf), 2, axis=1), tf.gather([1, 2], [[0]])],
    "gather_nd": lambda tf: tf.gather_nd(matrix(tf), [[0, 1], [1, 2]]),
    "scatter_nd of text": lambda tf: tf.scatter_nd([[0], [0], [2]], ["a", "b", "c"], [3]),
    "scatter_nd of bool": lambda tf: tf.scatter_nd([[0], [0]], [[True, False], [False, False]], [2, 2]),
    "scatter_nd": lambda tf: tf.scatter_nd([[0], [2]], [1.0, 2.0], [4]),
    "segment sum": lambda tf: tf.unsorted_segment_sum(matrix(tf, 4), [0, 1, 0, 1], 2),
    "index": lambda tf: [
        matrix(tf)[0],
        matrix(tf)[:, 1],
        matrix(tf)[1:],
        matrix(tf)[..., None],
        matrix(tf, 4)[::2, -1],
    ],
    "index by a tensor": lambda tf: tf.ones([4, 3])[tf.placeholder("int32", [])],
    "slice": lambda tf: [tf.slice(matrix(tf), [0, 1], [-1, 2]), tf.slice(tf.ones([3, 4]), [1, 0], [2, -1])],
    "pad": lambda tf: [tf.pad(matrix(tf), [[1, 1], [0, 2]]), tf.pad([1], [[0, 1]], constant_values=7)],
    "reverse": lambda tf: tf.reverse(matrix(tf), [-1]),
    "invert_permutation": lambda tf: tf.invert_permutation([1, 0, 2]),
    "boolean_mask": lambda tf: tf.boolean_mask(tf.ones([2, 3]), [True, False]),
    # networks
    "activations": lambda tf: [tf.nn.relu(matrix(tf)), tf.sigmoid(matrix(tf)), tf.tanh(1.0), tf.nn.elu([1.0])],
    "more activations": lambda tf: [tf.nn.leaky_relu(matrix(tf)), tf.nn.relu6([1.0]), tf.nn.softplus(matrix(tf))],
    "softmax": lambda tf: [tf.nn.softmax(matrix(tf)), tf.nn.log_softmax(matrix(tf))],
    "bias_add": lambda tf: [
        tf.nn.bias_add(matrix(tf), [1.0, 2.0, 3.0]),
        tf.nn.xw_plus_b(matrix(tf), tf.ones([3, 2]), [1.0, 2.0]),
    ],
    "sparse cross entropy": lambda tf: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=[1, 2], logits=matrix(tf, 2)
    ),
    "sigmoid cross entropy": lambda tf: tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.ones([2, 3]), logits=matrix(tf)
    ),
    "l2": lambda tf: [tf.nn.l2_loss(matrix(tf)), tf.nn.l2_normalize(matrix(tf), 1)],
    # random numbers and initial values
    "dropout": dropped,
    "dropout_of_a_tensor": lambda tf: [
        tf.set_random_seed(3),
        tf.nn.dropout(matrix(tf), tf.placeholder_with_default(tf.constant(0.7), [])),
        tf.nn.dropout(matrix(tf), rate=tf.placeholder_with_default(0.4, []), name="d"),
    ],
    "distributions": distributions,
    "initial_values": initial_values,
    "stateless_numbers": stateless_numbers,
    "random_normal": lambda tf: tf.random_normal([2, 3], stddev=0.1),
    "random_uniform": lambda tf: [
        tf.random_uniform([3]),
        tf.random_uniform([2], -1.0, 1.0),
        tf.random_uniform([2], maxval=5, dtype=tf.int32),
    ],
    "truncated_normal": lambda tf: tf.truncated_normal(tf.shape(matrix(tf)), seed=7),
    "random_shuffle": lambda tf: tf.random_shuffle([1, 2, 3], seed=1),
    "seeds": lambda tf: [tf.set_random_seed(42), tf.random_normal([2]), tf.random_uniform([2], seed=3)],
    "initializers": lambda tf: [
        tf.zeros_initializer()([2]),
        tf.ones_initializer(tf.int32)([2]),
        tf.constant_initializer([1.0, 2.0])([2]),
        tf.random_normal_initializer(stddev=0.1)([2, 3]),
        tf.random_uniform_initializer(-1.0, 1.0)([2]),
        tf.truncated_normal_initializer(seed=1)([2]),
        tf.glorot_uniform_initializer()([3, 4]),
        tf.glorot_normal_initializer(seed=2)([3, 4]),
        tf.variance_scaling_initializer(2.0, "fan_out", "uniform")([3, 3, 2, 4]),
    ],
    # images
    "images": lambda tf: [
        tf.nn.conv2d(images(tf, 1, 5, 4, 2), images(tf, 3, 2, 2, 3), [1, 2, 1, 1], "SAME"),
        tf.nn.max_pool(tf.placeholder("float32", [None, 5, 4, 1]), [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
        tf.nn.avg_pool(images(tf, 1, 5, 4, 1), 3, 2, "SAME", name="mean"),
    ],
    # strings
    "strings": lambda tf: [
        tf.constant(["a", "b"]) + "c",
        tf.equal(["a"], "a"),
        tf.concat([["a"], ["b"]], 0),
        tf.zeros([2], tf.string),
    ],
    # the newest
    "summaries": summaries,
    "matrix_transpose": matrices,
    "sequence_mask": masks,
    "meshgrid": grids,
    "bits": bits,
    "searchsorted": searches,
    "unravel_index": lambda tf: [
        tf.unravel_index([22, 41, 37], [7, 6]),
        tf.unravel_index(5, [2, 3], name="n"),
        tf.unravel_index(tf.constant([3, 1], tf.int64), tf.constant([2, 2], tf.int64)),
    ],
    "guarantee_const": lambda tf: [tf.guarantee_const(matrix(tf)), tf.guarantee_const([1, 2], name="n")],
    "scalar_mul": scaled,
    "gather_nd in batches": batches,
    "euclidean norms": norms,
    "as_string": lambda tf: [
        tf.as_string([1, 2]),
        tf.dtypes.as_string(tf.constant([1.5, 2.0]), precision=1, name="n"),
        tf.as_string(True),
        tf.as_string(tf.constant([1], tf.int64), width=4, fill="0"),
    ],
}

# Programs that are known by their results alone: here TensorFlow makes other operations, or more of them.
RESULTS: dict[str, Program] = {
    "shifts": shifts,
    "factored matrices": factored,
    "diagonals": diagonals,
    "sparse values": sparse_values,
    "searchsorted, odd rows": odd_searches,
    "euclidean norms, unknown": lambda tf: norms(tf, known=False),
    "as_string, forms": texts,
    "derivative of gather_nd in batches": lambda tf: [
        tf.gradients(tf.gather_nd(x, [[0], [1]], batch_dims=1), x) for x in [tf.constant([[1.0, 2.0], [3.0, 4.0]])]
    ],
    "unravel_index of a negative place": lambda tf: tf.unravel_index([-1, -7], [7, 6]),
    "derivatives of unknown rows": lambda tf: derivatives(tf, known=False),
    "edges of derivatives": edges,
    "gathers along axes": gathers_along_axes,
    "clipped": clipped,
    "curvature": curvature,
    "convolutions": convolutions,
    "convolutions by channel": by_channel,
    "pools": pools,
    "volumes": volumes,
    "further activations": further_activations,
    "sequences": sequences,
    "distances": distances,
    "statistics": statistics,
    "wide windows": wide_windows,
    "batch norms": batch_norms,
    "lengths": lambda tf: [
        tf.norm([3.0, 4.0]),
        tf.norm(matrix(tf), 1, axis=1),
        tf.norm(matrix(tf), axis=0, keepdims=True),
    ],
    "lengths of complex": lambda tf: tf.norm(tf.constant([3j, 4.0])),
    "moments": lambda tf: [*tf.nn.moments(matrix(tf), [0]), *tf.nn.moments(matrix(tf), [0, 1], keep_dims=True)],
    "clip_by_norm": lambda tf: [tf.clip_by_norm(matrix(tf), 1.0), tf.clip_by_norm([0.0, 0.0], 1.0)],
    "clip_by_global_norm": lambda tf: [
        *tf.clip_by_global_norm([matrix(tf), tf.constant([3.0])], 2.0)[0],
        tf.global_norm([matrix(tf)]),
    ],
    "tensordot": lambda tf: [
        tf.tensordot(matrix(tf), tf.ones([3, 4, 2]), 1),
        tf.tensordot(tf.ones([2, 3, 4]), tf.ones([4, 3, 5]), [[1, 2], [1, 0]]),
        tf.tensordot([1.0, 2.0], [3.0, 4.0], 0),
        tf.tensordot([1.0, 2.0], [3.0, 4.0], [[0], [0]]),
    ],
    "saturate_cast": lambda tf: [
        tf.saturate_cast([-5.0, 3.7, 300.0], tf.uint8),
        tf.saturate_cast([-1000, 1000], tf.int8),
        tf.saturate_cast([1e30, -1e30], tf.int32),
        tf.saturate_cast(tf.constant([3, 200], tf.uint8), tf.int64),
    ],
    "linspace": lambda tf: [tf.linspace(0.0, 1.0, 5), tf.linspace(2.0, -2.0, 3), tf.linspace(1.0, 2.0, 1)],
    "softmax along an axis": lambda tf: [tf.nn.softmax(matrix(tf), axis=0), tf.nn.log_softmax(tf.ones([2, 3, 4]), 1)],
    "cross entropy": lambda tf: [
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]], logits=matrix(tf)),
        tf.nn.softmax_cross_entropy_with_logits(labels=[[0.2, 0.3, 0.5]] * 2, logits=matrix(tf)),
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.ones([2, 3, 4]) / 3.0, logits=tf.ones([2, 3, 4]), axis=1),
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[[1, 0]], logits=tf.ones([1, 2, 3])),
    ],
    "cross entropy in half precision": lambda tf: tf.nn.softmax_cross_entropy_with_logits_v2(
        labels=tf.constant([[0.0, 1.0]], tf.float16), logits=tf.constant([[1.0, 2.0]], tf.float16)
    ),
    "top_k": lambda tf: [
        *tf.nn.top_k([[1, 3, 3, 2]], 3),
        tf.nn.in_top_k([[0.1, 0.5, 0.5], [1.0, 2.0, 3.0]], [2, 0], 1),
    ],
    "log_sigmoid": lambda tf: tf.math.log_sigmoid([-100.0, 0.0, 100.0]),
    "mirror padding": lambda tf: [
        tf.pad([[1, 2, 3]], [[0, 0], [2, 1]], mode="reflect"),
        tf.pad([1, 2], [[2, 1]], "SYMMETRIC"),
    ],
    "strided_slice": lambda tf: [
        tf.strided_slice([1, 2, 3, 4, 5], [1], [4], [2]),
        tf.strided_slice([1, 2, 3, 4, 5], [0], [0], begin_mask=1, end_mask=1),
        tf.strided_slice([[1, 2], [3, 4]], [0, 1], [1, 2], shrink_axis_mask=2),
    ],
    "shapes of broadcasts": lambda tf: tf.broadcast_dynamic_shape([2, 1, 3], [4, 1]),
    "gather in batches": lambda tf: [
        tf.gather([[1, 2, 3], [4, 5, 6]], [[2, 0], [1, 1]], batch_dims=1),
        tf.gather(tf.reshape(tf.range(24), [2, 3, 4]), [[3, 0], [1, 2]], axis=2, batch_dims=1),
        tf.gather(tf.reshape(tf.range(24), [2, 3, 4]), [[2], [1]], batch_dims=-1),
    ],
    "places of conditions": lambda tf: [tf.where([[True, False], [True, True]]), tf.where([0.0, 2.0])],
    "masks": lambda tf: [
        tf.boolean_mask(matrix(tf), [False, True, True], axis=1),
        tf.boolean_mask([[1, 2]], [[True, False]]),
    ],
    "whole numbers": lambda tf: [tf.rint([0.5, 1.5, -2.5]), tf.floor([-1.5]), tf.ceil([-1.5]), tf.round([2.5, -0.5])],
    "questions": lambda tf: [
        tf.is_nan([0.0 / 1.0, float("nan")]),
        tf.is_inf([float("inf")]),
        tf.is_finite([1.0, float("-inf")]),
    ],
    "mean of integers": lambda tf: [tf.reduce_mean([-7, 2]), tf.reduce_mean(tf.constant([255, 254], tf.uint8))],
    "reduce nothing": lambda tf: [
        tf.reduce_sum(tf.zeros([0, 2]), 0),
        tf.reduce_max(tf.zeros([0])),
        tf.reduce_prod(tf.zeros([2, 0]), 1),
    ],
    "dtypes of shapes": lambda tf: [
        tf.size(tf.ones([2, 3]), out_type=tf.int64),
        *tf.shape_n([tf.ones([2]), tf.ones([3, 1])]),
    ],
    "single shape": lambda tf: tf.shape_n([tf.ones([2, 3])]),
    "exponentials and logarithms": lambda tf: [f([0.1, 0.5]) for f in (tf.expm1, tf.log, tf.log1p, tf.sqrt, tf.rsqrt)],
    "angles": lambda tf: [f([0.1, 0.5]) for f in (tf.sin, tf.cos, tf.tan, tf.asin, tf.acos, tf.atan, tf.sinh, tf.cosh)],
    "error function": lambda tf: tf.erf([-2.0, 0.0, 0.5]),
    "parts of real numbers": lambda tf: [tf.real([1.0]), tf.imag(tf.constant([1.0])), tf.conj(tf.constant(2.0))],
    "extremes beside NaN": lambda tf: [f([[float("nan"), 1.0, 2.0]], 1) for f in (tf.argmax, tf.argmin)],
    "conjugate transpose": lambda tf: tf.transpose(tf.constant([[1j, 2.0]]), conjugate=True),
    "where, broadcast": lambda tf: tf.where_v2([[True], [False]], [1, 2], 3),
    "concat a tensor": lambda tf: tf.concat(tf.ones([2]), 0),
    "split into one": lambda tf: [*tf.split([1, 2], [2]), *tf.split([1, 2], [-1], num=1)],
    "one_hot of values": lambda tf: [tf.one_hot([1], 2, 5, 3), tf.one_hot([0], 2, on_value=True, off_value=False)],
    "zeros and ones of a dtype": lambda tf: [
        tf.zeros_like(matrix(tf), tf.int32),
        tf.ones_like([1, 2], dtype=tf.float64),
        tf.ones_like(matrix(tf), tf.int8),
    ],
    "shape of folded values": lambda tf: [
        tf.zeros(tf.squeeze([[2, 3]])),
        tf.fill(tf.expand_dims(2, 0), 1),
        tf.zeros(tf.identity([2])),
        tf.ones(tf.gather(tf.shape(matrix(tf)), [1])),
        tf.zeros([tf.gather(tf.shape(matrix(tf)), 1)]),
    ],
    "indices of 64 bits": wide_indices,
    "shapes that are computed": lambda tf: [
        tf.zeros([tf.abs(-2), tf.cast(3.0, tf.int32)]),
        tf.ones(tf.broadcast_dynamic_shape(tf.shape(matrix(tf)), [1, 3])),
        tf.zeros(tf.constant(4)),
    ],
    "casts by name": lambda tf: (
        [f(1) for f in (tf.to_double, tf.to_int64, tf.to_complex64, tf.to_complex128)]
        + [tf.to_int32([1.9, -1.9]), tf.to_float(True), tf.bitcast(tf.constant([1, 0], tf.int32), tf.int64)]
    ),
    "comparisons": lambda tf: (
        [f([1, 2, 3], 2) for f in (tf.not_equal, tf.less, tf.less_equal, tf.greater, tf.greater_equal)]
        + [tf.logical_or(True, [False]), tf.logical_not([True, False])]
    ),
    "identity": lambda tf: tf.initializers.identity(2.0)([2, 3]),
    "tuple and group": lambda tf: tf.tuple([tf.constant(1.0), tf.constant(2.0)]),
    # derivatives where functions have corners, or end
    "derivative of ties": lambda tf: [
        tf.gradients(function(x), x)[0]
        for x in [tf.constant([1.0, 3.0, 3.0])]
        for function in (tf.reduce_max, tf.reduce_min, tf.reduce_logsumexp)
    ],
    "derivatives at corners": corner,
}
