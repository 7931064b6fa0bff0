"""Bring a graph back without the code that defined it, from a file that holds nothing but the structure."""

import os

import hdfsaver as tf

os.makedirs("model", exist_ok=True)

with tf.Graph().as_default():
    a = tf.Variable(tf.constant(1.0, shape=[1]), name="a")
    b = tf.Variable(tf.constant(2.0, shape=[1]), name="b")
    result = a + b
    init = tf.global_variables_initializer()
    tf.train.export_meta_graph("model/structure")

with tf.Graph().as_default() as graph, tf.Session() as sess:
    tf.train.import_meta_graph("model/structure")
    try:
        sess.run("add:0")
    except tf.errors.FailedPreconditionError as error:
        print("FailedPreconditionError:", error)
    sess.run("init")
    print("initialized: add:0 =", sess.run(graph.get_tensor_by_name("add:0")))
