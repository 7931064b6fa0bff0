"""The rules leave out calls, and never change what a run gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.session import generated_code
from hdfsaver.session.calls import Call
from hdfsaver.session.rewrites import Slots, rewritten
from hdfsaver.session.rewrites.batch_norms import fold_batch_norms


@pytest.fixture(autouse=True, scope="module")
def soon() -> Iterator[None]:
    """Code is made after one run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_RUNS_BEFORE", 1)
        yield


def left(fetches: Any, feeds: dict[Any, Any] | None = None) -> list[str]:
    """The types of the operations that are left; four runs must give the same."""
    found: list[str] = []

    def noting(calls: Sequence[Call], slots: Slots) -> list[Call]:
        made = rewritten(calls, slots)
        found.extend(slots.type_of(call) or "read" for call in made)
        return made

    with pytest.MonkeyPatch.context() as patch, tf.Session() as session:
        patch.setattr("hdfsaver.session.repeated_runs.rewritten", noting)
        session.run(tf.global_variables_initializer())
        found.clear()
        first = session.run(fetches, feeds)
        for _ in range(3):
            np.testing.assert_equal(session.run(fetches, feeds), first)
    return found


def test_what_is_computed_from_constants_is_computed_once() -> None:
    """Also where a part of it is fetched, which is computed in its place."""
    x = tf.placeholder(tf.float32, [3])
    scale = tf.rsqrt(tf.constant([1.0, 4.0, 16.0]) + 1.0)
    assert left(x * scale, {x: [1.0, 2.0, 3.0]}) == ["Mul"]
    assert left([x * scale, scale], {x: [1.0, 2.0, 3.0]}) == ["Rsqrt", "Mul"]


def test_what_is_fed_is_not_a_constant() -> None:
    """A constant for which a value is fed has that value."""
    c = tf.constant([1.0, 2.0])
    double = tf.identity(c * 2.0) + 0.0
    with tf.Session() as session:
        for value in (1.0, 2.0, 3.0, 4.0):
            np.testing.assert_array_equal(session.run(double, {c: [value, value]}), [2 * value, 2 * value])


def test_random_numbers_are_drawn_in_each_run() -> None:
    """An operation with state is not computed once, though its inputs are constants."""
    numbers = tf.random_uniform([2], seed=1) + 0.0
    with tf.Session() as session:
        assert len({tuple(session.run(numbers)) for _ in range(5)}) == 5


def test_a_large_result_is_not_kept() -> None:
    """A result far larger than its inputs is computed in each run."""
    x = tf.placeholder(tf.float64, [])
    filled = tf.fill([100, 1000], np.float64(2.0))
    assert left(tf.reduce_sum(filled * x), {x: 1.0}) == ["Fill", "Mul", "Sum"]


def test_an_error_of_constants_is_that_of_the_run() -> None:
    """What cannot be computed beforehand fails in each run as in the first."""
    x = tf.placeholder(tf.int32, [])
    quotient = tf.add(tf.floordiv(tf.constant(1) + 1, tf.constant([0]) * 1, name="quotient"), x)
    with tf.Session() as session:
        for _ in range(4):
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                session.run(quotient, {x: 1})
            assert "quotient" in str(caught.value)


def test_identities_do_not_run() -> None:
    """Neither within a graph nor behind the value of a variable; one that is fetched does."""
    v = tf.Variable([1.0, 2.0])
    inner = tf.stop_gradient(tf.identity(v.read_value()))
    assert left(tf.square(inner)) == ["read", "Square"]
    assert left([tf.square(inner), inner]) == ["read", "StopGradient", "Square"]


def test_a_variable_has_the_value_of_the_moment() -> None:
    """A value that was read before an assignment stays, behind identities too."""
    v = tf.Variable(1.0)
    before = tf.identity(tf.identity(v))
    with tf.control_dependencies([before]):
        change = tf.assign_add(v, 1.0)
    with tf.control_dependencies([change]):
        total = before * 10.0 + tf.identity(v)
    with tf.Session() as session:
        session.run(v.initializer)
        assert [session.run(total) for _ in range(4)] == [12.0, 23.0, 34.0, 45.0]


