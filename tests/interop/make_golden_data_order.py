"""Write checkpoints of objects with TensorFlow 2: run with a Python that has TensorFlow 2.21 and Keras 3.

python tests/interop/make_golden_data_order.py tests/interop/golden_data_order
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import numpy as np


def tensorflow() -> ModuleType:
    """TensorFlow 2."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    found: ModuleType = tf
    return found


def save_model(tf: ModuleType, prefix: str) -> None:
    """A Keras model with an optimizer that has made a step."""
    tf.keras.utils.set_random_seed(1)
    layers = [
        tf.keras.layers.Input((3,)),
        tf.keras.layers.Dense(4, name="zeta"),
        tf.keras.layers.Dense(2, name="alpha"),
    ]
    model = tf.keras.Sequential(layers)
    optimizer = tf.keras.optimizers.Adam(0.1)
    model.compile(optimizer, "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    tf.train.Checkpoint(model=model, optimizer=optimizer, step=tf.Variable(3)).write(prefix)


def save_module(tf: ModuleType, folder: str) -> None:
    """A SavedModel of variables whose order is not that of their names, texts and empty ones too."""
    module = tf.Module()
    module.w = tf.Variable(tf.ones([2, 2]), name="w")
    module.b = tf.Variable([0.0, 1.0], name="b")
    module.t = tf.Variable(["x", "yy"], name="t")
    module.e = tf.Variable(tf.zeros([0, 3]), name="e")
    module.d = tf.Variable(tf.zeros([0]), name="d")
    tf.saved_model.save(module, folder)


def main(folder: str) -> None:
    """Write all of them into a folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    tf = tensorflow()
    save_model(tf, f"{folder}/model")
    save_module(tf, f"{folder}/module")


if __name__ == "__main__":
    main(*sys.argv[1:])
