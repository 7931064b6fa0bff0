"""The graph whose text TensorFlow read."""

from __future__ import annotations

from typing import Any

import numpy as np

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.graph.tensor_conversion import constant_node

# TensorFlow itself cannot tell the values of these from their definition, or gives tuples for them.
_LEFT_OUT = ("resource", "variant", "string", "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz")


def program(stored: bool = False) -> tf.Graph:
    """A graph with constants of each dtype, devices, control inputs, a variable and an operation with lists.

    With `stored` it has no dtype that an HDF5 file lacks.
    """
    with tf.Graph().as_default() as graph:
        for name, row in dtypes.ROW_BY_NAME.items():
            if name not in _LEFT_OUT and not name.startswith("q") and row.enum and (row.hdf5 or not stored):
                array = np.array([1, 0, 1]).astype(row.numpy)
                for shape, label in (((3,), "vector"), ((), "scalar"), ((0, 2), "empty")):
                    constant_node(np.resize(array, shape), name, f"{name}/{label}")
        tf.constant([b"a\x00\"\n\\\xff'\t\r", "é".encode()], name="texts")
        tf.constant([float("nan"), float("-inf")], tf.float16, name="half")
        tf.constant(float("-inf"), tf.float64, name="infinite")
        with tf.device("/cpu:0"):
            x = tf.placeholder(tf.float32, [None, 2], name="x")
        tf.placeholder(tf.float32, name="unknown")
        variable = tf.Variable([1.0, 2.0], name="variable")
        with tf.control_dependencies([variable.initializer]):
            tf.squeeze(tf.expand_dims(x, 0), [0], name="squeezed")
        tf.split(x, 2, axis=1, name="parts")[1] * 2.0
    return graph


def description(operation: Any) -> str:
    """What `make_text.py` prints of an operation."""
    is_constant = operation.type == "Const"
    value = repr(tf.make_ndarray(operation.node_def.attr["value"].tensor).tolist()) if is_constant else ""
    outputs = [f"{tensor.dtype.name}{tensor.shape}" for tensor in operation.outputs]
    return f"{operation.name} {operation.type} {outputs} {operation.device} {value}"
