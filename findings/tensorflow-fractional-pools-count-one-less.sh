#!/usr/bin/env bash
# TensorFlow 2.21.0, graph mode: the second and third result of `tf.nn.fractional_max_pool` and `fractional_avg_pool` are the
# borders of the windows, one more than there are windows. The graph says that there are as many as windows.
#
# Seen: for an image of 6 x 8 pixels and ratios of 1.5 and 1.3 the output is 4 x 6, the static shapes of the borders are [4] and
# [6], and a run gives 5 and 7 numbers. Worse, `tf.size` and `tf.shape` of the borders are computed from the wrong static shape:
# in one and the same run the size is 4, and the tensor has 5 elements.
#
# Why it matters: these borders are the inputs of the derivatives, and of programs that draw the windows. A reader that trusts
# static shapes, or a program that loops up to `tf.size(borders)`, loses the last border without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/pools.py" <<'PYTHON'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
image = tf.constant(np.arange(48.0, dtype=np.float32).reshape(1, 6, 8, 1))
for pool in (tf.nn.fractional_max_pool, tf.nn.fractional_avg_pool):
    output, rows, columns = pool(image, [1.0, 1.5, 1.3, 1.0])
    with tf.Session() as session:
        size, borders, across = session.run([tf.size(rows), rows, columns])
    said = f"says {rows.shape.as_list()} and {columns.shape.as_list()}"
    print(f"{pool.__name__}: output {output.shape.as_list()[1:3]}, {said}; {len(borders)} and {len(across)}; size {size}")
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/pools.py" 2>/dev/null)
echo "the windows, what the graph says of their borders, how many a run gives, and their tf.size:"
echo "$found"
[ "$found" = "fractional_max_pool: output [4, 6], says [4] and [6]; 5 and 7; size 4
fractional_avg_pool: output [4, 6], says [4] and [6]; 5 and 7; size 4" ]
