#!/usr/bin/env bash
# TensorFlow 2.21.0: `tf.compat.v1.saved_model.simple_save` writes a SavedModel whose signature has an input named "in",
# "class" or "lambda", and TensorFlow 1's loader reads it. `tf.saved_model.load` refuses the whole model, with a ValueError
# that names neither the model nor the signature, as it makes a Python function with a parameter of that name. Names that
# are not identifiers at all, such as "a b" and "x/y", are read.
#
# Seen: "in", "class" and "lambda": ValueError "... is not a valid parameter name"; "a b" and "x/y": loaded.
#
# Why it matters: "in" is a usual name for the input of a TensorFlow 1 model. It cannot be opened by TensorFlow 2 until the
# signature has been renamed in saved_model.pb; an exporter should refuse, or warn of, Python's keywords.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/signatures.py" <<'PYTHON'
import os
import sys

import tensorflow as tf

for number, name in enumerate(["in", "class", "lambda", "a b", "x/y"]):
    model = os.path.join(sys.argv[1], f"model{number}")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        given = tf.compat.v1.placeholder(tf.float32, [None])
        tf.compat.v1.saved_model.simple_save(session, model, {name: given}, {"out": given * 2.0})
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.saved_model.load(session, ["serve"], model)
    try:
        tf.saved_model.load(model)
        print(name, "is loaded")
    except ValueError as error:
        print(name, error)
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/signatures.py" "$folder" 2>/dev/null)
echo "the input's name, and what tf.saved_model.load says:"
echo "$found"
[ "$found" = "in 'in' is not a valid parameter name
class 'class' is not a valid parameter name
lambda 'lambda' is not a valid parameter name
a b is loaded
x/y is loaded" ]
