"""Cross entropies."""

from __future__ import annotations

from hdfsaver.onnx_graphs.emitter import Emitter
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("SoftmaxCrossEntropyWithLogits")
def cross_entropy(op: Given, to: Emitter) -> list[str]:
    """The loss of each row, and its derivative."""
    logs = to.add("LogSoftmax", op[0], axis=-1)
    total = to.add("ReduceSum", to.add("Mul", op[1], logs), to.constant([-1]), keepdims=0)
    return [to.add("Neg", total), to.add("Sub", to.add("Softmax", op[0], axis=-1), op[1])]


@twin("SparseSoftmaxCrossEntropyWithLogits")
def sparse_cross_entropy(op: Given, to: Emitter) -> list[str]:
    """The loss of each row, whose label is a number; ONNX has no twin of its derivative here."""
    logs = to.add("LogSoftmax", op[0], axis=-1)
    places = to.unsqueeze(to.cast(op[1], op.dtypes[1], "int64"), [1])
    chosen = to.add("GatherElements", logs, places, axis=1)
    return [to.add("Neg", to.squeeze(chosen, [1])), ""]
