"""Write checkpoints with optimizers with TensorFlow 2.21 and Keras 3.15: run with a Python that has both.

python tests/interop/make_golden_objects.py tests/interop/golden_optimizers
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np


def keras_model(tf: Any, keras: Any) -> None:
    """A trained Keras 3 model, whose weights are found in the optimizer first."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1, name="dense")])
    model.compile(optimizer=keras.optimizers.Adam(), loss="mse")
    model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).write("keras")
    tf.train.Checkpoint(optimizer=model.optimizer).write("alone")


def module(tf: Any) -> None:
    """A module with an optimizer of TensorFlow 1, which has slots beside the references between objects."""

    class Net(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            self.w = tf.Variable([1.0, 2.0], name="w")

    net, optimizer = Net(), tf.compat.v1.train.AdamOptimizer(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net.w**2)
    optimizer.apply_gradients([(tape.gradient(loss, net.w), net.w)])
    tf.train.Checkpoint(net=net, opt=optimizer, step=tf.Variable(3)).write("module")


def main(folder: Path) -> None:
    """Write everything into a folder, which is made again."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras  # type: ignore[import-not-found,unused-ignore]
    import tensorflow as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chdir(folder)
    keras_model(tf, keras)
    module(tf)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
