#!/usr/bin/env bash
# TensorFlow 2.21.0, graph mode without control flow v2: a seeded random operation in the body of `tf.while_loop`, which needs
# nothing of the iteration before, draws for the last iteration first. Iterations are started ahead, and the newest one runs.
#
# Seen: four iterations draw 0.867, 0.089, 0.986, 0.800 with `parallel_iterations=1`. With the default of 10 they get the same
# four numbers the other way round in most sessions (19 of 20), and in this order in others.
#
# Why it matters: `tf.nn.dynamic_rnn` with dropout of the cells is such a loop, so that a program that sets every seed may print
# other losses each time it is started, and no port of it can print the same ones. `parallel_iterations=1` makes it repeatable.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/loops.py" <<'PYTHON'
from collections import Counter

import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()


def drawn(parallel_iterations):
    """What four iterations draw in a new graph and session."""
    with tf.Graph().as_default():
        tf.set_random_seed(7)
        array = tf.TensorArray(tf.float32, 4)
        _, array = tf.while_loop(
            lambda i, _: i < 4,
            lambda i, array: (i + 1, array.write(i, tf.random_uniform([], seed=5))),
            [0, array],
            parallel_iterations=parallel_iterations,
        )
        numbers = array.stack()
        with tf.Session() as session:
            return tuple(round(float(number), 3) for number in session.run(numbers))


for parallel_iterations in (1, 10):
    counted = Counter(drawn(parallel_iterations) for _ in range(20))
    for order, times in counted.most_common():
        print("parallel_iterations =", parallel_iterations, order, "in", times, "of 20 sessions")
assert {drawn(1)} == {(0.867, 0.089, 0.986, 0.8)}
assert (0.8, 0.986, 0.089, 0.867) in counted
PYTHON

TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/loops.py" 2>/dev/null
