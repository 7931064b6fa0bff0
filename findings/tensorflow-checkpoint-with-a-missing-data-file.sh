#!/usr/bin/env bash
# TensorFlow 2.21.0: a checkpoint of two data files, of which one is missing, exists (`checkpoint_exists`), lists all its
# variables, and gives those in the other file. Only a read of a value in the missing file is an error.
#
# Seen: the merged checkpoint of `a` and `b`, without `x.data-00001-of-00002`: True, both names, a = 1.0; b: a plain OpError.
#
# Why it matters: a copy or a download that lacks a file looks complete until the last variable is restored. It is also
# of use: an index may name more data files than are needed, so a checkpoint can be replaced by one with another number
# of files without a moment in which the new index leads to old data.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/merge.py" <<'PYTHON'
import os
import sys

import tensorflow as tf

folder = sys.argv[1]
for name, value in (("a", 1.0), ("b", 2.0)):
    tf.raw_ops.SaveV2(prefix=f"{folder}/{name}", tensor_names=[name], shape_and_slices=[""], tensors=[tf.constant(value)])
tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[f"{folder}/a", f"{folder}/b"], destination_prefix=f"{folder}/x")
os.remove(f"{folder}/x.data-00001-of-00002")
print(tf.compat.v1.train.checkpoint_exists(f"{folder}/x"))
print(tf.train.list_variables(f"{folder}/x"))
print(float(tf.train.load_variable(f"{folder}/x", "a")))
try:
    tf.train.load_variable(f"{folder}/x", "b")
except Exception as error:
    print(type(error).__name__)
PYTHON

mkdir "$folder/model"
found=$("$folder/venv/bin/python" "$folder/merge.py" "$folder/model" 2>/dev/null)
echo "$found"
[ "$found" = "True
[('a', []), ('b', [])]
1.0
OpError" ]
