#!/usr/bin/env bash
# TensorFlow 2.21.0: `tf.compat.v1.graph_util.remove_training_nodes` takes CheckNumerics operations out of a graph, and with
# them the inputs of the operations that used their results: those are not connected to what was checked. The versions of
# the graph are gone as well, so that the result counts as made by the oldest producer.
#
# Seen: y = check(x) + 1 has the inputs "y/y" alone afterwards, the producer is 0 instead of 2474, and the result cannot be
# imported ("... do not match 1 inputs specified"). An Identity in the place of the check is taken out without a loss.
#
# Why it matters: freezing scripts call it before they write the file. A model with `check_numerics` or
# `add_check_numerics_ops` becomes a file that nothing loads, and the error comes when the file is used.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/removal.py" <<'PYTHON'
import tensorflow.compat.v1 as tf

for between in (tf.identity, lambda tensor, name: tf.check_numerics(tensor, "bad", name=name)):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None], name="x")
        tf.add(between(x, name="between"), 1.0, name="y")
    result = tf.graph_util.remove_training_nodes(graph.as_graph_def(), protected_nodes=["y"])
    inputs = next(list(node.input) for node in result.node if node.name == "y")
    print(inputs, result.versions.producer == graph.graph_def_versions.producer, end=" ")
    with tf.Graph().as_default():
        try:
            tf.import_graph_def(result)
            print("is imported")
        except ValueError:
            print("ValueError")
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/removal.py" 2>/dev/null)
echo "inputs of y, whether the producer was kept, and an import of the result; for an Identity and for a check:"
echo "$found"
[ "$found" = "['x', 'y/y'] False is imported
['y/y'] False ValueError" ]
