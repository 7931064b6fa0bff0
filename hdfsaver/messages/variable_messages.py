"""How a variable is made of operations: ``VariableDef`` messages, and the same as plain data."""

from __future__ import annotations

from hdfsaver.messages import message_classes
from hdfsaver.messages.names_of_savers import read_part, write_part
from hdfsaver.schema import SaveSliceInfoDef, VariableDef

_NAMES = ("variable_name", "initial_value_name", "initializer_name", "snapshot_name")


def read_variable(message: message_classes.VariableDef) -> VariableDef:
    """The plain data for a ``VariableDef``."""
    names = {name: getattr(message, name) for name in _NAMES}
    info = message.save_slice_info_def if message.HasField("save_slice_info_def") else None
    return VariableDef(
        **names,
        trainable=message.trainable,
        save_slice_info_def=None if info is None else read_part(info),
        is_resource=message.is_resource,
        synchronization=message.synchronization,
        aggregation=message.aggregation,
    )


def variable_message(variable: VariableDef) -> message_classes.VariableDef:
    """The ``VariableDef`` for plain data."""
    message = message_classes.VariableDef(trainable=variable.trainable, is_resource=variable.is_resource)
    message.synchronization, message.aggregation = variable.synchronization, variable.aggregation
    for name in _NAMES:
        setattr(message, name, getattr(variable, name) or "")
    info = variable.save_slice_info_def
    if info is not None:
        write_part(message.save_slice_info_def, info)
    return message


def part_message(part: SaveSliceInfoDef) -> message_classes.SaveSliceInfoDef:
    """The ``SaveSliceInfoDef`` for plain data."""
    message = message_classes.SaveSliceInfoDef()
    write_part(message, part)
    return message
