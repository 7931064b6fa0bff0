#!/usr/bin/env bash
# TensorFlow 2.21.0 (NumPy 2), graph mode: a Python integer fed to a placeholder is compared with the placeholder's dtype, and
# 300 for uint8 is a TypeError. The same number in a list, in an array, or as a NumPy integer is cast as C casts it: 300
# becomes 44 and -1 becomes 255. NumPy 2 itself refuses such a list: `np.array([300], dtype="uint8")` is an OverflowError.
#
# Seen: 300: TypeError; [300]: 44; np.int64(300): 44; [-1]: 255; [1.9]: 1.
#
# Why it matters: a batch of images fed as lists wraps around without an error where one pixel alone is refused. Make the
# array with its dtype first, so that NumPy looks at the numbers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/feeds.py" <<'PYTHON'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
given = tf.placeholder(tf.uint8)
passed = tf.identity(given)
with tf.Session() as session:
    for value in (300, [300], np.int64(300), [-1], [1.9]):
        try:
            print(repr(value), np.ravel(session.run(passed, {given: value})))
        except TypeError:
            print(repr(value), "TypeError")
try:
    np.array([300], dtype="uint8")
except OverflowError:
    print("NumPy: OverflowError")
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/feeds.py" 2>/dev/null)
echo "what is fed to a placeholder of uint8, and what arrives:"
echo "$found"
[ "$found" = "300 TypeError
[300] [44]
np.int64(300) [44]
[-1] [255]
[1.9] [1]
NumPy: OverflowError" ]
