"""Models that the tests of the page show: trained networks, loops, graphs without scopes, large graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.schema import Structure
from hdfsaver.storage.writing import write_file


def saved(path: Path) -> Path:
    """The default graph with initial values, as a checkpoint."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return Path(tf.train.Saver().save(session, str(path)))


def resnet(blocks: int = 3) -> None:
    """A residual network of three stages with its training, in the default graph."""
    tf.set_random_seed(1)
    images = tf.placeholder(tf.float32, [None, 32, 32, 3], name="images")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    training = tf.placeholder_with_default(False, [], name="is_training")
    value = _conv(images, 16, 1, training, "stem")
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(blocks):
            with tf.variable_scope(f"stage{stage + 1}/block{block + 1}"):
                value = _block(value, filters, 2 if stage and not block else 1, training)
    value = tf.reduce_mean(value, [1, 2], name="pool")
    logits = tf.layers.dense(value, 10, name="logits")
    with tf.name_scope("loss"):
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        decay = tf.add_n([tf.nn.l2_loss(kernel) for kernel in tf.trainable_variables() if "kernel" in kernel.name])
        loss = tf.reduce_mean(each) + 1e-4 * decay
    with tf.name_scope("train"):
        tf.train.AdamOptimizer(1e-3).minimize(loss, global_step=tf.train.get_or_create_global_step())


def _conv(value: Any, filters: int, stride: int, training: Any, name: str) -> Any:
    with tf.variable_scope(name):
        value = tf.layers.conv2d(value, filters, 3, strides=stride, padding="same", use_bias=False, name="conv")
        return tf.nn.relu(tf.layers.batch_normalization(value, training=training, name="norm"))


def _block(value: Any, filters: int, stride: int, training: Any) -> Any:
    shortcut = value
    if value.shape[-1] != filters:
        shortcut = tf.layers.conv2d(value, filters, 1, strides=stride, use_bias=False, name="shortcut")
    value = _conv(value, filters, stride, training, "first")
    with tf.variable_scope("second"):
        value = tf.layers.conv2d(value, filters, 3, padding="same", use_bias=False, name="conv")
        value = tf.layers.batch_normalization(value, training=training, name="norm")
    return tf.nn.relu(value + shortcut)


def lstm(steps: int = 6) -> None:
    """A language model of one unrolled LSTM with its training, in the default graph."""
    tf.set_random_seed(2)
    words = tf.placeholder(tf.int32, [None, steps], name="words")
    targets = tf.placeholder(tf.int32, [None, steps], name="targets")
    table = tf.get_variable("embedding", [50, 16])
    inputs = tf.unstack(tf.nn.embedding_lookup(table, words), axis=1)
    outputs, _ = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(24), inputs, dtype=tf.float32)
    logits = tf.layers.dense(tf.stack(outputs, 1), 50, name="logits")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(losses, name="loss"))


def loops() -> None:
    """Two nested while loops and a condition, in the default graph."""
    start = tf.placeholder(tf.float32, [], name="start")
    scale = tf.get_variable("scale", [], initializer=tf.ones_initializer())

    def inner(value: Any) -> Any:
        return tf.while_loop(lambda each: each < 10.0, lambda each: each * 2.0 + scale, [value], name="inner")

    outer = tf.while_loop(lambda value: value < 100.0, lambda value: inner(value) + 1.0, [start], name="outer")
    tf.cond(outer > 50.0, lambda: outer - 1.0, lambda: outer + 1.0, name="choice")


def flat(count: int = 60) -> None:
    """A graph without scopes, in the default graph."""
    value = tf.placeholder(tf.float32, [None, 8], name="input") + tf.get_variable("weight", [8])
    for number in range(count):
        value = tf.add(tf.tanh(value, name=f"tanh{number}"), value, name=f"sum{number}")
    tf.identity(value, name="output")


def generated(count: int) -> Structure:
    """A large graph of blocks in nested scopes, one of which has 200 wired operations."""
    nodes: dict[str, dict[str, Any]] = {"input": _node("Placeholder", ())}
    last = "input"
    for number in range(200):
        sources = (last, f"wired/op{number - 7}") if number > 7 else (last,)
        last = f"wired/op{number}"
        nodes[last] = _node("AddN", sources)
    before, block = last, 0
    while len(nodes) < count:
        scope = f"part{block // 100}/group{block // 10 % 10}/block{block % 10}"
        for number in range(12):
            name = f"{scope}/layer{number // 4}/{('Conv2D', 'BiasAdd', 'Relu', 'add')[number % 4]}"
            sources = (last, before) if number == 11 else (last,)
            nodes[name] = _node(("Conv2D", "BiasAdd", "Relu", "AddV2")[number % 4], sources)
            last = name
        before, block = last, block + 1
    return Structure(schema.build(nodes))


def _node(op: str, sources: tuple[str, ...]) -> dict[str, Any]:
    return {
        "op": op,
        "device": "",
        "attrs": {"T": "float32"},
        "inputs": tuple((source, 0) for source in sources),
        "control_inputs": (),
        "outputs": (("float32", (None, 8, 8, 16)),),
    }


def write_generated(path: Path, count: int) -> None:
    """A checkpoint with a large graph and one array."""
    write_file(path, variables={"w": np.arange(12, dtype=np.float32).reshape(3, 4)}, structure=generated(count))


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`&lt;\u202egnp.exe\u2066\x07"
"""A name that tries to become a part of the page."""


def write_hostile(path: Path) -> None:
    """A checkpoint whose names and attributes try to become parts of the page."""
    node = _node(HOSTILE, ())
    nodes = {HOSTILE: {**node, "device": HOSTILE, "attrs": {HOSTILE: HOSTILE.encode()}}, "a": _node("Relu", (HOSTILE,))}
    structure = Structure(schema.build(nodes))
    write_file(path, variables={HOSTILE: np.ones(3, np.float32)}, structure=structure)
