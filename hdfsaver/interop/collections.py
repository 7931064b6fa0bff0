"""Collections of a graph: ``CollectionDef`` messages, and those of the schema.

TensorFlow keeps variables as the bytes of messages; which collections have them is in its ``ops/variables.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdfsaver.errors import DataLossError
from hdfsaver.interop import messages
from hdfsaver.schema import CollectionDef, SaveSliceInfoDef, VariableDef

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

_NAMES = ("variable_name", "initial_value_name", "initializer_name", "snapshot_name")
_LISTS = ("full_shape", "var_offset", "var_shape")


def read_collection(key: str, message: Any) -> CollectionDef | None:
    """The collection for a message; None where no kind of the schema stands for it."""
    kind = message.WhichOneof("kind")
    if kind in (None, "any_list"):
        return None
    items = list(getattr(message, kind).value)
    variables = _variables(items) if kind == "bytes_list" and key in _OF_VARIABLES else None
    return CollectionDef(kind, items) if variables is None else CollectionDef("variable_list", variables)


def _variables(items: list[bytes]) -> list[VariableDef] | None:
    """The variables; None where one of them is no variable of references, which is the only kind there is here."""
    try:
        found = [messages.parse(messages.VariableDef, item, "a variable") for item in items]
    except DataLossError:
        return None
    if not found or any(message.is_resource or not message.variable_name for message in found):
        return None
    return [_variable(message) for message in found]


def _variable(message: Any) -> VariableDef:
    names = {name: getattr(message, name) for name in _NAMES}
    info = message.save_slice_info_def if message.HasField("save_slice_info_def") else None
    return VariableDef(**names, trainable=message.trainable, save_slice_info_def=info and _part(info))


def _part(message: Any) -> SaveSliceInfoDef:
    return SaveSliceInfoDef(message.full_name, *(tuple(getattr(message, name)) for name in _LISTS))


def write_collection(message: Any, collection: CollectionDef) -> None:
    """Write a collection into a ``CollectionDef``."""
    items = collection.value
    if collection.kind == "variable_list":
        items = [_written(item).SerializeToString(deterministic=True) for item in items]
    values = getattr(message, str(collection.WhichOneof("kind")))
    values.SetInParent()
    values.value.extend(items)


def _written(variable: VariableDef) -> Any:
    message = messages.VariableDef(trainable=variable.trainable)
    for name in _NAMES:
        setattr(message, name, getattr(variable, name) or "")
    info = variable.save_slice_info_def
    if info is not None:
        message.save_slice_info_def.full_name = info.full_name
        for name in _LISTS:
            getattr(message.save_slice_info_def, name).extend(getattr(info, name))
    return message


def split(defined: Mapping[str, Any]) -> tuple[dict[str, CollectionDef], list[str]]:
    """Collections by their names, and the names of those that writing would not give again as they are."""
    found, inexact = {}, []
    for key in sorted(defined):
        collection = read_collection(key, defined[key])
        if collection is not None:
            found[key] = collection
        if collection is None or not _is_exact(collection, defined[key]):
            inexact.append(key)
    return found, inexact


def _is_exact(collection: CollectionDef, message: Any) -> bool:
    written = messages.CollectionDef()
    write_collection(written, collection)
    return bool(written.SerializeToString() == message.SerializeToString())
