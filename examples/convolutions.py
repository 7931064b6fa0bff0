"""Train a convolutional network on handwritten digits, stop anywhere, and go on in another process with the same bits.

The first run defines the graph: the images, a dataset that shuffles and repeats them and adds noise, the network, Adam
with a rate that falls, and the step::

    python examples/convolutions.py --steps 100

It saves a checkpoint every ten steps, while it trains. It may be ended at any time, also by ``kill -9``. A further run
defines nothing: it finds the newest checkpoint, brings the graph back from the file, restores variables, random
operations and the place in the dataset, and goes on::

    python examples/convolutions.py --steps 200

The parameters at the end are exactly those of one run over all steps. The data are scikit-learn's 1,797 images of 8 x 8
pixels (``pip install scikit-learn``), of which every fifth is kept for the test.
"""

import argparse
import hashlib
import os

import numpy as np
from sklearn.datasets import load_digits

import hdfsaver as tf

BATCH = 64
EVERY = 10  # steps from checkpoint to checkpoint


def digits():
    """The images and labels, those for training and those for the test."""
    found = load_digits()
    images = (found.images / 16).astype(np.float32)[..., np.newaxis]
    labels = found.target.astype(np.int32)
    is_test = np.arange(len(labels)) % 5 == 0
    return (images[~is_test], labels[~is_test]), (images[is_test], labels[is_test])


def noisy(images, labels):
    """The images brighter or darker, with noise."""
    brightness = tf.random_uniform([BATCH, 1, 1, 1], 0.8, 1.2)
    return images * brightness + tf.random_normal([BATCH, 8, 8, 1], stddev=0.05), labels


def define(training_data, width=32):
    """The graph: dataset, network, loss, accuracy and a step of training; gives what is to be run first."""
    tf.set_random_seed(7)
    dataset = tf.data.Dataset.from_tensor_slices(training_data).shuffle(len(training_data[1])).repeat()
    iterator = dataset.batch(BATCH, drop_remainder=True).map(noisy).prefetch(1).make_initializable_iterator()
    place = tf.data.experimental.make_saveable_from_iterator(iterator)
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, place)

    following = iterator.get_next()
    images = tf.placeholder_with_default(following[0], [None, 8, 8, 1], name="images")
    labels = tf.placeholder_with_default(following[1], [None], name="labels")
    training = tf.placeholder_with_default(True, [], name="training")
    net = tf.layers.conv2d(images, width, 3, padding="same", use_bias=False)
    net = tf.nn.relu(tf.layers.batch_normalization(net, momentum=0.9, training=training))
    net = tf.layers.max_pooling2d(net, 2, 2)
    net = tf.layers.conv2d(net, 2 * width, 3, padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(net, 2, 2)
    net = tf.layers.dense(tf.layers.flatten(net), 4 * width, activation=tf.nn.relu)
    net = tf.layers.dropout(net, 0.25, training=training)
    logits = tf.layers.dense(net, 10)

    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(2e-3, step, 100, 0.6)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        tf.train.AdamOptimizer(rate).minimize(loss, global_step=step, name="train")
    correct = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels)
    tf.reduce_mean(tf.cast(correct, tf.float32), name="accuracy")
    return tf.global_variables_initializer(), iterator.initializer


def main():
    """Train up to a step, from wherever the newest checkpoint is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--folder", default="model/convolutions")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    training_data, (images, labels) = digits()

    latest = tf.train.latest_checkpoint(arguments.folder)
    with tf.Session() as sess:
        if latest is None:
            initializers = define(training_data)
            saver = tf.train.Saver()
            sess.run(initializers)
        else:
            saver = tf.train.import_meta_graph(latest)
            saver.restore(sess, latest)
            print("going on from", latest)
        for step in range(int(sess.run("global_step:0")) + 1, arguments.steps + 1):
            sess.run("train")
            if step % EVERY == 0 or step == arguments.steps:
                saver.save(sess, f"{arguments.folder}/net", global_step=step, wait=False)
        saver.wait()
        feeds = {"images:0": images, "labels:0": labels, "training:0": False}
        print(f"accuracy {sess.run('accuracy:0', feeds):.4f}")
        parameters = b"".join(value.tobytes() for value in sess.run(tf.trainable_variables()))
        print("parameters:", hashlib.sha256(parameters).hexdigest()[:16])


if __name__ == "__main__":
    main()
