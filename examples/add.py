"""Add two variables and save them, with their graph, in one HDF5 file.

Afterwards, look into the file: ``h5dump -n model/add.ckpt.h5`` and ``h5dump -d /variables/a model/add.ckpt.h5``.
"""

import os

import hdfsaver as tf

a = tf.Variable(tf.constant(1.0, shape=[1]), name="a")
b = tf.Variable(tf.constant(2.0, shape=[1]), name="b")
result = a + b
saver = tf.train.Saver()

os.makedirs("model", exist_ok=True)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    print("a + b =", sess.run(result))
    print("saved as", saver.save(sess, "model/add.ckpt"))
