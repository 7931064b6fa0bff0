"""Summaries of activations, variables and other tensors of a graph: ``tf.contrib.layers.summarize_*``."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.casting import cast
from hdfsaver.ops.reduction import reduce_mean
from hdfsaver.ops.summary_ops import histogram, scalar


def summarize_tensor(tensor: Any, tag: str | None = None) -> Tensor | None:
    """A summary of a tensor: its value if it has no dimensions, a histogram otherwise; None for text and bools."""
    if tensor.dtype.base_dtype.name in ("string", "bool"):
        return None
    make = scalar if tensor.shape.ndims == 0 else histogram
    return make(tag or f"{tensor.op.name}_summary", tensor)


def summarize_activation(op: Tensor) -> Tensor:
    """A histogram of an activation; of Relu, Relu6 and Softplus also which part is at a bound."""
    kind, name = op.op.type, op.op.name
    if kind in ("Relu", "Softplus", "Relu6"):
        scalar(f"{name}/zeros", reduce_mean(cast(apply("Less", op.op.inputs[0], 0.0), "float32")))
    if kind == "Relu6":
        scalar(f"{name}/sixes", reduce_mean(cast(apply("Greater", op.op.inputs[0], 6.0), "float32")))
    return histogram(f"{name}/activation", op)


def summarize_tensors(tensors: Iterable[Any], summarizer: Callable[[Any], Any] = summarize_tensor) -> list[Any]:
    """A summary of each tensor."""
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(
    collection: str, name_filter: str | None = None, summarizer: Callable[[Any], Any] = summarize_tensor
) -> list[Any]:
    """A summary of each tensor of a collection.

    Parameters
    ----------
    collection : str
    name_filter : str, optional
        A regular expression that names begin with.
    summarizer : callable

    Returns
    -------
    list of Tensor
    """
    listed = get_default_graph().get_collection(collection)
    return summarize_tensors(
        [one for one in listed if name_filter is None or re.match(name_filter, one.op.name)], summarizer
    )


summarize_variables = functools.partial(summarize_collection, GraphKeys.GLOBAL_VARIABLES)
summarize_weights = functools.partial(summarize_collection, GraphKeys.WEIGHTS)
summarize_biases = functools.partial(summarize_collection, GraphKeys.BIASES)
summarize_activations = functools.partial(summarize_collection, GraphKeys.ACTIVATIONS, summarizer=summarize_activation)
