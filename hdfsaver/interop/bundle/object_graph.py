"""The graph of objects in a TensorFlow 2 checkpoint, and the tensors that its optimizers own.

Source: ``tensorflow/core/protobuf/trackable_object_graph.proto``; ``tensorflow/python/checkpoint/save_util.py``. A name
alone does not tell an optimizer's tensor: Keras 3 lists a model's weights in its optimizer, so that they are saved as
``optimizer/_trainable_variables/0/.ATTRIBUTES/VARIABLE_VALUE`` if they are found there first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from hdfsaver.errors import DataLossError
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse

if TYPE_CHECKING:
    from hdfsaver.messages.message_classes import TrackableObjectGraph

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The name of the tensor that has the graph of objects."""

_WEIGHTS = "_trainable_variables"
"""The list in a Keras 3 optimizer of the weights that it trains, which are the model's."""

_KERAS_OPTIMIZER = {"_iterations", "_variables"}
"""Names of objects that every optimizer of Keras since 2.11 has."""


def slot_keys(data: bytes) -> set[str]:
    """The names of tensors that belong to optimizers: slots, steps, powers, and learning rates.

    Parameters
    ----------
    data : bytes
        The value of the tensor `OBJECT_GRAPH`.

    Returns
    -------
    set of str
        The names in the checkpoint. A variable that the program reaches without an optimizer is not among them, nor is
        a weight that an optimizer trains.

    Raises
    ------
    DataLossError
        The bytes are damaged.
    """
    graph = parse(message_classes.TrackableObjectGraph, data, "the graph of objects")
    _check(graph)
    optimizers = {number for number, node in enumerate(graph.nodes) if _is_optimizer(node)}
    slots = {slot.slot_variable_node_id for number in optimizers for slot in graph.nodes[number].slot_variables}
    owned = _reachable(graph, optimizers, frozenset(), {_WEIGHTS})
    used = _reachable(graph, {0} - optimizers, optimizers, set()) if graph.nodes else set()
    found = slots | (owned - used)
    return {attribute.checkpoint_key for number in found for attribute in graph.nodes[number].attributes}


def _check(graph: TrackableObjectGraph) -> None:
    count = len(graph.nodes)
    for number in _referred(graph):
        if not 0 <= number < count:
            raise DataLossError(
                None, None, f"the graph of objects refers to object {number}, but it has {count} objects."
            )


def _referred(graph: TrackableObjectGraph) -> Iterator[int]:
    for node in graph.nodes:
        yield from (child.node_id for child in node.children)
        for slot in node.slot_variables:
            yield from (slot.original_variable_node_id, slot.slot_variable_node_id)


def _is_optimizer(node: TrackableObjectGraph.TrackableObject) -> bool:
    return bool(node.slot_variables) or {child.local_name for child in node.children} >= _KERAS_OPTIMIZER


def _reachable(
    graph: TrackableObjectGraph, start: Iterable[int], closed: Iterable[int], skipped: Iterable[str]
) -> set[int]:
    """The objects that some lead to, not through those of ``closed`` nor by references of the names ``skipped``."""
    closed, skipped = set(closed), set(skipped)
    found, waiting = set(start), list(start)
    while waiting:
        for child in graph.nodes[waiting.pop()].children:
            if child.node_id not in found and child.node_id not in closed and child.local_name not in skipped:
                found.add(child.node_id)
                waiting.append(child.node_id)
    return found
