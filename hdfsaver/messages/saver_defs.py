"""The definition of a Saver: ``SaverDef`` messages, and the same as plain data."""

from __future__ import annotations

import dataclasses

from hdfsaver.messages import message_classes
from hdfsaver.schema import SaverDef

_FIELDS = [field.name for field in dataclasses.fields(SaverDef)]


def read_saver(message: message_classes.SaverDef | SaverDef) -> SaverDef:
    """The plain data for a ``SaverDef``; a copy of plain data."""
    return SaverDef(**{name: getattr(message, name) for name in _FIELDS})


def saver_message(saver: SaverDef) -> message_classes.SaverDef:
    """The ``SaverDef`` for plain data."""
    return message_classes.SaverDef(**{name: getattr(saver, name) for name in _FIELDS})
