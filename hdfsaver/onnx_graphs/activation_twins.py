"""Activation functions of neural networks."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.emitter import Emitter
from hdfsaver.onnx_graphs.twins import Given, check_float, twin


@twin("Relu")
def relu(op: Given, to: Emitter) -> str:
    """max(x, 0)."""
    return to.add("Relu", op[0])


@twin("Relu6")
def relu6(op: Given, to: Emitter) -> str:
    """Between 0 and 6."""
    dtype = dtypes.numpy_dtype(op.dtypes[0])
    return to.add("Clip", op[0], to.constant(np.asarray(0, dtype)), to.constant(np.asarray(6, dtype)))


@twin("LeakyRelu")
def leaky_relu(op: Given, to: Emitter) -> str:
    """The feature where it is positive, and ``alpha`` times it elsewhere."""
    return to.add("LeakyRelu", op[0], alpha=float(op.attrs["alpha"]))


@twin("Elu", "Selu", "Softplus", "Softsign")
def same_name(op: Given, to: Emitter) -> str:
    """The ONNX operator has the same name, and the same constants."""
    check_float(op)
    return to.add(op.type, op[0])


@twin("Softmax", "LogSoftmax")
def softmax(op: Given, to: Emitter) -> str:
    """Along the last axis."""
    return to.add(op.type, op[0], axis=-1)
