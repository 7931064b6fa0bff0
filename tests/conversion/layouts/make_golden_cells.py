"""Record cells of Keras 2 as frozen graphs of TensorFlow, an input, and the output that belongs to it.

    python tests/conversion/layouts/make_golden_cells.py

needs TensorFlow 2.21 and tf_keras 2.21. Loops are those of TensorFlow 1, or functions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("golden_cells")
CELLS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "lstm": ("LSTM", {"recurrent_activation": "sigmoid"}, False),
    "lstm_in_functions": ("LSTM", {"recurrent_activation": "sigmoid", "implementation": 2}, True),
    "lstm_hard_sigmoid": ("LSTM", {}, False),
    "gru": ("GRU", {"recurrent_activation": "sigmoid", "reset_after": True}, False),
    "gru_in_functions": ("GRU", {"recurrent_activation": "sigmoid", "reset_after": True, "implementation": 2}, True),
    "gru_reset_before": ("GRU", {"recurrent_activation": "sigmoid"}, False),
    "rnn_in_functions": ("SimpleRNN", {}, True),
}

KINDS = {name: {"SimpleRNN": "rnn"}.get(kind, kind.lower()) for name, (kind, _, _) in CELLS.items()}

if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    FOLDER.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    value = random.normal(size=(2, 5, 3)).astype(np.float32)
    found = {"x": value}
    for name, (kind, options, is_functional) in CELLS.items():
        with tf.Graph().as_default() as graph, tf.Session() as session:
            (tf.enable_control_flow_v2 if is_functional else tf.disable_control_flow_v2)()
            x = tf.placeholder(tf.float32, [2, 5, 3], name="x")
            layer = getattr(tf.keras.layers, kind)(4, return_sequences=True, name="layer", **options)
            y = tf.identity(layer(x), name="y")
            for variable in tf.global_variables():
                variable.load(random.uniform(-0.6, 0.6, variable.shape.as_list()).astype(np.float32), session)
            found[name] = session.run(y, {x: value})
            frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
            for node in (*frozen.node, *(each for function in frozen.library.function for each in function.node_def)):
                node.attr.pop("_output_shapes", None)
            (FOLDER / f"{name}.pb").write_bytes(frozen.SerializeToString(deterministic=True))
    np.savez_compressed(FOLDER / "values.npz", **found)
