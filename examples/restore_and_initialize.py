"""An initializer that runs before ``restore`` is overwritten; one that runs after it overwrites.

Run ``add.py`` first: it saves what is restored here.
"""

import hdfsaver as tf

a = tf.Variable(tf.constant(10.0, shape=[1]), name="a")
b = tf.Variable(tf.constant(20.0, shape=[1]), name="b")
result = a + b
saver = tf.train.Saver()
init = tf.global_variables_initializer()

with tf.Session() as sess:
    sess.run(init)
    print("initialized: a + b =", sess.run(result))
    saver.restore(sess, "model/add.ckpt")
    print("then restored: a + b =", sess.run(result))
    sess.run(init)
    print("then initialized again: a + b =", sess.run(result))
