"""`Session(engine="onnxruntime")`: the same results, also of training; errors; what stays with NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.session import onnx_engine
from hdfsaver.session.numpy_engine import numpy_engine

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

ROWS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


def network() -> tuple[Any, Any, Any]:
    """A small network with a loss and a step of training."""
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 4], "x")
    hidden = tf.layers.dense(x, 8, activation=tf.nn.relu)
    y = tf.nn.softmax(tf.layers.dense(hidden, 3), name="y")
    loss = -tf.reduce_mean(tf.log(y[:, 0] + 1e-3))
    return y, loss, tf.train.AdamOptimizer(0.05).minimize(loss)


def trained(engine: Any) -> list[Any]:
    """The outputs before and after ten steps."""
    with tf.Graph().as_default():
        y, loss, step = network()
        with tf.Session(engine=engine) as sess:
            sess.run(tf.global_variables_initializer())
            before = sess.run(y, {"x:0": ROWS})
            losses = [sess.run([loss, step], {"x:0": ROWS})[0] for _ in range(10)]
            return [before, *losses, sess.run(y, {"x:0": ROWS})]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The types of operations of each part that is given to ONNX Runtime."""
    found: list[list[str]] = []
    joined = onnx_engine._joined

    def noticed(plan: Any, steps: Any, *rest: Any) -> Any:
        found.append([step.op for step in steps])
        return joined(plan, steps, *rest)

    monkeypatch.setattr(onnx_engine, "_joined", noticed)
    return found


def test_training_gives_the_same() -> None:
    """Variables change between the parts that are computed there."""
    for expected, found in zip(trained(numpy_engine), trained("onnxruntime"), strict=True):
        assert np.allclose(expected, found, 1e-4, 1e-6)


def test_the_largest_part_is_one_call(parts: list[list[str]]) -> None:
    """All of a forward pass but its variables is one group, although a type in another part has no twin."""
    y, _, _ = network()
    rows = tf.unique(tf.cast(tf.reshape(y, [-1]) * 10, tf.int32))[0]
    with tf.Session(engine="onnxruntime") as sess:
        sess.run(tf.global_variables_initializer())
        parts.clear()
        found = sess.run([y, rows + 1], {"x:0": ROWS})
    assert (1, True) == (len(parts), len(parts[0]) > 8)
    assert np.array_equal(np.unique((found[0].ravel() * 10).astype(int)) + 1, np.sort(found[1]))


