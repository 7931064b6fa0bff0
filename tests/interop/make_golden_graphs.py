"""Write the golden graphs with TensorFlow: run with a Python that has TensorFlow.

python tests/interop/make_golden_graphs.py tests/interop/golden_graphs

Beside the files stands ``expected.json``: what TensorFlow says comes out of each operation, and what a run gives.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.interop.make_golden import tensorflow

FED = [[1.0, 2.0, 3.0]]


def outputs(graph: Any) -> dict[str, list[list[Any]]]:
    """The dtype and the shape of everything that comes out of operations."""
    return {op.name: [[item.dtype.name, _sizes(item.shape)] for item in op.outputs] for op in graph.get_operations()}


def _sizes(shape: Any) -> list[int | None] | None:
    return None if shape.rank is None else list(shape.as_list())


def model(tf: ModuleType) -> dict[str, Any]:
    """A small model with one of each thing that a graph can have; what its Saver keeps."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", [3, 2], initializer=tf.constant_initializer(0.5))
    parts = tf.get_variable(
        "p", [4, 2], partitioner=tf.fixed_size_partitioner(2), initializer=tf.random_uniform_initializer(seed=1)
    )
    bias = tf.Variable([1.0, 2.0], name="b", trainable=False)
    y = tf.nn.softmax(tf.matmul(x, w) + bias, name="y")
    constants(tf)
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    tf.cond(tf.reduce_any(y > 0.5), lambda: y, lambda: y + 1)
    tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(y), name="train")
    for key, item in {"things": y, "texts": "hello", "numbers": 3, "floats": 0.1}.items():
        tf.add_to_collection(key, item)
    functions(tf, y)
    return {"weights": w, "b": bias, "p": list(parts)}


def constants(tf: ModuleType) -> None:
    """Constants in each of the ways in which their elements are packed."""
    big = tf.constant(np.arange(100, dtype=np.float32), name="big")
    tf.constant(0.0, shape=[200, 300], name="zeros")
    tf.constant(7, shape=[1000], name="splat")
    tf.constant(np.array([1.5, 2], np.float16), name="half")
    tf.constant([b"a\0", b"\xff"], name="texts")
    tf.constant(np.array([1 + 2j]), name="complex")
    tf.constant([True, False], name="flags")
    tf.split(big, 2, name="split")


def functions(tf: ModuleType, y: Any) -> None:
    """A call of a function."""
    from tensorflow.python.framework import function

    @function.Defun(tf.float32, func_name="add_one")
    def add_one(value: Any) -> Any:
        return value + 1.0

    add_one(y, name="called")


def make_small(tf: ModuleType, folder: Path) -> dict[str, Any]:
    """A checkpoint with its graph, that graph frozen, and a SavedModel."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.set_random_seed(3)
        saver = tf.train.Saver(model(tf))
        session.run(tf.global_variables_initializer())
        prefix = saver.save(session, str(folder / "small.ckpt"), write_state=False)
        found = {"outputs": outputs(graph), "y": session.run("y:0", {"x:0": FED}).tolist(), "prefix": Path(prefix).name}
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
        tf.io.write_graph(frozen, str(folder), "frozen.pb", as_text=False)
        tf.io.write_graph(frozen, str(folder), "frozen.pbtxt", as_text=True)
        make_saved_model(tf, session, folder)
    return found


def make_saved_model(tf: ModuleType, session: Any, folder: Path) -> None:
    """A SavedModel with an asset, a signature and tags."""
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("a\nb\n")
    tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, tf.constant(str(vocabulary.name), name="asset_path"))
    builder = tf.saved_model.builder.SavedModelBuilder(str(folder / "saved"))
    get = session.graph.get_tensor_by_name
    signature = tf.saved_model.signature_def_utils.predict_signature_def({"x": get("x:0")}, {"y": get("y:0")})
    builder.add_meta_graph_and_variables(
        session,
        ["serve", "test"],
        signature_def_map={"serving_default": signature},
        assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
    )
    builder.save()
    vocabulary.unlink()


def make_resource(tf: ModuleType, folder: Path) -> dict[str, Any]:
    """A graph with a resource variable beside one of references."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        w = tf.get_variable("w", [3, 2], initializer=tf.constant_initializer(0.5), use_resource=True)
        v = tf.get_variable("v", [2], initializer=tf.constant_initializer(4.0))
        tf.add(tf.matmul(x, w), v, name="y")
        tf.multiply(v, 2.0, name="twice")
        session.run(tf.global_variables_initializer())
        tf.train.Saver({"w": w, "vv": v}).save(session, str(folder / "resource.ckpt"), write_state=False)
        return {"outputs": outputs(graph)}


def main(folder: Path) -> None:
    """Write everything into a folder, which is made anew."""
    import os

    tf = tensorflow()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    here = Path.cwd()
    os.chdir(folder)  # so that no path of this machine gets into a file
    try:
        found = {"small": make_small(tf, Path()), "resource": make_resource(tf, Path())}
    finally:
        os.chdir(here)
    (folder / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
