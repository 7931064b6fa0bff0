"""Functions that came with a file of TensorFlow's: each as its bytes, told apart without protobuf.

Source of the format: protobuf's encoding, and the numbers of fields in ``meta_graph.proto``, ``graph.proto`` and
``function.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hdfsaver.errors import DataLossError
from hdfsaver.protos.graphs import FunctionDefLibrary

_MESSAGE = 2
"""How a field that is a message is encoded: its length, then its bytes."""

_FIXED = {1: 8, 5: 4}
_GRAPH_DEF = 2
_LIBRARY = 2
_FUNCTION = 1
_GRADIENT = 2


@dataclass(frozen=True, slots=True)
class Serialized:
    """A message as its bytes, which nobody here looks into."""

    data: bytes

    def SerializeToString(self) -> bytes:
        """The bytes, as a message of protobuf's gives them."""
        return self.data


def library_of(data: bytes) -> FunctionDefLibrary:
    """The functions in the bytes of a ``MetaGraphDef``, as ``Structure.tensorflow`` has them; each once.

    Raises
    ------
    DataLossError
        It is no such message.
    """
    found: dict[int, dict[Serialized, None]] = {_FUNCTION: {}, _GRADIENT: {}}
    try:
        for graph_def in _messages(data, _GRAPH_DEF):
            for library in _messages(graph_def, _LIBRARY):
                for number, items in found.items():
                    items.update(dict.fromkeys(map(Serialized, _messages(library, number))))
    except (IndexError, ValueError):
        raise DataLossError(None, None, "The functions that came with the graph are damaged.") from None
    return FunctionDefLibrary(list(found[_FUNCTION]), list(found[_GRADIENT]))


def bytes_of(library: FunctionDefLibrary) -> bytes:
    """The bytes for functions that `library_of` gave; empty where there are none."""
    parts = [(_FUNCTION, item.data) for item in library.function if type(item) is Serialized]
    parts += [(_GRADIENT, item.data) for item in library.gradient if type(item) is Serialized]
    items = b"".join(_field(number, data) for number, data in parts)
    return _field(_GRAPH_DEF, _field(_LIBRARY, items)) if items else b""


def others_of(items: list[Any]) -> list[Any]:
    """Those functions that are no bytes, but whatever their owner gave."""
    return [item for item in items if type(item) is not Serialized]


def _messages(data: bytes, wanted: int) -> Iterator[bytes]:
    """The messages in a field; `IndexError` or `ValueError` where the bytes are no fields."""
    place = 0
    while place < len(data):
        tag, place = _number(data, place)
        kind = tag & 7
        if kind == _MESSAGE:
            size, place = _number(data, place)
        elif kind == 0:
            size = _number(data, place)[1] - place
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"{kind} is no way to encode a field")
        if size > len(data) - place:
            raise IndexError("a field ends behind the message")
        if kind == _MESSAGE and tag >> 3 == wanted:
            yield data[place : place + size]
        place += size


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A varint, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("a number is longer than any")


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | _MESSAGE]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
