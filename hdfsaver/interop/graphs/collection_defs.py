"""Collections of a graph: ``CollectionDef`` messages, and those of the schema.

TensorFlow keeps variables as the bytes of messages; which collections have them is in its ``ops/variables.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdfsaver.errors import DataLossError
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.messages.variable_messages import read_variable, variable_message
from hdfsaver.schema import CollectionDef

_OF_VARIABLES = frozenset(
    (
        "variables",
        "trainable_variables",
        "moving_average_variables",
        "local_variables",
        "model_variables",
        "metric_variables",
        "concatenated_variables",
        "global_step",
    )
)


def read_collection(key: str, message: Any) -> CollectionDef | None:
    """The collection for a message; None where the schema has no kind for such a message."""
    kind = message.WhichOneof("kind")
    if kind in (None, "any_list"):
        return None
    items = list(getattr(message, kind).value)
    variables = _variables(key, kind, items)
    if variables is None:
        return CollectionDef(kind, items)
    return CollectionDef("variable_list", [read_variable(item) for item in variables])


def _variables(key: str, kind: str, items: list[bytes]) -> list[Any] | None:
    """The items as ``VariableDef`` messages; None where they are not."""
    if kind != "bytes_list" or key not in _OF_VARIABLES or not items:
        return None
    try:
        found = [parse(message_classes.VariableDef, item, "a variable") for item in items]
    except DataLossError:
        return None
    return found if all(message.variable_name for message in found) else None


def write_collection(key: str, message: Any, collection: CollectionDef) -> None:
    """Write a collection into a ``CollectionDef``.

    Parameters
    ----------
    key : str
        Its name. TensorFlow reads bytes as variables only in the collections that it knows; in any other, variables are
        the names of their tensors.
    message : CollectionDef message
        An empty one.
    collection : CollectionDef
        The items.
    """
    items, kind = collection.value, str(collection.WhichOneof("kind"))
    if collection.kind == "variable_list" and key not in _OF_VARIABLES:
        items, kind = [item.variable_name for item in items], "node_list"
    elif collection.kind == "variable_list":
        items = [variable_message(item).SerializeToString(deterministic=True) for item in items]
    values = getattr(message, kind)
    values.SetInParent()
    values.value.extend(items)


def update(key: str, message: Any, collection: CollectionDef | None) -> bool:
    """Update a ``CollectionDef`` to the items of a collection.

    Parameters
    ----------
    key : str
        The collection's name.
    message : CollectionDef message
        It is unchanged where it already has these items.
    collection : CollectionDef or None
        The items; None where the graph does not have the collection any more.

    Returns
    -------
    bool
        Whether the message has any content.
    """
    if read_collection(key, message) == collection:
        return True
    message.Clear()
    if collection is not None:
        write_collection(key, message, collection)
    return message.WhichOneof("kind") is not None


def split(defined: Mapping[str, Any]) -> tuple[dict[str, CollectionDef], list[str]]:
    """Collections by their names, and the names of those for which writing would not give an equal message."""
    found, inexact = {}, []
    for key in sorted(defined):
        collection = read_collection(key, defined[key])
        if collection is not None:
            found[key] = collection
        if collection is None or not _is_exact(key, collection, defined[key]):
            inexact.append(key)
    return found, inexact


def _is_exact(key: str, collection: CollectionDef, message: Any) -> bool:
    if any(getattr(item, "is_resource", False) for item in collection.value):
        return False  # a file of this format does not say it
    written = message_classes.CollectionDef()
    write_collection(key, written, collection)
    return bool(written.SerializeToString() == message.SerializeToString())
