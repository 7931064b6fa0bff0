"""Fit a linear softmax classifier to handwritten digits, stop, and go on in another process as if nothing had happened.

The first run defines the graph, with the step of an optimizer in it, and trains for some epochs::

    python examples/digits.py --epochs 3

Every epoch is saved with its number. A further run defines nothing: it finds the newest checkpoint, brings the graph
back from the file, restores the values and goes on to the epoch asked for::

    python examples/digits.py --epochs 6

The parameters at the end are exactly those of one run over all epochs. The data are scikit-learn's 1,797 images of
8 x 8 pixels (``pip install scikit-learn``).
"""

import argparse
import hashlib
import os

import numpy as np
from sklearn.datasets import load_digits

import hdfsaver as tf

BATCH = 64
RATE = 0.5


def define():
    """The graph: the classifier, its loss, its accuracy, and one step of gradient descent."""
    images = tf.placeholder(tf.float32, [None, 64], name="images")
    labels = tf.placeholder(tf.int32, [None], name="labels")
    weights = tf.Variable(tf.zeros([64, 10]), name="weights")
    biases = tf.Variable(tf.zeros([10]), name="biases")
    epoch = tf.Variable(0, trainable=False, name="epoch")

    logits = tf.matmul(images, weights) + biases
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    tf.identity(loss, name="loss")
    correct = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels)
    tf.reduce_mean(tf.cast(correct, tf.float32), name="accuracy")
    tf.train.GradientDescentOptimizer(RATE).minimize(loss, name="train")
    tf.assign_add(epoch, 1, name="next_epoch")


def batches(images, labels, epoch):
    """The images in an order that depends on the epoch alone, so that every run sees the same."""
    order = np.random.default_rng(epoch).permutation(len(images))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        yield {"images:0": images[chosen], "labels:0": labels[chosen]}


def main():
    """Train up to an epoch, from wherever the newest checkpoint is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--folder", default="model/digits")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    digits = load_digits()
    images = (digits.data / 16).astype(np.float32)
    labels = digits.target.astype(np.int32)

    latest = tf.train.latest_checkpoint(arguments.folder)
    with tf.Session() as sess:
        if latest is None:
            define()
            saver = tf.train.Saver()
            sess.run(tf.global_variables_initializer())
        else:
            saver = tf.train.import_meta_graph(latest)
            saver.restore(sess, latest)
            print("going on from", latest)
        for epoch in range(int(sess.run("epoch:0")), arguments.epochs):
            for feeds in batches(images, labels, epoch):
                sess.run("train", feeds)
            sess.run("next_epoch")
            saver.save(sess, f"{arguments.folder}/softmax", global_step=epoch + 1)
            loss, accuracy = sess.run(["loss:0", "accuracy:0"], {"images:0": images, "labels:0": labels})
            print(f"epoch {epoch + 1}: loss {loss:.4f}, accuracy {accuracy:.4f}")
        parameters = b"".join(value.tobytes() for value in sess.run(["weights:0", "biases:0"]))
        print("parameters:", hashlib.sha256(parameters).hexdigest()[:16])


if __name__ == "__main__":
    main()
