"""Loops and arrays of elements: ONNX Runtime gives what a run here gives, for several numbers of iterations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.conversion.onnx_models import model_graph
from hdfsaver.conversion.weights import SessionWeights
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply
from tests.onnx_graphs.test_twins import Feeds, Outputs, compared

NUMBERS = np.random.default_rng(5)
ROWS = NUMBERS.uniform(-1, 1, (4, 3)).astype(np.float32)
STEPS = NUMBERS.uniform(-1, 1, (2, 5, 3)).astype(np.float32)


def count(value: int) -> np.ndarray:
    """A number that is fed."""
    return np.array(value, np.int32)


def as_float(value: Any) -> Any:
    """A number as float32."""
    return tf.cast(value, tf.float32)


def recurrent() -> Outputs:
    """Sequences of any number and length, to both sides."""
    x, lengths = tf.placeholder(tf.float32, [None, None, 3], "x"), tf.placeholder(tf.int32, [None], "n")
    cell = tf.nn.rnn_cell.BasicLSTMCell(4)
    y, state = tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32)
    cells = tf.nn.rnn_cell.GRUCell(2), tf.nn.rnn_cell.GRUCell(3)
    (first, second), _ = tf.nn.bidirectional_dynamic_rnn(*cells, x, dtype=tf.float32)
    return {"y": y, "c": state.c, "h": state.h, "first": first, "second": second}


def plain() -> Outputs:
    """Numbers, also such that no iteration changes; shapes that change; a loop in a loop."""
    n, x = tf.placeholder(tf.int32, [], "n"), tf.placeholder(tf.float32, [None, 3], "x")
    i, y, same = tf.while_loop(lambda i, *_: i < n, lambda i, y, z: (i + 1, y * 0.5 + x, z), [0, x, x + 1])
    shapes = [tf.TensorShape([]), tf.TensorShape([None, 3])]
    longer = tf.while_loop(lambda i, _: i < n, lambda i, y: (i + 1, tf.concat([y, y[-1:] * 2], 0)), [0, x], shapes)[1]

    def each(i: Any, y: Any) -> tuple[Any, Any]:
        inner = tf.while_loop(lambda j, _: j < i, lambda j, z: (j + 1, z + tf.cast(i, tf.float32) * x), [0, y])
        return i + 1, inner[1]

    nested = tf.while_loop(lambda i, _: i < n, each, [0, x])[1]
    return {"i": i, "y": y, "same": same, "longer": longer, "nested": nested}


def branches() -> Outputs:
    """Branches in a loop, and a loop in a branch."""
    n, x = tf.placeholder(tf.int32, [], "n"), tf.placeholder(tf.float32, [4, 3], "x")

    def step(i: Any, y: Any) -> tuple[Any, Any]:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y * 2, lambda: y + x)

    def loop() -> Any:
        return tf.while_loop(lambda i, _: i < n, lambda i, y: (i + 1, y + 1), [0, x])[1]

    def some(i: Any, o: Any) -> tuple[Any, Any]:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: o.write(i, x), lambda: o)

    written = tf.while_loop(lambda i, _: i < n, some, [0, tf.TensorArray(tf.float32, 4, element_shape=[4, 3])])[1]
    chosen = tf.case([(tf.equal(n, 0), lambda: x), (tf.equal(n, 1), lambda: x * 2)], default=lambda: -x)
    return {
        "y": tf.while_loop(lambda i, _: i < n, step, [0, x])[1],
        "loop": tf.cond(n > 2, loop, lambda: x),
        "case": chosen,
        "written": written.stack(),
    }


def arrays() -> Outputs:
    """What is written in the order of iterations, in another one, and read in the loop that writes it."""
    n, x = tf.placeholder(tf.int32, [], "n"), tf.placeholder(tf.float32, [4, 3], "x")
    given = tf.TensorArray(tf.float32, 4, clear_after_read=False).unstack(x)
    loops: dict[str, tuple[Any, Any, Any]] = {
        "back": (3, tf.TensorArray(tf.float32, 4, element_shape=[3]), lambda i, o: (i - 1, o.write(i, given.read(i)))),
        "few": (2, tf.TensorArray(tf.float32, 4), lambda i, o: (i - 1, o.write(2 - i, given.read(i)))),
    }
    found = {
        name: tf.while_loop(lambda i, _: i >= 0, step, [start, to])[1].stack()
        for name, (start, to, step) in loops.items()
    }
    many = tf.TensorArray(tf.float32, 0, dynamic_size=True)
    many = tf.while_loop(lambda i, _: i < n, lambda i, o: (i + 1, o.write(i, x * as_float(i))), [0, many])[1]

    def sums(i: Any, o: Any) -> tuple[Any, Any]:
        return i + 1, o.write(i, given.read(i) + o.read(i - 1))

    first = tf.TensorArray(tf.float32, 4, element_shape=[3], clear_after_read=False).write(0, x[0])
    summed = tf.while_loop(lambda i, _: i < 4, sums, [1, first])[1]
    return {
        **found,
        "many": many.stack(),
        "count": many.size(),
        "size": given.size(),
        "sums": summed.stack(),
        "places": given.gather([2, 0]),
        "scattered": tf.TensorArray(tf.float32, 4).scatter([3, 1, 0, 2], x).stack(),
        "joined": tf.TensorArray(tf.float32, 2).split(x, [2, 2]).concat(),
    }


def mapped() -> Outputs:
    """The functions that make loops."""
    x = tf.placeholder(tf.float32, [None, 3], "x")

    def half(sum_: Any, row: Any) -> Any:
        return sum_ * 0.5 + row

    def product(sum_: Any, row: Any) -> Any:
        return sum_ - row * sum_

    return {
        "map": tf.map_fn(lambda row: tf.reduce_sum(row) * row, x),
        "left": tf.foldl(product, x),
        "right": tf.foldr(product, x),
        "scan": tf.scan(half, x),
        "reverse": tf.scan(half, x, reverse=True),
    }


def decoders() -> Outputs:
    """Words that choose the next ones, until all sequences have ended, and variables that a loop takes."""
    x, w = tf.placeholder(tf.float32, [None, 3], "x"), tf.get_variable("w", [3, 3])
    count_of = tf.shape(x)[0]
    helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(tf.get_variable("words", [7, 2]), tf.tile([1], [count_of]), 0)
    cell = tf.nn.rnn_cell.GRUCell(3)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, x, output_layer=tf.layers.Dense(7))
    found, _, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=6)
    r = tf.get_variable("r", [3, 3], use_resource=True)

    def step(i: Any, y: Any, v: Any) -> tuple[Any, Any, Any]:
        return i + 1, tf.matmul(y, v) + tf.matmul(x, r), v

    product = tf.while_loop(lambda i, *_: i < 3, step, [0, x, w])[1]
    return {"scores": found.rnn_output, "chosen": found.sample_id, "lengths": lengths, "product": product}


def lists() -> Outputs:
    """The lists of TensorFlow 2, filled by number and at the end."""
    n, x = tf.placeholder(tf.int32, [], "n"), tf.placeholder(tf.float32, [4, 3], "x")
    shape = tf.constant([3])
    given = apply("TensorListFromTensor", x, shape)
    reserved = apply("TensorListReserve", shape, 4, element_dtype="float32")
    empty = apply("EmptyTensorList", shape, -1, element_dtype="float32")

    def step(i: Any, placed: Any, pushed: Any) -> tuple[Any, Any, Any]:
        row = apply("TensorListGetItem", given, i, shape, element_dtype="float32")
        return i + 1, apply("TensorListSetItem", placed, i, row * 2), apply("TensorListPushBack", pushed, row)

    _, placed, pushed = tf.while_loop(lambda i, *_: i < n, step, [0, reserved, empty])
    return {
        "placed": apply("TensorListStack", placed, shape, element_dtype="float32"),
        "pushed": apply("TensorListStack", pushed, shape, element_dtype="float32"),
        "length": apply("TensorListLength", pushed),
        "rows": apply("TensorListGather", given, tf.constant([2, 0]), shape, element_dtype="float32"),
    }


TABLE: dict[str, tuple[Callable[[], Outputs], Sequence[Feeds]]] = {
    "recurrent": (
        recurrent,
        [{"x:0": STEPS, "n:0": np.array([2, 4], np.int32)}, {"x:0": STEPS[:1], "n:0": np.array([5], np.int32)}],
    ),
    "plain": (plain, [{"x:0": ROWS, "n:0": count(n)} for n in (0, 1, 3)]),
    "branches": (branches, [{"x:0": ROWS, "n:0": count(n)} for n in (0, 1, 3)]),
    "arrays": (arrays, [{"x:0": ROWS, "n:0": count(3)}]),
    "decoders": (decoders, [{"x:0": ROWS}]),
    "mapped": (mapped, [{"x:0": ROWS}, {"x:0": ROWS[:1]}]),
    "lists": (lists, [{"x:0": ROWS, "n:0": count(4)}]),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_loop_computes_the_same(name: str) -> None:
    """Values, dtypes and shapes."""
    make, feeds = TABLE[name]
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        outputs = make()
        sess.run(tf.global_variables_initializer())
        for each in feeds:
            assert {} == compared(outputs, sess, each)


def test_elements_become_scan_outputs() -> None:
    """A loop that writes its rows in order does not carry the array that they are in."""
    with tf.Graph().as_default(), tf.Session() as sess:
        y = tf.map_fn(lambda row: row * 2, tf.placeholder(tf.float32, [None, 3], "x"))
        graph = model_graph(sess.graph, SessionWeights(sess), [y.name])
        loop = next(node for node in graph.nodes if node.op == "Loop")
    body = loop.attrs["body"]
    assert len(body.outputs) == len(body.inputs), "one more than what is carried, and no number of the iteration"
    assert "ScatterND" not in {node.op for node in body.nodes}


def test_an_array_of_any_shape() -> None:
    """Elements that are written in any order, of a shape that the first one tells; a growing array is refused."""
    with tf.Graph().as_default(), tf.Session() as sess:
        x, n = tf.placeholder(tf.float32, [None, None], "x"), tf.placeholder(tf.int32, [], "n")
        made = tf.TensorArray(tf.float32, 4).write(2, x).write(1, x * 2).stack()
        last = tf.while_loop(
            lambda i, _: i < n,
            lambda i, o: (i + 1, o.write(3 - i, x + as_float(i))),
            [0, tf.TensorArray(tf.float32, 4)],
        )
        outputs = {"made": made, "last": last[1].stack()}
        shapes = {tensor.name: [None, None, None] for tensor in outputs.values()}
        assert {} == compared(outputs, sess, {"x:0": ROWS, "n:0": count(3)}, shapes)
        growing = tf.TensorArray(tf.float32, 0, dynamic_size=True).write(3, x).stack()
        with pytest.raises(UnimplementedError, match=r"TensorArrayWriteV3 .* it grows by writes in any order"):
            model_graph(sess.graph, SessionWeights(sess), [growing.name])
