"""Record the graphs that TensorFlow makes of programs, and their results: run with a Python that has TensorFlow.

TF_USE_LEGACY_KERAS=1 python -m tests.layers.make_programs tests.layers.programs > tests/layers/programs.json

``tf.layers`` of TensorFlow 2 needs the package ``tf_keras`` too.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

from tests.ops.make_programs import feed_for, nodes_of, plain, tensors_in

COLLECTIONS = (
    "variables",
    "trainable_variables",
    "local_variables",
    "update_ops",
    "losses",
    "regularization_losses",
    "metric_variables",
)


def run(tf: Any, program: Any) -> dict[str, Any]:
    """The record of one program: its graph, its collections, its results, and the variables after an update."""
    with tf.Graph().as_default() as graph:
        tensors = list(tensors_in(program(tf)))
        nodes = nodes_of(graph)
        listed = {key: [element.name for element in graph.get_collection(key)] for key in COLLECTIONS}
        start = [tf.global_variables_initializer(), tf.local_variables_initializer()]
        feeds = {
            operation.outputs[0]: feed_for(operation.outputs[0])
            for operation in graph.get_operations()
            if operation.type == "Placeholder"
        }
        with tf.Session() as session:
            session.run(start)
            values = session.run(tensors, feeds)
            session.run(graph.get_collection("update_ops"), feeds)
            later = session.run(tensors, feeds)
            variables = session.run([*tf.global_variables(), *tf.local_variables()])
    found = {key: names for key, names in listed.items() if names}
    return {
        "nodes": nodes,
        "collections": found,
        "values": [plain(value) for value in (later if "metric_variables" in found else values)],
        "variables": [plain(value) for value in variables],
    }


def main() -> None:
    """Print the record of all programs of a module, a line each."""
    import tensorflow.compat.v1 as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    tf.disable_v2_behavior()
    tf.disable_resource_variables()
    module = importlib.import_module(sys.argv[1])
    recorded = {name: run(tf, program) for name, program in {**module.PROGRAMS, **module.RESULTS}.items()}
    for name in module.RESULTS:
        del recorded[name]["nodes"]
    lines = [f"{json.dumps(name)}: {json.dumps(record)}" for name, record in recorded.items()]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
