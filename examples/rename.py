"""A dict gives variables other names in the file, when saving and when restoring."""

import os

import hdfsaver as tf

os.makedirs("model", exist_ok=True)

with tf.Graph().as_default(), tf.Session() as sess:
    a = tf.Variable(tf.constant(1.0, shape=[1]), name="a")
    b = tf.Variable(tf.constant(2.0, shape=[1]), name="b")
    saver = tf.train.Saver({"first": a, "second": b})
    sess.run(tf.global_variables_initializer())
    saver.save(sess, "model/renamed.ckpt")

with tf.Graph().as_default(), tf.Session() as sess:
    x = tf.Variable(tf.constant(0.0, shape=[1]), name="x")
    y = tf.Variable(tf.constant(0.0, shape=[1]), name="y")
    tf.train.Saver({"first": x, "second": y}).restore(sess, "model/renamed.ckpt")
    print("x =", sess.run(x), "y =", sess.run(y))
