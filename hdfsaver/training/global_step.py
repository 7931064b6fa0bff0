"""The global step: the variable that counts how often a model was trained."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.default_stack import SupportsRun
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.init_ops import zeros_initializer
from hdfsaver.training import tf_logging as log
from hdfsaver.variables.distribution import VariableAggregation
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.variable import Variable


def get_global_step(graph: Graph | None = None) -> Variable | Tensor | None:
    """The global step of a graph.

    Parameters
    ----------
    graph : Graph, optional
        The default graph where none is given.

    Returns
    -------
    Variable, Tensor or None
        The item of the collection ``GLOBAL_STEP``, or the tensor ``global_step:0``; None where there is neither.

    Raises
    ------
    TypeError
        It is not a scalar of integers.
    """
    graph = get_default_graph() if graph is None else graph
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        log.error("Multiple tensors in global_step collection.")
        return None
    if not found:
        try:
            found = [graph.get_tensor_by_name("global_step:0")]
        except KeyError:
            return None
    step: Variable | Tensor = found[0]
    assert_global_step(step)
    return step


def create_global_step(graph: Graph | None = None) -> Variable:
    """Make the global step: a variable that is not trained, an int64 that begins at 0.

    Raises
    ------
    ValueError
        The graph has one already.
    """
    graph = get_default_graph() if graph is None else graph
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=dtypes.int64,
            initializer=zeros_initializer(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
            aggregation=VariableAggregation.ONLY_FIRST_REPLICA,
        )


def get_or_create_global_step(graph: Graph | None = None) -> Variable | Tensor:
    """The global step of a graph, made if it is missing."""
    graph = get_default_graph() if graph is None else graph
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: object) -> None:
    """Raise `TypeError` unless this is a scalar of integers that can be a global step."""
    if not isinstance(global_step_tensor, Variable | Tensor):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {global_step_tensor!r}.')
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {global_step_tensor.dtype}.')
    shape = global_step_tensor.shape
    if shape.ndims not in (0, None):
        raise TypeError(f'Existing "global_step" is not scalar: {shape}.')


def global_step(sess: SupportsRun, global_step_tensor: Variable | Tensor) -> int:
    """The value of the global step in a session, as an int."""
    return int(np.asarray(sess.run(global_step_tensor)))
