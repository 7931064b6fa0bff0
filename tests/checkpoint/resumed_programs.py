"""Programs that train, and go on from their newest checkpoint: ``python resumed_programs.py NAME FOLDER STEPS [KILL]``.

A program is a function that defines the graph, in which an operation ``train`` is a step, and gives what is run first.
With KILL the process kills itself when it has run so many steps, while a checkpoint may be being written.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

import hdfsaver as tf

RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.random((30, 4, 4, 1), np.float32)
LABELS = RANDOM.integers(0, 3, 30)


def keep_place(iterator: Any) -> Any:
    """Let Savers keep the place of an iterator."""
    saveable = tf.data.experimental.make_saveable_from_iterator(iterator)
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, saveable)
    return iterator


def convolutions() -> Any:
    """Convolutions, batch normalization and dropout on shuffled images with noise, by Adam with a rate that falls."""
    tf.set_random_seed(5)
    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).shuffle(20).repeat().batch(7)
    noisy = data.map(lambda images, labels: (images + tf.random_normal(tf.shape(images), stddev=0.1), labels))
    iterator = keep_place(noisy.prefetch(1).make_initializable_iterator())
    images, labels = iterator.get_next()
    net = tf.layers.conv2d(tf.reshape(images, [-1, 4, 4, 1]), 2, 3, padding="same")
    net = tf.nn.relu(tf.layers.batch_normalization(net, training=True))
    net = tf.layers.dropout(tf.layers.flatten(net), 0.3, training=True)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, tf.layers.dense(net, 3))
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.01, step, 3, 0.9)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        tf.train.AdamOptimizer(rate).minimize(loss, global_step=step, name="train")
    return [tf.global_variables_initializer(), iterator.initializer]


def recurrent() -> Any:
    """Cells with dropout over sequences that are drawn at random, without any seed; averages of the parameters."""
    cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.LSTMCell(3), input_keep_prob=0.8, state_keep_prob=0.7)
    outputs, _state = tf.nn.dynamic_rnn(cell, tf.random_uniform([2, 3, 2]), dtype=tf.float32)
    loss = tf.reduce_mean(tf.square(outputs - 0.5))
    step = tf.train.get_or_create_global_step()
    trained = tf.train.RMSPropOptimizer(0.01).minimize(loss, global_step=step)
    with tf.control_dependencies([trained]):
        averaged = tf.train.ExponentialMovingAverage(0.9).apply(tf.trainable_variables())
    tf.group(averaged, name="train")
    return [tf.global_variables_initializer()]


def resources() -> Any:
    """Variables behind handles, on the elements of a one-shot iterator, some of which are in a cache."""
    elements = tf.data.Dataset.range(9).map(lambda place: tf.to_float(place) + tf.random_normal([2], seed=1))
    data = elements.cache().shuffle(4, seed=2).repeat().batch(2)
    value = keep_place(data.make_one_shot_iterator()).get_next()
    with tf.variable_scope("net", use_resource=True, initializer=tf.glorot_uniform_initializer(seed=3)):
        net = tf.nn.dropout(tf.layers.dense(value, 3, activation=tf.nn.tanh), 0.8, seed=4)
        loss = tf.reduce_sum(tf.square(tf.layers.dense(net, 1) - 1.0))
    step = tf.train.get_or_create_global_step()
    tf.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True).minimize(loss, global_step=step, name="train")
    return [tf.global_variables_initializer()]


PROGRAMS = {"convolutions": convolutions, "recurrent": recurrent, "resources": resources}


def begun(sess: Any, name: str, folder: Path) -> tf.train.Saver:
    """Define the graph where there is no checkpoint; else take it from there. The Saver."""
    latest = tf.train.latest_checkpoint(folder)
    if latest is not None:
        saver = tf.train.import_meta_graph(latest)
        assert saver is not None
        saver.restore(sess, latest)
        return saver
    initializers = PROGRAMS[name]()
    saver = tf.train.Saver(max_to_keep=None)
    sess.run(initializers)
    saver.save(sess, folder / "m", global_step=0)
    return saver


def main() -> None:
    """Train up to a step, from wherever the newest checkpoint is."""
    name, folder, steps, *kill = sys.argv[1:]
    with tf.Session() as sess:
        saver = begun(sess, name, Path(folder))
        for step in range(int(sess.run("global_step:0")) + 1, int(steps) + 1):
            sess.run("train")
            saver.save(sess, Path(folder) / "m", global_step=step, wait=False)
            if [str(step)] == kill:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        saver.wait()


if __name__ == "__main__":
    main()
