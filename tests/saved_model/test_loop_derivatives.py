"""Derivatives of loops that call functions, of graphs that TensorFlow made; `make_golden_loops.py` recorded them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes

GOLDEN = Path(__file__).parent / "golden_functions"
RESULTS: dict[str, Any] = json.loads((GOLDEN / "loops.json").read_text(encoding="utf-8"))


def imported() -> tf.Variable:
    """Import the recorded graph: its variable."""
    data = gzip.decompress((GOLDEN / "loops.meta.gz").read_bytes())
    tf.train.import_meta_graph(message_classes.MetaGraphDef.FromString(data))
    (found,) = tf.global_variables()
    return found


@pytest.mark.parametrize("kind", ["while", "nested", "array", "call"])
def test_values_and_derivatives_are_tensorflows(kind: str) -> None:
    """Of loops of no, one and three iterations: with variables, loops and branches inside, and lists of tensors."""
    w = imported()
    graph = tf.get_default_graph()
    y = graph.get_tensor_by_name(f"out_{kind}:0")
    grads = tf.gradients(y, [graph.get_tensor_by_name("x:0"), w])
    with tf.Session() as session:
        session.run(w.initializer)
        for count in (0, 1, 3):
            feeds = {"x:0": [0.3, -0.7], "n:0": count}
            expected = RESULTS[f"{kind} {count}"]
            assert [value is None for value in expected[1:]] == [grad is None for grad in grads]
            for fetched, value in zip([y, *grads], expected, strict=True):
                if value is not None:
                    found = session.run(tf.convert_to_tensor(fetched), feeds)
                    np.testing.assert_allclose(found, np.reshape(value, found.shape), rtol=1e-5)


def test_an_imported_loop_is_trained() -> None:
    """An optimizer changes the variable that the body reads, so that the result comes near to what is wanted."""
    w = imported()
    y = tf.get_default_graph().get_tensor_by_name("out_while:0")
    loss = tf.reduce_sum(tf.square(y - [0.2, -0.1]))
    train = tf.train.GradientDescentOptimizer(0.3).minimize(loss)
    feeds = {"x:0": [0.3, -0.7], "n:0": 2}
    with tf.Session() as session:
        session.run(w.initializer)
        before = session.run(loss, feeds)
        for _ in range(25):
            session.run(train, feeds)
        assert session.run(loss, feeds) < 0.1 * before


def test_a_loop_that_cannot_be_run_again() -> None:
    """One with random numbers inside has no derivative, and the error names the operation that draws them."""
    imported()
    graph_def = tf.get_default_graph().as_graph_def()
    (body,) = [each for each in graph_def.library.function if any(node.op == "Sin" for node in each.node_def)]
    (node,) = [node for node in body.node_def if node.op == "Sin"]
    shape = body.node_def.add(name="sizes", op="Const")
    shape.attr["dtype"].type = 3
    shape.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([2]))
    node.op = "RandomUniform"
    node.input[:] = ["sizes:output:0"]
    node.attr["T"].type = 3
    node.attr["dtype"].type = 1
    for function in graph_def.library.function:
        for user in function.node_def:
            for place, text in enumerate(user.input):
                user.input[place] = text.replace(f"{node.name}:y:", f"{node.name}:output:")
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        y, x = (graph.get_tensor_by_name(f"{name}:0") for name in ("out_while", "x"))
        with pytest.raises(LookupError, match=r"has no derivative: \S+ \(RandomUniform\) in .* has effects or draws"):
            tf.gradients(y, x)
