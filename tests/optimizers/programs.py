"""Small programs that train, run by TensorFlow once (`make_programs.py`) and by hdfsaver in every test.

Each is a function of the module that it is to be run with, ``tensorflow.compat.v1`` or ``hdfsaver``. It gives the
operation of a step, and what is compared after some steps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Program = Callable[[Any], tuple[Any, list[Any]]]

STEPS = (1, 2, 20)
"""After which steps values are compared."""


def network(tf: Any, dtype: str = "float32") -> Any:
    """The loss of a small network: a matrix, and rows of a table of which one is taken twice."""
    w = tf.get_variable("w", initializer=np.linspace(-1, 1, 6).reshape(3, 2).astype(dtype))
    table = tf.get_variable("table", initializer=np.linspace(0.5, 2, 12).reshape(4, 3).astype(dtype))
    rows = tf.placeholder_with_default([0, 2, 0], [None])
    aim = tf.placeholder_with_default(np.linspace(0, 1, 6).reshape(3, 2).astype(dtype), [3, 2])
    return tf.reduce_mean(tf.square(tf.matmul(tf.gather(table, rows), w) - aim))


def trained(tf: Any, make: Callable[[Any], Any], dtype: str = "float32", **options: Any) -> tuple[Any, list[Any]]:
    """A network, an optimizer and a global step."""
    loss, optimizer = network(tf, dtype), make(tf.train)
    step = tf.train.get_or_create_global_step()
    done = optimizer.minimize(loss, global_step=step, **options)
    return done, [*tf.global_variables(), *optimizer.variables(), loss]


def by_hand(tf: Any) -> tuple[Any, list[Any]]:
    """Derivatives that are changed before they are applied, in scopes, with variables that have none."""
    with tf.variable_scope("net"), tf.name_scope("loss"):
        loss = network(tf)
        tf.get_variable("unused", [2], initializer=tf.zeros_initializer())
    optimizer = tf.train.AdamOptimizer(tf.constant(0.005), name="mine")
    with tf.name_scope("train"), tf.control_dependencies([tf.no_op("before")]):
        found = optimizer.compute_gradients(loss, gate_gradients=optimizer.GATE_GRAPH, grad_loss=tf.constant(2.0))
        changed = [
            (tf.clip_by_value(grad, -0.1, 0.1), variable) if variable.op.name == "net/w" else (grad, variable)
            for grad, variable in found
        ]
        done = optimizer.apply_gradients(changed, name="go")
    return done, [*tf.global_variables(), *optimizer.variables()]


def parts(tf: Any) -> tuple[Any, list[Any]]:
    """A variable in two parts, and one with a constraint."""
    half = tf.fixed_size_partitioner(2)
    whole = tf.get_variable("whole", [4, 2], initializer=tf.ones_initializer(), partitioner=half)
    bound = tf.get_variable("bound", initializer=[0.5, -0.5], constraint=lambda x: tf.clip_by_value(x, -0.4, 0.4))
    first, second = list(whole)
    loss = tf.reduce_sum(tf.square(first)) + tf.reduce_sum(tf.pow(second, 3.0)) + tf.reduce_sum(tf.square(bound - 1.0))
    optimizer = tf.train.AdamOptimizer(0.01)
    done = optimizer.minimize(loss, var_list=[[first, second], bound], colocate_gradients_with_ops=True)
    return done, [*tf.global_variables(), *optimizer.variables()]


def twice(tf: Any) -> tuple[Any, list[Any]]:
    """Two optimizers of one name, each with slots of its own, which share no power."""
    loss = network(tf)
    first, second = tf.train.AdamOptimizer(0.01), tf.train.AdamOptimizer(lambda: 0.02, beta1=0.5)
    with tf.control_dependencies([first.minimize(loss)]):
        done = second.minimize(loss, var_list=tf.trainable_variables()[:1])
    names = [variable.name for variable in (*first.variables(), *second.variables())]
    return done, [tf.constant(names), *tf.global_variables()[4:6]]


def averaged(tf: Any) -> tuple[Any, list[Any]]:
    """An optimizer that is given the global step."""
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.AdagradDAOptimizer(0.5, step, 0.1, 0.01, 0.02)
    return optimizer.minimize(network(tf), global_step=step), [*tf.global_variables(), *optimizer.variables()]


def falling(tf: Any, name: str, *numbers: Any, **options: Any) -> tuple[Any, list[Any]]:
    """A rate that falls with the global step."""
    step = tf.train.get_or_create_global_step()
    start = tf.constant(0.5, name="start") if options.pop("of_tensor", False) else 0.5
    rate = getattr(tf.train, name)(start, step, *numbers, **options)
    return tf.assign_add(step, 1), [step, rate]


def pieces(tf: Any) -> tuple[Any, list[Any]]:
    """A rate for each interval of steps."""
    step = tf.train.get_or_create_global_step()
    rates = [tf.train.piecewise_constant(step, [1, 2, 19], [0.1 * number, 0.2, 0.3, 0.4]) for number in (1, 5)]
    return tf.assign_add(step, 1), [*rates, tf.train.piecewise_constant_decay(tf.cast(step, "float32"), [1.5], [7, 9])]


def averages(tf: Any, tensor: bool = False, **options: Any) -> tuple[Any, list[Any]]:
    """Averages of variables, or of a tensor, behind a step."""
    loss = network(tf)
    count = tf.train.get_or_create_global_step() if options.pop("counts", False) else None
    kept = tf.train.ExponentialMovingAverage(0.9, num_updates=count, **options)
    w = tf.trainable_variables()[0]
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step=count, var_list=[w])
    with tf.control_dependencies([step]):
        followed = [tf.reduce_sum(w, name="total"), loss] if tensor else [w, *tf.trainable_variables()[1:]]
        done = kept.apply(followed)
    names = sorted(kept.variables_to_restore()) + [kept.average_name(item) for item in followed]
    names += [kept.average(item).name for item in followed]
    return done, [tf.constant(names), *(kept.average(item) for item in followed), w]


def of(make: Callable[[Any], Any], **options: Any) -> Program:
    """The program with an optimizer that a function makes."""
    return partial(trained, make=make, **options)


PROGRAMS: dict[str, Program] = {
    "gradient descent": of(lambda train: train.GradientDescentOptimizer(0.1)),
    "gradient descent, float16": of(lambda train: train.GradientDescentOptimizer(0.1), dtype="float16"),
    "gradient descent, locking": of(lambda train: train.GradientDescentOptimizer(0.1, use_locking=True, name="down")),
    "adam": of(lambda train: train.AdamOptimizer(0.01)),
    "adam, defaults": of(lambda train: train.AdamOptimizer(), name="step", gate_gradients=2),
    "adam, float64": of(lambda train: train.AdamOptimizer(0.01, 0.8, 0.9, 0.01, True), dtype="float64"),
    "adam, own scope": of(lambda train: train.AdamOptimizer(0.01, use_own_namescope_for_non_slot_vars=True)),
    "adam, by hand": by_hand,
    "adam, parts": parts,
    "adam, twice": twice,
    "momentum": of(lambda train: train.MomentumOptimizer(0.01, 0.9)),
    "momentum, nesterov": of(lambda train: train.MomentumOptimizer(lambda: 0.01, 0.9, True, use_nesterov=True)),
    "rmsprop": of(lambda train: train.RMSPropOptimizer(0.001)),
    "rmsprop, centered": of(
        lambda train: train.RMSPropOptimizer(0.001, 0.8, 0.5, 1e-3, centered=True), dtype="float64"
    ),
    "adagrad": of(lambda train: train.AdagradOptimizer(0.01)),
    "adagrad, proximal": of(lambda train: train.ProximalAdagradOptimizer(0.01, 0.2, 0.01, 0.1)),
    "adagrad, dual averaging": averaged,
    "adadelta": of(lambda train: train.AdadeltaOptimizer(0.5)),
    "ftrl": of(lambda train: train.FtrlOptimizer(0.05)),
    "ftrl, power": of(lambda train: train.FtrlOptimizer(0.05, -0.3, 0.2, 0.01, 0.02, accum_name="a", beta=0.1)),
    "ftrl, shrinkage": of(lambda train: train.FtrlOptimizer(0.05, l2_shrinkage_regularization_strength=0.1)),
    "exponential decay": partial(falling, name="exponential_decay", decay_steps=7, decay_rate=0.5),
    "exponential decay, steps": partial(
        falling, name="exponential_decay", decay_steps=7, decay_rate=0.5, staircase=True, of_tensor=True
    ),
    "natural exponential decay": partial(falling, name="natural_exp_decay", decay_steps=7, decay_rate=0.5),
    "inverse time decay": partial(falling, name="inverse_time_decay", decay_steps=7, decay_rate=0.5, staircase=True),
    "polynomial decay": partial(falling, name="polynomial_decay", decay_steps=7, end_learning_rate=0.1, power=2.0),
    "polynomial decay, cycle": partial(falling, name="polynomial_decay", decay_steps=7, cycle=True),
    "cosine decay": partial(falling, name="cosine_decay", decay_steps=15, alpha=0.1),
    "linear cosine decay": partial(falling, name="linear_cosine_decay", decay_steps=15, num_periods=1.5),
    "averages": averages,
    "averages, counted": partial(averages, counts=True, name="mean"),
    "averages, tensors": partial(averages, tensor=True, zero_debias=True),
    "proximal gradient descent": of(lambda train: train.ProximalGradientDescentOptimizer(0.01, 0.05, 0.1)),
    "piecewise constant": pieces,
}

RESULTS: dict[str, Program] = {
    "cosine decay, restarts": partial(falling, name="cosine_decay_restarts", first_decay_steps=3, m_mul=0.8, alpha=0.1),
    "cosine decay, restarts after equal times": partial(
        falling, name="cosine_decay_restarts", first_decay_steps=3, t_mul=1.0, m_mul=0.8, alpha=0.5
    ),
}
"""Programs of which only the results are compared: TensorFlow's graphs have conditions."""
