"""Which variable a Saver keeps under which name: the field ``saved_names`` of messages, and the same as plain data.

TensorFlow has this in operations, which the Savers here do not add; it keeps the field as an unknown one.
"""

from __future__ import annotations

from hdfsaver.messages import message_classes
from hdfsaver.schema import SavedNames, SavedPart, SaveSliceInfoDef

_LISTS = ("full_shape", "var_offset", "var_shape")


def read_part(message: message_classes.SaveSliceInfoDef) -> SaveSliceInfoDef:
    """The part of a larger variable that a ``SaveSliceInfoDef`` describes."""
    return SaveSliceInfoDef(message.full_name, *(tuple(getattr(message, name)) for name in _LISTS))


def write_part(message: message_classes.SaveSliceInfoDef, part: SaveSliceInfoDef) -> None:
    """Write which part of a larger variable it is into a ``SaveSliceInfoDef``."""
    message.full_name = part.full_name
    for name in _LISTS:
        getattr(message, name).extend(getattr(part, name))


def read_names(message: message_classes.MetaGraphDef | message_classes.SaverDef) -> SavedNames:
    """The names in the field of a ``MetaGraphDef`` or a ``SaverDef``; empty where it is not set."""
    found: SavedNames = {}
    for name, saved in message.saved_names.items():
        parts = [SavedPart(part.op_name, read_part(part.info)) for part in saved.parts]
        found[name] = parts or saved.op_name
    return found


def write_names(message: message_classes.MetaGraphDef | message_classes.SaverDef, names: SavedNames) -> None:
    """Write the names into the field of a ``MetaGraphDef`` or a ``SaverDef``."""
    for name, saved in names.items():
        written = message.saved_names[name]
        if isinstance(saved, str):
            written.op_name = saved
            continue
        for part in saved:
            added = written.parts.add(op_name=part.op_name)
            write_part(added.info, part.info)
