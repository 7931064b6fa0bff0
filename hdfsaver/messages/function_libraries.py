"""Functions that came with a TensorFlow graph, kept as the bytes of a ``MetaGraphDef`` that has nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse


def library_of(data: bytes) -> message_classes.FunctionDefLibrary:
    """The functions in the part of ``Structure.tensorflow`` that holds them, each once.

    Raises
    ------
    DataLossError
        The bytes are damaged.
    """
    found = message_classes.FunctionDefLibrary()
    if data:
        _add(found, parse(message_classes.MetaGraphDef, data, "the functions of the graph").graph_def.library)
    return found


def joined(data: bytes, library: message_classes.FunctionDefLibrary) -> bytes:
    """The part of ``Structure.tensorflow`` that holds the functions in another such part and those of a library."""
    message = parse(message_classes.MetaGraphDef, data, "the functions of the graph")
    _add(message.graph_def.library, library)
    return message.SerializeToString(deterministic=True)


def _add(library: message_classes.FunctionDefLibrary, other: message_classes.FunctionDefLibrary) -> None:
    for field, items in other.ListFields():
        known = {_bytes_of(item) for item in getattr(library, field.name)}
        getattr(library, field.name).extend(_new(items, known))


def _new(items: Iterable[Any], known: set[bytes]) -> Iterable[Any]:
    for item in items:
        data = _bytes_of(item)
        if data not in known:
            known.add(data)
            yield item


def _bytes_of(item: message_classes.Message) -> bytes:
    return item.SerializeToString(deterministic=True)
