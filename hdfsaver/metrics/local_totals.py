"""What metrics share: local variables that are added to, and collections of their results."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.filling import zeros
from hdfsaver.shapes import ShapeLike
from hdfsaver.variables.variable import Variable

Collections = Sequence[str] | None
"""The names of collections that a result is added to."""

Metric = tuple[Tensor, Tensor]
"""The value of all batches so far, and the operation that adds a batch and gives the new value."""


def local_total(name: str, shape: ShapeLike = (), dtype: DTypeLike = dtypes.float32) -> Variable:
    """A new local variable that begins with zeros; it is listed as one of a metric.

    Parameters
    ----------
    name : str
    shape : sequence of int
    dtype : DType

    Returns
    -------
    Variable
    """
    keys = [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES]
    return Variable(lambda: zeros(shape, dtype), trainable=False, collections=keys, validate_shape=True, name=name)


def listed(value: Tensor, update: Tensor, metrics_collections: Collections, updates_collections: Collections) -> Metric:
    """Both results, after they were added to collections.

    Parameters
    ----------
    value, update : Tensor
    metrics_collections, updates_collections : list of str, optional

    Returns
    -------
    value, update : Tensor
    """
    graph = get_default_graph()
    for keys, tensor in ((metrics_collections, value), (updates_collections, update)):
        for key in [keys] if isinstance(keys, str) else keys or ():
            graph.add_to_collection(key, tensor)
    return value, update
