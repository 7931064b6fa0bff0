#!/usr/bin/env bash
# Keras 3.15.1 with TensorFlow 2.21.0: in a checkpoint of a compiled and fitted model and its optimizer, written with
# `tf.train.Checkpoint(model=model, optimizer=model.optimizer)`, weights of the model have names of the optimizer.
#
# Seen: the kernel of the only layer is `optimizer/_trainable_variables/0/.ATTRIBUTES/VARIABLE_VALUE`; no name of the
# checkpoint has the layer in it. Only the description of the objects, in a tensor of its own, tells whose variable it is.
#
# Why it matters: a variable that several objects have gets the name of the first path that is found. A script that
# takes the weights out and leaves the optimizer by its prefix, `optimizer/`, leaves out the model, and one that looks
# for the weights below `model/` finds none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 keras==3.15.1

cat >"$folder/save.py" <<'PYTHON'
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1, name="dense")])
model.compile(optimizer=keras.optimizers.Adam(), loss="mse")
model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
tf.train.Checkpoint(model=model, optimizer=model.optimizer).write(sys.argv[1])
kernel = model.layers[0].kernel.numpy()
reader = tf.train.load_checkpoint(sys.argv[1])
names = sorted(name for name in reader.get_variable_to_shape_map() if not name.startswith("_CHECKPOINTABLE"))
same = [name for name in names if np.array_equal(np.squeeze(reader.get_tensor(name)), np.squeeze(kernel))]
print(*names, sep="\n")
print("the kernel is", same)
assert len(same) == 1 and same[0].startswith("optimizer/")
assert not any("kernel" in name or "dense" in name for name in names)
PYTHON

"$folder/venv/bin/python" "$folder/save.py" "$folder/checkpoint"
