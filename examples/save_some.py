"""Save and restore only some of the variables; the others have no value."""

import os

import hdfsaver as tf

a = tf.Variable(tf.constant(1.0, shape=[1]), name="a")
b = tf.Variable(tf.constant(2.0, shape=[1]), name="b")
result = a + b
saver = tf.train.Saver([a])

os.makedirs("model", exist_ok=True)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    saver.save(sess, "model/only_a.ckpt")

with tf.Session() as sess:
    saver.restore(sess, "model/only_a.ckpt")
    print("a =", sess.run(a))
    try:
        sess.run(result)
    except tf.errors.FailedPreconditionError as error:
        print("FailedPreconditionError:", error.message)
