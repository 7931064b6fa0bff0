#!/usr/bin/env bash
# TensorFlow 2.21.0, graph mode with control flow v2: `tf.gradients` of a `tf.while_loop` changes the loop's operation in the
# graph, which gets further outputs for the derivative. A session that has run the loop before keeps the old one.
#
# Seen: with the derivative made first, loop and derivative run. With the loop run first, the derivative fails in that session
# with InvalidArgumentError, "Connecting to invalid output"; in a new session of the same graph it gives the right value.
#
# Why it matters: adding operations to a graph after a run is normal in TensorFlow 1, in notebooks above all, and the message
# names an output of an operation that nobody has written. A new session is the remedy, and loses the variables' values.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/loops.py" <<'PYTHON'
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tf.enable_control_flow_v2()


def run(session, tensor, feeds):
    try:
        return session.run(tensor, feeds)
    except tf.errors.InvalidArgumentError as error:
        return "InvalidArgumentError, " + ("Connecting to invalid output" if "Connecting to invalid output" in str(error) else str(error))


for first in ("derivative", "run"):
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        power = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), (0, x))[1]
        with tf.Session() as session:
            if first == "run":
                session.run(power, {x: 2.0})
            derivative = tf.gradients(power, x)[0]
            same = run(session, derivative, {x: 2.0})
        with tf.Session() as session:
            print(f"{first} first: {same}; in a new session: {run(session, derivative, {x: 2.0})}")
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/loops.py" 2>/dev/null)
echo "the derivative of x**4 at 2, in the session that was open when it was made:"
echo "$found"
[ "$found" = "derivative first: 32.0; in a new session: 32.0
run first: InvalidArgumentError, Connecting to invalid output; in a new session: 32.0" ]
