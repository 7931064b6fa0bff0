#!/usr/bin/env bash
# TensorFlow 2.21.0, graph mode: `tf.while_loop` takes loop variables in a list and a body that returns a tuple of them. With
# `maximum_iterations` the same loop is a TypeError.
#
# Seen: without a limit, list in and tuple out gives the results; with `maximum_iterations=9` the two structures "don't have the
# same nested structure". A body that returns a list works with both.
#
# Why it matters: `lambda i, x: (i + 1, x * 2)` with `[0, 1]` is how loops are mostly written. Who adds a limit to such a loop,
# to guard against one that does not end, gets an error that names neither the limit nor a remedy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/loops.py" <<'PYTHON'
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
for limit in (None, 9):
    for form in (tuple, list):
        try:
            made = tf.while_loop(lambda i, x: i < 3, lambda i, x: form([i + 1, x * 2]), [0, 1], maximum_iterations=limit)
            with tf.Session() as session:
                print(limit, form.__name__, [int(value) for value in session.run(made)])
        except TypeError as error:
            print(limit, form.__name__, "TypeError:", str(error).splitlines()[0])
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/loops.py" 2>/dev/null)
echo "the limit, what the body returns, and the result:"
echo "$found"
[ "$found" = "None tuple [3, 8]
None list [3, 8]
9 tuple TypeError: The two structures don't have the same nested structure.
9 list [3, 8]" ]
