"""Make the golden files of functions with TensorFlow: a graph with functions, and a SavedModel of TensorFlow 2.

Run with a Python that has TensorFlow: ``python tests/saved_model/make_golden_functions.py FOLDER``.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import function
from tensorflow.python.ops import functional_ops

tf1 = tf.compat.v1

X = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)


def write(path: Path, message: Any) -> None:
    """Write a message, compressed."""
    path.write_bytes(gzip.compress(message.SerializeToString(deterministic=True), mtime=0))


class Module(tf.Module):  # type: ignore[misc]  # TensorFlow is not there
    """A function with variables, a loop and a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
        self.calls = tf.Variable(0, name="calls")

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def run(self, x: Any) -> Any:
        """Count the calls."""
        y = tf.matmul(x, self.w)
        i = tf.constant(0)
        while i < 3:
            y = tf.nn.relu(y) + 1.0
            i += 1
        y = y * 2.0 if tf.reduce_sum(y) > 10.0 else y - 1.0
        self.calls.assign_add(1)
        return {"y": y, "calls": self.calls.read_value()}


def make_saved_model(folder: Path) -> dict[str, Any]:
    """Save the module as TensorFlow 2 does, and run it."""
    module = Module()
    with tempfile.TemporaryDirectory() as name:
        tf.saved_model.save(module, name, signatures=module.run)
        model = saved_model_pb2.SavedModel.FromString((Path(name) / "saved_model.pb").read_bytes())
        for part in (Path(name) / "variables").iterdir():
            (folder / part.name).write_bytes(part.read_bytes())
    graph = model.meta_graphs[0]
    graph.ClearField("object_graph_def")
    graph.meta_info_def.ClearField("stripped_op_list")
    write(folder / "saved_model.pb.gz", model)
    return {key: value.numpy().tolist() for key, value in module.run(X).items()}


def make_graph(folder: Path) -> dict[str, Any]:
    """Build a graph with every kind of call by TensorFlow 1's functions, and run it."""
    pair = function.Defun(tf.float32, tf.float32, func_name="pair_fn")(lambda x, y: (x * y, tf.sin(x)))
    nested = function.Defun(tf.float32, func_name="nested_fn")(lambda x: pair(*pair(x, x))[0] + 1.0)
    less = function.Defun(tf.int32, tf.float32, func_name="less_fn")(lambda i, x: i < 5)
    double = function.Defun(tf.int32, tf.float32, func_name="double_fn")(lambda i, x: (i + 1, x * 2.0))
    square = function.Defun(tf.float32, func_name="square_fn")(lambda x: x * x)
    triple = function.Defun(tf.float32, func_name="triple_fn")(lambda x: x * 3.0)
    add = function.Defun(tf.int32, tf.float32, func_name="add_fn")(lambda i, x: x + tf.cast(i, tf.float32))
    loop_of_loops = function.Defun(tf.int32, tf.float32, func_name="loop_fn")(
        lambda i, x: (i + 1, functional_ops.While([0, x], less, double)[1])
    )
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [2], name="x")
        p = tf1.placeholder(tf.bool, [], name="p")
        k = tf1.placeholder(tf.int32, [], name="k")
        results = {
            "direct": pair(x, x + 1.0)[1],
            "nested": nested(x),
            "call": tf.raw_ops.PartitionedCall(args=[x], Tout=[tf.float32], f=nested)[0],
            "stateful": tf.raw_ops.StatefulPartitionedCall(args=[x], Tout=[tf.float32], f=nested)[0],
            "while": functional_ops.While([0, x], less, double)[1],
            "loops": functional_ops.While([0, x], less, loop_of_loops)[1],
            "if": functional_ops.If(p, [x], square, triple)[0],
            "case": tf.raw_ops.Case(branch_index=k, input=[x], Tout=[tf.float32], branches=[square, triple, nested])[0],
            "for": functional_ops.For(0, 4, 1, [x], add)[0],
        }
        for name in ("nested", "call", "if"):
            results[f"{name}_derivative"] = tf1.gradients(results[name], x)[0]
        for name, tensor in results.items():
            tf.identity(tensor, name=f"out_{name}")
        write(folder / "graph.pb.gz", graph.as_graph_def())
        feeds = {x: [1.0, 2.0]}
        with tf1.Session() as session:
            return {
                f"{name} {at}": session.run(tensor, {**feeds, p: bool(at), k: at}).tolist()
                for name, tensor in results.items()
                for at in range(4)
            }


if __name__ == "__main__":
    target = Path(sys.argv[1])
    model = make_saved_model(target)
    tf1.disable_v2_behavior()
    found = {"x": X.tolist(), "model": model, "graph": make_graph(target)}
    (target / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
