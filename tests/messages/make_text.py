"""Check the text that `test_graph_text.py` compares with: run with a Python that has TensorFlow.

python tests/messages/make_text.py graph.pbtxt

It parses the file that hdfsaver wrote, imports the graph, and prints what its constants and attributes are.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Print one line per operation."""
    import tensorflow.compat.v1 as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from google.protobuf import text_format  # type: ignore[import-untyped,import-not-found,unused-ignore]

    tf.disable_v2_behavior()
    definition = tf.GraphDef()
    text_format.Parse(Path(sys.argv[1]).read_text(encoding="utf-8"), definition)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        for operation in graph.get_operations():
            is_constant = operation.type == "Const"
            value = repr(tf.make_ndarray(operation.get_attr("value")).tolist()) if is_constant else ""
            outputs = [f"{tensor.dtype.name}{tensor.shape}" for tensor in operation.outputs]
            sys.stdout.write(f"{operation.name} {operation.type} {outputs} {operation.device} {value}\n")


if __name__ == "__main__":
    main()
