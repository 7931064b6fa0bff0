"""Make the golden files of lists of tensors with TensorFlow and Keras: loops, their derivatives, and a network.

Run with a Python that has both: ``python tests/saved_model/make_golden_lists.py FOLDER``.
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

STEPS = np.random.default_rng(3).uniform(-1, 1, (3, 4, 2)).astype(np.float32)
WEIGHTS = np.random.default_rng(4).uniform(-1, 1, (5, 3)).astype(np.float32)


def write(path: Path, message: Any) -> None:
    """Write a message, compressed."""
    path.write_bytes(gzip.compress(message.SerializeToString(deterministic=True), mtime=0))


def make_loop(folder: Path) -> dict[str, Any]:
    """A loop over steps that writes its results, and the derivatives of it that TensorFlow makes."""

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 2]), tf.TensorSpec([5, 3])])
    def run(steps: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([steps, weights])
            state = tf.zeros([4, 3])
            written = tf.TensorArray(tf.float32, tf.shape(steps)[0])
            for i in tf.range(tf.shape(steps)[0]):
                state = tf.tanh(tf.matmul(tf.concat([steps[i], state], 1), weights))
                written = written.write(i, state)
            stacked = written.stack()
            total = tf.reduce_sum(stacked * stacked)
        by_steps, by_weights = tape.gradient(total, [steps, weights])
        return {"stacked": stacked, "by_steps": by_steps, "by_weights": by_weights}

    concrete = run.get_concrete_function()
    names = {key: tensor.name for key, tensor in concrete.structured_outputs.items()}
    write(folder / "loop.pb.gz", concrete.graph.as_graph_def())
    values = {key: value.numpy().tolist() for key, value in concrete(STEPS, WEIGHTS).items()}
    return {"inputs": [tensor.name for tensor in concrete.inputs], "outputs": names, "values": values}


def make_network(folder: Path) -> list[Any]:
    """A network of Keras with an LSTM in both directions, saved as a SavedModel."""
    tf.keras.utils.set_random_seed(5)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((None, 2)),
            layers.Masking(),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(2),
        ]
    )
    with tempfile.TemporaryDirectory() as name:
        model.export(name)
        message = saved_model_pb2.SavedModel.FromString((Path(name) / "saved_model.pb").read_bytes())
        for part in (Path(name) / "variables").iterdir():
            (folder / part.name).write_bytes(part.read_bytes())
    graph = message.meta_graphs[0]
    graph.ClearField("object_graph_def")
    graph.meta_info_def.ClearField("stripped_op_list")
    write(folder / "saved_model.pb.gz", message)
    return model(given()).numpy().tolist()


def given() -> np.ndarray[Any, Any]:
    """Sequences of which one ends early."""
    return np.where(np.arange(4)[:, None] < [[[4]], [[2]], [[3]]], STEPS, np.float32(0))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    found = {
        "steps": STEPS.tolist(),
        "weights": WEIGHTS.tolist(),
        "given": given().tolist(),
        "loop": make_loop(target),
        "network": make_network(target),
    }
    (target / "results.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
