"""Checkpoints that are edited."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import hdfsaver as tf


def _trained(folder):
    """Three checkpoints of a network with a large matrix, a partitioned table, slots and metadata."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(5)
        x = tf.placeholder(tf.float32, [None, 150], name="x")
        with tf.variable_scope("old"):
            w = tf.get_variable("w", [150, 200])
            b = tf.get_variable("b", [200])
            table = tf.get_variable("table", [6, 4], partitioner=tf.fixed_size_partitioner(2))
        y = tf.tanh(tf.matmul(x, w) + b, name="y")
        loss = tf.reduce_mean(y) + tf.reduce_sum(tf.convert_to_tensor(table) ** 2)
        step = tf.train.get_or_create_global_step()
        train = tf.train.AdamOptimizer(0.001).minimize(loss, global_step=step)
        tf.add_to_collection("outputs", y)
        tf.get_default_graph().digraph.nodes["y"]["note"] = "the result"
        saver = tf.train.Saver(max_to_keep=7, compression={"old/w": "gzip"}, save_relative_paths=True)
        sess.run(tf.global_variables_initializer())
        outputs = []
        for number in (1, 2, 3):
            sess.run(train, {x: np.full((2, 150), number)})
            saver.save(sess, folder / "m", number)
            outputs.append(sess.run(y, {x: np.ones((1, 150))}))
    return outputs


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder of the checkpoints, also as those of TensorFlow, and what the network gives with each."""
    folder = tmp_path_factory.mktemp("trained")
    outputs = _trained(folder)
    for number in (1, 2, 3):
        tf.convert(folder / f"m-{number}.h5", folder / f"tf-{number}.ckpt")
    return SimpleNamespace(folder=folder, outputs=outputs)


@pytest.fixture
def run_network():
    """Bring a network back by its own Saver, and run it."""

    def run(path, has_note=False, **options):
        with tf.Graph().as_default() as graph, tf.Session() as sess:
            saver = tf.train.import_meta_graph(path)
            saver.restore(sess, path, **options)
            assert 7 == saver.saver_def.max_to_keep
            assert ["y:0"] == [tensor.name for tensor in tf.get_collection("outputs")]
            if has_note:
                assert graph.digraph.nodes["y"]["note"] == "the result"
            return sess.run("y:0", {"x:0": np.ones((1, 150))})

    return run


@pytest.fixture
def files_in():
    """The names and contents of all files of a folder."""

    def read(folder):
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    return read