def test_integers_are_divided_by_numpy(parts: list[list[str]]) -> None:
    """Not every version of ONNX Runtime checks for a division by 0."""
    k = tf.placeholder(tf.int32, [None], "k")
    with tf.Session(engine="onnxruntime") as sess:
        assert [9, -3] == sess.run((k + 1) // tf.constant([1, -2]) + tf.abs(k) - k, {k: [8, 4]}).tolist()
    made = {op for part in parts for op in part}
    assert (True, False) == ({"Abs", "Sub"} <= made, "FloorDiv" in made)


def test_operations_that_are_refused_stay_with_numpy() -> None:
    """A rule that does not fit, a dtype, and a division of integers by 0, which is an error as ever."""
    x, k = tf.placeholder(tf.float32, [None], "x"), tf.placeholder(tf.int32, [None], "k")
    values = [tf.pad(tf.exp(x), [[1, 1]], "SYMMETRIC") * 2, tf.complex(x, x) * 2, tf.cast(x, tf.float16) + 1]
    with tf.Session(engine="onnxruntime") as sess, tf.Session() as other:
        for value in values:
            assert np.allclose(other.run(value, {x: [1, 2]}), sess.run(value, {x: [1, 2]}))
        with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero|Integer division"):
            sess.run(k // 0 + k, {k: [1]})


def test_errors_name_the_operation() -> None:
    """Shapes that do not fit each other are an error of the run, and the message has the operation."""
    x, other = tf.placeholder(tf.float32, None, "x"), tf.placeholder(tf.float32, None, "other")
    y = tf.nn.relu(tf.matmul(tf.exp(x), other, name="product"))
    with tf.Session(engine="onnxruntime") as sess, pytest.raises(tf.errors.InvalidArgumentError, match="product"):
        sess.run(y, {x: np.ones((2, 3)), other: np.ones((2, 3))})


def test_an_unknown_engine() -> None:
    """The message names those that there are."""
    with pytest.raises(ValueError, match="'numpy', 'onnxruntime' and 'numba'"):
        tf.Session(engine="cuda")


def test_variables_that_stay_are_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some runs ONNX Runtime has their values itself; one that is assigned is seen by the next run."""
    monkeypatch.setattr(onnx_engine, "_UNCHANGED", 3)
    x, w = tf.placeholder(tf.float32, [None, 4], "x"), tf.get_variable("w", initializer=np.eye(4, dtype=np.float32))
    r = tf.get_variable("r", initializer=np.eye(4, dtype=np.float32), use_resource=True)
    y, change = tf.nn.relu(tf.matmul(tf.matmul(x, w), r)), tf.assign(w, w * 2)
    made: list[list[str]] = []
    model = onnx_engine._model

    def noticed(plan: Any, fed: Any, *rest: Any) -> Any:
        made.append(fed)
        return model(plan, fed, *rest)

    monkeypatch.setattr(onnx_engine, "_model", noticed)
    with tf.Session(engine="onnxruntime") as sess:
        sess.run(tf.global_variables_initializer())
        made.clear()
        for _ in range(5):
            assert np.array_equal(np.maximum(ROWS, 0), sess.run(y, {x: ROWS}))
        assert [3, 1] == [len(fed) for fed in made]
        for count in (2, 4):
            sess.run(change)
            assert np.array_equal(np.maximum(ROWS, 0) * count, sess.run(y, {x: ROWS}))
        sess.run(r.assign(-np.eye(4)))
        assert np.array_equal(np.maximum(-ROWS, 0) * 4, sess.run(y, {x: ROWS}))


def test_loops_and_branches_are_computed_as_a_whole(parts: list[list[str]]) -> None:
    """A recurrent network of any length, a branch, and a variable that changes between two runs."""
    x, flag = tf.placeholder(tf.float32, [None, None, 4], "x"), tf.placeholder(tf.bool, [], "flag")
    rnn, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(3), x, dtype=tf.float32)
    w = tf.get_variable("w", initializer=2.0)
    y = tf.cond(flag, lambda: rnn * w, lambda: rnn - w)
    change = tf.assign_add(w, 1)
    with tf.Session(engine="onnxruntime") as sess, tf.Session() as other:
        for each in (sess, other):
            tf.set_random_seed(1)
            each.run(tf.global_variables_initializer())
        for value in tf.trainable_variables():
            value.load(sess.run(value), other)
        parts.clear()
        for steps in (1, 3):
            feeds = {x: np.ones((2, steps, 4)), flag: steps == 1}
            fetches = [y, state.c, state.h]
            for expected, found in zip(other.run(fetches, feeds), sess.run(fetches, feeds), strict=True):
                assert np.allclose(expected, found, 1e-5, 1e-6)
            for each in (sess, other):
                each.run(change)
    assert "Exit" in parts[0], "the loop is in it"


def test_a_loop_that_numpy_computes(parts: list[list[str]]) -> None:
    """One that changes a variable, or whose session has a time limit, stays with NumPy."""
    w = tf.get_variable("w", initializer=1.0)

    def grown(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(w, 1)]):
            return i + 1

    changing, plain = tf.while_loop(lambda i: i < 3, grown, [0]), tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    config = tf.ConfigProto(operation_timeout_in_ms=10_000)
    with tf.Session(engine="onnxruntime") as sess, tf.Session(engine="onnxruntime", config=config) as limited:
        sess.run(tf.global_variables_initializer())
        parts.clear()
        assert (3, 4.0, 3) == (sess.run(changing), sess.run(w), limited.run(plain))
        assert [] == parts
        assert (3, 1) == (sess.run(plain), len(parts))


def test_constants_that_are_fed() -> None:
    """A constant and a placeholder with a default are what is fed, also behind an operation that passes them on."""
    c, d = tf.constant([1.0, 2]), tf.placeholder_with_default([1.0, 2], [2])
    y = tf.exp(tf.identity(c)) + tf.exp(tf.identity(d)) * tf.identity(c)
    with tf.Session(engine="onnxruntime") as sess, tf.Session() as other:
        for feeds in ({}, {c: [3, 1]}, {d: [0, 0]}):
            assert np.allclose(other.run(y, feeds), sess.run(y, feeds))


def test_the_engine_has_the_threads_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """``intra_op_parallelism_threads`` is for ONNX Runtime too."""
    counts: list[int] = []
    session = onnx_engine._session

    def noticed(model: bytes, inside: set[str], threads: int) -> Any:
        counts.append(threads)
        return session(model, inside, threads)

    monkeypatch.setattr(onnx_engine, "_session", noticed)
    x = tf.placeholder(tf.float32, [2], "x")
    with tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=1), engine="onnxruntime") as sess:
        sess.run(tf.exp(x) + 1, {x: [1, 2]})
    assert [1] == counts


def test_subnormal_numbers_are_0_as_with_numpy() -> None:
    """All threads of ONNX Runtime have 0 for them, and the thread that makes its session keeps its own modes."""
    x = tf.placeholder(tf.float32, [None], "x")
    with tf.Session(engine="onnxruntime") as sess:
        assert not sess.run(x * x * 0.5, {x: np.full(4_000_000, 1e-20, "f")}).any()
    assert np.float32(1.2e-38) * np.float32(0.5) > 0
