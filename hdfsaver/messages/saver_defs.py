"""The definition of a Saver: ``SaverDef`` messages, and the same as plain data."""

from __future__ import annotations

import dataclasses
from typing import Any

from hdfsaver.messages import message_classes
from hdfsaver.messages.names_of_savers import write_names
from hdfsaver.schema import SavedNames, SaverDef

OPERATIONS = ("filename_tensor_name", "save_tensor_name", "restore_op_name")
"""The fields of a `SaverDef` that name operations or tensors."""

_FIELDS = [field.name for field in dataclasses.fields(SaverDef)]


def read_saver(message: message_classes.SaverDef | SaverDef) -> SaverDef:
    """The plain data for a ``SaverDef``; a copy of plain data."""
    return SaverDef(**{name: getattr(message, name) for name in _FIELDS})


def saver_message(saver: SaverDef, names: SavedNames | None = None) -> message_classes.SaverDef:
    """The ``SaverDef`` for plain data, with the names of what the Saver keeps."""
    message = message_classes.SaverDef(**{name: getattr(saver, name) for name in _FIELDS})
    write_names(message, names or {})
    return message


def collected_saver(item: Any) -> message_classes.SaverDef | None:
    """The message in an item of the collection of Savers; None where the item is not one."""
    message = message_classes.SaverDef()
    try:
        message.ParseFromString(item)
    except (message_classes.DecodeError, TypeError):
        return None
    return message if message.ListFields() else None  # other bytes may be a message without known fields
