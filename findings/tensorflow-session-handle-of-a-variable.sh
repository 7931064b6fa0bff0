#!/usr/bin/env bash
# TensorFlow 2.21.0, graph mode: `tf.get_session_handle(variable.value())` keeps a tensor in the session for later runs. Of a
# resource variable it keeps the value of that moment. Of a reference variable, TensorFlow 1's default, it keeps the buffer
# of the variable itself: `assign` and `assign_add` change what the handle gives.
#
# Seen: the handle of the reference variable gives [1. 2.], then [2. 3.] after `assign_add`, then [7. 8.] after `assign`; the
# handle of the resource variable gives [1. 2.] each time.
#
# Why it matters: a handle looks like a cheap way to keep "the best weights so far" in a session. With reference variables
# they are overwritten by the next step, and nothing is raised. Keep `tf.identity(variable + 0)`, or NumPy arrays.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/handles.py" <<'PYTHON'
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
for resource in (False, True):
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.Variable([1.0, 2.0], use_resource=resource)
        kept = tf.get_session_handle(variable.value())
        changes = [variable.assign_add([1.0, 1.0]), variable.assign([7.0, 8.0])]
        session.run(tf.global_variables_initializer())
        handle = session.run(kept)
        seen = [handle.eval()]
        for change in changes:
            session.run(change)
            seen.append(handle.eval())
        print("resource " if resource else "reference", *seen)
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/handles.py" 2>/dev/null)
echo "kind of variable, its handle at first, after assign_add, after assign:"
echo "$found"
[ "$found" = "reference [1. 2.] [2. 3.] [7. 8.]
resource  [1. 2.] [1. 2.] [1. 2.]" ]