def test_what_is_computed_twice_is_computed_once() -> None:
    """The same type, attributes and inputs; other attributes are another result."""
    x = tf.placeholder(tf.float32, [2, 2])
    twice = tf.exp(x + 1.0) * tf.exp(x + 1.0)
    assert left(twice, {x: np.eye(2)}) == ["AddV2", "Exp", "Mul"]
    products = tf.matmul(x, x, transpose_a=True) - tf.matmul(x, x)
    assert left(products, {x: [[1.0, 2.0], [3.0, 4.0]]}) == ["MatMul", "MatMul", "Sub"]


def test_what_changes_an_object_runs_each_time() -> None:
    """Two values that are taken from a stack are two values."""
    x = tf.placeholder(tf.float32, [])
    total = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * a * tf.sin(a)), (0, x))[1]
    gradient = tf.gradients(total, x)[0]
    with tf.Session() as session:
        assert len({session.run(gradient, {x: 1.5}).tobytes() for _ in range(4)}) == 1


def test_a_loop_folds_what_its_iterations_share() -> None:
    """Each of two runs of the loop, and each iteration, finds the constants."""
    limit = tf.constant(3) + 2

    def body(i: Any, total: Any) -> Any:
        return i + 1, total + tf.reduce_sum(tf.constant([1.0, 2.0]) * 2.0)

    total = tf.while_loop(lambda i, _: i < limit, body, (0, 0.0))[1]
    with tf.Session() as session:
        assert [session.run(total) for _ in range(4)] == [30.0] * 4


def convolved(op_type: str, filters: Any) -> Any:
    """Convolved images, and what is fed for them."""
    images = tf.placeholder(tf.float32, [None, 4, 4, 2])
    function = tf.nn.conv2d if op_type == "Conv2D" else tf.nn.depthwise_conv2d
    return images, function(images, filters, 1, "SAME")


IMAGES = np.random.RandomState(0).rand(3, 4, 4, 2).astype("f")
FILTERS = np.random.RandomState(1).rand(3, 3, 2, 2).astype("f")


@pytest.mark.parametrize(("op_type", "channels"), [("Conv2D", 2), ("DepthwiseConv2dNative", 4)])
def test_constant_scales_become_part_of_filters(op_type: str, channels: int) -> None:
    """The first run and all others give the same, which is the product but for rounding."""
    images, result = convolved(op_type, tf.identity(tf.constant(FILTERS)))
    factor = np.arange(1.0, channels + 1, dtype="f")
    scaled = (tf.identity(factor) * tf.rsqrt(tf.constant(4.0))) * result + 1.0
    assert left(scaled, {images: IMAGES}) == [op_type, "AddV2"]
    with tf.Session() as session:
        plain = session.run(result, {images: IMAGES})
        np.testing.assert_allclose(session.run(scaled, {images: IMAGES}), plain * factor / 2 + 1, rtol=1e-5)


def test_scales_that_stay() -> None:
    """Those of variables, of pixels, without end, and of what is needed elsewhere or has its channels second."""
    scale = np.array([2.0, 3.0], "f")
    images, result = convolved("Conv2D", tf.constant(FILTERS))
    by_variable = convolved("Conv2D", tf.Variable(FILTERS))
    by_second = tf.nn.conv2d(images, np.ones((1, 1, 4, 2), "f"), 1, "SAME", data_format="NCHW")
    for fetches, feeds in (
        (result * tf.Variable(scale), {images: IMAGES}),
        (result * np.ones((4, 1), "f"), {images: IMAGES}),
        (result * np.array([np.inf, 1.0], "f"), {images: IMAGES}),
        ([result * scale, tf.nn.relu(result)], {images: IMAGES}),
        ([result * scale, result], {images: IMAGES}),
        (by_variable[1] * scale, {by_variable[0]: IMAGES}),
        (by_second * np.array([1.0, 2.0], "f"), {images: IMAGES}),
    ):
        assert "Mul" in left(fetches, feeds)


