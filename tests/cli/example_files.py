"""The files that the examples of the help are about, made in a folder."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import hdfsaver
import hdfsaver as tf

PROGRAM = """\
import tensorflow as tf

with tf.Session() as sess:
    print(sess.run(tf.constant(1) + 2))
"""


def make(folder: Path) -> None:
    """Make all of them.

    * ``model.ckpt.h5``: a checkpoint of a trained network of two layers, with its graph
    * ``old.ckpt.*``: the same as a checkpoint of TensorFlow
    * ``training``: a folder with two checkpoints of it
    * ``half.npz``: its values alone, in 16 bits
    * ``changed.h5``, ``damaged.h5``: changed by another program, and by a failing disk
    * ``weights.npz``: other arrays
    * ``run/``: two checkpoints of a run, with a state file
    * ``program.py``: a program for TensorFlow 1
    """
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = _network()
        sess.run(tf.global_variables_initializer())
        saver.save(sess, folder / "model.ckpt")
        (folder / "run").mkdir()
        for step in (1, 2):
            saver.save(sess, folder / "run" / "model.ckpt", step)
        training = tf.train.Saver()
        for step, loss in ((100, 0.5), (200, 0.25)):
            sess.run(tf.global_variables()[0].assign_add(tf.ones([4, 8])))
            training.save(sess, folder / "training" / "model.ckpt", global_step=step, metric=loss)
    np.savez(folder / "weights.npz", extra=np.arange(3.0))
    hdfsaver.convert(folder / "model.ckpt", folder / "old.ckpt")
    hdfsaver.convert(folder / "model.ckpt", folder / "half.npz", dtype="float16")
    for name in ("changed.h5", "damaged.h5"):
        hdfsaver.save_file({"w": np.ones((2, 3)), "b": np.arange(50.0)}, folder / name)
    with h5py.File(folder / "changed.h5", "r+") as file:
        file["variables/w"].attrs["units"] = "m"
        file["variables/w"][...] = 2
    data = bytearray((folder / "damaged.h5").read_bytes())
    data[data.index(np.arange(50.0).tobytes())] ^= 1
    (folder / "damaged.h5").write_bytes(data)
    (folder / "program.py").write_text(PROGRAM)
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "private.pem").write_bytes(private)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(public)
    hdfsaver.sign_file(folder / "model.ckpt", folder / "private.pem")


def _network() -> tf.train.Saver:
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 4], "x")
    hidden = tf.layers.dense(x, 8, tf.nn.relu, name="dense")
    y = tf.layers.dense(hidden, 3, name="logits")
    labels = tf.placeholder(tf.int64, [None], "labels")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=y), name="loss")
    tf.train.AdamOptimizer(0.01).minimize(loss, global_step=tf.train.get_or_create_global_step())
    return tf.train.Saver()
