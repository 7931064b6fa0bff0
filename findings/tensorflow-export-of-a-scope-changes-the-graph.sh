#!/usr/bin/env bash
# TensorFlow 2.21.0, graph mode: `tf.train.export_meta_graph(export_scope="s")` adds a collection "unbound_inputs" to the
# graph that it exports, not only to the message, where operations of the scope take inputs from outside of it. Every later
# export of the whole graph has that collection too, and cannot be imported.
#
# Seen: the collections are variables and trainable_variables before, and unbound_inputs as well afterwards; the import of a
# later export of the whole graph is a ValueError "Graph contains unbound inputs".
#
# Why it matters: an export looks as if it only reads. A program that writes a part of its model for a debugger, and later
# its checkpoints, writes .meta files that `import_meta_graph` refuses. Clear the collection after an export of a scope:
# `graph.clear_collection("unbound_inputs")`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/export.py" <<'PYTHON'
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()


def imported(message):
    """How the import of an export of the whole graph ends."""
    with tf.Graph().as_default():
        try:
            tf.train.import_meta_graph(message)
            return "imported"
        except ValueError as error:
            return str(error).partition(":")[0]


with tf.Graph().as_default() as graph:
    outside = tf.constant(1.0)
    with tf.name_scope("s"):
        tf.add(tf.Variable(2.0), outside)
    for step in range(2):
        print(*sorted(graph.get_all_collection_keys()), "-", imported(tf.train.export_meta_graph()))
        if step == 0:
            tf.train.export_meta_graph(export_scope="s")
    graph.clear_collection("unbound_inputs")
    print(*sorted(graph.get_all_collection_keys()), "-", imported(tf.train.export_meta_graph()))
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/export.py" 2>/dev/null)
echo "collections, and an import of the whole graph; before, after, and once the collection is cleared:"
echo "$found"
[ "$found" = "trainable_variables variables - imported
trainable_variables unbound_inputs variables - Graph contains unbound inputs
trainable_variables variables - imported" ]