def normalized(images: Any, numbers: Any, data_format: str = "NHWC") -> Any:
    """Images normalized with given numbers, all outputs."""
    scale, offset, mean, variance = numbers
    return tf.nn.fused_batch_norm(images, scale, offset, mean, variance, data_format=data_format, is_training=False)


NUMBERS = [np.array(row, "f") for row in ([2.0, -3.0], [0.5, 1.0], [0.25, -1.0], [4.0, 0.5])]


@pytest.mark.parametrize(("op_type", "channels"), [("Conv2D", 2), ("DepthwiseConv2dNative", 4)])
def test_constant_normalizations_become_part_of_filters(op_type: str, channels: int) -> None:
    """The first run and all others give the same, which is what the normalization gives but for rounding."""
    images, result = convolved(op_type, tf.constant(FILTERS))
    numbers = [np.tile(row, channels // 2) for row in NUMBERS]
    images_too = normalized(result, numbers)[0]
    active = tf.nn.relu(images_too)
    feeds = {images: IMAGES}
    assert left(active, feeds) == [op_type, "FusedBatchNormV3", "Relu"]
    with tf.Session() as session:
        plain = session.run(result, feeds)
        wanted = session.run(active, {result: plain})  # what is fed is not scaled
        for _ in range(3):
            np.testing.assert_allclose(session.run(active, feeds), wanted, rtol=1e-5, atol=1e-5)


def test_normalizations_that_become_sums() -> None:
    """Only where all numbers are constants and finite, and nothing else is needed of either."""
    images, result = convolved("Conv2D", tf.constant(FILTERS))
    second = tf.nn.conv2d(images, np.ones((1, 1, 4, 2), "f"), 1, "SAME", data_format="NCHW")
    endless = [NUMBERS[0] * np.inf, *NUMBERS[1:]]
    given, averages, _ = normalized(result, NUMBERS)
    sums: list[bool] = []

    def noting(calls: Sequence[Call], slots: Slots) -> list[Call]:
        made = fold_batch_norms(calls, slots)
        sums.append(any(call.function is np.add for call in made))
        return made

    with pytest.MonkeyPatch.context() as patch, tf.Session() as session:
        patch.setattr("hdfsaver.session.rewrites.fold_batch_norms", noting)
        session.run(tf.global_variables_initializer())
        for fetches in (
            given,
            [given, result],
            [given, averages],
            normalized(result, [tf.Variable(NUMBERS[0]), *NUMBERS[1:]])[0],
            normalized(result, endless)[0],
            normalized(second, NUMBERS, data_format="NCHW")[0],
            tf.nn.fused_batch_norm(result, *NUMBERS[:2])[0],
        ):
            session.run(tf.global_variables_initializer())
            first = session.run(fetches, {images: IMAGES})
            np.testing.assert_equal(session.run(fetches, {images: IMAGES}), first)
    assert sums == [True, *[False] * 6]


def test_products_that_nothing_takes() -> None:
    """Of a network's derivatives that by what is fed is not computed; one that may fail, and a fetched one, are."""
    x, w = tf.placeholder(tf.float32, [None, 3]), tf.Variable(np.ones((3, 2), "f"))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(tf.matmul(x, w)))
    by_x = train.graph.get_tensor_by_name("gradients/MatMul_grad/MatMul:0")
    assert left(train, {x: np.zeros((4, 3))}).count("MatMul") == 2
    assert left([train, by_x], {x: np.zeros((4, 3))}).count("MatMul") == 3
    unknown = tf.placeholder(tf.float32, [3, None])
    with tf.control_dependencies([tf.matmul(unknown, w)]):
        waiting = tf.abs(x)
    assert left(waiting, {x: np.zeros((4, 3)), unknown: np.ones((3, 3))}) == ["read", "MatMul", "Abs"]
