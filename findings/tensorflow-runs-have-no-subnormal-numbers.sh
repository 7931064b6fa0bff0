#!/usr/bin/env bash
# TensorFlow 2.21.0 on 64-bit x86, graph mode: arithmetic in a run takes subnormal numbers for 0 and gives 0 for them; NumPy
# keeps them. A function of Python that is called by `tf.py_func` computes the same way, with Python's own floats as well. So an
# average that is to fade away stops where its change becomes subnormal.
#
# Seen: 1e-40 passes through tf.identity unchanged; times 1e30 it is 0 in a run and 1e-10 in NumPy, and it is equal to 0 in a
# run. Python's 1e-300 * 1e-10 is 0.0 in tf.py_func and 1e-310 outside. With gradients of 0 after one of 1, Adam's `m` stops at
# 1.08e-37 and is the same after 3000 steps, where the same formula in NumPy goes on to 5.6e-45 and stays there.
#
# Why it matters: what a program computes in a run and what it computes of the results disagree on which numbers are 0, so that
# a check outside does not find why a product inside is 0. The same function of Python gives different results by who calls
# it. Training in NumPy gets the slow arithmetic of subnormal numbers for each weight whose gradient stays 0, and other bits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/subnormal.py" <<'PYTHON'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
tiny, large = np.float32(1e-40), np.float32(1e30)


def small(_):
    return np.float64(float("1e-300") * float("1e-10"))


x = tf.placeholder(tf.float32, [])
gradient = tf.placeholder(tf.float32, [])
weight = tf.get_variable("weight", [], initializer=tf.zeros_initializer())
optimizer = tf.train.AdamOptimizer()
train = optimizer.apply_gradients([(gradient, weight)])
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    same, product, zero = session.run([tf.identity(x), x * large, tf.equal(x, 0.0)], {x: tiny})
    print(f"a run: same {same:.1e}, product {product:.1e}, is 0: {zero}")
    print(f"NumPy: same {tiny:.1e}, product {tiny * large:.1e}, is 0: {tiny == 0}")
    called = session.run(tf.py_func(small, [x], tf.float64), {x: tiny})
    print(f"Python: in tf.py_func {called}, by itself {small(tiny)}")
    step = session.make_callable(train, [gradient])
    step(np.float32(1))
    average = session.run(optimizer.get_slot(weight, "m"))
    for count in range(1, 3001):
        step(np.float32(0))
        average += (np.float32(0) - average) * (np.float32(1) - np.float32(0.9))
        if count in (700, 1500, 3000):
            print(f"m after {count} steps: TensorFlow {session.run(optimizer.get_slot(weight, 'm')):.3g}, NumPy {average:.3g}")
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/subnormal.py" 2>/dev/null)
echo "$found"
[ "$found" = "a run: same 1.0e-40, product 0.0e+00, is 0: True
NumPy: same 1.0e-40, product 1.0e-10, is 0: False
Python: in tf.py_func 0.0, by itself 1e-310
m after 700 steps: TensorFlow 9.33e-34, NumPy 9.33e-34
m after 1500 steps: TensorFlow 1.08e-37, NumPy 5.61e-45
m after 3000 steps: TensorFlow 1.08e-37, NumPy 5.61e-45" ]
