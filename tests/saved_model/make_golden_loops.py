"""Make the golden files of loops that call functions, with TensorFlow: a meta graph, values and derivatives.

Run with a Python that has TensorFlow: ``python tests/saved_model/make_golden_loops.py FOLDER``.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.ops import while_v2

tf1 = tf.compat.v1
tf1.disable_eager_execution()
tf1.enable_control_flow_v2()
tf1.enable_resource_variables()


def loop(n: Any, body: Any, first: Any) -> Any:
    """The last value of a loop of n iterations."""
    return while_v2.while_loop(lambda i, *_: i < n, lambda i, *values: (i + 1, *body(i, *values)), [0, *first])[1]


def make(x: Any, n: Any, w: Any) -> dict[str, Any]:
    """Loops of each kind: with a variable, in a loop, with lists, and in a function with a branch."""
    read = tf1.TensorArray(tf.float32, size=3, element_shape=[2]).unstack(tf.stack([x, x * x, x * x * x]))
    written = tf1.TensorArray(tf.float32, size=n, element_shape=[2])
    inner = lambda i, v: (loop(i, lambda j, u: (u * x + tf.cast(j, tf.float32),), [v]) * 0.5 + v,)  # noqa: E731

    @tf.function
    def called(x: Any, n: Any) -> Any:
        return loop(n, lambda i, v: (tf1.cond(i < 1, lambda: v * x, lambda: v + w * x),), [x])

    return {
        "while": loop(n, lambda i, v: (tf.sin(v * w) + x * v,), [x]),
        "nested": loop(n, inner, [x]),
        "array": loop(n, lambda i, array, v: (array.write(i, v * read.read(i)), v * v), [written, x]).stack(),
        "call": called(x, n),
    }


def main(folder: Path) -> None:
    """Write the files."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        x, n = tf1.placeholder(tf.float32, [2], "x"), tf1.placeholder(tf.int32, [], "n")
        w = tf1.Variable([1.5, 0.5], name="w")
        found = {name: tf.identity(value, name=f"out_{name}") for name, value in make(x, n, w).items()}
        meta = tf1.train.export_meta_graph(graph=graph)
        grads = {name: tf1.gradients(value, [x, w]) for name, value in found.items()}  # these change the loops
        results = {}
        session.run(tf1.global_variables_initializer())
        for name, value in found.items():
            fetches = [None if each is None else tf.convert_to_tensor(each) for each in [value, *grads[name]]]
            for count in (0, 1, 3):
                feeds = {x: [0.3, -0.7], n: count}
                given = [None if each is None else session.run(each, feeds).tolist() for each in fetches]
                results[f"{name} {count}"] = given
    (folder / "loops.meta.gz").write_bytes(gzip.compress(meta.SerializeToString(deterministic=True), mtime=0))
    (folder / "loops.json").write_text(json.dumps(results) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
