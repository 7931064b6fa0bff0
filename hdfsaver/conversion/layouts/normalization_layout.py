"""Batch normalization: four vectors, which all keep alike under names of their own."""

from __future__ import annotations

from hdfsaver.conversion.layouts.found import Found, SeenUse, kept
from hdfsaver.conversion.layouts.uses import Use, Uses

ROLES = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
"""PyTorch's names, by TensorFlow's."""

_FUSED = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
_INPUTS = (None, "weight", "bias", "running_mean", "running_var")


def normalization(seen: SeenUse) -> Found | None:
    """A vector of a batch normalization, or of another norm that is computed as ``tf.nn.batch_normalization`` is."""
    graph, use, shape, _layout = seen
    if len(shape) != 1:
        return None
    kind = graph.kind(use.op)
    role = _INPUTS[use.position] if kind in _FUSED and use.position < len(_INPUTS) else _computed(graph, use, kind)
    return None if role is None else kept("normalization", use.op, shape, role)


def _computed(graph: Uses, use: Use, kind: str) -> str | None:
    """The role in ``x * (rsqrt(variance + epsilon) * gamma) + (beta - mean * (...))``."""
    if kind in ("Add", "AddV2") and any(graph.kind(name) == "Rsqrt" for name, _ in graph.users(use.op)):
        return "running_var"
    inputs = graph.inputs(use.op)
    if kind == "Mul":
        other = graph.source(*inputs[1 - use.position])[0]
        if graph.kind(other) == "Rsqrt":
            # Without gamma the factor is the root itself, and what it is multiplied with is the mean.
            return "running_mean" if any(graph.kind(name) == "Sub" for name, _ in graph.users(use.op)) else "weight"
        return "running_mean" if _is_factor(graph, other) else None
    if kind == "Sub" and use.position == 0:
        product = graph.source(*inputs[1])[0]
        if graph.kind(product) == "Mul":
            sources = [graph.source(*item)[0] for item in graph.inputs(product)]
            return "bias" if any(_is_factor(graph, name) for name in sources) else None
    return None


def _is_factor(graph: Uses, name: str) -> bool:
    """Whether a value is the root, or the root times gamma."""
    if graph.kind(name) == "Rsqrt":
        return True
    inputs = graph.inputs(name) if graph.kind(name) == "Mul" else ()
    return any(graph.kind(graph.source(*item)[0]) == "Rsqrt" for item in inputs)
