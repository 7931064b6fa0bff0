# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""A user's program, as type checkers see it: ``mypy --strict`` and pyright find nothing in it, and it runs.

`assert_type` says what a checker is to think of an expression. A comment that silences an error is an error itself
where there is none to silence, so that a mistake which is no longer found is noticed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

import hdfsaver as tf
import hdfsaver.compat.v1 as tf1
import hdfsaver.interop
import hdfsaver.numpy
import hdfsaver.train
from hdfsaver.train import Saver

# -- a graph ---------------------------------------------------------------------------------------------------------


def layer(x: tf.Tensor) -> tf.Tensor:
    """A function of tensors."""
    return tf.nn.relu(x)


def dense(x: tf.Tensor, units: int, name: str) -> tf.Tensor:
    """A layer with variables."""
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", shape=[4, units], initializer=tf.initializers.zeros())
        bias = tf.get_variable("bias", shape=[units], dtype=tf.float32)
    return layer(tf.matmul(x, kernel) + bias)


x = assert_type(tf.placeholder(tf.float32, shape=[None, 4], name="x"), tf.Tensor)
one = assert_type(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.Tensor)
variable = assert_type(tf.Variable(tf.zeros([2, 2]), name="v"), tf.Variable)
y = assert_type(dense(x, 2, "dense"), tf.Tensor)

# -- operators and functions -----------------------------------------------------------------------------------------

assert_type(one + one, tf.Tensor)
assert_type(one + 1, tf.Tensor)
assert_type(2.0 * one, tf.Tensor)
assert_type(np.ones((2, 2), np.float32) - one, tf.Tensor)
assert_type(one @ one, tf.Tensor)
assert_type(one / variable, tf.Tensor)
assert_type(variable + one, tf.Tensor)
assert_type(variable**2, tf.Tensor)
assert_type(-one, tf.Tensor)
assert_type(abs(one), tf.Tensor)
assert_type(one < 2.0, tf.Tensor)
assert_type(one[0], tf.Tensor)
assert_type(one[:, tf.newaxis, 1:], tf.Tensor)
assert_type(variable[0] + 1, tf.Tensor)
assert_type(variable[0].assign(1.0), tf.Tensor)
assert_type(tf.reduce_sum(one), tf.Tensor)
assert_type(tf.reduce_mean(variable, axis=0), tf.Tensor)
assert_type(tf.where(one < 2.0, one, tf.zeros_like(one)), tf.Tensor)
assert_type(tf.cast(tf.argmax(one, axis=1), tf.int32), tf.Tensor)
assert_type(tf.concat([one, one], axis=0), tf.Tensor)
assert_type(tf.split(one, 2), list[tf.Tensor])
assert_type(tf.unstack(one), list[tf.Tensor])
assert_type(tf.reshape(one, [-1]), tf.Tensor)
assert_type(tf.math.log(one), tf.Tensor)
assert_type(tf.random.normal([2]), tf.Tensor)
assert_type(tf.nn.softmax_cross_entropy_with_logits(labels=one, logits=one), tf.Tensor)
mean, variance = tf.nn.moments(one, axes=[0])
assert_type(mean, tf.Tensor)
assert_type(variance, tf.Tensor)
values, indices = tf.nn.top_k(one, k=1)
assert_type(values, tf.Tensor)
assert_type(indices, tf.Tensor)
gradients = tf.gradients(tf.reduce_sum(tf.matmul(one, variable)), [variable])
assert_type(gradients, list[tf.Tensor | tf.IndexedSlices | None])

# -- what there is to know of them -----------------------------------------------------------------------------------

assert_type(y.name, str)
assert_type(y.op, tf.Operation)
assert_type(y.graph, tf.Graph)
assert_type(y.dtype, tf.DType)
assert_type(y.shape, tf.TensorShape)
assert_type(y.shape[0], tf.Dimension)
assert_type(y.shape[1:], tf.TensorShape)
assert_type(y.shape.as_list(), list[int | None])
assert_type(y.op.inputs, tuple[tf.Tensor, ...])
assert_type(variable.initializer, tf.Operation)
assert_type(variable.value(), tf.Tensor)
assert_type(tf.get_default_graph(), tf.Graph)
assert_type(tf.trainable_variables(), list[tf.Variable])
assert_type(tf.global_variables_initializer(), tf.Operation)
assert_type(tf.group(tf.no_op()), tf.Operation)
assert_type(tf.float32.as_numpy_dtype, type[Any])
assert_type(tf.as_dtype("float32"), tf.DType)

# -- mistakes --------------------------------------------------------------------------------------------------------


def mistakes() -> None:
    """Found before the program runs; it never calls this."""
    tf.reduce_summ(one)  # type: ignore[attr-defined]
    tf.train.Savr()  # type: ignore[attr-defined]
    hdfsaver.interop.read_graf_def("x")  # type: ignore[attr-defined]
    tf.get_variable(3)  # type: ignore[call-overload]
    layer(1.0)  # type: ignore[arg-type]
    one.nam  # type: ignore[attr-defined]  # noqa: B018


# -- sessions and files ----------------------------------------------------------------------------------------------

update = variable.assign(one)
folder = Path("model")
folder.mkdir()
saver = assert_type(tf.train.Saver(max_to_keep=3), Saver)
with tf.Session() as session:
    assert_type(session, tf.Session)
    session.run(tf.global_variables_initializer())
    found: npt.NDArray[np.float32] = session.run(y, feed_dict={x: np.ones((3, 4))})
    session.run(update)
    prefix = assert_type(saver.save(session, folder / "m.ckpt", global_step=1), str | None)
    report = assert_type(saver.restore(session, prefix), hdfsaver.train.RestoreReport)
    assert_type(report.restored, tuple[str, ...])

assert_type(tf.train.latest_checkpoint(folder), str | None)
assert_type(tf.train.list_variables(folder), list[tuple[str, list[int]]])
with tf.train.load_checkpoint(folder) as reader:
    assert_type(reader.has_tensor("v"), bool)
    assert_type(reader.get_variable_to_dtype_map(), dict[str, tf.DType])

tf.save_file({"w": np.ones((2, 3)), "step": np.int64(7)}, folder / "arrays.h5", metadata={"author": "me"})
assert_type(tf.load_file(folder / "arrays.h5"), dict[str, npt.NDArray[Any]])
with hdfsaver.numpy.open_file(folder / "arrays.h5") as file:
    assert_type(file["w"], npt.NDArray[Any])
    assert_type(list(file), list[str])
    assert_type(file.metadata(), dict[str, str])
assert_type(tf.convert(folder / "arrays.h5", folder / "arrays.npz").names, dict[str, str])
assert_type(tf.reseal(folder / "arrays.h5").kept, list[str])
assert_type(tf.salvage(folder / "arrays.h5").values, dict[str, npt.NDArray[Any]])

with tf.Graph().as_default() as graph, tf.Session() as session:
    assert_type(graph, tf.Graph)
    importer = tf.train.import_meta_graph(folder / "m.ckpt-1")
    assert_type(importer, Saver | None)
    assert importer is not None
    importer.restore(session, prefix)
    assert_type(graph.get_tensor_by_name("x:0"), tf.Tensor)
    assert_type(graph.as_graph_def(), tf.GraphDef)

# -- the names of TensorFlow 1 -----------------------------------------------------------------------------------------

assert_type(tf1.Session(), tf.Session)
assert_type(tf1.__version__, str)
assert_type(tf.compat.as_bytes("x"), bytes)
assert_type(tf.compat.v1.train.latest_checkpoint(folder), str | None)
assert_type(tf.executing_eagerly(), bool)
