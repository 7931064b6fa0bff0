"""Restore variables into a graph that is defined again. No initializer runs.

Run ``add.py`` first: it saves what is restored here.
"""

import hdfsaver as tf

# The same names, but other initial values: 1.0 and 2.0 come from the file.
a = tf.Variable(tf.constant(10.0, shape=[1]), name="a")
b = tf.Variable(tf.constant(20.0, shape=[1]), name="b")
result = a + b
saver = tf.train.Saver()

with tf.Session() as sess:
    saver.restore(sess, "model/add.ckpt")
    print("restored: a + b =", sess.run(result))
