"""The name in the file is the only key: a variable of another name is not found.

Run ``add.py`` first: it saves what is restored here.
"""

import hdfsaver as tf

a = tf.Variable(tf.constant(1.0, shape=[1]), name="a")
c = tf.Variable(tf.constant(2.0, shape=[1]), name="b_renamed")

with tf.Session() as sess:
    try:
        tf.train.Saver().restore(sess, "model/add.ckpt")
    except tf.errors.NotFoundError as error:
        print("NotFoundError:", error)
    tf.train.Saver({"a": a, "b": c}).restore(sess, "model/add.ckpt")
    print("with a dict: b_renamed =", sess.run(c))
