"""Bring graph and values back from one file, and reach a tensor by its name.

Run ``add.py`` first: it saves what is restored here.
"""

import hdfsaver as tf

saver = tf.train.import_meta_graph("model/add.ckpt")

with tf.Session() as sess:
    saver.restore(sess, "model/add.ckpt")
    result = tf.get_default_graph().get_tensor_by_name("add:0")
    print(result.name, "=", sess.run(result))
